package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/internal/golden"
)

// growing is the recording that is handed over piece by piece.
const growing = recordings + "/healthy-spark-fw1.5.2/capture.pcap"

// growingFile is a file that a test writes to while it is read.
type growingFile struct {
	t    *testing.T
	path string
	rest []byte // of the recording
}

func newGrowingFile(t *testing.T) *growingFile {
	t.Helper()
	rest, err := os.ReadFile(growing)
	if err != nil {
		t.Fatal(err)
	}
	g := &growingFile{t: t, path: filepath.Join(t.TempDir(), "growing.pcap"), rest: rest}
	g.append(0)
	return g
}

// append writes the next n bytes of the recording.
func (g *growingFile) append(n int) {
	g.t.Helper()
	f, err := os.OpenFile(g.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		g.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(g.rest[:n]); err != nil {
		g.t.Fatal(err)
	}
	g.rest = g.rest[n:]
}

// startReading runs the program with a standard input.
func startReading(t *testing.T, stdin *os.File, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{t: t, out: newScreen(), errs: newScreen(), stop: stop, done: make(chan struct{})}
	a := &app{stdin: stdin, stdout: r.out, stderr: r.errs, getenv: func(string) string { return "" }}
	go func() {
		defer close(r.done)
		r.code = a.run(ctx, append([]string{"read", "-T", "ndjson"}, args...))
	}()
	t.Cleanup(func() {
		stop()
		<-r.done
	})
	return r
}

// ofType waits for an event of a type.
func (r *running) ofType(name string) event {
	r.t.Helper()
	return r.event(name, func(e event) bool { return e.str("type") == name })
}

// withoutHeader leaves out the line that names the source.
func withoutHeader(ndjson string) string {
	_, rest, _ := strings.Cut(ndjson, "\n")
	return rest
}

func TestAFileIsFollowedFromItsFirstByteToCtrlC(t *testing.T) {
	keys := writeKey(t, "all.keylog", keyLogOf(t, growing))
	want, _, _ := runApp(t, nil, "read", "-T", "ndjson", "-k", keys, growing)
	g := newGrowingFile(t)
	r := startReading(t, nil, "-f", "-k", keys, g.path)
	r.ofType("header")
	g.append(3) // not even the magic is whole
	g.append(len(g.rest) / 2)
	r.ofType("message")
	g.append(len(g.rest))
	lines := strings.Count(want, "\n")
	for n := 0; n < lines-1; {
		r.out.wait(t, "the last event", func(line string) bool { n++; return n == lines-1 })
	}
	r.end()
	if got := withoutHeader(r.out.String()); got != withoutHeader(want) {
		t.Errorf("what was followed differs from what is read at once: %s", golden.Difference(got, withoutHeader(want)))
	}
	if r.errs.String() != "" {
		t.Errorf("said: %s", r.errs)
	}
}

// A packet that is being written when the user ends it is not the capture's
// fault.
func TestCtrlCInsideAPacketEndsInOrder(t *testing.T) {
	g := newGrowingFile(t)
	front := writeKey(t, "front.pcap", g.rest[:len(g.rest)-5])
	out, _, _ := runApp(t, nil, "read", "-T", "ndjson", "-k", recordings+"/keys", front)
	last := out[:strings.LastIndex(out, `{"type":"message"`)]
	r := startReading(t, nil, "-f", "-k", recordings+"/keys", g.path)
	g.append(len(g.rest) - 5)
	n, lines := 0, strings.Count(last, "\n")+1
	r.out.wait(t, "the last message", func(string) bool { n++; return n == lines })
	r.end()
	wantIn(t, r.errs.String(), "ends inside a packet that was still being written")
}

func TestAFileThatIsCutBackIsNamed(t *testing.T) {
	g := newGrowingFile(t)
	r := startReading(t, nil, "-f", "-q", "-k", writeKey(t, "all.keylog", keyLogOf(t, growing)), g.path)
	g.append(len(g.rest) / 2)
	r.ofType("message")
	if err := os.Truncate(g.path, 100); err != nil {
		t.Fatal(err)
	}
	<-r.done
	if r.code != exitFailure {
		t.Errorf("exit %d", r.code)
	}
	oneSentence(t, r.errs.String(), g.path, "cut back to 100 bytes while it was followed")
}

func TestAFileThatIsRotatedAwayIsReadToItsEnd(t *testing.T) {
	for _, how := range []string{"removed", "another file"} {
		g := newGrowingFile(t)
		r := startReading(t, nil, "-f", "-k", recordings+"/keys", g.path)
		g.append(len(g.rest))
		r.ofType("message")
		if err := os.Rename(g.path, g.path+".1"); err != nil {
			t.Fatal(err)
		}
		if how != "removed" {
			g.append(0)
		}
		<-r.done
		list := events(t, r.out.String())
		if last := list[len(list)-1]; r.code != exitOK || last["complete"] != true {
			t.Errorf("%s: exit %d, %v: %s", how, r.code, last, r.errs)
		}
		checkNothingUnknown(t, list)
		wantIn(t, r.errs.String(), g.path, "followed no further")
	}
}

func TestAWaitingPipeEndsWithCtrlC(t *testing.T) {
	for follow, code := range map[string]int{"--follow=false": exitInterrupted, "--follow": exitOK} {
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		defer in.Close()
		g := newGrowingFile(t)
		r := startReading(t, in, follow, "-k", recordings+"/keys", "-")
		if _, err := out.Write(g.rest); err != nil {
			t.Fatal(err)
		}
		r.ofType("closed")
		r.stop()
		<-r.done
		list := events(t, r.out.String())
		if last := list[len(list)-1]; r.code != code || last["complete"] != (code == exitOK) {
			t.Errorf("%s: exit %d, %v: %s", follow, r.code, last, r.errs)
		}
	}
}

// keyLogOf makes the key log of a recording.
func keyLogOf(t *testing.T, file string) []byte {
	t.Helper()
	out, _, _ := runApp(t, nil, "read", "-q", "-T", "ndjson", "--show-secrets", "-k", recordings+"/keys", file)
	nonces := map[any]string{}
	var log strings.Builder
	for _, e := range events(t, out) {
		switch e.str("type") {
		case "nonce":
			nonces[e["photon.session"]] = e.str("photon.nonce")
		case "credentials":
			log.WriteString("PHOTON_SESSION " + nonces[e["photon.session"]] + " " + e.str("photon.credentials.key") +
				e.str("photon.credentials.iv") + e.str("photon.credentials.salt") + "\n")
		}
	}
	if !lightssl.IsKeyLog([]byte(log.String())) {
		t.Fatalf("no key log: %s", out)
	}
	return []byte(log.String())
}

// A key that turns up while a capture is read opens what comes after it,
// whether the capture is a file or a pipe, and the key log named or beside it.
func TestAKeyThatComesLateOpensWhatFollows(t *testing.T) {
	secrets := keyLogOf(t, growing)
	late := func(t *testing.T, r *running, keyLog string, more func(n int), size int) {
		t.Helper()
		more(size / 8)
		r.ofType("sealed")
		if err := os.WriteFile(keyLog, secrets, 0o600); err != nil {
			t.Fatal(err)
		}
		more(size - size/8)
		<-r.done
		list := events(t, r.out.String())
		isMessage := func(e event) bool { return e.str("type") == "message" }
		first := slices.IndexFunc(list, isMessage)
		if first < 0 || r.code != exitOK {
			t.Fatalf("exit %d, nothing was opened: %s", r.code, r.errs)
		}
		for _, e := range list[first:] {
			if e.str("type") == "sealed" {
				t.Errorf("sealed behind the first message: %v", e)
			}
		}
		if before := list[first-1]; before.str("type") != "credentials" || before["frame.wire"] != nil {
			t.Errorf("before the first message comes %v", before)
		}
	}
	t.Run("file, key log beside it", func(t *testing.T) {
		g := newGrowingFile(t)
		r := startReading(t, nil, "-f", g.path)
		late(t, r, g.path+".keylog", func(n int) {
			g.append(n)
			if len(g.rest) == 0 {
				r.event("the end", func(e event) bool { return e.str("type") == "closed" && e.str("photon.dir") == "cloud" })
				os.Remove(g.path)
			}
		}, len(g.rest))
	})
	t.Run("pipe, key log named", func(t *testing.T) {
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		keyLog := writeKey(t, "late.keylog", nil)
		g := newGrowingFile(t)
		r := startReading(t, in, "-k", keyLog, "-")
		late(t, r, keyLog, func(n int) {
			out.Write(g.rest[:n])
			if g.rest = g.rest[n:]; len(g.rest) == 0 {
				out.Close()
			}
		}, len(g.rest))
	})
}
