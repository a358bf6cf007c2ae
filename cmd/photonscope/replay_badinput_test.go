package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
)

// witness is a server that keeps what a replay sends it, answers nothing, and
// leaves where it is told to.
type witness struct {
	addr   string
	leave  string // where it leaves; a number: after so many messages
	reset  bool   // and how
	mu     sync.Mutex
	calls  int
	frames []string // the messages, in hex
}

// newWitness listens until the test ends.
func newWitness(t *testing.T, leave string, reset bool) *witness {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{addr: ln.Addr().String(), leave: leave, reset: reset}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			w.serve(conn)
		}
	})
	t.Cleanup(func() {
		ln.Close()
		served.Wait()
	})
	return w
}

func (w *witness) serve(conn net.Conn) {
	defer conn.Close()
	w.mu.Lock()
	w.calls++
	w.mu.Unlock()
	if w.reset {
		conn.(*net.TCPConn).SetLinger(0)
	}
	nonce := lightssl.NewNonce()
	switch w.leave {
	case "at once":
		return
	case "in the nonce":
		conn.Write(nonce[:20])
		return
	case "in the credentials":
		conn.Write(nonce[:])
		io.ReadFull(conn, make([]byte, lightssl.IdentityLen))
		conn.Write(make([]byte, 100))
		return
	}
	h, err := lightssl.CloudEnd{Key: sim.ServerKey()}.Handshake(conn)
	if err != nil {
		return
	}
	in := lightssl.NewCipher(h.Credentials)
	for n := 0; fmt.Sprint(n) != w.leave; n++ {
		var head [lightssl.FrameHeaderLen]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		body := make([]byte, int(head[0])<<8|int(head[1]))
		io.ReadFull(conn, body)
		plain, err := in.Open(nil, body)
		if err != nil {
			plain = []byte(err.Error())
		}
		w.mu.Lock()
		w.frames = append(w.frames, hex.EncodeToString(plain))
		w.mu.Unlock()
	}
}

// got returns how often it was connected to, and the messages.
func (w *witness) got() (calls int, frames []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls, slices.Clone(w.frames)
}

// recordedTalk is a recording of a session in which both sides say something.
func recordedTalk(t *testing.T) string {
	t.Helper()
	machine, _ := coffeeMachine(&sim.LightSSL231, make(chan string, 100))
	return recordServer(t, machine)
}

// What arrives at a server is what the report says was sent, and of that nothing
// that the plan does not have.
func TestNothingIsSentThatWasNotAskedFor(t *testing.T) {
	file := recordedTalk(t)
	for _, args := range [][]string{nil, {"--to", "6"}, {"-Y", `photon.msg == "event"`}, {"--from", "12", "--to", "14"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			w := newWitness(t, "", false)
			line := slices.Concat([]string{"replay", file, "--to-server", w.addr, "-T", "ndjson"}, args)
			plan, _, _ := runApp(t, nil, append(line, "--dry-run")...)
			if calls, _ := w.got(); calls > 0 {
				t.Error("the dry run has connected")
			}
			out, errs, _ := runApp(t, nil, append(line, "--on-divergence", "go-on", "--wait", "100ms", "--speed", "0")...)
			var planned, sent []string
			for _, x := range reports(t, plan) {
				if x.str("type") == "send" {
					planned = append(planned, fmt.Sprint(x["number"]))
				}
			}
			for _, x := range reports(t, out) {
				if x.str("type") == "sent" {
					sent = append(sent, x.str("frame.plain"))
					if !slices.Contains(planned, fmt.Sprint(x["number"])) {
						t.Errorf("%v was sent, and the plan does not have it", x)
					}
				}
			}
			if _, frames := w.got(); !slices.Equal(frames, sent) || len(sent) == 0 {
				t.Errorf("%d messages arrived, %d were sent as the report says: %s", len(frames), len(sent), errs)
			}
		})
	}
}

// What is refused connects to nobody.
func TestARefusedReplayConnectsToNobody(t *testing.T) {
	file, w := recordedTalk(t), newWitness(t, "", false)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	genuine := genuineSessions[1]
	for name, args := range map[string][]string{
		"without keys":      {genuine.path(), "--session", "1", "--dry-run=false"},
		"several sessions":  append([]string{genuine.path()}, genuine.keys()...),
		"another device":    {file, "--id", "54026f066678574931551269"},
		"a bad ID":          {file, "--id", "54"},
		"no field":          {file, "--ignore", "photon.nope"},
		"no such session":   {file, "--session", "7"},
		"nothing but front": {writeKey(t, "front.pcapng", b[:400])},
	} {
		out, errs, code := runApp(t, nil, slices.Concat([]string{"replay", "--to-server", w.addr}, args)...)
		if code == exitOK || out != "" {
			t.Errorf("%s: exit %d: %s", name, code, out)
		}
		oneSentence(t, withoutWarnings(errs))
	}
	if calls, _ := w.got(); calls > 0 {
		t.Errorf("connected to %d times", calls)
	}
}

// withoutWarnings leaves out what is said of key files that others can read.
func withoutWarnings(errs string) (rest string) {
	for line := range strings.Lines(errs) {
		if !strings.Contains(line, "others on this computer can read") && !strings.Contains(line, "chmod") {
			rest += line
		}
	}
	return rest
}

// Wherever a server vanishes, and however, one sentence says so.
func TestAServerMayVanishAnywhere(t *testing.T) {
	file := recordedTalk(t)
	for _, where := range []string{"at once", "in the nonce", "in the credentials", "0", "1", "2", "5", "9"} {
		for _, reset := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s reset %v", where, reset), func(t *testing.T) {
				w := newWitness(t, where, reset)
				out, errs, code := runApp(t, nil, "replay", file, "-T", "ndjson", "--to-server", w.addr, "--speed", "0", "--on-divergence", "go-on", "--wait", "200ms")
				oneSentence(t, errs)
				if strings.Contains(errs, "lightssl") {
					t.Errorf("it names a package: %s", errs)
				}
				if code == exitFailure && reset && strings.Contains(errs, "connect to") {
					return // the reset was quicker than the connection
				}
				if code != exitSession {
					t.Errorf("exit %d: %s", code, errs)
				}
				all := reports(t, out)
				if last := all[len(all)-1]; last.str("type") != "summary" {
					t.Errorf("the report has no end: %v", last)
				}
				found := divergences(all)
				inHandshake := where >= "a"
				if inHandshake && len(found) > 0 || !inHandshake && (len(found) == 0 || found[len(found)-1].str("fault") != "ended the session") {
					t.Errorf("%v", found)
				}
			})
		}
	}
}

// Of a recording that is cut off anywhere, what came before is planned, or one
// sentence says why nothing is.
func TestAPartialRecordingIsReplayedAsFarAsItGoes(t *testing.T) {
	file := recordedTalk(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(file + ".keylog")
	if err != nil {
		t.Fatal(err)
	}
	all, _, _ := runApp(t, nil, "replay", file, "--to-server", "127.0.0.1:1", "--dry-run")
	part := filepath.Join(t.TempDir(), "part.pcapng")
	if err := os.WriteFile(part+".keylog", log, 0o600); err != nil {
		t.Fatal(err)
	}
	random, planned := randomly(3), 0
	for range 60 {
		n := 30 + random.IntN(len(whole)-31)
		if err := os.WriteFile(part, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		out, errs, code := runApp(t, nil, "replay", part, "--to-server", "127.0.0.1:1", "--dry-run")
		lines := strings.SplitAfter(out, "\n")
		switch front := strings.Join(lines[:max(0, len(lines)-2)], ""); {
		case code == exitOK && !strings.HasPrefix(all, front):
			t.Errorf("cut at byte %d: planned\n%s\nof\n%s", n, front, all)
		case code == exitOK:
			planned++
		default:
			oneSentence(t, errs)
		}
	}
	if planned < 20 {
		t.Errorf("only %d of 60 parts were planned", planned)
	}
}

// A rule that cannot be understood is shown with its file, line, column and a mark,
// and nothing listens.
func TestABadRulesFileIsShownWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"# one\ndrop when coap.cod == 1\n": ":2:11: there is no field or filter named coap.cod; did you mean coap.code?\n  drop when coap.cod == 1\n            ^~~~~~~~\n",
		"drop when photon.nope == 1\n":     ":1:11: there is no field or filter named photon.nope; did you mean photon.nonce?\n  drop when photon.nope == 1\n            ^~~~~~~~~~~\n",
		"edit payload=\"x\n":               ":1:6: ",
	} {
		file := rulesFile(t, text)
		out, errs, code := runApp(t, nil, "proxy", "-l", "127.0.0.1:0", "--rules", file, "127.0.0.1:1")
		if code != exitUsage || out != "" || !strings.Contains(errs, "photonscope: "+file+want) || !strings.Contains(errs, "^") || strings.Contains(errs, "listening") {
			t.Errorf("%q: exit %d: %s%s", text, code, out, errs)
		}
	}
}
