package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/diagnose"
	"github.com/photonscope/photonscope/sim"
)

// remedyCommands returns every command of the catalogue with its gaps filled,
// and the causes that it is for.
func remedyCommands() map[string][]string {
	place := diagnose.Place{Device: sim.DeviceID(0).String(), Host: "192.0.2.2", Port: "5683"}
	commands := map[string][]string{}
	for _, c := range diagnose.Causes() {
		for _, step := range c.Remedy {
			if _, command, ok := strings.Cut(place.Fill(step), "$ "); ok {
				commands[command] = append(commands[command], c.ID)
			}
		}
	}
	return commands
}

// cliForm is one command of particle-cli.
type cliForm struct {
	words   []string
	params  int
	options map[string]bool // whether it takes a value
}

func particleForms(t *testing.T) (forms []cliForm) {
	t.Helper()
	f, err := os.Open("testdata/particle-cli-3.44.1.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		form := cliForm{options: map[string]bool{}}
		for _, word := range strings.Fields(lines.Text()) {
			option, value, takes := strings.Cut(word, "=")
			switch {
			case strings.HasPrefix(word, "#"):
			case strings.HasPrefix(word, "["):
				form.params++
			case strings.HasPrefix(word, "--"):
				form.options[option] = takes && value != ""
			default:
				form.words = append(form.words, word)
			}
		}
		if !strings.HasPrefix(lines.Text(), "#") {
			forms = append(forms, form)
		}
	}
	return forms
}

// takes reports whether a command of particle-cli may have these arguments.
func (f cliForm) takes(args []string) bool {
	if len(args) < len(f.words) || !slices.Equal(args[:len(f.words)], f.words) {
		return false
	}
	params := 0
	for rest := args[len(f.words):]; len(rest) > 0; rest = rest[1:] {
		value, known := f.options[rest[0]]
		switch {
		case !strings.HasPrefix(rest[0], "-"):
			params++
		case !known, value && len(rest) < 2:
			return false
		case value:
			rest = rest[1:]
		}
	}
	return params <= f.params
}

func TestRemediesUseParticleCLIAsItIs(t *testing.T) {
	forms := particleForms(t)
	known := func(args []string) bool {
		return slices.ContainsFunc(forms, func(f cliForm) bool { return f.takes(args) })
	}
	seen := 0
	for command, causes := range remedyCommands() {
		args := strings.Fields(command)
		if args[0] != "particle" {
			continue
		}
		seen++
		if !known(args[1:]) {
			t.Errorf("%v: particle-cli has no such command: %s", causes, command)
		}
	}
	if seen < 5 {
		t.Errorf("only %d commands of particle-cli", seen)
	}
	for _, wrong := range []string{"keys server k.pem --protocol tcp", "keys serve", "keys save a b", "keys server --host"} {
		if known(strings.Fields(wrong)) {
			t.Errorf("the list takes particle %s", wrong)
		}
	}
}

// notRun are commands of the catalogue that change the host or need another one.
var notRun = []string{"sudo", "docker", "node", "npm", "ss", "particle"}

func TestRemediesThatTouchFilesWork(t *testing.T) {
	id := sim.DeviceID(0).String()
	server, device := sim.ServerKey(), sim.DeviceKey(0)
	files := map[string][]byte{
		"default_key.pem": lightssl.MarshalPrivatePEM(server), "backup/default_key.pem": lightssl.MarshalPrivatePEM(server),
		"default_key.pub.pem": lightssl.MarshalPublicPEM(&server.PublicKey), "default_key.pub.der": lightssl.MarshalPublicDER(&server.PublicKey),
		id + ".pem": lightssl.MarshalPrivatePEM(device), "core_keys/" + id + "_handshake.pub.pem": lightssl.MarshalPublicPEM(&device.PublicKey),
		"home/.local/share/photonscope/keys/" + id + ".pub.pem": lightssl.MarshalPublicPEM(&device.PublicKey), "data/x": nil,
	}
	ran := 0
	for command, causes := range remedyCommands() {
		args := strings.Fields(command)
		live := args[0] == "photonscope" && (args[1] == "proxy" || args[1] == "diagnose" || args[1] == "export")
		if slices.Contains(notRun, args[0]) || live {
			continue
		}
		ran++
		folder := t.TempDir()
		if strings.Contains(command, "keys generate") {
			os.MkdirAll(filepath.Join(folder, "home"), 0o700) // it never overwrites, so where nothing is
		} else {
			spread(t, folder, files)
		}
		cmd := exec.Command(args[0], args[1:]...)
		if args[0] == "photonscope" {
			cmd = program(t, nil, args[1:]...)
		} else if _, err := exec.LookPath(args[0]); err != nil {
			skipUnlessRequired(t, args[0]+" is not installed")
		}
		cmd.Dir = folder
		cmd.Env = append(cmd.Environ(), "HOME="+filepath.Join(folder, "home"), "XDG_DATA_HOME=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s: %v: %s", causes, command, err, out)
		}
		if strings.Contains(command, "-traditional -outform DER") {
			checkTraditional(t, filepath.Join(folder, id+".der"))
		}
	}
	if ran < 8 {
		t.Errorf("only %d commands were run", ran)
	}
}

func spread(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// checkTraditional demands that a file holds what firmware reads.
func checkTraditional(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := lightssl.ParseKey(b); err != nil || k.Private == nil || k.Container != "DER, PKCS #1" {
		t.Errorf("the remedy makes %v: %v", k, err)
	}
}
