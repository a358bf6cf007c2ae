package store

import (
	"cmp"
	"reflect"
	"slices"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
)

func TestKeysThatComeLateGiveTheEventsOfKeysThatWereThere(t *testing.T) {
	keys := genuine.Keys(t)
	recorded(t, func(t *testing.T, items []stream.Item) {
		want := decoded(keys, items)
		s := stored(decoded(nil, items))
		changed := s.Changed()
		if !s.Redecode(keys, nil).Changed {
			t.Fatal("nothing changed")
		}
		sameEvents(t, all(t, s), want)
		sameSessions(t, s, stored(want))
		select {
		case <-changed:
		default:
			t.Error("nobody was told")
		}
		if s.Redecode(keys, nil).Changed {
			t.Error("changed again")
		}
	})
}

func TestLateKeysOfMadeSessions(t *testing.T) {
	for seed := range uint64(40) {
		tr := newTraffic(seed)
		tr.play(1+tr.IntN(4), 150)
		want := decoded(tr.keys, tr.items)
		s := stored(decoded(nil, tr.items))
		if !s.Redecode(tr.keys, nil).Changed {
			t.Fatal("nothing changed")
		}
		sameByConnection(t, all(t, s), want)
		if s.Redecode(tr.keys, nil).Changed {
			t.Error("changed again")
		}
	}
}

// sameByConnection compares the events of each connection: where bytes after a
// gap were taken for other frames, connections may alternate in another way. Their
// times are those of the bytes as they were stored.
func sameByConnection(t *testing.T, got, want []decode.Event) {
	t.Helper()
	byConn := func(a, b decode.Event) int { return cmp.Compare(a.Conn.ID, b.Conn.ID) }
	got, want = slices.Clone(got), slices.Clone(want)
	slices.SortStableFunc(got, byConn)
	slices.SortStableFunc(want, byConn)
	for i := range min(len(got), len(want)) {
		if !equalEvents(&got[i], &want[i]) && !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("event %d is\n%+v %+v, not\n%+v %+v", i, got[i], got[i].Body, want[i], want[i].Body)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
}

// sameSessions compares what two stores say of their sessions.
func sameSessions(t *testing.T, a, b *Store) {
	t.Helper()
	x, y := a.Sessions(nil), b.Sessions(nil)
	if len(x) != len(y) {
		t.Fatalf("%d sessions, want %d", len(x), len(y))
	}
	for i := range x {
		if !reflect.DeepEqual(x[i], y[i]) {
			t.Errorf("session %d is\n%+v, not\n%+v", i, x[i], y[i])
		}
	}
}

func TestAKeyThatComesWhileASessionRunsOpensWhatIsHeld(t *testing.T) {
	for seed := range uint64(20) {
		tr := newTraffic(seed)
		k := tr.open(1 + tr.IntN(2))
		k.hello()
		for range 40 {
			k.ping(true)
			k.call("led")
			k.event(true)
		}
		k.close(stream.Fin)
		late := new(lightssl.Keyring)
		d := decode.NewDecoder(late)
		s := New(0)
		var note Seq
		for i, it := range tr.items {
			s.Append(d.Feed(nil, it))
			if i == len(tr.items)/2 {
				_, note = s.Bounds()
				note--
				s.SetMark("a", note)
				s.SetComment(note, "here")
				addSession(late, tr)
			}
			if i == len(tr.items)/2+len(tr.items)/4 && !s.Redecode(late, nil).Changed {
				t.Fatal("nothing changed")
			}
		}
		s.Append(d.Finish(nil))
		got, want := all(t, s), decoded(tr.keys, tr.items)
		if len(got) != len(want) {
			t.Fatalf("%d events, want %d", len(got), len(want))
		}
		for i := range got {
			if string(got[i].Raw) != string(want[i].Raw) || got[i].Body.Name() != want[i].Body.Name() {
				t.Fatalf("event %d is %+v, not %+v", i, got[i].Body, want[i].Body)
			}
		}
		if seq, _ := s.Mark("a"); seq != note || s.Comment(seq) != "here" || s.Moved(note, 0) != note {
			t.Errorf("the mark moved from %d to %d, as %d", note, seq, s.Moved(note, 0))
		}
	}
}

// addSession gives a keyring the sessions of some traffic.
func addSession(keys *lightssl.Keyring, tr *traffic) {
	for i, it := range tr.items {
		if seg, ok := it.(*stream.Segment); ok && len(seg.Data) == lightssl.NonceLen && i < 4*len(tr.items) {
			if c, ok := tr.keys.Session(lightssl.Nonce(seg.Data)); ok {
				keys.AddSession(lightssl.Nonce(seg.Data), c)
			}
		}
	}
}

func TestAKeyOpensASessionWhoseBeginningWasEvicted(t *testing.T) {
	tr := newTraffic(4)
	k := tr.open(1)
	k.hello()
	for range 9000 {
		k.event(false)
	}
	other := tr.open(2) // has nothing to do with it
	other.hello()
	events := decoded(nil, tr.items)
	s := New(1 << 19)
	s.Append(events)
	first, end := s.Bounds()
	if first < 1000 {
		t.Fatalf("only %d events evicted", first)
	}
	was, _ := s.Session(1)
	before := s.Evicted()
	if !s.Redecode(tr.keys, nil).Changed {
		t.Fatal("nothing changed")
	}
	if a, b := s.Bounds(); a != first || b != end || s.Evicted() != before {
		t.Errorf("holds %d to %d, evicted %d; was %d to %d, %d", a, b, s.Evicted(), first, end, before)
	}
	want := decoded(tr.keys, tr.items)[first:]
	for i, e := range all(t, s) {
		if i == 0 {
			if _, malformed := e.Body.(*decode.Malformed); !malformed {
				t.Errorf("the first frame is %+v", e.Body)
			}
			continue
		}
		if e.Body.Name() != want[i].Body.Name() || string(e.Raw) != string(want[i].Raw) {
			t.Fatalf("event %d is %+v, not %+v", i, e.Body, want[i].Body)
		}
	}
	now, _ := s.Session(1)
	if main := now.Main(); !main.First.Equal(was.Main().First) || main.Sealed != 0 || main.Messages[0] == 0 || !main.Steps[StepNonce].Done || !main.Opened {
		t.Errorf("the session is %+v", main)
	}
}

func TestMovesAreFollowed(t *testing.T) {
	var m moves
	for _, n := range [][2]Seq{{0, 0}, {5, 5}, {6, 7}, {7, 8}, {8, 8}, {9, 9}, {10, 13}} {
		m.note(n[0], n[1])
	}
	for _, want := range [][2]Seq{{0, 0}, {4, 4}, {6, 7}, {7, 8}, {8, 8}, {9, 9}, {10, 13}, {100, 103}} {
		if got := m.at(want[0]); got != want[1] {
			t.Errorf("%d is at %d, want %d", want[0], got, want[1])
		}
	}
}
