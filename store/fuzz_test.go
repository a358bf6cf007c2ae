package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// FuzzStore plays a session as the bytes say, over one leg or two, and checks that
// a store gives the events back, whatever its budget, and that late keys do as well
// as early ones.
func FuzzStore(f *testing.F) {
	for _, seed := range []string{"", "\x00\x02\x10\x20\x30", "\x01ABCDEFGHIJKLMNOP", "\x03\x07\x27\x47\x67\x87\xa7\xc7\xe7\x0f\x2f"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 1<<10 {
			return
		}
		tr := perform(ops)
		events := decoded(tr.keys, tr.items)
		s := stored(events)
		sameEvents(t, all(t, s), events)
		late := stored(decoded(nil, tr.items))
		late.Redecode(tr.keys, nil)
		sameByDirection(t, all(t, late), events)
		small := New(pageSize + 4<<10)
		for i := range events {
			small.Append(events[i : i+1])
		}
		first, _ := small.Bounds()
		if small.Evicted() != uint64(first) {
			t.Fatalf("evicted %d, begins with %d", small.Evicted(), first)
		}
		sameEvents(t, all(t, small), events[first:])
		small.Redecode(tr.keys, nil)
		for _, v := range someMatches {
			view := NewView(small)
			view.SetMatch(v)
			view.Refresh(time.Nanosecond)
			view.Refresh(0)
			if want := model(small, v); len(view.matches) != len(want) {
				t.Fatalf("%d matches, want %d", len(view.matches), len(want))
			}
		}
	})
}

// sameByDirection compares what each direction of each connection shows, but not
// how they alternate, on which times and answers depend.
func sameByDirection(t *testing.T, got, want []decode.Event) {
	t.Helper()
	byDirection := func(events []decode.Event) map[string][]string {
		shown := make(map[string][]string)
		for i := range events {
			e := &events[i]
			if e.Raw != nil {
				key := fmt.Sprint(e.Conn.ID, e.From)
				shown[key] = append(shown[key], fmt.Sprintf("%s %x", e.Body.Name(), e.Raw))
			}
		}
		return shown
	}
	if a, b := byDirection(got), byDirection(want); !reflect.DeepEqual(a, b) {
		t.Fatalf("late keys give\n%q, not\n%q", a, b)
	}
}

// perform makes traffic of bytes: each lets something happen.
func perform(ops []byte) *traffic {
	tr := newTraffic(uint64(len(ops)))
	k := tr.open(1 + len(ops)%2)
	for _, op := range ops {
		from := stream.Direction(op >> 4 & 1)
		switch op & 7 {
		case 0:
			k.hello()
		case 1:
			k.ping(op&0x20 != 0)
		case 2:
			k.call("led")
		case 3:
			k.event(op&0x20 != 0)
		case 4:
			k.send(from, append([]byte{0, op >> 4 & 0xe}, tr.bytes(int(op>>4&0xe))...))
		case 5:
			c := k.conns[int(op>>5)%len(k.conns)]
			tr.items = append(tr.items, &stream.Gap{At: tr.at, Conn: c.ID, From: from, Len: int(op >> 3)})
		case 6:
			tr.pass(time.Duration(op) * time.Second)
			k.odd()
		case 7: // bytes of which a frame may become part
			k.send(from, tr.bytes(int(op>>3)))
		}
	}
	if len(ops)%3 == 0 {
		k.close(stream.CloseKind(len(ops) / 3 % 3))
	}
	return tr
}
