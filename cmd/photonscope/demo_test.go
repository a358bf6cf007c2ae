package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// demoEvents runs the demo and returns its events.
func demoEvents(t *testing.T, args ...string) []event {
	t.Helper()
	out, errs, code := runApp(t, nil, append([]string{"demo", "-T", "ndjson"}, args...)...)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	return events(t, out)
}

// sequence is what one end says, kind by kind.
func sequence(list []event, from string) []string {
	var kinds []string
	for _, e := range list {
		if e.str("type") == "message" && e.str("photon.dir") == from {
			kinds = append(kinds, e.str("photon.msg"))
		}
	}
	return kinds
}

func TestTheDemoTellsTheSameStoryEachTime(t *testing.T) {
	first := make(chan []event, 1)
	for i := range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			list := demoEvents(t)
			checkNothingUnknown(t, list)
			select {
			case first <- list:
				return
			default:
			}
			want := <-first
			first <- want
			for _, from := range []string{"device", "cloud"} {
				if got, want := sequence(list, from), sequence(want, from); !slices.Equal(got, want) || len(got) < 20 {
					t.Errorf("run %d, from the %s:\n%v\nwant\n%v", i, from, got, want)
				}
			}
		})
	}
}

// What a demo is for: everything that a session can show.
func TestTheDemoShowsASessionFromBeginToEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "demo.pcapng")
	list := demoEvents(t, "-w", file)
	_, types := ends(list)
	if types["opened"] != 2 || types["nonce"] != 1 || types["identity"] != 2 || types["credentials"] != 2 || types["closed"] != 4 {
		t.Errorf("%v", types)
	}
	kinds := kindsOf(list)
	for _, want := range append(expectedKinds, "cloud signal", "device update-done-reply", "device chunk-missed", "device goodbye") {
		if kinds[want] == 0 {
			t.Errorf("no %s in %v", want, kinds)
		}
	}
	out, errs, code := runApp(t, nil, "read", "-T", "ndjson", file)
	if code != exitOK {
		t.Fatalf("read: exit %d: %s", code, errs)
	}
	if got := kindsOf(events(t, out)); len(got) != len(kinds) {
		t.Errorf("read back: %v, want %v", got, kinds)
	}
}

func TestTheDemoPrintsTextAtOnceAndLeavesNothingBehind(t *testing.T) {
	cmd := program(t, nil, "demo")
	home := t.TempDir()
	cmd.Env = append(cmd.Env, "XDG_DATA_HOME="+home, "HOME="+home)
	cmd.Dir = home
	begin := time.Now()
	demo := start(t, cmd)
	demo.out.wait(t, "the first line", func(line string) bool { return strings.Contains(line, "opened") })
	first := time.Since(begin)
	code := demo.wait()
	all := time.Since(begin)
	t.Logf("first line after %v, done after %v", first, all)
	if code != exitOK || first > all/2 || all > 10*time.Second {
		t.Errorf("exit %d; first line after %v, done after %v: %s", code, first, all, demo.errs)
	}
	lines := strings.Split(strings.TrimSpace(demo.out.String()), "\n")
	if len(lines) < 50 || !strings.Contains(lines[len(lines)-1], "closed") {
		t.Errorf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
	if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestAnInterruptedDemoEndsInOrder(t *testing.T) {
	demo := startApp(t, "demo", "-T", "ndjson")
	demo.message("device", "hello")
	list := demo.end()
	if kinds := kindsOf(list); kinds["device goodbye"] != 0 {
		t.Errorf("it went on: %v", kinds)
	}
}
