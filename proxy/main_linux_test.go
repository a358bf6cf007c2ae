package proxy

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// children are programs that tests run as processes of their own: this binary
// with a name in the environment.
var children = map[string]func(args []string){
	"transparent": transparentChild,
	"forwarder":   forwarderChild,
	"proxy":       proxyChild,
	"cloud":       cloudChild,
}

const childVariable = "PHOTONSCOPE_PROXY_TEST_CHILD"

func TestMain(m *testing.M) {
	name := os.Getenv(childVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	children[name](os.Args[1:])
}

// child is a running child and the lines it writes.
type child struct {
	t     testing.TB
	pid   int
	lines *bufio.Scanner
}

// startChild runs a child, with words before its command line if it has to run
// somewhere else, until the end of the test.
func startChild(t testing.TB, before []string, name string, args ...string) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := append(append(before, self), args...)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return &child{t, cmd.Process.Pid, bufio.NewScanner(out)}
}

// await returns the next line that holds want.
func (c *child) await(want string) string {
	c.t.Helper()
	for c.lines.Scan() {
		if strings.Contains(c.lines.Text(), want) {
			return c.lines.Text()
		}
	}
	c.t.Fatalf("no line %q", want)
	return ""
}

// address returns the address a child announces.
func (c *child) address() string {
	c.t.Helper()
	return strings.TrimPrefix(c.await("listening "), "listening ")
}

// announce is the child's side of address.
func announce(addr fmt.Stringer) { fmt.Println("listening", addr) }
