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

// tally is what the events of a run amount to, counted apart from stats.
type tally struct {
	count, bytes int
	rtts         []float64
}

// The figures are those that the events of read amount to.
func TestStatsAreWhatTheEventsAmountTo(t *testing.T) {
	for _, capture := range append(captureFiles(t), busyRecording(t)) {
		keys := []string{"-k", recordings + "/keys", capture}
		want := map[string]*tally{}
		var pings, answers, gaps int
		for _, e := range readEvents(t, "both", keys...) {
			name := e.str("photon.msg")
			if name == "" {
				name = e.str("type")
			}
			if e.str("photon.leg") == "cloud" {
				continue
			}
			switch name {
			case "ping":
				pings++
			case "ping-ack":
				answers++
			case "gap":
				gaps++
			}
			if e.str("frame.wire") == "" {
				continue
			}
			key := name + " " + e.str("photon.dir")
			if want[key] == nil {
				want[key] = new(tally)
			}
			want[key].count++
			want[key].bytes += len(e.str("frame.wire")) / 2
			if rtt, ok := e["photon.rtt"].(float64); ok {
				want[key].rtts = append(want[key].rtts, rtt)
			}
		}
		got := map[string]*tally{}
		var unanswered, gapsCounted float64
		for _, row := range statsOf(t, nil, keys...) {
			switch row.str("type") {
			case "device":
				unanswered += row["pings_unanswered"].(float64)
				gapsCounted += row["gaps"].(float64)
			case "kind":
				key := row.str("kind") + " " + row.str("photon.dir")
				if got[key] == nil {
					got[key] = new(tally)
				}
				got[key].count += int(row["count"].(float64))
				got[key].bytes += int(row["bytes"].(float64))
				checkRTT(t, key, row, want[key], capture)
			}
		}
		for key, w := range want {
			if g := got[key]; g == nil || g.count != w.count || g.bytes != w.bytes {
				t.Errorf("%s: %s: %+v, want %d of %d bytes", capture, key, got[key], w.count, w.bytes)
			}
		}
		if len(got) != len(want) || int(unanswered) != pings-answers || int(gapsCounted) != gaps {
			t.Errorf("%s: %d kinds, %v pings unanswered, %v gaps; want %d, %d, %d", capture, len(got), unanswered, gapsCounted, len(want), pings-answers, gaps)
		}
	}
}

// checkRTT compares response times, where all of a kind are of one device.
func checkRTT(t *testing.T, key string, row event, want *tally, capture string) {
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
			t.Errorf("%s: %s: %s is %v, want %v", capture, key, name, g, w)
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
