//go:build planted

package planted

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	fuzzTime = "15s"
	mayMiss  = 2
	patience = 3 * time.Minute // for building and fuzzing: a target that takes longer hangs
)

// TestTheFuzzersFindPlantedFaults takes some ten minutes; -run .../NAME tries one.
func TestTheFuzzersFindPlantedFaults(t *testing.T) {
	dir := copyModule(t)
	var missed []string
	for _, b := range bugs {
		t.Run(b.name, func(t *testing.T) {
			if how := try(t, dir, b); how != "" {
				t.Log("found", how)
			} else {
				t.Log("missed")
				missed = append(missed, b.name)
			}
		})
	}
	if len(missed) > mayMiss {
		t.Errorf("%d missed, %d allowed: %s", len(missed), mayMiss, strings.Join(missed, ", "))
	}
}

// try puts a fault in, fuzzes, and takes it out again.
func try(t *testing.T, dir string, b bug) string {
	t.Helper()
	faulty, err := b.apply(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filepath.FromSlash(b.file))
	right, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer write(t, path, right)
	write(t, path, []byte(faulty))
	return fuzz(t, dir, b)
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// copyModule copies the files that git knows, or would, to a folder of the test.
func copyModule(t *testing.T) string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		b, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and git has not been told
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700)
		}
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), b)
	}
	return dir
}

// fuzz runs a fault's target and says what found it, "" if nothing did.
func fuzz(t *testing.T, dir string, b bug) string {
	t.Helper()
	folder, target, _ := strings.Cut(b.target, " ")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-fuzz=^"+target+"$", "-fuzztime="+fuzzTime, "-fuzzminimizetime=10x", "-parallel=2", "./"+folder)
	cmd.Dir = dir
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return "because it hangs"
	case err == nil:
		return ""
	case !strings.Contains(string(out), "--- FAIL: "+target) && !strings.Contains(string(out), "panic:"):
		t.Fatalf("%s: %v\n%s", b.name, err, out)
	case strings.Contains(string(out), "context deadline exceeded") && !strings.Contains(string(out), "seed corpus") && !strings.Contains(string(out), "Failing input"):
		return "" // the engine reports the end of its own time (golang/go#75804)
	case strings.Contains(string(out), "seed corpus"):
		return "by a seed"
	}
	return "by a new input"
}
