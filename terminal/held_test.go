package terminal

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const someDevice = "3a14210004473432333230bd"

// ends are a simulated server and device with a proxy's place between them.
type ends struct {
	t             *testing.T
	folder        string
	server, proxy string // addresses
}

// newEnds makes the keys and starts the server.
func newEnds(t *testing.T) *ends {
	t.Helper()
	e := &ends{t: t, folder: t.TempDir(), server: freeAddress(t), proxy: freeAddress(t)}
	e.make("--server", "server")
	e.make("--device", someDevice, "device")
	e.make("--device", someDevice, "impersonation")
	e.run("server", "-q", "-T", "text", "-k", e.file("server", "default_key.pem"), e.server)
	return e
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (e *ends) file(names ...string) string {
	return filepath.Join(append([]string{e.folder}, names...)...)
}

// make makes a key pair in a folder, which is the last argument.
func (e *ends) make(args ...string) {
	e.t.Helper()
	folder := e.file(args[len(args)-1])
	args = append([]string{"keys", "generate", "--out", folder}, args[:len(args)-1]...)
	if out, err := exec.Command(binary, args...).CombinedOutput(); err != nil {
		e.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// run starts the program until the test is over.
func (e *ends) run(args ...string) {
	e.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "HOME="+e.folder)
	if err := cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

// connect has the device play a script.
func (e *ends) connect(script string) {
	e.t.Helper()
	file := e.file("script.txt")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		e.t.Fatal(err)
	}
	e.run("device", "-q", "-T", "text", "-k", e.file("device"), "-k", "server:"+e.file("server", "default_key.pub.pem"), "--script", file, e.proxy)
}

// proxyScreen starts the proxy on a screen, where what is said of the temperature
// will be held.
func (e *ends) proxyScreen(flags ...string) *screen {
	e.t.Helper()
	args := []string{"proxy", "-l", e.proxy, "-k", "server:" + e.file("server", "default_key.pem"), "-k", "impersonation:" + e.file("impersonation", someDevice+".pem")}
	s := start(e.t, 80, 24, append(append(args, flags...), e.server)...)
	s.wait("No device yet")
	s.keys("i")
	s.wait("what matches is held")
	s.keys("photon.event.name == \"temperature\"\r")
	s.wait("Held from now on")
	return s
}

// A message is held, edited and sent on the real screen, and the recording has both
// versions of it.
func TestAHeldMessageIsEdited(t *testing.T) {
	e := newEnds(t)
	recording := e.file("x.pcapng")
	s := e.proxyScreen("-w", recording)
	e.connect(`wait 200ms
send NON POST /e/temperature payload "21.5"
send NON POST /e/humidity payload "60"
wait 1m
`)
	s.wait("1 HELD")
	s.keys("I\r")
	s.wait("[fields]")
	s.keys("\x15nonsense\x14") // Ctrl-U, Ctrl-T
	s.wait("[text]")
	s.keys("\x14\x14")
	s.wait("was 21.5")
	s.keys("\x1542\r")
	s.wait("The edited message was sent.")
	s.keys("q2")
	s.wait("cloud leg: temperature")
	s.wait("humidity = 60")
	s.keys("\x03")
	s.end()
	out, err := exec.Command(binary, "read", "-q", "--legs", "both", recording).CombinedOutput()
	if err != nil || strings.Count(string(out), "temperature = 21.5") != 1 || strings.Count(string(out), "temperature = 42") != 1 {
		t.Errorf("read back: %v\n%s", err, out)
	}
}

// A program that is told to end while a message is held, or edited, lets the original
// go and ends; the recording is whole and has nothing that was not sent.
func TestASignalEndsWhatIsHeld(t *testing.T) {
	for _, keys := range []string{"", "I", "I\r\x1542"} {
		e := newEnds(t)
		recording := e.file("x.pcapng")
		s := e.proxyScreen("-w", recording)
		e.connect("wait 200ms\nsend NON POST /e/temperature payload \"21.5\"\nwait 1m\n")
		s.wait("1 HELD")
		if keys != "" {
			s.keys(keys)
			s.wait("held")
		}
		s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.over:
		case <-time.After(patience):
			t.Fatalf("after %q: the program does not end", keys)
		}
		out, err := exec.Command(binary, "read", "-q", "-T", "ndjson", "--legs", "both", recording).Output()
		if err != nil || !strings.Contains(string(out), `"complete":true`) {
			t.Errorf("after %q: read back: %v\n%s", keys, err, out)
		}
		if strings.Contains(string(out), `"photon.event.data":"42"`) || strings.Count(string(out), `"photon.event.data":"21.5"`) != 2 {
			t.Errorf("after %q: %s", keys, out)
		}
	}
}

// A device that goes away while its message is held ends its session, behind that
// message, and no other.
func TestADeviceGoesAwayWhileItsMessageIsHeld(t *testing.T) {
	e := newEnds(t)
	s := e.proxyScreen()
	e.connect("wait 200ms\nsend NON POST /e/temperature payload \"21.5\"\nreset\n")
	s.wait("the device reset") // what was said before goes first, when its time is over
	e.connect("wait 200ms\nsend NON POST /e/temperature payload \"22\"\nwait 1m\n")
	s.wait("1 HELD")
	s.keys("I")
	s.wait("temperature = 22")
	s.keys("s")
	s.wait("The original was sent.")
	s.keys("\x03")
	s.end()
}
