package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Where the report cannot be printed, a breach and a divergence keep their exit
// code, and nothing else ends as if all had been said. Whoever reads may go away.
func TestAVerdictThatCannotBePrintedIsNoGoodOne(t *testing.T) {
	kept := writeKey(t, "kept.txt", []byte("some photon.msg == \"hello\"\n"))
	broken := writeKey(t, "broken.txt", []byte("never photon.msg == \"hello\"\n"))
	for _, c := range []struct {
		args []string
		full int // exit code where standard output is full
		gone int // where nobody reads it
	}{
		{[]string{"expect", kept, demoCapture}, exitFailure, exitOK},
		{[]string{"expect", "-T", "ndjson", kept, demoCapture}, exitFailure, exitOK},
		{[]string{"expect", broken, demoCapture}, exitSession, exitSession},
		{[]string{"expect", "-T", "ndjson", broken, demoCapture}, exitSession, exitSession},
		{[]string{"replay", "--dry-run", "--to-server", "127.0.0.1:1", demoCapture}, exitFailure, exitOK},
	} {
		name := strings.Join(c.args[:len(c.args)-1], " ")
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer full.Close()
		if code, said := endsWith(t, full, c.args...); code != c.full || strings.Count(said, "standard output: no space left on device") != 1 {
			t.Errorf("%s on a full disk: exit %d, said %s", name, code, said)
		}
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		in.Close()
		defer out.Close()
		if code, said := endsWith(t, out, c.args...); code != c.gone || strings.Contains(said, "standard output") {
			t.Errorf("%s without a reader: exit %d, said %s", name, code, said)
		}
	}
}

// A replay plays to its end, records all of it and judges it, though nothing can be
// printed.
func TestAReplayGoesOnWithoutAnOutput(t *testing.T) {
	server := startApp(t, "server", "127.0.0.1:0")
	server.listening()
	recorded := filepath.Join(t.TempDir(), "again.pcapng")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	code, said := endsWith(t, full, "replay", "--dry-run=false", "--speed", "0", "--wait", "300ms", "-w", recorded, "--to-server", server.addr, demoCapture)
	if code != exitSession || strings.Count(said, "standard output: no space left on device") != 1 || !strings.Contains(said, "from the recording") {
		t.Errorf("exit %d, said %s", code, said)
	}
	out, errs, code := runApp(t, nil, "read", "-T", "ndjson", recorded)
	if code != exitOK || !strings.Contains(out, `"complete":true`) || !strings.Contains(out, `"hello"`) {
		t.Errorf("the recording: exit %d, %s", code, errs)
	}
}

// endsWith runs the program with a standard output, and returns its exit code and
// what it said.
func endsWith(t *testing.T, stdout *os.File, args ...string) (int, string) {
	t.Helper()
	cmd := program(t, nil, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = stdout, &said
	cmd.Run()
	return cmd.ProcessState.ExitCode(), said.String()
}
