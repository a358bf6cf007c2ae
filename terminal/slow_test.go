package terminal

import (
	"bytes"
	be "encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A terminal whose other end stops reading, as over a link that hangs, takes the
// screen, and nothing else: the session goes on, what passes is in the recording
// before it reaches the peer, and the program ends when it is told to.
func TestATerminalThatStopsReadingStopsNoSession(t *testing.T) {
	l := newLine(t)
	file := filepath.Join(t.TempDir(), "x.pcapng")
	s := start(t, 120, 40, "proxy", "-l", l.address, "-w", file, l.cloud.Addr().String())
	s.wait("No device yet")
	l.connect()
	s.keys("2")
	s.wait("sealed")

	s.hold()
	l.talkUntil(s.isStuck)
	const more = 3000
	l.talk(more)
	if got := l.recorded(file); got < len(l.said) {
		t.Errorf("%d frames have reached the peer, %d are in the recording", len(l.said), got)
	}

	s.release()
	s.keys("G")
	l.talk(1)
	s.wait("sealed")
	s.hold()
	l.talkUntil(s.isStuck)
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.over:
	case <-time.After(patience):
		t.Fatal("the program does not end while its terminal does not read")
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if got := l.recorded(file); got != len(l.said) {
		t.Errorf("%d of %d frames are in the recording", got, len(l.said))
	}
}

// hold has the terminal's other end read no more, release ends that.
func (s *screen) hold() { s.reading.Lock() }

func (s *screen) release() { s.reading.Unlock() }

// isStuck reports whether the terminal has taken all that it can hold: more is
// asked of the program, and no more comes.
func (s *screen) isStuck() bool {
	before := s.pending()
	s.keys("\x0c") // draw the screen anew
	for range 20 {
		time.Sleep(10 * time.Millisecond)
		if s.pending() != before {
			return false
		}
	}
	return before > 0
}

// pending is how many bytes wait to be read from the terminal.
func (s *screen) pending() int {
	n, err := unix.IoctlGetInt(int(s.pty.Fd()), unix.TIOCINQ)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// line is a device and a cloud that talk through the proxy, in frames that nobody
// has a key for.
type line struct {
	t       *testing.T
	address string // of the proxy
	cloud   net.Listener
	device  net.Conn
	said    [][]byte // by the device; the cloud echoes each
}

func newLine(t *testing.T) *line {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	cloud, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	return &line{t: t, address: free.Addr().String(), cloud: cloud}
}

// The lengths of the handshake's records (docs/protocol.md §1.3).
const nonceLen, identityLen, credentialsLen = 40, 256, 384

// connect begins a session: nonce, identity, credentials, and the cloud echoes
// every frame that follows.
func (l *line) connect() {
	l.t.Helper()
	go func() {
		c, err := l.cloud.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.Write(bytes.Repeat([]byte{1}, nonceLen))
		io.ReadFull(c, make([]byte, identityLen))
		c.Write(bytes.Repeat([]byte{2}, credentialsLen))
		io.Copy(c, c)
	}()
	var err error
	if l.device, err = net.Dial("tcp", l.address); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { l.device.Close() })
	l.device.SetDeadline(time.Now().Add(4 * patience))
	l.hear(nonceLen)
	l.device.Write(bytes.Repeat([]byte{3}, identityLen))
	l.hear(credentialsLen)
	l.talk(1)
}

// talk sends frames and waits for the echo of each.
func (l *line) talk(n int) {
	l.t.Helper()
	for range n {
		frame := make([]byte, 2+16*(1+len(l.said)%5))
		be.BigEndian.PutUint16(frame, uint16(len(frame)-2))
		be.BigEndian.PutUint64(frame[2:], uint64(len(l.said)))
		if _, err := l.device.Write(frame); err != nil {
			l.t.Fatalf("after %d frames: %v", len(l.said), err)
		}
		if got := l.hear(len(frame)); !bytes.Equal(got, frame) {
			l.t.Fatalf("the echo of frame %d is %x, not %x", len(l.said), got, frame)
		}
		l.said = append(l.said, frame)
	}
}

// talkUntil talks until something is true.
func (l *line) talkUntil(is func() bool) {
	l.t.Helper()
	late := time.Now().Add(patience)
	for !is() {
		l.talk(10)
		if time.Now().After(late) {
			l.t.Fatal("it never comes true")
		}
	}
}

func (l *line) hear(n int) []byte {
	l.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(l.device, b); err != nil {
		l.t.Fatalf("after %d frames: %v", len(l.said), err)
	}
	return b
}

// recorded reads a recording and returns how many of the frames are on both legs,
// in both directions, one behind the other.
func (l *line) recorded(file string) int {
	l.t.Helper()
	out, err := exec.Command(binary, "read", "-q", "-T", "ndjson", "--legs", "both", file).Output()
	if err != nil {
		l.t.Fatalf("read: %v", err)
	}
	counts := make(map[string]int)
	for text := range bytes.Lines(out) {
		var e struct {
			Type string
			Leg  string `json:"photon.leg"`
			Dir  string `json:"photon.dir"`
			Wire string `json:"frame.wire"`
		}
		if err := json.Unmarshal(text, &e); err != nil {
			l.t.Fatal(err)
		}
		way := e.Leg + " " + e.Dir
		if e.Type != "sealed" {
			continue
		}
		if n := counts[way]; n >= len(l.said) || e.Wire != hex.EncodeToString(l.said[n]) {
			l.t.Fatalf("%s: frame %d is %s", way, n, e.Wire)
		}
		counts[way]++
	}
	if len(counts) != 4 {
		l.t.Fatalf("frames are on %v", counts)
	}
	return min(counts["device device"], counts["device cloud"], counts["cloud device"], counts["cloud cloud"])
}
