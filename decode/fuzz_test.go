package decode

import (
	"testing"

	"github.com/photonscope/photonscope/decode/stream"
)

// FuzzSession splits both directions of a session by bytes of the input and
// checks that nothing panics, no byte is lost, every layer is partitioned, and
// the printers cope (F-1 with I-1, I-7, I-8).
//
// The input is a list of operations: a head byte whose bit 7 is the direction
// and whose bits 0 to 5 are a length, or a gap's length if bit 6 is set.
func FuzzSession(f *testing.F) {
	v := loadVectors(f, "session_lightssl.json")
	f.Add(operations(v.items(f), 63))
	f.Add(operations(v.items(f), 1))
	f.Add([]byte{0xc5, 0x45, 0x83, 1, 2, 3})
	f.Add([]byte{0x04, 'G', 'E', 'T', ' ', 0x80})
	keys := vectorKeys(f)
	f.Fuzz(func(t *testing.T, ops []byte) {
		items := parseOperations(ops)
		events := decodeAll(keys, items)
		if err := accountFor(items, events); err != nil {
			t.Fatal(err)
		}
		var p Printer
		for _, e := range events {
			if err := checkLayers(&e); err != nil {
				t.Fatalf("%s: %v", e.Body.Name(), err)
			}
			p.AppendTree(p.AppendJSON(nil, &e), &e)
		}
	})
}

func operations(items []stream.Item, limit int) []byte {
	var ops []byte
	for _, it := range items {
		seg, ok := it.(stream.Segment)
		if !ok {
			continue
		}
		for rest := seg.Data; len(rest) > 0; {
			n := min(limit, len(rest))
			ops = append(ops, byte(seg.From)<<7|byte(n))
			ops = append(ops, rest[:n]...)
			rest = rest[n:]
		}
	}
	return ops
}

func parseOperations(ops []byte) []stream.Item {
	items := []stream.Item{stream.Opened{At: testStart, Conn: testConn}}
	for len(ops) > 0 {
		from, n, gap := stream.Direction(ops[0]>>7), int(ops[0]&63), ops[0]&64 != 0
		ops = ops[1:]
		if gap {
			items = append(items, stream.Gap{At: testStart, Conn: 1, From: from, Len: n})
			continue
		}
		n = min(n, len(ops))
		items = append(items, stream.Segment{At: testStart, Conn: 1, From: from, Data: ops[:n]})
		ops = ops[n:]
	}
	return append(items, stream.Closed{At: testStart, Conn: 1, From: stream.FromDevice, How: stream.Reset})
}
