package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// told is a test that is told of faults instead of failing.
type told struct {
	testing.TB
	faults []string
}

func (t *told) Helper() {}

func (t *told) Errorf(format string, args ...any) { t.faults = append(t.faults, format) }

func TestWhatDiffersFailsUnlessItIsWrittenAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "file")
	was := *update
	defer func() { *update = was }()

	*update = true
	Check(t, path, []byte("a\nb\n"))
	*update = false
	Check(t, path, []byte("a\nb\n"))
	other := told{TB: t}
	Check(&other, path, []byte("a\nc\n"))
	if len(other.faults) != 1 {
		t.Errorf("%d faults of other content", len(other.faults))
	}
	if got, err := os.ReadFile(path); string(got) != "a\nb\n" || err != nil {
		t.Errorf("it holds %q, %v", got, err)
	}
}

func TestTheFirstLineThatDiffersIsNamed(t *testing.T) {
	if got := Difference("a\nc\nd", "a\nb\ne"); !strings.HasPrefix(got, "line 2\n got c\nwant b") {
		t.Error(got)
	}
	if got := Difference("a\nb", "a"); got != "2 lines, want 1" {
		t.Error(got)
	}
}
