// Package golden compares what a test makes with a committed file: Check does, and
// with -update it writes the file instead. Only tests import it.
package golden

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is committed anew, rather than comparing with it")

// Check fails the test if a file does not hold what was made.
func Check(tb testing.TB, path string, got []byte) {
	tb.Helper()
	if want := Committed(tb, path, got); !bytes.Equal(got, want) {
		tb.Errorf("%s is not current: go test with -update, then read the diff\n%s", path, Difference(string(got), string(want)))
	}
}

// Committed returns what a file holds; with -update, that is got from now on.
func Committed(tb testing.TB, path string, got []byte) []byte {
	tb.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o666); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatalf("%v; go test with -update makes it", err)
	}
	return want
}

// Difference returns the first line that differs in two texts which do.
func Difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
