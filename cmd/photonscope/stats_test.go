package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// statsOf runs stats and returns its rows.
func statsOf(t *testing.T, stdin *os.File, args ...string) []event {
	t.Helper()
	out, errs, code := runApp(t, stdin, append([]string{"stats", "-q", "-T", "ndjson"}, args...)...)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	return events(t, out)
}

// tallies are what the events of a run amount to, or what stats says of them.
type tallies struct {
	kinds            map[string]*tally // by name and direction
	unanswered, gaps int
}

type tally struct {
	count, bytes int
	rtts         []float64
}

func (all *tallies) add(kind string, count, bytes int) *tally {
	if all.kinds[kind] == nil {
		all.kinds[kind] = new(tally)
	}
	one := all.kinds[kind]
	one.count += count
	one.bytes += bytes
	return one
}

// tallied counts the events that read gives, but for those of the cloud's leg.
func tallied(t *testing.T, args ...string) tallies {
	t.Helper()
	all := tallies{kinds: map[string]*tally{}}
	for _, e := range readEvents(t, "both", args...) {
		name := e.str("photon.msg")
		if name == "" {
			name = e.str("type")
		}
		if e.str("photon.leg") == "cloud" {
			continue
		}
		switch name {
		case "ping":
			all.unanswered++
		case "ping-ack":
			all.unanswered--
		case "gap":
			all.gaps++
		}
		if e.str("frame.wire") == "" {
			continue
		}
		one := all.add(name+" "+e.str("photon.dir"), 1, len(e.str("frame.wire"))/2)
		if rtt, ok := e["photon.rtt"].(float64); ok {
			one.rtts = append(one.rtts, rtt)
		}
	}
	return all
}

// The figures are those that the events of read amount to.
func TestStatsAreWhatTheEventsAmountTo(t *testing.T) {
	for _, capture := range append(captureFiles(t), busyRecording(t)) {
		args := []string{"-k", recordings + "/keys", capture}
		want, got := tallied(t, args...), tallies{kinds: map[string]*tally{}}
		for _, row := range statsOf(t, nil, args...) {
			number := func(name string) int { return int(row[name].(float64)) }
			switch row.str("type") {
			case "device":
				got.unanswered += number("pings_unanswered")
				got.gaps += number("gaps")
			case "kind":
				kind := row.str("kind") + " " + row.str("photon.dir")
				got.add(kind, number("count"), number("bytes"))
				checkRTT(t, capture+": "+kind, row, want.kinds[kind])
			}
		}
		for kind, w := range want.kinds {
			if g := got.kinds[kind]; g == nil || g.count != w.count || g.bytes != w.bytes {
				t.Errorf("%s: %s: %+v, want %d of %d bytes", capture, kind, g, w.count, w.bytes)
			}
		}
		if len(got.kinds) != len(want.kinds) || got.unanswered != want.unanswered || got.gaps != want.gaps {
			t.Errorf("%s: %d kinds, %d pings unanswered, %d gaps; want %d, %d, %d", capture,
				len(got.kinds), got.unanswered, got.gaps, len(want.kinds), want.unanswered, want.gaps)
		}
	}
}

// checkRTT compares response times, where all of a kind are of one device.
func checkRTT(t *testing.T, what string, row event, want *tally) {
	t.Helper()
	rtt, ok := row["rtt"].(map[string]any)
	if !ok || want == nil || int(rtt["count"].(float64)) != len(want.rtts) {
		return
	}
	slices.Sort(want.rtts)
	n := len(want.rtts)
	for name, p := range map[string]float64{"min": 0, "p50": 0.5, "p99": 0.99, "max": 1} {
		w := want.rtts[max(int(math.Ceil(p*float64(n))), 1)-1]
		if g := rtt[name].(float64); math.Abs(g-w) > 1e-12 {
			t.Errorf("%s: %s is %v, want %v", what, name, g, w)
		}
	}
}

func TestStatsOfAPipeAreThoseOfTheFile(t *testing.T) {
	keys := writeKey(t, "all.keylog", keyLogOf(t, growing))
	b, err := os.ReadFile(growing)
	if err != nil {
		t.Fatal(err)
	}
	got, want := statsOf(t, pipeOf(t, b), "-k", keys, "-"), statsOf(t, nil, "-k", keys, growing)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v\nwant %v", got, want)
	}
}

func TestStatsFitATerminalInColumns(t *testing.T) {
	out, _, code := runApp(t, nil, "stats", "-q", busyRecording(t))
	if code != exitOK {
		t.Fatalf("exit %d", code)
	}
	for line := range strings.Lines(out) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	wantIn(t, out, "hello ", "event ", "p99")
}

func TestDurationsAreBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ns", 999: "999 ns", 1500: "1.5 µs", 203_456: "203.5 µs", 1_234_567: "1.235 ms",
		12_345_678_901: "12.35 s", 3599 * time.Second: "3599 s", 90 * time.Minute: "1.5 h", 99999 * time.Hour: "99999.0 h",
	} {
		if got := brief(d); got != want || utf8.RuneCountInString(got) > 9 {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}

// A damaged capture is counted as far as it goes.
func TestStatsOfADamagedCaptureAreNotComplete(t *testing.T) {
	b, err := os.ReadFile(growing)
	if err != nil {
		t.Fatal(err)
	}
	out, errs, code := runApp(t, nil, "stats", "-q", "-T", "ndjson", writeKey(t, "cut.pcap", b[:len(b)/2]))
	rows := events(t, out)
	if last := rows[len(rows)-1]; code != exitFailure || last["complete"] != false || len(rows) < 3 {
		t.Errorf("exit %d, %v", code, last)
	}
	oneSentence(t, errs, "cut off inside")
}

// -Y counts what the same expression prints, also where whether an event matches
// is known only later.
func TestStatsCountWhatMatches(t *testing.T) {
	for _, capture := range append(captureFiles(t), busyRecording(t)) {
		for _, expr := range []string{`photon.msg == "event"`, `photon.rtt > 0.001`, `photon.answered == 1`, `coap.code == 99`} {
			args := []string{"-k", recordings + "/keys", "-Y", expr, capture}
			var want, got float64
			for _, e := range readEvents(t, "both", args...) {
				if e.str("type") == "message" && e.str("photon.leg") != "cloud" {
					want++
				}
			}
			for _, row := range statsOf(t, nil, args...) {
				if row.str("type") == "device" {
					got += row["messages"].(float64)
				}
			}
			if got != want {
				t.Errorf("%s: %s: %v messages, want %v", capture, expr, got, want)
			}
		}
	}
	out, errs, code := runApp(t, nil, "stats", "-q", "-Y", "coap.code == 99", "--require-match", growing)
	if code != exitSession || out != "" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
