package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// shownCommand is a command line that the documents or the help show.
type shownCommand struct {
	where string
	args  []string // without the program
}

func (s shownCommand) String() string { return s.where + ": photonscope " + strings.Join(s.args, " ") }

// has reports whether one of the words is an argument of its own.
func (s shownCommand) has(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(s.args, w) })
}

// shownCommands are those of the README and of docs, as blocks of code show them,
// and the examples of the help.
func shownCommands(t *testing.T) (all []shownCommand) {
	t.Helper()
	paths, _ := filepath.Glob(docsFolder + "/*.md")
	for _, path := range append([]string{"../../README.md"}, paths...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split(string(text), "```") {
			if i%2 == 1 {
				all = append(all, commandsIn(filepath.Base(path), block)...)
			}
		}
	}
	everyCommand(newRoot(new(app)), func(cmd *cobra.Command) {
		all = append(all, commandsIn(cmd.CommandPath()+" --help", cmd.Example)...)
	})
	if len(all) < 60 {
		t.Fatalf("only %d command lines are shown", len(all))
	}
	return all
}

// commandsIn finds the command lines of ours in a shell script.
func commandsIn(where, script string) (all []shownCommand) {
	for line := range strings.Lines(strings.ReplaceAll(script, "\\\n", " ")) {
		for command := range slices.Values(splitCommands(line)) {
			if command[0] == "photonscope" {
				all = append(all, shownCommand{where, command[1:]})
			}
		}
	}
	return all
}

// word is a word of a shell, a bar, or a comment; quoted is a part of a word.
var (
	word   = regexp.MustCompile(`\|\|?|#.*|2?>|<|(?:'[^']*'|"[^"]*"|[^\s'"|<>])+`)
	quoted = regexp.MustCompile(`'([^']*)'|"([^"]*)"`)
)

// splitCommands splits a line as a shell does, without what redirects.
func splitCommands(line string) (commands [][]string) {
	var command []string
	words := word.FindAllString(line, -1)
	for i, w := range append(words, "|") {
		switch {
		case strings.HasPrefix(w, "#"), redirects(w), i > 0 && redirects(words[i-1]):
		case strings.HasPrefix(w, "|"):
			if len(command) > 0 {
				commands = append(commands, command)
			}
			command = nil
		default:
			command = append(command, quoted.ReplaceAllString(w, "$1$2"))
		}
	}
	return commands
}

func redirects(w string) bool { return w == "<" || w == ">" || w == "2>" }

func TestEveryCommandLineShownIsUnderstood(t *testing.T) {
	for _, s := range shownCommands(t) {
		cmd, rest, err := newRoot(new(app)).Find(s.args)
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err == nil {
			err = cmd.ValidateArgs(cmd.Flags().Args())
		}
		if err != nil || !cmd.Runnable() {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// needsPeers reports whether a command waits for devices, a server, a person or
// standard input.
func (s shownCommand) needsPeers() bool {
	return slices.Contains([]string{"proxy", "server", "device", "demo", "doctor"}, s.args[0]) ||
		s.args[0] == "replay" && !s.has("--dry-run") || s.has("-l", "-f", "-")
}

// workplace makes a folder with the files that the documents speak of, and goes
// there.
func workplace(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{t: t, home: filepath.Join(dir, "home")}
	b.ok("read", "-q", "-k", recordings+"/keys", "--only", "photon.session == 1", "-w", filepath.Join(dir, "session.pcapng"), recordings+"/healthy-brewskey-fw2.3.1/capture.pcapng")
	for _, folder := range []string{"debian/man", "readings", "srv/keys"} {
		b.mkdir(filepath.Join("..", folder))
	}
	spark, brewskey := recordings+"/healthy-spark-fw1.5.2/capture.pcap", recordings+"/healthy-brewskey-fw2.3.1/capture.pcapng"
	device := recordings + "/keys/devices/1c052c000f47343432313012"
	for name, from := range map[string]string{
		"capture.pcapng": brewskey, "old.pcapng": brewskey, "run.pcapng": brewskey,
		"customer.pcap": spark, "day1.pcap": spark, "monday.pcap": spark, "old.pcap": spark, "day2.pcap.gz": spark, "tuesday.pcap.gz": spark,
		"online.txt": docsFolder + "/contracts/online.txt", "default_key.pem": recordings + "/keys/h2-server-private.pem",
		"device.der": device + ".der", "my.der": device + ".der", "keys/device.der": device + ".der",
		"core_keys/1c052c000f47343432313012.pub.pem": device + ".pub.pem", "home/server/core_keys/" + shownID + ".pub.pem": device + ".pub.pem",
		"home/spark-server/core_keys/" + shownID + ".pub.pem":        device + ".pub.pem",
		"srv/spark-server/core_keys/" + shownID + ".pub.pem":         device + ".pub.pem",
		"srv/spark-server/data/deviceKeys/" + shownID + ".pub.pem":   device + ".pub.pem",
		"home/.local/share/photonscope/keys/" + shownID + ".pub.pem": device + ".pub.pem", // learnt from the device
	} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		b.write(dir, name, content, 0o600)
	}
	t.Chdir(dir)
	return b
}

// shownID is the device that the help speaks of.
const shownID = "3a14210004473432333230bd"

// What needs nobody else is run as it is shown, what one page shows in one folder.
func TestCommandLinesShownWork(t *testing.T) {
	pages := map[string][]shownCommand{}
	for _, s := range shownCommands(t) {
		if !s.needsPeers() {
			pages[s.where] = append(pages[s.where], s)
		}
	}
	for where, commands := range pages {
		t.Run(where, func(t *testing.T) {
			b := workplace(t)
			switch where {
			case "photonscope keys generate --help": // which overwrites nothing
				os.Remove("default_key.pem")
				os.RemoveAll(b.keyFolder())
			case "photonscope keys restore --help":
				b.ok("keys", "register", shownID, "--server-keys", "core_keys")
			}
			here := strings.NewReplacer("~/", b.home+"/", "/srv/", filepath.Dir(b.home)+"/srv/")
			for _, s := range commands {
				var args []string
				for _, w := range s.args {
					if w == "ID" {
						w = shownID
					}
					args = append(args, here.Replace(w))
				}
				if code, out, errs := b.run(args...); code != exitOK {
					t.Errorf("%s: exit %d\n%.300s%s", s, code, out, errs)
				}
			}
		})
	}
}

// The session that the README begins with is that of the demo, but for what differs
// each time: times, ports, the nonce.
func TestTheSessionOfTheREADMEIsThatOfTheDemo(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	out, errs, code := runApp(t, nil, "demo", "-q", "-T", "text")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	varying := regexp.MustCompile(`^[0-9:.]+|:[0-9]{4,5}\b|[0-9a-f]{16}…|\([0-9.]+ .?s\)`)
	real := map[string]bool{"…\n": true}
	for line := range strings.Lines(out) {
		real[varying.ReplaceAllString(line, "~")] = true
	}
	_, session, _ := strings.Cut(string(readme), "the same session reads")
	_, session, _ = strings.Cut(session, "```\n")
	session, _, _ = strings.Cut(session, "```")
	for line := range strings.Lines(session) {
		if !real[varying.ReplaceAllString(line, "~")] {
			t.Errorf("the demo does not say %s", line)
		}
	}
	if strings.Count(session, "\n") < 10 {
		t.Error("the README shows no session any more")
	}
}
