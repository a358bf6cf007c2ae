package diagnose

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
	"github.com/photonscope/photonscope/sim"
)

// What a capture of a healthy session lost is not what went wrong there.
func TestWhatACaptureLostIsNoFinding(t *testing.T) {
	for _, g := range sessions {
		if g.first != "" {
			continue
		}
		for name, lose := range map[string]func(*rand.Rand, []stream.Item) []stream.Item{
			"a few bytes": loseBytes, "one direction": loseDirection, "the rest": loseRest,
		} {
			keys := genuine.Keys(t, "keys/*-private.pem", "keys/devices/*.der")
			whole := genuine.Items(t, genuine.Path(t, g.path))
			r := rand.New(rand.NewPCG(1, 2))
			for range 100 {
				list := lose(r, whole)
				found := findings(list, Options{Keys: keys})
				if slices.ContainsFunc(found, func(e decode.Event) bool { return e.Body.(*decode.Finding).Confidence != Possible }) {
					t.Fatalf("%s without %s: %s", g.path, name, asText(found))
				}
			}
		}
	}
}

// A healthy session is healthy, whenever the keys came that open it.
func TestKeysThatComeLateAreNoFinding(t *testing.T) {
	for _, g := range sessions {
		if g.first != "" {
			continue
		}
		devices, err := filepath.Glob(genuine.Path(t, "keys/devices/*.der"))
		if err != nil {
			t.Fatal(err)
		}
		items := genuine.Items(t, genuine.Path(t, g.path))
		for at := 0; at < len(items); at += 9 {
			keys := genuine.Keys(t, "keys/*-private.pem")
			var found []decode.Event
			d, doctor := decode.NewDecoder(keys), New(Options{Keys: keys})
			feed := func(events []decode.Event) {
				for i := range events {
					found = doctor.Feed(found, &events[i])
				}
			}
			for i, it := range items {
				if i == at {
					for _, path := range devices {
						keys.AddKey(genuine.Key(t, path), lightssl.AnyRole)
					}
				}
				feed(d.Feed(nil, it))
			}
			feed(d.Finish(nil))
			if len(found) > 0 {
				t.Fatalf("%s, with the keys from item %d on: %s", g.path, at, asText(found))
			}
		}
	}
}

// loseBytes has a gap within a segment. What its sender sent in the second after it
// is late, behind all that the other side said meanwhile, as when it is waited for.
func loseBytes(r *rand.Rand, whole []stream.Item) (list []stream.Item) {
	at, seg := anySegment(r, whole)
	list = slices.Clone(whole[:at])
	begin := r.IntN(len(seg.Data))
	end := begin + 1 + r.IntN(len(seg.Data)-begin)
	if begin > 0 {
		list = append(list, part(seg, seg.Data[:begin]))
	}
	late := []stream.Item{&stream.Gap{At: seg.At, Conn: seg.Conn, From: seg.From, Len: end - begin}}
	if end < len(seg.Data) {
		late = append(late, part(seg, seg.Data[end:]))
	}
	for i, it := range whole[at+1:] {
		conn, from, when := senderOf(it)
		if conn == seg.Conn && when.Sub(seg.At) > time.Second {
			return slices.Concat(list, late, whole[at+1+i:])
		}
		if conn == seg.Conn && from == seg.From {
			late = append(late, it)
		} else {
			list = append(list, it)
		}
	}
	return append(list, late...)
}

// loseDirection has nothing of one side.
func loseDirection(r *rand.Rand, whole []stream.Item) []stream.Item {
	_, seg := anySegment(r, whole)
	return slices.DeleteFunc(slices.Clone(whole), func(it stream.Item) bool {
		conn, from, when := senderOf(it)
		return conn == seg.Conn && from == seg.From && !when.IsZero()
	})
}

// loseRest ends within a segment.
func loseRest(r *rand.Rand, whole []stream.Item) []stream.Item {
	at, seg := anySegment(r, whole)
	return append(slices.Clone(whole[:at]), part(seg, seg.Data[:r.IntN(len(seg.Data))+1]))
}

func anySegment(r *rand.Rand, items []stream.Item) (int, *stream.Segment) {
	for {
		at := r.IntN(len(items))
		if s, ok := items[at].(*stream.Segment); ok {
			return at, s
		}
	}
}

func part(s *stream.Segment, data []byte) *stream.Segment {
	p := *s
	p.Data = data
	return &p
}

// senderOf returns the connection of an item, and who sent it when, if it is no opening.
func senderOf(it stream.Item) (conn stream.ConnID, from stream.Direction, at time.Time) {
	switch it := it.(type) {
	case *stream.Segment:
		return it.Conn, it.From, it.At
	case *stream.Gap:
		return it.Conn, it.From, it.At
	case *stream.Closed:
		return it.Conn, it.From, it.At
	}
	return 0, 0, time.Time{}
}

// A frame of which a peer sends the beginning alone is damaged for certain; one that
// the capture ends in is not.
func TestAFrameIsDamagedWhereItsSenderEndsWithinIt(t *testing.T) {
	for how, want := range map[stream.CloseKind]int{stream.Fin: 1, stream.Cut: 0} {
		s := newScene(t, &sim.LightSSL231)
		l := s.call(0).meet().chat()
		l.send(cld, []byte{0, 16, 1, 2, 3})
		l.wait(time.Minute)
		l.end(cld, how)
		found := findings(s.items, Options{Keys: &s.keys})
		n := 0
		for _, e := range found {
			if f := e.Body.(*decode.Finding); f.ID == "PH-44" && f.Confidence == Certain {
				n++
			}
		}
		if n != want {
			t.Errorf("%v: found %s", how, asText(found))
		}
	}
}

// A server that does not answer may have closed, if the capture has no end of its
// direction.
func TestThatNoKeyCameIsCertainOnlyWithTheServersEnd(t *testing.T) {
	for how, want := range map[stream.CloseKind]string{stream.Fin: Certain, stream.Cut: Likely} {
		s := newScene(t, &sim.LightSSL231)
		l := s.call(0).sendNonce().sendIdentity()
		l.wait(20 * time.Second)
		s.add(&stream.Closed{At: s.at, Conn: l.id, From: dev, How: stream.Fin})
		s.add(&stream.Closed{At: s.at, Conn: l.id, From: cld, How: how})
		wantFirst(t, findings(s.items, Options{Keys: &s.keys}), "PH-39")
		if f := findings(s.items, Options{Keys: &s.keys})[0].Body.(*decode.Finding); f.Confidence != want {
			t.Errorf("%v: %s, not %s", how, f.Confidence, want)
		}
	}
}

// An update of which the capture may have lost the end has not broken off for all
// that is known, unless the end was long due.
func TestAnUpdateBreaksOffOnlyIfItsEndWasDue(t *testing.T) {
	for _, c := range []struct {
		wait time.Duration // between the last chunk and the device's closing
		how  stream.CloseKind
		want bool
	}{
		{wait: 10 * time.Millisecond, how: stream.Cut},
		{wait: -10 * time.Millisecond, how: stream.Cut},
		{wait: time.Minute, how: stream.Cut, want: true},
		{wait: 10 * time.Millisecond, how: stream.Fin, want: true},
		{wait: -10 * time.Millisecond, how: stream.Fin, want: true},
	} {
		s := newScene(t, &sim.LightSSL231)
		l := updating(s, 512)
		closed := &stream.Closed{At: s.at, Conn: l.id, From: dev, How: stream.Fin}
		if c.wait < 0 {
			s.wait(-c.wait - s.pace)
			s.add(closed)
		}
		l.chunk(0, make([]byte, 64))
		if c.wait > 0 {
			s.wait(c.wait)
			closed.At = s.at
			s.add(closed)
		}
		s.add(&stream.Closed{At: s.at, Conn: l.id, From: cld, How: c.how})
		found := findings(s.items, Options{Keys: &s.keys})
		if got := slices.ContainsFunc(found, func(e decode.Event) bool { return e.Body.(*decode.Finding).ID == "PH-32" }); got != c.want {
			t.Errorf("%v after the last chunk, %v: found %s", c.wait, c.how, asText(found))
		}
		if strings.Contains(asText(found), " -1") {
			t.Errorf("a time before the beginning: %s", asText(found))
		}
	}
}
