package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
)

// complete returns what a shell offers for a command line whose last word is
// begun, without descriptions, and what it is told to do beside.
func complete(t *testing.T, a *app, words ...string) (offered []string, directive string) {
	t.Helper()
	var out, errs bytes.Buffer
	a.stdout, a.stderr = &out, &errs
	if a.getenv == nil {
		a.getenv = func(string) string { return "" }
	}
	if code := a.run(t.Context(), append([]string{"__complete"}, words...)); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	for line := range strings.Lines(out.String()) {
		word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		offered = append(offered, word)
	}
	_, directive, _ = strings.Cut(strings.TrimSpace(errs.String()), "directive: ")
	return offered[:len(offered)-1], directive // the last line is the directive's number
}

func TestShellsCompleteWhatMayStandThere(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       string // what is offered
		directive  string
	}{
		{"a command", "re", "read replay", "ShellCompDirectiveNoFileComp"},
		{"the form of a report", "replay -T ", "text ndjson", "ShellCompDirectiveNoFileComp"},
		{"a field", "read -e photon.goodbye.s", "photon.goodbye.sleep_seconds", "ShellCompDirectiveNoFileComp"},
		{"a field of another command", "proxy --field coap.t", "coap.token coap.type", "ShellCompDirectiveNoFileComp"},
		{"no such field", "demo -e nothing", "", "ShellCompDirectiveNoFileComp"},
		{"an output format", "read -T ", "tui text ndjson fields", "ShellCompDirectiveNoFileComp"},
		{"an output format behind =", "read --format=", "tui text ndjson fields", "ShellCompDirectiveNoFileComp"},
		{"legs", "proxy --legs ", "device both", "ShellCompDirectiveNoFileComp"},
		{"a mode", "proxy --mode ", "auto observe splice terminate", "ShellCompDirectiveNoFileComp"},
		{"a form of key", "keys export --as ", "pem der spark brewskey", "ShellCompDirectiveNoFileComp"},
		{"a capture", "read ", "pcap pcapng cap gz", "ShellCompDirectiveFilterFileExt"},
		{"a capture to export from", "export firmware ", "pcap pcapng cap gz", "ShellCompDirectiveFilterFileExt"},
		{"a recording", "proxy -w ", "pcapng", "ShellCompDirectiveFilterFileExt"},
		{"a key", "read -k ", "", "ShellCompDirectiveDefault"},
		{"a key log", "demo --keylog ", "", "ShellCompDirectiveDefault"},
		{"a key to inspect", "keys inspect ", "", "ShellCompDirectiveDefault"},
		{"a folder", "keys inspect --folder ", "", "ShellCompDirectiveFilterDirs"},
		{"an upstream", "proxy ", "", "ShellCompDirectiveNoFileComp"},
		{"a command to explain", "help keys re", "register restore", "ShellCompDirectiveNoFileComp"},
		{"a shell", "completion ", "bash zsh fish powershell", "ShellCompDirectiveNoFileComp"},
	} {
		t.Run(test.name, func(t *testing.T) {
			offered, directive := complete(t, new(app), strings.Split(test.line, " ")...)
			if got := strings.Join(offered, " "); got != test.want || directive != test.directive {
				t.Errorf("%s offers %q, %s; want %q, %s", test.line, got, directive, test.want, test.directive)
			}
		})
	}
}

func TestEveryFieldIsOffered(t *testing.T) {
	offered, _ := complete(t, new(app), "read", "-e", "")
	if len(offered) != len(decode.Fields()) {
		t.Errorf("%d fields are offered, there are %d", len(offered), len(decode.Fields()))
	}
}

func TestKeysAreCompletedBehindTheirRole(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"server.pem", "sealed.der", "store/a.pem", "~/below/b.pem", ".hidden"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	home, err := filepath.Abs("~")
	if err != nil {
		t.Fatal(err)
	}
	for begun, want := range map[string]string{
		"server:se":         "server:sealed.der server:server.pem",
		"device:st":         "device:store/",
		"device:store/":     "device:store/a.pem",
		"impersonation:~/b": "impersonation:~/below/",
		"server:.h":         "server:.hidden",
		"server:nothing":    "",
		"server:gone/":      "",
		"nobody:se":         "",
	} {
		a := &app{getenv: func(name string) string { return map[string]string{"HOME": home}[name] }}
		if offered, _ := complete(t, a, "proxy", "-k", begun); strings.Join(offered, " ") != want {
			t.Errorf("%s: offers %q, want %q", begun, offered, want)
		}
	}
}

func TestDevicesOfTheKeyFolderAreOffered(t *testing.T) {
	folder := t.TempDir()
	const one, two = "3a14210004473432333230bd", "54026f066678574931551269"
	for _, name := range []string{one + ".pub.pem", one + ".impersonation.pem", two + ".pub.pem", "other.pem"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"keys", "restore", "-k", folder, ""}, []string{one, two}},
		{[]string{"keys", "restore", "-k", folder, one, ""}, []string{two}},
		{[]string{"keys", "export", "-k", folder, "5"}, []string{two}},
		{[]string{"keys", "register", ""}, nil},
	} {
		if offered, _ := complete(t, new(app), test.args...); !slices.Equal(offered, test.want) {
			t.Errorf("%q: offers %q, want %q", test.args, offered, test.want)
		}
	}
}

// Whoever adds a flag says in flagCompletions what may stand behind it.
func TestEveryFlagWithAValueHasACompletion(t *testing.T) {
	everyCommand(newRoot(new(app)), func(cmd *cobra.Command) {
		for _, name := range valueFlags(cmd) {
			if _, ok := cmd.GetFlagCompletionFunc(name); !ok {
				t.Errorf("%s --%s: completion.go does not say what may stand behind it", cmd.CommandPath(), name)
			}
		}
	})
}

// bashStubs are the two functions of the package bash-completion that the script
// uses. The second shows what it is asked for.
const bashStubs = `
_get_comp_words_by_ref() {
	words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
}
_filedir() { COMPREPLY=("_filedir $*"); }
`

func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		if os.Getenv("PHOTONSCOPE_INTEROP") == "require" {
			t.Fatal("bash is not installed")
		}
		t.Skip("bash is not installed")
	}
	script, _, code := runApp(t, nil, "completion", "bash")
	if code != exitOK {
		t.Fatalf("exit %d", code)
	}
	for line, want := range map[string]string{
		"photonscope dem":                         "demo",
		"photonscope read -T nd":                  "ndjson",
		"photonscope read -e photon.subscribe.sc": "photon.subscribe.scope",
		"photonscope proxy --mode sp":             "splice",
		"photonscope read x":                      "_filedir pcap|pcapng|cap|gz|",
		"photonscope keys inspect -k x":           "_filedir -d",
	} {
		words := strings.Fields(line)
		ask := bashStubs + script + `
COMP_WORDS=("$0" "${@:2}") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_TYPE=9
__start_photonscope 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}"`
		self := program(t, nil)
		cmd := exec.Command(bash, append([]string{"-c", ask, self.Path}, words...)...)
		cmd.Env = self.Env
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s: bash offers %q (%v), want %q", line, got, err, want)
		}
	}
}
