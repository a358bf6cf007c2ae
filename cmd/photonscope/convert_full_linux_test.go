package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/captures"
)

// onFullDisk runs the program with $0/new.pcapng to write to on a disk of some KiB,
// and copies what is left of it to another folder.
const onFullDisk = `mount -t tmpfs -o size=%dk tmpfs "$0" && out="$1" && shift && { "$@"; code=$?; cp "$0"/* "$out"; exit $code; }`

// underLimit runs the program with files of some KiB at most.
const underLimit = `ulimit -f %d && out="$1" && shift && { "$@"; code=$?; cp "$0"/* "$out"; exit $code; }`

// Where the disk is full, or files may not be so long, read -w says so in one
// line, and what was written is a capture: the beginning of the whole one.
func TestAConversionOntoAFullDiskKeepsWhatFits(t *testing.T) {
	keys := writeKey(t, "all.keylog", keyLogOf(t, growing))
	whole, err := os.ReadFile(converted(t, "-k", keys, growing))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		front  []string
		script string
		unit   int // how many of the script's units are 1 KiB
		why    string
	}{
		{"disk", []string{"unshare", "--mount"}, onFullDisk, 1, "no space left on device"},
		{"limit", nil, underLimit, 2, "file too large"},
	} {
		for _, room := range []int{8, 12, 40, len(whole)/1024 - 1} {
			t.Run(fmt.Sprintf("%s/%d", c.name, room), func(t *testing.T) {
				if c.front != nil {
					needNamespaces(t)
				}
				into, left := t.TempDir(), t.TempDir()
				front := append(c.front, "sh", "-c", fmt.Sprintf(c.script, room*c.unit), into, left)
				cmd := program(t, front, "read", "-k", keys, "-w", filepath.Join(into, "new.pcapng"), growing)
				var said bytes.Buffer
				cmd.Stderr = &said
				cmd.Run()
				if code := cmd.ProcessState.ExitCode(); code != exitFailure {
					t.Errorf("exit %d", code)
				}
				oneSentence(t, said.String(), "new.pcapng", c.why)
				checkBeginning(t, filepath.Join(left, "new.pcapng"), whole)
			})
		}
	}
}

// checkBeginning demands that a file is a capture and the beginning of another.
func checkBeginning(t *testing.T, file string, whole []byte) {
	t.Helper()
	got, err := os.ReadFile(file)
	if err != nil || len(got) == 0 || len(got) >= len(whole) || !bytes.HasPrefix(whole, got) || captures.WholeBlocks(got) != len(got) {
		t.Fatalf("%d bytes are left of %d, %d of whole blocks: %v", len(got), len(whole), captures.WholeBlocks(got), err)
	}
	if out, errs, code := runApp(t, nil, "read", "-T", "ndjson", file); code != exitOK || !strings.Contains(out, `"complete":true`) {
		t.Errorf("read back: exit %d: %s", code, errs)
	}
	if path, err := exec.LookPath("capinfos"); err == nil {
		if out, err := exec.Command(path, file).CombinedOutput(); err != nil {
			t.Errorf("capinfos: %v: %s", err, out)
		}
	}
}

func TestAConversionThatFitsNothingLeavesNoFile(t *testing.T) {
	into, left := t.TempDir(), t.TempDir()
	cmd := program(t, []string{"sh", "-c", fmt.Sprintf(underLimit, 0), into, left}, "read", "-w", filepath.Join(into, "new.pcapng"), growing)
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Run()
	if fileExists(filepath.Join(into, "new.pcapng")) || cmd.ProcessState.ExitCode() == exitOK {
		t.Errorf("exit %d, and a file is left: %s", cmd.ProcessState.ExitCode(), &said)
	}
}
