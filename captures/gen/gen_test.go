package gen_test

import (
	"bytes"
	"hash/crc32"
	"io"
	"testing"
	"time"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/captures/gen"
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

// bad is a network that does everything to packets.
var bad = gen.Traffic{Packets: 3000, Sessions: 7, Seed: 3, Acked: 300, Reordered: 50, Repeated: 50, Overlapped: 50, Lost: 20}

func write(t testing.TB, traffic gen.Traffic) ([]byte, gen.Truth) {
	t.Helper()
	var file bytes.Buffer
	truth, err := traffic.Write(&file)
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), truth
}

// found is what reading a capture finds of one connection.
type found struct {
	sum  [2]uint32
	size [2]int
	lost [2]int
}

// check reads a capture and compares it with the truth.
func check(t testing.TB, file []byte, truth gen.Truth) {
	t.Helper()
	var stats captures.Stats
	all := make(map[stream.ConnID]*found)
	conns := make(map[any]*found)
	for it, err := range captures.Read(bytes.NewReader(file), captures.ReadOptions{Stats: &stats}) {
		if err != nil {
			t.Fatal(err)
		}
		switch it := it.(type) {
		case *stream.Opened:
			all[it.Conn.ID] = new(found)
			conns[it.Conn.Device] = all[it.Conn.ID]
		case *stream.Segment:
			f := all[it.Conn]
			f.sum[it.From] = crc32.Update(f.sum[it.From], crc32.IEEETable, it.Data)
			f.size[it.From] += len(it.Data)
		case *stream.Gap:
			all[it.Conn].lost[it.From] += it.Len
		}
	}
	if stats.Packets != truth.Packets || len(all) != len(truth.Streams) {
		t.Fatalf("%d packets and %d connections, want %d and %d", stats.Packets, len(all), truth.Packets, len(truth.Streams))
	}
	for _, s := range truth.Streams {
		want := found{s.Sum, [2]int{s.Sent[0] - s.Lost[0], s.Sent[1] - s.Lost[1]}, s.Lost}
		if got := conns[s.Device]; got == nil || *got != want {
			t.Fatalf("connection of %v: got %+v, want %+v", s.Device, got, want)
		}
	}
}

func TestACaptureHoldsWhatItsTruthSays(t *testing.T) {
	for _, format := range gen.Formats {
		for _, six := range []bool{false, true} {
			traffic := bad
			traffic.Format, traffic.IPv6 = format, six
			file, truth := write(t, traffic)
			check(t, file, truth)
		}
	}
}

func TestTheSameTrafficIsTheSameBytes(t *testing.T) {
	one, _ := write(t, bad)
	two, _ := write(t, bad)
	other := bad
	other.Seed++
	three, _ := write(t, other)
	if !bytes.Equal(one, two) || bytes.Equal(one, three) {
		t.Error("captures of one seed differ, or those of two do not")
	}
}

// The keys open every session, and every message comes out.
func TestEveryMessageCanBeRead(t *testing.T) {
	traffic := bad
	traffic.Lost = 0
	file, truth := write(t, traffic)
	real := new(lightssl.Keyring)
	server := sim.ServerKey()
	real.AddKey(lightssl.Key{Private: server, Public: &server.PublicKey}, lightssl.ServerRole)
	for i := range sim.Devices {
		k := sim.DeviceKey(i)
		real.AddKey(lightssl.Key{Private: k, Public: &k.PublicKey}, lightssl.DeviceRole)
	}
	for name, keys := range map[string]*lightssl.Keyring{"key log": truth.Keyring(), "keys": real} {
		d := decode.NewDecoder(keys)
		var events []decode.Event
		messages, others := 0, 0
		for it, err := range captures.Read(bytes.NewReader(file), captures.ReadOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			events = d.Feed(events[:0], it)
			for i := range events {
				switch body := events[i].Body.(type) {
				case *decode.Message:
					messages++
				case *decode.Malformed, *decode.Sealed:
					others++
				case *decode.Credentials:
					if name == "keys" && body.Signature != lightssl.SignatureVerified.String() {
						t.Errorf("signature %s", body.Signature)
					}
				}
			}
		}
		if messages != truth.Messages || others != 0 {
			t.Errorf("%s: %d messages and %d others, want %d and none", name, messages, others, truth.Messages)
		}
	}
}

// Busy traffic has the shape of the capture that our figures are about: 155 MB
// and 658,000 messages in a million packets.
func TestBusyTrafficHasItsShape(t *testing.T) {
	begin := time.Now()
	file, truth := write(t, gen.Busy(100_000))
	t.Logf("%d packets, %d bytes, %d messages, %d streams in %v", truth.Packets, len(file), truth.Messages, len(truth.Streams), time.Since(begin))
	if n := truth.Packets; n < 100_000 || n > 102_000 || len(truth.Streams) != 200 {
		t.Errorf("%d packets, %d streams", n, len(truth.Streams))
	}
	if n := len(file) / 1000; n < 14_800 || n > 16_200 {
		t.Errorf("%d kB", n)
	}
	if n := truth.Messages; n < 64_000 || n > 68_000 {
		t.Errorf("%d messages", n)
	}
	check(t, file, truth)
}

func BenchmarkWrite(b *testing.B) {
	traffic := gen.Busy(100_000)
	for b.Loop() {
		if _, err := traffic.Write(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
