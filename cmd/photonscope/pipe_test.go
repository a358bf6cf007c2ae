package main

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"
)

// Whoever reads what a command prints may go away, as head does: that is no
// failure of the command, and nothing is said of it. A command that does nothing
// but print may die of it, as programs do.
func TestAReaderThatGoesAwayEndsACommandQuietly(t *testing.T) {
	const capture = recordings + "/healthy-spark-fw1.5.2/capture.pcap"
	const keys = recordings + "/keys/devices"
	for _, args := range [][]string{
		{"read", "-T", "text", "-k", keys, capture},
		{"read", "-T", "ndjson", "-k", keys, capture},
		{"stats", "-k", keys, capture},
		{"export", "payloads", "-k", keys, capture},
		{"diagnose", "-k", keys, capture},
		{"diagnose", "-T", "ndjson", "-k", keys, capture},
		{"explain", "PH-01"},
		{"filter", "--fields"},
		{"demo", "-T", "text"},
		{"--help"},
	} {
		t.Run(strings.Join(args[:min(len(args), 3)], " "), func(t *testing.T) {
			in, out, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			in.Close()
			defer out.Close()
			cmd := program(t, nil, args...)
			var errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = out, &errs
			if err := cmd.Run(); err != nil && !diedOfPipe(cmd.ProcessState) {
				t.Errorf("%v", err)
			}
			if said := errs.String(); strings.Contains(said, "pipe") || strings.Contains(said, "standard output") {
				t.Errorf("said %q", said)
			}
		})
	}
}

func diedOfPipe(p *os.ProcessState) bool {
	status, ok := p.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGPIPE
}
