package replay

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// deliveries are a session in which the cloud delivers n events of one name, and
// those events; the device says something behind them.
func deliveries(n int) (text string, events []string) {
	text = "0 > 5002a9fcb168ff0006ffff00360006\n0.1 < 5102123401b168\n"
	for i := range n {
		m := coap.Message{Type: coap.NonConfirmable, Code: coap.POST, ID: uint16(100 + i), Payload: fmt.Appendf(nil, "%d", i),
			Options: []coap.Option{{Number: coap.URIPath, Value: []byte("e")}, {Number: coap.URIPath, Value: []byte("lab")}}}
		events = append(events, hex.EncodeToString(m.Append(nil)))
		text += "0.2 < " + events[i] + "\n"
	}
	return text + "0.3 > 5002a9fdb1650474656d70ff3231\n", events
}

// Whatever the peer leaves out, and in whatever order it says the rest, what is
// missing is reported and nothing else, and it does not cost the whole wait.
func TestWhatIsMissingAndWhatIsOutOfOrderIsToldExactly(t *testing.T) {
	const n, wait = 60, 10 * time.Second
	text, events := deliveries(n)
	p := planOf(t, text, Choice{As: stream.FromDevice})
	for round := range 300 {
		y := NewPlayer(p, Pace{Wait: wait}, 1, nil)
		y.Advance(start)
		y.Receive(start, bytesOf(t, "5102000101b168"))
		y.Advance(start)
		r := rand.New(rand.NewPCG(uint64(round), 0))
		order, dropped := shuffled(r, n, window/2)
		var all []Act
		early, delivered := 0, make([]bool, n)
		for _, i := range order {
			if slices.Contains(dropped, i) {
				continue
			}
			all = append(all, y.Receive(start, bytesOf(t, events[i]))...)
			y.Advance(start)
			if slices.Contains(delivered[:i], false) {
				early++
			}
			delivered[i] = true
		}
		now := start
		for !y.Over() {
			var acts []Act
			acts, now = y.Advance(now)
			all = append(all, acts...)
		}
		var missing []int
		for _, a := range all {
			switch {
			case a.Happened == Diverged && a.Diverged.Fault == Missing:
				missing = append(missing, a.Step.Number-3)
			case a.Happened == Diverged:
				t.Fatalf("round %d: %s", round, happened([]Act{a}))
			}
		}
		if slices.Sort(dropped); !slices.Equal(missing, dropped) {
			t.Fatalf("round %d: dropped %v, missing %v", round, dropped, missing)
		}
		if took := now.Sub(start); took > wait/overtakenShare {
			t.Fatalf("round %d: %d missing messages cost %v", round, len(dropped), took)
		}
		if told := strings.Count(happened(all), "[out of order: before "); told != early {
			t.Fatalf("round %d: %d are told to be out of order, %d are", round, told, early)
		}
	}
}

// shuffled is an order of n in which nothing moves further than a block, and some
// that are left out, the last one not.
func shuffled(r *rand.Rand, n, block int) (order, dropped []int) {
	for i := range n {
		order = append(order, i)
	}
	for at := 0; at < n; at += block {
		part := order[at:min(at+block, n)]
		r.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
	}
	for range r.IntN(6) {
		if i := r.IntN(n - 1); !slices.Contains(dropped, i) {
			dropped = append(dropped, i)
		}
	}
	return order, dropped
}

// What nothing was recorded behind, or nothing has come of yet, is waited for its
// whole time.
func TestOnlyWhatWasOvertakenIsGivenUpEarly(t *testing.T) {
	text, events := deliveries(3)
	y := NewPlayer(planOf(t, text, Choice{As: stream.FromDevice}), Pace{Wait: 10 * time.Second}, 1, nil)
	y.Advance(start)
	y.Receive(start, bytesOf(t, "5102000101b168"))
	y.Receive(start, bytesOf(t, events[0]))
	if _, again := y.Advance(start.Add(time.Second)); !again.Equal(start.Add(10 * time.Second)) {
		t.Errorf("waited for until %v", again.Sub(start))
	}
	if got := happened(y.Receive(start.Add(3*time.Second), bytesOf(t, events[2]))); got != "came 5 event [out of order: before 4]\n" {
		t.Error(got)
	}
	if _, again := y.Advance(start.Add(4 * time.Second)); !again.Equal(start.Add(5 * time.Second)) {
		t.Errorf("overtaken, and waited for until %v", again.Sub(start))
	}
	acts, _ := y.Advance(start.Add(5 * time.Second))
	if got := happened(acts); !strings.HasPrefix(got, "diverged 4 event: missing\n") {
		t.Error(got)
	}
	if got := happened(y.Receive(start.Add(6*time.Second), bytesOf(t, events[1]))); got != "came 4 event [late: it was reported missing]\n" {
		t.Error(got)
	}
	if got := happened(y.Receive(start.Add(6*time.Second), bytesOf(t, events[1]))); got != "diverged: is not in the recording\n" {
		t.Errorf("twice late: %s", got)
	}
}

// Answers that all stay out cost one wait; what the peer says of itself is waited
// for one by one, since somebody may have to ask for it.
func TestAnswersThatStayOutCostOneWait(t *testing.T) {
	const n, wait = 20, 10 * time.Second
	text, answers := "0 > 5002a9fcb168ff0006ffff00360006\n0.1 < 5102123401b168\n", ""
	for i := range n {
		m := coap.Message{Code: coap.GET, ID: uint16(0xa9fd + i), Options: []coap.Option{{Number: coap.URIPath, Value: []byte("e")}, {Number: coap.URIPath, Value: []byte{'a' + byte(i)}}}}
		text += "0.2 > " + hex.EncodeToString(m.Append(nil)) + "\n"
		m = coap.Message{Type: coap.Acknowledgement, ID: m.ID}
		answers += "0.3 < " + hex.EncodeToString(m.Append(nil)) + "\n"
	}
	unasked, events := deliveries(2)
	for _, c := range []struct {
		text          string
		missing, cost int
	}{{text + answers, n, 1}, {unasked, len(events), len(events)}} {
		y := NewPlayer(planOf(t, c.text, Choice{As: stream.FromDevice}), Pace{Wait: wait}, 1, nil)
		y.Advance(start)
		y.Receive(start, bytesOf(t, "5102000101b168"))
		now, missing := start, 0
		for !y.Over() {
			y.heard = now // pings are not what this is about
			var acts []Act
			acts, now = y.Advance(now)
			missing += strings.Count(happened(acts), ": missing")
		}
		if took := now.Sub(start); missing != c.missing || took != time.Duration(c.cost)*wait {
			t.Errorf("%d missing messages cost %v", missing, took)
		}
	}
}

// A message stands only for one of the next that are waited for.
func TestAMessageFarAheadIsAnother(t *testing.T) {
	text, events := deliveries(window + 2)
	y := NewPlayer(planOf(t, text, Choice{As: stream.FromDevice}), Pace{Wait: time.Second}, 1, nil)
	y.Advance(start)
	y.Receive(start, bytesOf(t, "5102000101b168"))
	y.Advance(start)
	if got := happened(y.Receive(start, bytesOf(t, events[window-1]))); !strings.HasPrefix(got, "came 34 event [out of order") {
		t.Error(got)
	}
	if got := happened(y.Receive(start, bytesOf(t, events[window+1]))); strings.Contains(got, "36") {
		t.Error(got)
	}
}
