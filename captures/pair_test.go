package captures

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// leg returns a connection of its own addresses.
func leg(id, pair stream.ConnID, where stream.Leg) stream.Conn {
	port := 40000 + uint16(id)
	return stream.Conn{
		ID: id, Pair: pair, Leg: where,
		Device: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port),
		Cloud:  netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 5683),
	}
}

// readBack records the openings and returns which connections they are paired
// with when read.
func readBack(t *testing.T, conns ...stream.Conn) map[stream.ConnID]stream.ConnID {
	t.Helper()
	e := NewEncoder()
	file := e.AppendHeader(nil)
	for i, c := range conns {
		file = e.AppendItem(file, &stream.Opened{At: time.Unix(int64(i), 0), Conn: c})
	}
	pairs := map[stream.ConnID]stream.ConnID{}
	list, err := items(bytes.NewReader(file), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range list {
		if opened, ok := it.(*stream.Opened); ok {
			pairs[opened.Conn.ID] = opened.Conn.Pair
		}
	}
	return pairs
}

func TestRecordingsNameTheOtherLeg(t *testing.T) {
	pairs := readBack(t,
		leg(7, 8, stream.DeviceLeg), leg(8, 7, stream.CloudLeg),
		leg(9, 0, stream.DeviceLeg),
		leg(10, 11, stream.DeviceLeg), leg(11, 10, stream.CloudLeg))
	want := map[stream.ConnID]stream.ConnID{1: 0, 2: 1, 3: 0, 4: 0, 5: 4}
	for id, pair := range want {
		if pairs[id] != pair {
			t.Errorf("connection %d is paired with %d, want %d", id, pairs[id], pair)
		}
	}
}

func TestOnlyLegsThatNameEachOtherAreAPair(t *testing.T) {
	for name, conns := range map[string][2]stream.Conn{
		"one-sided":    {leg(1, 9, stream.DeviceLeg), leg(2, 1, stream.CloudLeg)},
		"of one leg":   {leg(1, 2, stream.CloudLeg), leg(2, 1, stream.CloudLeg)},
		"tapped":       {leg(1, 2, stream.Tapped), leg(2, 1, stream.CloudLeg)},
		"with oneself": {leg(1, 1, stream.DeviceLeg), leg(2, 2, stream.CloudLeg)},
	} {
		if pairs := readBack(t, conns[0], conns[1]); pairs[1] != 0 || pairs[2] != 0 {
			t.Errorf("%s: %v", name, pairs)
		}
	}
}
