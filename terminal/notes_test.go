package terminal

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What a user marks and writes on the screen is in the capture that w writes, for
// the owner alone, and the screen that opens it shows it.
func TestACommentOutlivesTheScreen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.pcapng")
	if out, err := exec.Command(binary, "demo", "-T", "text", "-w", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := start(t, 80, 24, "read", file)
	s.wait("Reading has ended")
	s.keys("2gjjjj;why this one?\r")
	s.wait("Comment  \"why this one?\"")
	s.keys("mx")
	s.wait("Mark  \"x\"")
	s.keys("w")
	s.wait("Written to photonscope-sessions.pcapng")
	s.keys("\x03")
	s.end()
	written := filepath.Join(s.cmd.Dir, "photonscope-sessions.pcapng")
	if info, err := os.Stat(written); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	out, err := exec.Command(binary, "read", "-q", "-v", "-Y", "~marked", written).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Comment: why this one?") {
		t.Errorf("read back: %v\n%s", err, out)
	}
	again := start(t, 80, 24, "read", written)
	again.wait("Reading has ended") // which the first key takes away
	again.keys("2g'x")
	again.wait("; why this one?")
	again.keys("\x03")
	again.end()
}
