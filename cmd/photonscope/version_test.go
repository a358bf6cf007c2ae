package main

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionSaysWhatABugReportShould(t *testing.T) {
	info := &debug.BuildInfo{
		Deps: []*debug.Module{{Path: "example.org/m", Version: "v1.2.3"}},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123abcd"}, {Key: "vcs.time", Value: "2026-11-25T12:00:00Z"}, {Key: "vcs.modified", Value: "true"},
		},
	}
	want := "photonscope " + version() + "\ncommit 0123abcd of 2026-11-25T12:00:00Z, with changes\n" +
		runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + "\nwith example.org/m v1.2.3\n"
	if got := buildText(info); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := buildText(nil); !strings.Contains(got, "commit unknown\n") {
		t.Errorf("without build information: %q", got)
	}
	out, errs, code := runApp(t, nil, "version")
	flag, _, flagCode := runApp(t, nil, "--version")
	if code != exitOK || errs != "" || !strings.HasPrefix(out, "photonscope ") || flag != out || flagCode != exitOK {
		t.Errorf("exit %d, %d: %q, %q, said %q", code, flagCode, out, flag, errs)
	}
}
