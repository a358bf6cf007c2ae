package main

import (
	"io"
	"testing"

	"github.com/photonscope/photonscope/captures/gen"
)

// BenchmarkProfile is what people wait for, in this process, each about as much as
// the others. From a profile of it, .ci/profile makes the one that the compiler
// optimises the program by.
func BenchmarkProfile(b *testing.B) {
	c := newCapture(b, gen.Busy(100_000))
	commands := [][]string{
		{"read", "-q", "-T", "ndjson", c.path},
		{"read", "-q", "-T", "ndjson", "-Y", `photon.msg == "event" && photon.dir == "cloud"`, c.path},
		{"read", "-q", "-T", "text", c.path},
		{"read", "-q", "-w", "-", c.path},
		{"stats", c.path},
	}
	for b.Loop() {
		for _, args := range commands {
			a := &app{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}
			if code := a.run(b.Context(), args); code != exitOK {
				b.Fatalf("%v ends with %d", args, code)
			}
		}
	}
}
