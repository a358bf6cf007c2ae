package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// configured is an app whose user has these named filters.
func configured(t *testing.T, filters string) (a *app, stdout, stderr *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "photonscope"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "photonscope", "filters"), []byte(filters), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	env := map[string]string{"XDG_CONFIG_HOME": dir}
	return &app{stdout: stdout, stderr: stderr, getenv: func(name string) string { return env[name] }}, stdout, stderr
}

const mine = `# what I look for
talk = photon.msg == "event" or calls

calls=~m function-call
  slowly  =  rtt > 100ms and talk
`

func TestOwnFiltersCountInExpressions(t *testing.T) {
	a, out, errs := configured(t, mine)
	if code := a.run(t.Context(), []string{"filter", "slowly and not @calls"}); code != exitOK || errs.Len() > 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	const want = `photon.rtt > 0.1 and (photon.msg == "event" or photon.msg == "function-call") and not photon.msg == "function-call"`
	if got := strings.TrimSpace(out.String()); got != want {
		t.Errorf("it means %s, not %s", got, want)
	}
	a, out, errs = configured(t, mine)
	if code := a.run(t.Context(), []string{"read", "-T", "fields", "-e", "photon.msg", "-Y", "calls", demoCapture}); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	for line := range strings.Lines(out.String()) {
		if line != "function-call\n" {
			t.Errorf("printed %q", line)
		}
	}
	wantIn(t, errs.String(), `-Y calls means photon.msg == "function-call"`)
}

func TestABadLineIsShownAndTheOthersCount(t *testing.T) {
	a, out, errs := configured(t, "good = ~m ping\nbad = coap.mid ==\nnothing\nuses = good or bad\nping-pong = good\ngood = ~m event\ntype = good\na b = good\nme = me\n\x1b[31m = good\n")
	if code := a.run(t.Context(), []string{"filter", "ping-pong"}); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if got := out.String(); got != "photon.msg == \"ping\"\n" {
		t.Errorf("printed %q", got)
	}
	path := a.filtersPath()
	wantIn(t, errs.String(),
		path+":2: no filter; the others are known\n  bad = coap.mid ==\n                   ^\n",
		path+":3: no filter", path+":4: no filter; the others are known\n  uses = good or bad\n                 ^~~\n", path+":6: no filter; the others are known\n  good = ~m event\n  ^~~~\n  there is a filter of this name above",
		path+":8: no filter", path+":9: no filter")
	if strings.Contains(errs.String(), ":1:") || strings.Contains(errs.String(), ":5:") || strings.Contains(errs.String(), "\x1b") {
		t.Errorf("said %q", errs)
	}
}

func TestNamedFiltersAreListed(t *testing.T) {
	a, out, _ := configured(t, "pings = ~m ping\nzz = ~m event\n")
	if code := a.run(t.Context(), []string{"filter", "--list"}); code != exitOK {
		t.Fatalf("exit %d", code)
	}
	text := out.String()
	if strings.Count(text, "\npings ")+strings.Count(text, "pings ") != 1 || !strings.HasPrefix(text, "pings ") {
		t.Errorf("own filters come first, and hide the built-in ones:\n%s", text)
	}
	wantIn(t, text, "\nzz ", a.filtersPath(), "unanswered", "built in")
	out.Reset()
	a.run(t.Context(), []string{"filter", "--list", "-T", "ndjson"})
	for _, e := range events(t, out.String()) {
		if e.str("name") == "" || e.str("expression") == "" || e.str("from") == "" {
			t.Errorf("%v", e)
		}
	}
}

func TestWhatIsKeptIsReadBackAndNothingElseChanges(t *testing.T) {
	a, _, errs := configured(t, "# mine\nold = ~m ping # not a comment\nlast = ~m event")
	for _, f := range [][2]string{{"new", "~m hello"}, {"last", "rtt > 1s"}} {
		if path, err := a.keepFilter(f[0], f[1]); err != nil || path != a.filtersPath() {
			t.Fatal(path, err)
		}
	}
	got, err := os.ReadFile(a.filtersPath())
	if want := "# mine\nold = ~m ping # not a comment\nlast = rtt > 1s\nnew = ~m hello\n"; err != nil || string(got) != want {
		t.Errorf("the file is %q, not %q: %v", got, want, err)
	}
	if info, err := os.Stat(a.filtersPath()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if names := a.readFilters(); names["last"] != "rtt > 1s" || names["new"] != "~m hello" || names["old"] != "" {
		t.Errorf("read back as %v: %s", names, errs)
	}
}

func TestWithoutAHomeThereAreNoOwnFilters(t *testing.T) {
	out, errs, code := runApp(t, nil, "filter", "~m ping")
	if code != exitOK || errs != "" || out == "" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
