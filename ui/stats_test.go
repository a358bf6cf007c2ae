package ui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/internal/genuine"
	"github.com/photonscope/photonscope/store"
)

func TestStatsAtEverySize(t *testing.T) {
	all := demo(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "demo.pcapng"})
		press(a, "6", "j")
		golden(t, fmt.Sprintf("stats-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

func TestStatsByDeviceAtEverySize(t *testing.T) {
	all := events(t, "healthy-brewskey-fw2.3.1/capture.pcapng")
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "class.pcapng"})
		press(a, "6", "d", "w", "w", "w")
		golden(t, fmt.Sprintf("stats-devices-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

// At no size does a context end in the middle of a word, and at 80 columns that of the
// statistics is there as a whole.
func TestContextsAreCutBetweenTheirParts(t *testing.T) {
	all := demo(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "demo"})
		for _, key := range []string{"1", "2", "3", "4", "5", "6"} {
			press(a, key)
			said := a.contextLine(classOf(size.w, size.h), size.w-1)
			whole := a.view().context()
			if width(said) > size.w-1 {
				t.Errorf("at %dx%d view %s says more than there is room for: %q", size.w, size.h, key, said)
			}
			for _, part := range strings.Split(strings.TrimSuffix(string(said), " …"), "   ") {
				if part != "demo" && !strings.Contains(string(whole)+"   ", part+"   ") {
					t.Errorf("at %dx%d view %s says %q; the whole is %q", size.w, size.h, key, said, whole)
				}
			}
			if size.w >= 80 && !strings.HasSuffix(string(said), string(whole)) {
				t.Errorf("at %dx%d view %s says %q of %q", size.w, size.h, key, said, whole)
			}
		}
	}
}

func statsOf(a *app) *stats {
	press(a, "6")
	return a.view().(*stats)
}

func TestEnterOnAKindShowsItsMessages(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	k := statsOf(a).sums[0]
	press(a, "Enter")
	if a.view().place() != inMessages || a.model.Len() != k.count() {
		t.Errorf("%d events of %s are shown, %d were counted", a.model.Len(), k.name, k.count())
	}
}

func TestAKindOfMessageIsExplained(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	s := statsOf(a)
	for i, row := range s.sums {
		s.list.choose(i)
		press(a, "K")
		said := string(capture(show(t, a, 80, 24), a.look))
		if row.name == "chunk" && !strings.Contains(said, "chunk: a piece of the image with its CRC-32") {
			t.Errorf("K on %s shows\n%s", row.name, said)
		}
		if row.name == "closed" && !strings.Contains(string(a.notice), "Enter shows these events") {
			t.Errorf("K on %s says %q", row.name, a.notice)
		}
		press(a, "Esc")
	}
	if press(a, "d", "K"); a.view().place() != inHandshake {
		t.Errorf("K on a device leads to %s", a.view().name())
	}
	a = newApp(Options{Store: stored()})
	if press(a, "K"); a.notice != "Nothing has come yet that this could be done with." {
		t.Errorf("K without any event says %q", a.notice)
	}
}

func TestEnterOnADeviceShowsItsMessages(t *testing.T) {
	all := talk(t)
	a := newApp(Options{Store: stored(all...)})
	s := statsOf(a)
	press(a, "d")
	if row := s.sums[0]; len(s.sums) != 1 || row.count() != len(all) {
		t.Errorf("%d rows; %s has %d of %d events", len(s.sums), row.name, row.count(), len(all))
	}
	press(a, "Enter")
	if a.view().place() != inMessages || a.model.Len() != len(all) {
		t.Errorf("%d events are shown, the device has %d", a.model.Len(), len(all))
	}
}

// reference counts the way that leaves nothing to go wrong.
func reference(m *model) (kinds map[Safe]int, bytes int) {
	kinds = make(map[Safe]int)
	for i := range m.Len() {
		e := m.event(m.view.At(i))
		kinds[kindOf(&e)]++
		bytes += len(e.Raw)
	}
	return kinds, bytes
}

func TestStatsCountWhatTheListsShow(t *testing.T) {
	for _, expr := range []string{"", "photon.msg == \"ping\"", "photon.dir == \"device\"", "unanswered", "photon.rtt > 0.01"} {
		for name, all := range map[string][]decode.Event{"talk": talk(t), "demo": demo(t)} {
			a := newApp(Options{Store: stored(all...)})
			s := statsOf(a)
			if trouble := applyFilter(a, expr); trouble != "" {
				t.Fatal(trouble)
			}
			kinds, bytes := reference(a.model)
			for _, row := range s.sums {
				bytes -= row.bytes
				if row.count() != kinds[row.name] {
					t.Errorf("%s, %q: %d of %s, the list has %d", name, expr, row.count(), row.name, kinds[row.name])
				}
				delete(kinds, row.name)
			}
			if len(kinds) > 0 || bytes != 0 {
				t.Errorf("%s, %q: not counted: %v, %d bytes", name, expr, kinds, bytes)
			}
		}
	}
}

func TestStatsAreTheSameHoweverEventsArrive(t *testing.T) {
	all := demo(t)
	want := newApp(Options{Store: stored(all...)})
	s := statsOf(want)
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 6))
		a := newApp(Options{Store: stored()})
		press(a, "6")
		for rest := all; len(rest) > 0; {
			n := 1 + r.IntN(min(40, len(rest)))
			a.opt.Store.Append(rest[:n])
			a.refresh()
			rest = rest[n:]
		}
		got := statsOf(a)
		if !slices.EqualFunc(s.sums, got.sums, func(x, y *sum) bool {
			return x.name == y.name && x.sent == y.sent && x.bytes == y.bytes && x.trouble == y.trouble && x.answered.Count() == y.answered.Count()
		}) {
			t.Fatalf("seed %d: the figures differ", seed)
		}
		if w, g := s.tally.relay.added.Count(), got.tally.relay.added.Count(); w != g {
			t.Errorf("seed %d: the proxy added time to %d messages, %d", seed, w, g)
		}
	}
	if s.tally.relay.added.Count() == 0 {
		t.Error("the demo is proxied, but the proxy added no time to any message")
	}
}

func TestStatsCountAnewWhenAKeyComesLate(t *testing.T) {
	a := newApp(Options{Store: stored(genuine.Events(t, genuine.Path(t, "healthy-brewskey-fw2.3.1/capture.pcapng"), nil)...)})
	s := statsOf(a)
	if s.tally.kinds["sealed"].count() == 0 {
		t.Fatal("nothing is sealed without keys")
	}
	a.opt.Store.Redecode(genuine.Keys(t), nil)
	a.refresh()
	want := statsOf(newApp(Options{Store: stored(talk(t)...)}))
	if !slices.EqualFunc(s.sums, want.sums, func(x, y *sum) bool { return x.name == y.name && x.sent == y.sent && x.bytes == y.bytes }) {
		t.Error("the figures are not those of the opened session")
	}
}

func TestRequestsHaveTheTimeOfTheirAnswers(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	for _, row := range statsOf(a).sums {
		switch row.name {
		case "ping", "time", "describe":
			if row.answered.Count() == 0 {
				t.Errorf("nobody answered %d of %s", row.count(), row.name)
			}
		}
	}
}

func TestStatsAreSorted(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	s := statsOf(a)
	for _, o := range statOrders {
		press(a, "s", string(o.key))
		if !slices.IsSortedFunc(s.sums, func(x, y *sum) int { return o.of(y) - o.of(x) }) {
			t.Errorf("not sorted by %s", o.name)
		}
	}
}

func TestAUserLooksAtFigures(t *testing.T) {
	d := drive(t, 100, 30, Options{Title: "test", Live: true})
	d.press("6").see("KIND")
	d.store.Append(talk(t))
	d.see("chunk").see("250 events").press("d").see("1c052c…313012").press("d").see("chunk")
	d.press("w").see("last 10 minutes (w)").press("w", "w").see("all (w)")
	d.press("s").see("bytes").press("b").press("Enter").see("photon.msg ==")
}

func TestTimelineKeepsEverySecondOfTheLastHourAndPiecesOfAll(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var line timeline
	start := time.Unix(1_700_000_000, 0)
	byHand := make(map[int64]int)
	at, n := start, 0
	for range 20_000 {
		at = at.Add(time.Duration(r.IntN(20_000)) * time.Millisecond)
		line.add(&decode.Event{At: at, Raw: make([]byte, 10), Body: &decode.Message{}})
		byHand[at.Unix()]++
		n++
	}
	messages := func(m *moment) float64 { return float64(m.messages) }
	for i, v := range line.recent(at.Unix(), maxSeconds, maxSeconds, messages) {
		if s := at.Unix() - maxSeconds + 1 + int64(i); int(v) != byHand[s] {
			t.Fatalf("second %d: %v, want %d", s, v, byHand[s])
		}
	}
	sum := 0
	for i, p := range line.pieces {
		sum += p.messages
		if p.at != start.Unix()+int64(i)*line.length && p.at != line.pieces[0].at+int64(i)*line.length {
			t.Fatalf("piece %d begins at %d", i, p.at)
		}
		if p.bytes[0] != 10*p.messages {
			t.Fatalf("piece %d: %d bytes of %d messages", i, p.bytes[0], p.messages)
		}
	}
	if sum != n || len(line.pieces) > maxPieces {
		t.Errorf("%d of %d messages in %d pieces", sum, n, len(line.pieces))
	}
}

func TestTimelineBearsAnyTimes(t *testing.T) {
	var line timeline
	for _, s := range []int64{0, 1 << 33, -1 << 33, 5, 1 << 40, -7} {
		line.add(&decode.Event{At: time.Unix(s, 0), Body: &decode.Message{}})
	}
	if len(line.pieces) > maxPieces {
		t.Errorf("%d pieces", len(line.pieces))
	}
	sum := 0
	for _, p := range line.pieces {
		sum += p.messages
	}
	if sum != 6 {
		t.Errorf("%d of 6 events", sum)
	}
}

func TestSetOfEvents(t *testing.T) {
	var set seqSet
	seen := make(map[store.Seq]bool)
	r := rand.New(rand.NewPCG(1, 1))
	for range 5000 {
		seq := store.Seq(r.IntN(4000))
		if set.add(seq) == seen[seq] {
			t.Fatalf("%d: in the set is %v", seq, seen[seq])
		}
		seen[seq] = true
	}
}

func TestCountingGoesOnUntilAllIsCounted(t *testing.T) {
	s := store.New(0)
	all := talk(t)
	const times = 400 // more than one look at the store takes
	chunks := 0
	for range times {
		s.Append(all)
	}
	for i := range all {
		if kindOf(&all[i]) == "chunk" {
			chunks += times
		}
	}
	d := drive(t, 140, 45, Options{Title: "test", Store: s})
	d.press("6").see(fmt.Sprintf("chunk %22d ", chunks))
}
