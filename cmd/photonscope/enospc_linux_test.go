package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The disk of the test is a file system in memory, nearly filled by a file of
// nobody's. A step of traffic is more than the rest, and three have room when that
// file is gone.
const (
	diskSize   = 48 << 20
	fillerSize = 47 << 20
	step       = 1500 << 10
)

// the disk fills up while sessions run. They go on, the alarm is visible,
// the file stays whole, and once there is room nothing is missing.
func TestAFullDiskNeitherStopsSessionsNorLosesThem(t *testing.T) {
	needNamespaces(t)
	fillDisk(t)
}

// What rules alter meanwhile goes on as well, and in the end both versions of it are
// in the recording.
func TestAFullDiskLosesNothingThatRulesAlter(t *testing.T) {
	needNamespaces(t)
	secrets := filepath.Join(t.TempDir(), "run.keylog")
	recording := fillDisk(t, "--keylog", secrets, "--rules", rulesFile(t, `edit type=CON every=3 when photon.event.name == "load"`))
	name := writeKey(t, "altered.pcapng", recording)
	read := func(more ...string) []event {
		out, errs, code := runApp(t, nil, slices.Concat([]string{"read", "-q", "-T", "ndjson", "-k", secrets}, more, []string{name})...)
		if code != exitOK {
			t.Fatalf("read: exit %d: %s", code, errs)
		}
		return events(t, out)
	}
	altered := len(read("-Y", `photon.altered and photon.event.name == "load"`)) - 2 // header and summary
	edited := len(read("--legs", "both", "-Y", `coap.type == 0 and photon.event.name == "load"`)) - 2
	if all := len(read("-Y", `photon.event.name == "load" and not photon.altered`)) - 2; altered != edited || altered < all/3-8 || altered > all/3 {
		t.Errorf("of %d messages %d are shown as altered, and %d were edited", all, altered, edited)
	}
}

// fillDisk records sessions on a disk that fills up and then has room again, and
// returns the recording.
func fillDisk(t *testing.T, more ...string) []byte {
	t.Helper()
	crowd := newCrowd(t)
	disk := t.TempDir()
	mount := []string{"unshare", "--mount", "sh", "-c", fmt.Sprintf(
		`mount -t tmpfs -o size=%d tmpfs "$0" && head -c %d /dev/zero >"$0/filler" && exec "$@"`, diskSize, fillerSize), disk}
	keys := simSpliceKeys(t)
	args := slices.Concat([]string{"proxy", "-l", "127.0.0.1:0", "-w", filepath.Join(disk, "run.pcapng")}, keys, more, []string{crowd.ln.Addr().String()})
	proxy := start(t, program(t, mount, args...))
	crowd.allow(step)
	crowd.connect(proxy.listening(), 4)
	inside := fmt.Sprintf("/proc/%d/root%s/", proxy.cmd.Process.Pid, disk) // the disk as the program sees it
	file, err := os.Open(inside + "run.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	proxy.errs.wait(t, "the alarm", func(line string) bool { return strings.Contains(line, "no space left on device; sessions go on") })
	crowd.allow(2 * step)
	crowd.settle()
	checkWhole(t, file, keys)

	if err := os.Remove(inside + "filler"); err != nil {
		t.Fatal(err)
	}
	proxy.errs.wait(t, "the end of the alarm", func(line string) bool { return strings.Contains(line, "the file is written again; nothing") })
	crowd.allow(3 * step)
	crowd.settle()
	crowd.leave()
	if code := proxy.interrupt(); code != exitOK {
		t.Errorf("exit code %d: %s", code, proxy.errs)
	}
	recording := checkWhole(t, file, keys)
	if n := crowd.checkRecording(recording, true); n != 8 {
		t.Errorf("%d connections were compared, want 8", n)
	}
	return recording
}

// needNamespaces skips the test where it may not mount, or fails it where
// everything must be.
func needNamespaces(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", t.TempDir()).CombinedOutput(); err != nil {
		skipUnlessRequired(t, fmt.Sprintf("no mount namespaces: %v: %s", err, out))
	}
}

// checkWhole demands that a recording ends where a block does and can be read,
// and returns it.
func checkWhole(t *testing.T, file *os.File, keys []string) []byte {
	t.Helper()
	recording := wholeFile(t, file)
	name := filepath.Join(t.TempDir(), "copy.pcapng")
	if err := os.WriteFile(name, recording, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := runApp(t, nil, slices.Concat([]string{"read", "-q"}, keys, []string{name})...); code != exitOK {
		t.Errorf("read: exit %d: %s", code, errs)
	}
	return recording
}

// wholeFile returns a recording that ends where a block does. Only within an
// attempt to write, one a second on a full disk, may it end elsewhere: then it is
// read again.
func wholeFile(t *testing.T, file *os.File) []byte {
	t.Helper()
	for range 5 {
		recording, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<40))
		if err != nil {
			t.Fatal(err)
		}
		if lastBlockEnd(recording) == len(recording) {
			return recording
		}
	}
	t.Fatal("the recording never ends where a block does")
	return nil
}
