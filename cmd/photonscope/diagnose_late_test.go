package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/store"
)

// described is a recording of which the cause shows only once its key log is known:
// without it the finding is another one.
const described = staged + "ph-33-described-twice.pcapng"

// addKeyLog gives a ring the lines of a key log.
func addKeyLog(t *testing.T, ring *lightssl.Keyring, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lightssl.NewKeyLogScanner(ring).Feed(b)
}

// reportOf is the report about a recording whose key log comes before its first byte,
// or behind its last one.
func reportOf(t *testing.T, path string, late bool) string {
	t.Helper()
	out := new(strings.Builder)
	a := &app{stdout: out, stderr: new(strings.Builder), getenv: func(string) string { return "" }}
	f := &diagnoseFlags{report: "md"}
	keys, err := loadKeys(a, []string{staged + "server.pem"})
	if err != nil {
		t.Fatal(err)
	}
	if !late {
		addKeyLog(t, keys.Ring, path+keyLogBeside)
	}
	d := a.newDiagnosis(f)
	d.late = &hindsight{keys, store.New(0), keys.Ring.Generation()}
	p := newPipeline(keys.Ring, d)
	p.onEvent = d.late.keep
	if p.doctor, err = d.begin(f, keys); err != nil {
		t.Fatal(err)
	}
	capture, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer capture.Close()
	for it, err := range captures.Read(capture, captures.ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		p.feed(it)
	}
	p.finish()
	if late {
		addKeyLog(t, keys.Ring, path+keyLogBeside)
	}
	if err := d.end(true, ""); err == nil {
		t.Error("without a finding")
	}
	return out.String()
}

func TestAReportIsTheSameWhenKeysCameLate(t *testing.T) {
	paths, err := filepath.Glob(staged + "*" + keyLogBeside)
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d key logs: %v", len(paths), err)
	}
	for _, path := range paths {
		path = strings.TrimSuffix(path, keyLogBeside)
		if want, got := reportOf(t, path, false), reportOf(t, path, true); got != want {
			t.Errorf("%s: with keys that came late\n%s\nwith keys from the start\n%s", filepath.Base(path), got, want)
		}
	}
}

// diagnosedFromAPipe diagnoses a recording from a pipe, whose key log comes once the
// line was printed that begins so.
func diagnosedFromAPipe(t *testing.T, path, until string, args ...string) (*running, int) {
	t.Helper()
	capture, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line, err := os.ReadFile(path + keyLogBeside)
	if err != nil {
		t.Fatal(err)
	}
	before := []byte("# photonscope key log\n")
	log := writeKey(t, "server.keylog", before)
	stdin, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); write.Close() })
	r := &running{t: t, out: newScreen(), errs: newScreen()}
	a := &app{stdin: stdin, stdout: r.out, stderr: r.errs, getenv: func(string) string { return "" }}
	code := make(chan int)
	go func() {
		code <- a.run(context.Background(), slices.Concat([]string{"diagnose", "-q", "-k", staged + "server.pem", "-k", log}, args, []string{"-"}))
	}()
	if _, err := write.Write(capture); err != nil {
		t.Fatal(err)
	}
	r.out.wait(t, "what shows without the key", func(line string) bool { return strings.HasPrefix(line, until) })
	if err := os.WriteFile(log, slices.Concat(before, line), 0o600); err != nil {
		t.Fatal(err)
	}
	write.Close()
	return r, <-code
}

func TestFindingsAreWithdrawnWhenAKeyComesLate(t *testing.T) {
	r, code := diagnosedFromAPipe(t, described, "session 1  online")
	if code != exitSession || !strings.HasSuffix(r.out.String(), "\n1 session: 1 online, 0 unknown; 1 finding\n") {
		t.Errorf("exit %d:\n%s", code, r.out)
	}
	wantIn(t, r.out.String(), "PH-19 likely", "PH-19 withdrawn", "PH-33 likely")
	if n := strings.Count(r.out.String(), "\nsession 1  online"); n != 2 {
		t.Errorf("the end of the session is told %d times, and it has changed once:\n%s", n, r.out)
	}
	r, code = diagnosedFromAPipe(t, described, `{"type":"finding"`, "-T", "ndjson")
	s := loadJSONSchema(t)
	var told []string
	for line := range strings.Lines(r.out.String()) {
		checkLine(t, s, "late", line)
	}
	for _, e := range events(t, r.out.String()) {
		if e.str("type") == "finding" {
			sign := "+"
			if e["photon.finding.withdrawn"] == true {
				sign = "-"
			}
			told = append(told, sign+e.str("photon.finding"))
		}
	}
	if got := strings.Join(told, " "); code != exitSession || got != "+PH-19 -PH-19 +PH-33" {
		t.Errorf("exit %d, told %s", code, got)
	}
}

// Whoever waits for no keys keeps nothing for them.
func TestOnlyAKeyLogThatMayGrowCostsMemory(t *testing.T) {
	keys := &keySet{logs: []*keyLogTail{{}}}
	if keysMayComeLate([]string{described}, keys) || keysMayComeLate([]string{"-"}, new(keySet)) || !keysMayComeLate([]string{described, "-"}, keys) {
		t.Error("a file, or a pipe without a key log, is kept, or a pipe with one is not")
	}
}
