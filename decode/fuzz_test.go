package decode

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// FuzzSession plays operations of the input on a session and checks that nothing
// panics, no byte is lost, every layer is partitioned, the printers cope, the
// events do not depend on how the bytes were cut, and those of the first half are
// a prefix of them all (F-1 with I-1, I-2, I-5, I-7, I-8).
//
// An operation is a head byte, whose bits 5 to 7 say what and whose bits 0 to 4
// are an argument; see play.
func FuzzSession(f *testing.F) {
	v := loadVectors(f, "session_lightssl.json")
	keys := vectorKeys(f)
	decodeAll(keys, v.items(f)) // so that no execution opens a record of RSA
	pl := &player{v: v, creds: lightssl.Credentials(unhex(f, v.Handshake.Material))}
	for i := range v.Messages {
		pl.frames = append(pl.frames, unhex(f, v.Messages[i].Frame))
	}
	pl.records = [][]byte{unhex(f, v.Handshake.Nonce), unhex(f, v.Handshake.Identity), unhex(f, v.Handshake.Wire)}
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 1<<12 {
			return
		}
		items := pl.play(ops)
		events, err := bounded(keys, items)
		if err == nil {
			err = accountFor(items, events)
		}
		if err != nil {
			t.Fatal(err)
		}
		var p Printer
		var out []byte
		for i := range events {
			if err := checkLayers(&events[i]); err != nil {
				t.Fatalf("%s: %v", events[i].Body.Name(), err)
			}
			out = p.AppendTree(p.AppendJSON(out[:0], &events[i]), &events[i])
		}
		if err := sameHowever(keys, items, events); err != nil {
			t.Fatal(err)
		}
	})
}

// bounded decodes items within the memory and time that their bytes allow.
func bounded(keys *lightssl.Keyring, items []stream.Item) ([]Event, error) {
	n := 0
	for _, it := range items {
		if seg, ok := it.(*stream.Segment); ok {
			n += len(seg.Data)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	events := decodeAll(keys, items)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	// An event costs some 600 bytes with its body and its part of a slice that
	// grew. Two bytes may be an event, and so may an item.
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(512*n+1024*len(items)+512<<10) {
		return events, fmt.Errorf("%d bytes in %d items cost %d bytes", n, len(items), used)
	}
	if took > 2*time.Second {
		return events, fmt.Errorf("%d bytes took %v", n, took)
	}
	return events, nil
}

// sameHowever checks that the events are the same from single bytes, and that
// those of the first items are a prefix.
func sameHowever(keys *lightssl.Keyring, items []stream.Item, events []Event) error {
	if err := sameEvents(decodeAll(keys, cutItems(nil, items, 1)), events); err != nil {
		return fmt.Errorf("from single bytes: %w", err)
	}
	d := NewDecoder(keys)
	var part []Event
	for _, it := range items[:len(items)/2] {
		part = d.Feed(part, it)
	}
	if len(part) > len(events) {
		return errors.New("half of the items give more events than all")
	}
	return sameEvents(part, events[:len(part)])
}

func sameEvents(got, want []Event) error {
	for i := range min(len(got), len(want)) {
		g, w := &got[i], &want[i]
		if told(g) != told(w) || g.From != w.From || string(g.Raw) != string(w.Raw) || g.Device != w.Device {
			return fmt.Errorf("event %d is %s, not %s", i, told(g), told(w))
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d events, not %d", len(got), len(want))
	}
	return nil
}

// player makes items of a fuzzer's bytes.
type player struct {
	v       *vectorSession
	creds   lightssl.Credentials
	records [][]byte // nonce, identity, credentials
	frames  [][]byte
}

// The operations. Those of even number are the device's, the next one the
// cloud's, where that matters.
const (
	opRaw    = iota << 5 // the argument's number of bytes that follow, sent by the device
	opRawCld             // the same, by the cloud
	opRecord             // 0 to 2: a record of the handshake; 3: all three; more: a frame of the known answers
	opPlain              // the argument's number of bytes that follow, sealed as a message by the device
	opPlainC             // the same, by the cloud
	opGap                // from the device, of the argument's length
	opGapCld             // the same, from the cloud
	opClose              // bit 0: from whom; bits 1, 2: how. Bit 3, as the first operation: joined
)

// play turns operations into the items of one connection.
func (pl *player) play(ops []byte) []stream.Item {
	ciphers := [2]*lightssl.Cipher{lightssl.NewCipher(pl.creds), lightssl.NewCipher(pl.creds)}
	joined := len(ops) > 0 && ops[0]&0xe8 == opClose|8
	if joined {
		ops = ops[1:]
	}
	items := []stream.Item{&stream.Opened{At: testStart, Conn: testConn, Joined: joined}}
	var over [2]bool
	for len(ops) > 0 {
		op, arg := int(ops[0]&0xe0), int(ops[0]&31)
		ops = ops[1:]
		from := stream.Direction(0)
		if op == opRawCld || op == opPlainC || op == opGapCld {
			from = cld
		}
		var taken []byte
		if op != opRecord && op != opGap && op != opGapCld && op != opClose {
			taken, ops = ops[:min(arg, len(ops))], ops[min(arg, len(ops)):]
		}
		if op == opClose {
			from = stream.Direction(arg & 1)
		}
		var more []stream.Item
		switch op {
		case opPlain, opPlainC:
			taken = ciphers[from].AppendSealedFrame(nil, taken)
			fallthrough
		case opRaw, opRawCld:
			more = []stream.Item{&stream.Segment{At: testStart, Conn: 1, From: from, Data: taken}}
		case opRecord:
			more = pl.record(arg)
		case opGap, opGapCld:
			more = []stream.Item{&stream.Gap{At: testStart, Conn: 1, From: from, Len: arg * arg}}
		case opClose:
			more = []stream.Item{&stream.Closed{At: testStart, Conn: 1, From: from, How: stream.CloseKind(arg >> 1 & 3 % 3)}}
		}
		items = appendOpen(items, more, &over)
	}
	return items
}

// record is one of the known answers.
func (pl *player) record(i int) (items []stream.Item) {
	send := func(from stream.Direction, b []byte) {
		items = append(items, &stream.Segment{At: testStart, Conn: 1, From: from, Data: b})
	}
	first, last := i, i
	if i == 3 {
		first, last = 0, 2
	}
	for r := first; r <= last && r < 3; r++ {
		send([...]stream.Direction{cld, dev, cld}[r], pl.records[r])
	}
	if i > 3 {
		m := (i - 4) % len(pl.frames)
		send(direction(pl.v.Messages[m].Direction), pl.frames[m])
	}
	return items
}

// appendOpen appends the items of directions that are not over.
func appendOpen(items, more []stream.Item, over *[2]bool) []stream.Item {
	for _, it := range more {
		switch it := it.(type) {
		case *stream.Segment:
			if over[it.From] {
				continue
			}
		case *stream.Closed:
			over[it.From] = true
			if it.How == stream.Reset {
				*over = [2]bool{true, true}
			}
		}
		items = append(items, it)
	}
	return items
}

// seeds has one input for each production of the protocol, and one for each way
// it goes wrong.
func seeds() map[string][]byte {
	rec := func(n ...byte) (b []byte) {
		for _, i := range n {
			b = append(b, opRecord|i)
		}
		return b
	}
	with := func(head byte, s string) []byte { return append([]byte{head | byte(len(s))}, s...) }
	join := func(parts ...[]byte) (b []byte) {
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	}
	bothClose := []byte{opClose, opClose | 1}
	return map[string][]byte{
		"nonce": rec(0), "identity": rec(0, 1), "credentials": rec(0, 1, 2),
		"frames":              join(rec(3, 4, 5, 6, 7, 8, 9, 10, 11, 12), bothClose),
		"message":             join(rec(3), with(opPlain, "\x40\x02\x00\x01\xb1h\xffabc"), with(opPlainC, "\x60\x00\x00\x01")),
		"message-not-coap":    join(rec(3), with(opPlain, "\x80zz"), with(opPlain, "\x44\x01\x00\x01\xf0")),
		"frame-empty":         join(rec(3), with(opRaw, "\x00\x00"), rec(4)),
		"frame-odd":           join(rec(3), with(opRaw, "\x00\x05abcde"), rec(4)),
		"frame-bad-padding":   join(rec(3), with(opRaw, "\x00\x100123456789abcdef"), rec(4)),
		"frame-cut":           join(rec(3), with(opRaw, "\x7f\xffabc"), bothClose),
		"gap-known":           join(rec(0), []byte{opGap | 16}, rec(2, 4, 5, 6)),
		"gap-unknown":         join(rec(3, 4), []byte{opGap, opGapCld}, rec(6, 7, 8, 9, 12)),
		"gap-in-credentials":  join(rec(0, 1), with(opRawCld, "abcdefgh"), []byte{opGapCld | 19}, with(opRawCld, "0123456789abcdef"), rec(4)),
		"gap-junk":            join(rec(3), []byte{opGap}, with(opRaw, "\xff\xff\xff\x00\x20\x00\x10junk"), rec(6, 7), bothClose),
		"device-first":        join(rec(1, 4), rec(0), rec(2, 5)),
		"http":                join(with(opRawCld, "HTTP/1.1 400 Bad Request\r\n\r\n"), rec(1), bothClose),
		"tls":                 join(rec(0), with(opRaw, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on"), []byte{opClose | 2}),
		"joined-among-frames": join([]byte{opClose | 8}, rec(6, 7, 5, 9), bothClose),
		"joined-at-start":     join([]byte{opClose | 8}, rec(3, 4, 5)),
		"reset":               join(rec(0), with(opRaw, "half a record"), []byte{opClose, opClose | 2}),
	}
}

var writeSeeds = flag.Bool("seeds", false, "write the seeds of the fuzz target anew")

// The committed seeds are those of the table, and each is played here as well.
func TestSeedsOfTheFuzzTargetAreCurrent(t *testing.T) {
	for name, ops := range seeds() {
		file := filepath.Join("testdata", "fuzz", "FuzzSession", name)
		want := fmt.Sprintf("go test fuzz v1\n[]byte(%q)\n", ops)
		if *writeSeeds {
			os.MkdirAll(filepath.Dir(file), 0o755)
			os.WriteFile(file, []byte(want), 0o644)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("seed %s: go test ./decode -seeds writes it anew (%v)", name, err)
		}
	}
}
