package decode

import (
	"bytes"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// frameItems returns the index of the first frame's item.
const firstFrame = 4

func messagesOf(events []Event) (plain [][]byte) {
	for _, e := range events {
		if m, ok := e.Body.(*Message); ok {
			plain = append(plain, m.Plain)
		}
	}
	return plain
}

// A lost frame costs itself and the first 16 bytes of the next one in its
// direction, whether or not the capture knows how much is missing.
func TestALostFrameCostsOnlyTheHeadOfTheNext(t *testing.T) {
	v := loadVectors(t, "session_lightssl.json")
	whole := v.items(t)
	want := messagesOf(decodeAll(vectorKeys(t), whole))
	for lost := range v.Messages {
		for _, known := range []bool{true, false} {
			items := append([]stream.Item(nil), whole...)
			seg := items[firstFrame+lost].(*stream.Segment)
			gap := &stream.Gap{At: seg.At, Conn: seg.Conn, From: seg.From}
			if known {
				gap.Len = len(seg.Data)
			}
			items[firstFrame+lost] = gap
			events := decodeAll(vectorKeys(t), items)
			missing := lostMessages(want, messagesOf(events))
			if missing == nil {
				t.Fatalf("frame %d lost (known %v): other messages changed", lost, known)
			}
			next := nextInDirection(v, lost)
			if len(missing) > 2 || missing[0] != lost || len(missing) == 2 && missing[1] != next {
				t.Errorf("frame %d lost (known %v): messages %v are missing; next in its direction is %d", lost, known, missing, next)
			}
			checkRecovered(t, events, want, next)
		}
	}
}

// lostMessages returns the indices of want that got lacks, or nil if got is
// no subsequence.
func lostMessages(want, got [][]byte) []int {
	missing := []int{}
	j := 0
	for i := range want {
		if j < len(got) && bytes.Equal(want[i], got[j]) {
			j++
		} else {
			missing = append(missing, i)
		}
	}
	if j != len(got) {
		return nil
	}
	return missing
}

func nextInDirection(v *vectorSession, i int) int {
	for j := i + 1; j < len(v.Messages); j++ {
		if v.Messages[j].Direction == v.Messages[i].Direction {
			return j
		}
	}
	return -1
}

// checkRecovered checks that the frame after the gap shows all but its first
// block.
func checkRecovered(t *testing.T, events []Event, want [][]byte, next int) {
	t.Helper()
	if next < 0 {
		return
	}
	for _, e := range events {
		m, ok := e.Body.(*Malformed)
		if ok && len(m.Plain) == len(want[next]) && len(m.Plain) > 16 && bytes.Equal(m.Plain[16:], want[next][16:]) {
			return
		}
	}
	if len(want[next]) > 16 {
		t.Errorf("the frame after the gap does not show %x", want[next][16:])
	}
}

// A gap inside a frame whose head was seen costs that frame alone.
func TestAGapInsideAFrameBehindItsHeadCostsThatFrameAlone(t *testing.T) {
	v := loadVectors(t, "session_lightssl.json")
	whole := v.items(t)
	want := messagesOf(decodeAll(vectorKeys(t), whole))
	for lost := range v.Messages {
		seg := whole[firstFrame+lost].(*stream.Segment)
		if len(seg.Data) < 18+16 {
			continue
		}
		var items []stream.Item
		items = append(items, whole[:firstFrame+lost]...)
		head, tail := new(*seg), new(*seg)
		head.Data, tail.Data = seg.Data[:20], seg.Data[28:]
		items = append(items, head, &stream.Gap{At: seg.At, Conn: seg.Conn, From: seg.From, Len: 8}, tail)
		items = append(items, whole[firstFrame+lost+1:]...)
		events := decodeAll(vectorKeys(t), items)
		if missing := lostMessages(want, messagesOf(events)); len(missing) != 1 || missing[0] != lost {
			t.Errorf("gap inside frame %d: messages %v are missing", lost, missing)
		}
	}
}

// Whatever is lost, a message's plaintext under its IV is its frame again: stores
// keep no more than that.
func TestAMessageSealsToItsFrame(t *testing.T) {
	v := loadVectors(t, "session_lightssl.json")
	cipher := lightssl.NewCipher(lightssl.Credentials(unhex(t, v.Handshake.Material)))
	for lost := range v.Messages {
		items := v.items(t)
		items[firstFrame+lost] = &stream.Gap{At: testStart, Conn: testConn.ID, From: direction(v.Messages[lost].Direction)}
		messages := 0
		for _, e := range decodeAll(vectorKeys(t), items) {
			if m, ok := e.Body.(*Message); ok {
				messages++
				cipher.SetHead(m.IV[:])
				if frame := cipher.AppendSealedFrame(nil, m.Plain); !bytes.Equal(frame, e.Raw) {
					t.Fatalf("frame %d lost: %x under the IV %x seals to %x, not to %x", lost, m.Plain, m.IV, frame, e.Raw)
				}
			}
		}
		if messages < len(v.Messages)-2 {
			t.Fatalf("frame %d lost: %d messages of %d", lost, messages, len(v.Messages))
		}
	}
}

// A capture that begins between the nonce and the credentials lacks the nonce alone,
// however its segments are cut.
func TestACaptureThatBeginsBehindTheNonceLacksTheNonce(t *testing.T) {
	v := loadVectors(t, "session_lightssl.json")
	whole := v.items(t)
	want := messagesOf(decodeAll(vectorKeys(t), whole))
	for size := 1; size <= 400; size++ {
		items := []stream.Item{&stream.Opened{At: testStart, Conn: testConn, Joined: true}}
		for _, it := range whole[2:] {
			seg, ok := it.(*stream.Segment)
			if !ok {
				items = append(items, it)
				continue
			}
			for data := seg.Data; len(data) > 0; data = data[min(size, len(data)):] {
				items = append(items, &stream.Segment{At: seg.At, Conn: seg.Conn, From: seg.From, Data: data[:min(size, len(data))]})
			}
		}
		events := decodeAll(vectorKeys(t), items)
		var gap *Gap
		for _, e := range events {
			switch b := e.Body.(type) {
			case *Gap:
				gap = b
			case *Nonce, *Malformed:
				t.Fatalf("segments of %d bytes: %T %+v", size, b, b)
			}
		}
		if got := messagesOf(events); lostMessages(want, got) == nil || len(got) != len(want) {
			t.Fatalf("segments of %d bytes: %d messages of %d", size, len(got), len(want))
		}
		if gap == nil || gap.Len != lightssl.NonceLen {
			t.Fatalf("segments of %d bytes: gap %+v", size, gap)
		}
	}
}
