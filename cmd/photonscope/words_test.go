package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
)

// A web browser at the port of a proxy that answers as the cloud is turned away in
// the user's words: which package of ours says so is nothing to the user.
func TestWhoIsTurnedAwayIsToldWithoutOurInside(t *testing.T) {
	key := writeKey(t, "default_key.pem", lightssl.MarshalPrivatePEM(sim.ServerKey()))
	r := startProxy(t, "-k", "server:"+key)
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n"+strings.Repeat("X: y\r\n", 60)+"\r\n")
	line := r.errs.wait(t, "the refusal", func(line string) bool { return strings.Contains(line, "refused: ") })
	if strings.Contains(line, "sim: ") || strings.Contains(line, "lightssl: ") || !strings.Contains(line, "not sealed for this key") {
		t.Errorf("it says %q", line)
	}
	conn.Close()
	r.end()
}

func TestALiveRecordingThatCannotBeWrittenSaysWhatToDo(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		skipUnlessRequired(t, "no /dev/full")
	}
	_, errs, code := runApp(t, nil, "demo", "-q", "-T", "text", "-w", "/dev/full")
	if code != exitFailure || !strings.HasSuffix(errs, "photonscope: record: the recording ended early: write /dev/full: no space left on device\nhint: "+roomHint+"\n") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestOnlyAFullDiskNeedsRoom(t *testing.T) {
	if got := hintForLost(fmt.Errorf("write: %w", syscall.ENOSPC)); got != roomHint {
		t.Errorf("a full disk: %q", got)
	}
	if got := hintForLost(fmt.Errorf("write: %w", syscall.EPIPE)); got != "" {
		t.Errorf("a pipe that nobody reads: %q", got)
	}
}
