package main

import (
	"os"
	"strings"
	"testing"
)

// A device of characters stands for a terminal.
func TestColoursOnlyWhereTheyAreWelcome(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, test := range []struct {
		name, choice, env string
		to                *os.File
		want              bool
	}{
		{"a terminal", "auto", "TERM=xterm", device, true},
		{"a file", "auto", "TERM=xterm", file, false},
		{"a file, asked for", "always", "TERM=xterm", file, true},
		{"a terminal, declined", "never", "TERM=xterm", device, false},
		{"a terminal, NO_COLOR", "auto", "TERM=xterm NO_COLOR=1", device, false},
		{"a terminal, NO_COLOR empty", "auto", "TERM=xterm NO_COLOR=", device, true},
		{"a terminal, NO_COLOR, asked for all the same", "always", "TERM=xterm NO_COLOR=1", device, true},
		{"a dumb terminal", "auto", "TERM=dumb", device, false},
		{"a terminal of unknown kind", "auto", "", device, false},
	} {
		a := &app{getenv: func(name string) string {
			for _, v := range strings.Fields(test.env) {
				if value, ok := strings.CutPrefix(v, name+"="); ok {
					return value
				}
			}
			return ""
		}}
		if got := a.colours(test.choice, test.to); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestOnlyTextIsColoured(t *testing.T) {
	capture := recordings + "/healthy-brewskey-fw2.3.1/capture.pcapng"
	for _, test := range []struct {
		args string
		want bool
	}{
		{"--color always", true},
		{"--color always -v", true},
		{"--color auto", false},
		{"--color never", false},
		{"--color always -T ndjson", false},
		{"--color always -T fields -e time", false},
	} {
		out, errs, code := runApp(t, nil, append(strings.Fields("read -q "+test.args), "-k", recordings+"/keys", capture)...)
		if code != exitOK || strings.Contains(out, "\x1b") != test.want {
			t.Errorf("%s: exit %d %s, colours %v, want %v", test.args, code, errs, !test.want, test.want)
		}
	}
}
