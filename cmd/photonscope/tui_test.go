package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExportsNeverOverwrite(t *testing.T) {
	t.Chdir(t.TempDir())
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	for i, want := range []string{"photonscope-events.txt", "photonscope-events-2.txt", "photonscope-events-3.txt"} {
		path, err := saveBeside("events.txt", text("x"))
		if err != nil || path != want {
			t.Errorf("export %d is written to %q: %v", i, path, err)
		}
	}
	full := errors.New("disk full")
	if _, err := saveBeside("other.txt", func(io.Writer) error { return full }); !errors.Is(err, full) {
		t.Errorf("a failed export: %v", err)
	}
	if fileExists("photonscope-other.txt") {
		t.Error("a failed export leaves a file")
	}
}

func TestWhatWasCopiedIsKeptPrivatelyUntilTheEnd(t *testing.T) {
	f := &screenFiles{state: filepath.Join(t.TempDir(), "state")}
	for _, text := range []string{"first", "second"} {
		path, err := f.keepCopy([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("%q is kept: %v", got, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others may read it: %v %v", info.Mode(), err)
		}
	}
	f.forget()
	if fileExists(f.kept) {
		t.Error("it is still there after the end")
	}
}

func TestWithoutATerminalTheEventsArePrinted(t *testing.T) {
	a := &app{stdout: io.Discard, getenv: func(string) string { return "xterm" }}
	o := &outputFlags{format: autoFormat}
	if o.choose(a); o.format != "text" {
		t.Errorf("without a terminal -T is %s", o.format)
	}
	o = &outputFlags{format: screenFormat}
	if o.choose(a); o.format != screenFormat {
		t.Errorf("-T tui becomes %s", o.format)
	}
}

func TestTheLocaleDecidesOnASCII(t *testing.T) {
	for _, c := range []struct {
		all, ctype, lang string
		ascii            bool
	}{
		{"", "", "", true}, {"C", "", "de_DE.UTF-8", true}, {"", "en_US.utf8", "C", false}, {"", "", "de_DE.UTF-8", false}, {"POSIX", "", "", true}, {"", "", "de_DE.ISO-8859-1", true},
	} {
		env := map[string]string{"LC_ALL": c.all, "LC_CTYPE": c.ctype, "LANG": c.lang}
		a := &app{getenv: func(name string) string { return env[name] }}
		if got := a.onlyASCII(); got != c.ascii {
			t.Errorf("%v: ASCII only: %v", env, got)
		}
	}
}

func TestWithoutAScreenTheEventsFollowAsText(t *testing.T) {
	t.Setenv("TERM", "nothing-of-this-name")
	var out, notes bytes.Buffer
	a := &app{stdout: &out, stderr: &notes, getenv: func(string) string { return "" }}
	if code := a.run(t.Context(), []string{"demo", "-T", "tui"}); code != exitOK {
		t.Errorf("exit code %d: %s", code, &notes)
	}
	if !strings.Contains(notes.String(), "no screen: ") {
		t.Errorf("standard error does not say why: %s", &notes)
	}
	for _, want := range []string{"opened", "nonce", "identity", "credentials", "hello", "function-call", "goodbye", "closed"} {
		if !strings.Contains(out.String(), " "+want+" ") {
			t.Errorf("%s is missing in\n%s", want, &out)
		}
	}
	if n := strings.Count(out.String(), " function-call "); n != strings.Count(out.String(), " function-result ") {
		t.Errorf("%d calls are printed, and another number of results", n)
	}
}

// As long as no device has come the screen says how one is pointed here.
func TestTheEmptyScreenOfAProxyNamesTheCommandForTheDevice(t *testing.T) {
	for listen, want := range map[string]string{
		"192.168.1.10:5684": "particle keys server default_key.pub.pem --host 192.168.1.10 --port 5684",
		"127.0.0.1:5683":    "particle keys server default_key.pub.pem --host THIS_HOST --port 5683",
		"[::]:5683":         "particle keys server default_key.pub.pem --host THIS_HOST --port 5683",
	} {
		f := proxyFlags{listen: listen}
		if hint := f.screen("").Hint; !strings.HasSuffix(hint, want) {
			t.Errorf("%s: %s", listen, hint)
		}
	}
}
