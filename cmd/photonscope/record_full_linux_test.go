package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode/stream"
)

// The two ways a real file takes no more. Each needs a process of its own: a
// private mount for the one, a limit for the other.
const (
	fullDiskEnv  = "PHOTONSCOPE_TEST_FULL"
	fullDiskRoom = 1 << 20
)

func TestRecordingSurvivesAFullDisk(t *testing.T) {
	if os.Getenv(fullDiskEnv) != "" {
		t.Skip("this is the child process")
	}
	cmd := fullDiskChild("tmpfs")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil && (strings.Contains(string(out), "no mount: ") || cmd.ProcessState == nil) {
		skipUnlessRequired(t, fmt.Sprintf("this host gives no private mount: %v %s", err, out))
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestRecordingSurvivesAFileSizeLimit(t *testing.T) {
	if os.Getenv(fullDiskEnv) != "" {
		t.Skip("this is the child process")
	}
	if out, err := fullDiskChild("limit").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func fullDiskChild(kind string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDiskChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), fullDiskEnv+"="+kind)
	return cmd
}

// TestFullDiskChild is what the tests above run; alone it does nothing.
func TestFullDiskChild(t *testing.T) {
	dir := t.TempDir()
	switch os.Getenv(fullDiskEnv) {
	case "tmpfs":
		recordUntilFull(t, dir, onSmallDisk(t, dir))
	case "limit":
		recordUntilFull(t, dir, underSizeLimit(t))
	}
}

// onSmallDisk mounts a small file system and returns what makes it larger.
func onSmallDisk(t *testing.T, dir string) func() {
	mount := func(flags uintptr, size int) error {
		return syscall.Mount("tmpfs", dir, "tmpfs", flags, fmt.Sprintf("size=%d", size))
	}
	err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, "")
	if err == nil {
		err = mount(0, fullDiskRoom)
	}
	if err != nil {
		t.Fatalf("no mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return func() {
		if err := mount(syscall.MS_REMOUNT, 16*fullDiskRoom); err != nil {
			t.Fatal(err)
		}
	}
}

// underSizeLimit limits the size of files and returns what lifts the limit.
func underSizeLimit(t *testing.T) func() {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	low := syscall.Rlimit{Cur: fullDiskRoom - 123, Max: limit.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &low); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
	}
}

// recordUntilFull records three times what there is room for, then makes room.
func recordUntilFull(t *testing.T, dir string, makeRoom func()) {
	var said []string
	var lock sync.Mutex
	path := filepath.Join(dir, "s.pcapng")
	r, err := openRecorder(&app{}, path, &lock, func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
	if err != nil {
		t.Fatal(err)
	}
	record := func(items ...stream.Item) {
		lock.Lock()
		defer lock.Unlock()
		r.Items(items)
	}
	now := time.Unix(1_700_000_000, 0)
	record(&stream.Opened{At: now, Conn: stream.Conn{ID: 1, Leg: stream.DeviceLeg,
		Device: netip.MustParseAddrPort("10.0.0.2:50000"), Cloud: netip.MustParseAddrPort("10.0.0.1:5683")}})
	sent := make([]byte, 3*fullDiskRoom)
	for i := range sent {
		sent[i] = byte(rand.Uint32())
	}
	for rest := sent; len(rest) > 0; {
		n := min(len(rest), 1+rand.IntN(4000))
		record(&stream.Segment{At: now, Conn: 1, From: stream.FromDevice, Data: rest[:n]})
		rest = rest[n:]
	}
	kept, end := readBack(t, path)
	if end != nil || len(kept) < fullDiskRoom/2 || !bytes.HasPrefix(sent, kept) {
		t.Errorf("full: %d bytes can be read, then %v", len(kept), end)
	}
	makeRoom()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if kept, end = readBack(t, path); end != nil || !bytes.Equal(kept, sent) {
		t.Errorf("in the end: %d of %d bytes can be read, then %v", len(kept), len(sent), end)
	}
	if len(said) != 2 || !strings.HasPrefix(said[0], "recording: the file takes no more: ") || said[1] != "recording: the file is written again; nothing is missing" {
		t.Errorf("said %q", said)
	}
}

// readBack returns what the device sent, as far as a recording has it.
func readBack(t *testing.T, path string) (sent []byte, end error) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for it, err := range captures.Read(f, captures.ReadOptions{}) {
		if err != nil {
			return sent, err
		}
		if s, ok := it.(*stream.Segment); ok {
			sent = append(sent, s.Data...)
		}
	}
	return sent, nil
}
