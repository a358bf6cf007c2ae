package filter

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/photonscope/photonscope/decode"
)

// sampled returns events of every type and kind, not many of each, and their
// lines.
func sampled(t testing.TB, events []decode.Event) (some []decode.Event, rows []row) {
	t.Helper()
	seen := map[string]int{}
	for _, e := range slices.Backward(events) { // the odd ones are last
		key := e.Body.Name()
		if m, ok := e.Body.(*decode.Message); ok {
			key += m.Meaning.Kind.String()
		}
		if seen[key]++; seen[key] <= 6 {
			some = append(some, e)
			rows = append(rows, rowOf(t, &e))
		}
	}
	return some, rows
}

// Whatever an expression, the filter says of every event what the reference says
// of its line, and the algebra holds (I-13).
func TestTheFilterAgreesWithTheReference(t *testing.T) {
	events, rows := sampled(t, samples(t))
	mk := newMaker(t, rand.Uint64(), rows)
	hits, tests := 0, 300
	if testing.Short() {
		tests = 100
	}
	for range tests {
		m := mk.expression(mk.rnd.IntN(4))
		expr := m.text()
		f, err := Parse(expr, nil)
		if err != nil {
			if len(expr) > MaxLen/2 {
				continue
			}
			t.Fatalf("%v\n%s", err, err.(*Error).Caret())
		}
		law := newLaws(t, f, mk.expression(1).text())
		for i := range events {
			got, want := f.Match(&events[i]), m.holds(rows[i])
			if got != want {
				t.Fatalf("%s\nis %v, want %v, for\n%v", expr, got, want, rows[i])
			}
			if got {
				hits++
			}
			law.check(t, &events[i])
		}
	}
	if hits < tests*len(events)/20 {
		t.Errorf("only %d of %d matched", hits, tests*len(events))
	}
}

// laws are filters that must agree with each other.
type laws struct {
	same [][2]*Filter
}

// newLaws demands of a filter that printing it changes nothing, that two
// negations are none, and De Morgan's laws with another expression.
func newLaws(t testing.TB, x *Filter, y string) (l laws) {
	t.Helper()
	printed := x.String()
	again := parsed(t, printed)
	if again.String() != printed {
		t.Fatalf("%s becomes %s", printed, again)
	}
	l.same = append(l.same, [2]*Filter{x, again})
	px, py := "("+printed+")", "("+y+")"
	for _, pair := range [][2]string{
		{px, "not not " + px},
		{"not (" + px + " and " + py + ")", "not " + px + " or not " + py},
		{"not (" + px + " or " + py + ")", "not " + px + " and not " + py},
		{px + " xor " + py, px + " and not " + py + " or not " + px + " and " + py},
	} {
		a, errA := Parse(pair[0], nil)
		b, errB := Parse(pair[1], nil)
		if errA == nil && errB == nil { // the one or the other may be too long or too deep
			l.same = append(l.same, [2]*Filter{a, b})
		}
	}
	return l
}

func (l laws) check(t testing.TB, e *decode.Event) {
	t.Helper()
	for _, pair := range l.same {
		if pair[0].Match(e) != pair[1].Match(e) {
			t.Fatalf("%s and %s differ", pair[0], pair[1])
		}
	}
}

func parsed(t testing.TB, expr string) *Filter {
	t.Helper()
	f, err := Parse(expr, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, err.(*Error).Caret())
	}
	return f
}

// Comparing two fields is comparing every value of the one with every value of
// the other.
func TestFieldsAreComparedWithFields(t *testing.T) {
	events, rows := sampled(t, samples(t))
	for expr, holds := range map[string]func(r row) bool{
		`coap.mid == photon.request_mid`: func(r row) bool {
			return r["photon.request_mid"] != nil && r["coap.mid"][0] == r["photon.request_mid"][0]
		},
		`coap.mid != photon.request_mid`: func(r row) bool {
			return r["photon.request_mid"] != nil && r["coap.mid"][0] != r["photon.request_mid"][0]
		},
		`coap.opt.uri_path contains photon.event.name`: func(r row) bool { return containsAny(r, "coap.opt.uri_path", "photon.event.name") },
		`photon.device_id == photon.hello.device_id`:   func(row) bool { return false },
		`coap.opt.uri_path === coap.opt.uri_path`:      func(r row) bool { return len(r["coap.opt.uri_path"]) > 0 && allSame(r["coap.opt.uri_path"]) },
	} {
		f := parsed(t, expr)
		for i := range events {
			if f.Match(&events[i]) != holds(rows[i]) {
				t.Errorf("%s is %v for %v", expr, !holds(rows[i]), rows[i])
			}
		}
	}
}

func containsAny(r row, a, b string) bool {
	for _, x := range r[a] {
		for _, y := range r[b] {
			if contains := len(y.(string)) <= len(x.(string)) && x.(string)[len(x.(string))-len(y.(string)):] == y.(string); contains {
				return true
			}
		}
	}
	return false
}

func allSame(list []any) bool {
	for _, v := range list {
		if v != list[0] {
			return false
		}
	}
	return true
}

func TestOnlyWhatLooksAtTheWireNeedsIt(t *testing.T) {
	if parsed(t, `photon.rtt or frame.len`).NeedsWire() || !parsed(t, `not frame.wire[0:2] == 00:10`).NeedsWire() {
		t.Error("what looks at the wire is not known")
	}
}
