// Package planted asks whether the fuzz targets are any good: "no fault found"
// means little of a fuzzer that finds none. It holds twenty faults, each a small
// change of one place of the source, and with
//
//	go test -tags planted -timeout 1h ./planted
//
// puts each into a copy of the module and fuzzes the target that should notice,
// for 15 seconds. At least 18 must be found (.ci/long runs it). Without the tag
// the tests only make sure that the faults still fit the source.
package planted

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = ".."

func TestEveryFaultFitsTheSource(t *testing.T) {
	seen := make(map[string]bool)
	for _, b := range bugs {
		if seen[b.name] {
			t.Errorf("two faults are called %s", b.name)
		}
		seen[b.name] = true
		if _, err := b.apply(root); err != nil {
			t.Error(err)
		}
		if !b.hasTarget() {
			t.Errorf("%s: there is no target %s", b.name, b.target)
		}
	}
	if len(bugs) != 20 {
		t.Errorf("%d faults, not 20", len(bugs))
	}
}

// apply returns the source with the fault.
func (b *bug) apply(dir string) (string, error) {
	source, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(b.file)))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(source), b.right); n != 1 {
		return "", &misfit{b, n}
	}
	return strings.Replace(string(source), b.right, b.wrong, 1), nil
}

type misfit struct {
	bug   *bug
	times int
}

func (m *misfit) Error() string {
	return m.bug.name + ": " + m.bug.file + " has the right code " + map[bool]string{true: "nowhere", false: "more than once"}[m.times == 0]
}

// hasTarget reports whether the fuzz target exists.
func (b *bug) hasTarget() bool {
	dir, name, _ := strings.Cut(b.target, " ")
	files, _ := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
	for _, f := range files {
		if source, err := os.ReadFile(f); err == nil && strings.Contains(string(source), "\nfunc "+name+"(f *testing.F)") {
			return true
		}
	}
	return false
}
