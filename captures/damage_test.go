package captures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/captures/gen"
)

// whole is a capture to be damaged, with the places of what is in it.
type whole struct {
	name    string
	file    []byte
	front   int // bytes without which nothing can be read: headers, interfaces
	packets []place
}

// place is where a packet lies in a capture.
type place struct {
	start, end int // of its record or block
	data       string
}

// wholes are captures of every format with packets of all lengths.
func wholes(t testing.TB) (all []whole) {
	for i, format := range gen.Formats {
		file, _ := generated(t, gen.Traffic{Packets: 60, Sessions: 2, Seed: uint64(i), Format: format, Link: gen.Links[i]})
		all = append(all, takeApart(t, fmt.Sprintf("%+v", format), file))
	}
	list := randomItems(4, 60, 3000)
	return append(all, takeApart(t, "recording", encode(list)))
}

// takeApart finds the packets of a sound capture without the reader.
func takeApart(t testing.TB, name string, file []byte) whole {
	w := whole{name: name, file: file}
	for _, order := range orders {
		switch magic := order.Uint32(file); {
		case magic == magicMicro || magic == magicNano:
			w.front = pcapHeaderLen
			for at := w.front; at < len(file); {
				end := at + pcapRecordLen + int(order.Uint32(file[at+8:]))
				w.packets = append(w.packets, place{at, end, string(file[at+pcapRecordLen : end])})
				at = end
			}
		case magic == magicSection && order.Uint32(file[8:]) == byteOrderMagic:
			for at := 0; at < len(file); {
				end := at + int(order.Uint32(file[at+4:]))
				if order.Uint32(file[at:]) == blockEnhanced {
					n := int(order.Uint32(file[at+20:]))
					w.packets = append(w.packets, place{at, end, string(file[at+28 : at+28+n])})
				} else {
					w.front = end
				}
				at = end
			}
		}
	}
	if len(w.packets) < 20 {
		t.Fatalf("%s: %d packets", name, len(w.packets))
	}
	return w
}

// damage changes a capture between two places: what lies before the first and
// behind the second is whole.
func damage(rng *rand.Rand, file []byte) (out []byte, from, to int, kind string) {
	at := rng.IntN(len(file))
	n := 1 + rng.IntN(min(40, len(file)-at))
	if rng.IntN(4) == 0 {
		n = 1 + rng.IntN(min(1000, len(file)-at))
	}
	switch rng.IntN(6) {
	case 0:
		out = slices.Clone(file)
		out[at] ^= 1 << rng.IntN(8)
		return out, at, at + 1, "a bit flipped"
	case 1:
		return slices.Concat(file[:at], file[at+n:]), at, at + n, "bytes cut out"
	case 2:
		junk := make([]byte, n)
		for i := range junk {
			junk[i] = byte(rng.Uint32())
		}
		return slices.Concat(file[:at], junk, file[at:]), at, at, "bytes put in"
	case 3:
		return slices.Concat(file[:at+n], file[at:]), at, at + n, "bytes doubled"
	case 4:
		out = slices.Clone(file)
		end := min(len(out), at&^511+512)
		clear(out[at&^511 : end])
		return out, at &^ 511, end, "a page zeroed"
	}
	out = slices.Clone(file)
	for i := range n {
		out[at+i] = byte(rng.Uint32())
	}
	return out, at, at + n, "bytes replaced"
}

// packetsOf returns the packets of a capture, whatever they are.
func packetsOf(file []byte, stats *Stats) (all []string, err error) {
	pass := func(p *packet) bool { all = append(all, string(p.data)); return true }
	err = newReader(Input{R: bytes.NewReader(file)}, stats, pass).read()
	return all, err
}

// Damage of any kind, anywhere, costs the packets that it touches and no others,
// and is told with its place; nothing is allocated that the damage asks for.
func TestDamageCostsOnlyWhatItTouches(t *testing.T) {
	var lost, told, damaged int
	captures := wholes(t)
	for seed := range uint64(10_000) {
		rng := rand.New(rand.NewPCG(seed, 4))
		w := captures[seed%uint64(len(captures))]
		file, from, to, kind := damage(rng, w.file)
		var stats Stats
		var got []string
		var err error
		used := allocated(func() { got, err = packetsOf(file, &stats) })
		if used > allowance(len(file)) {
			t.Fatalf("seed %d: %d bytes allocated for %d", seed, used, len(file))
		}
		var format *FormatError
		if err != nil && !errors.As(err, &format) {
			t.Fatalf("seed %d: error %v is none of the documented", seed, err)
		}
		var before, after []string
		for _, p := range w.packets {
			switch {
			case p.end <= from:
				before = append(before, p.data)
			case p.start >= to:
				after = append(after, p.data)
			}
		}
		if len(got) < len(before) || !slices.Equal(got[:len(before)], before) {
			if from >= w.front {
				t.Fatalf("seed %d: %s, %s at %d: not all of the %d packets before it were read: %v", seed, w.name, kind, from, len(before), err)
			}
			continue
		}
		if from < w.front {
			continue
		}
		damaged++
		if n := len(after); len(got) < n || !slices.Equal(got[len(got)-n:], after) {
			lost++
			t.Logf("seed %d: %s, %s from %d to %d: not all of the %d packets behind it were read: %v", seed, w.name, kind, from, to, n, err)
		}
		if err != nil {
			told++
			if format.Offset > int64(len(file)) || format.Offset+format.Passed > int64(len(file)) {
				t.Fatalf("seed %d: %v, in %d bytes", seed, format, len(file))
			}
			if behind := int64(placeBehind(w, to) + len(file) - len(w.file)); format.Offset < int64(placeBefore(w, from)) || format.Offset > behind {
				t.Fatalf("seed %d: %s, %s from %d to %d: told at %d: %v", seed, w.name, kind, from, to, format.Offset, format)
			}
		}
	}
	t.Logf("%d damages behind the front, %d of them told, %d cost a packet that they did not touch", damaged, told, lost)
	if lost > damaged/500 {
		t.Errorf("%d of %d damages cost packets that they did not touch", lost, damaged)
	}
}

// placeBefore returns where the packet begins in which, or after which, a place
// lies, or the one before that, whose length may be what was damaged.
func placeBefore(w whole, at int) int {
	start := 0
	for i, p := range w.packets {
		if p.start > at {
			break
		}
		if i > 0 {
			start = w.packets[i-1].start
		}
	}
	return start
}

// placeBehind returns where the second packet begins behind a place.
func placeBehind(w whole, at int) int {
	n := 0
	for _, p := range w.packets {
		if p.start >= at {
			if n++; n == 2 {
				return p.start
			}
		}
	}
	return len(w.file)
}

// A capture that ends anywhere gives every packet that is whole, and says where
// it ends unless that is between packets.
func TestEveryWholePacketOfACutCaptureIsRead(t *testing.T) {
	for _, w := range wholes(t) {
		for n := range min(len(w.file), 4000) {
			var want []string
			sound := n == w.front
			for _, p := range w.packets {
				if p.end <= n {
					want = append(want, p.data)
					sound = p.end == n
				}
			}
			got, err := packetsOf(w.file[:n], new(Stats))
			if !slices.Equal(got, want) {
				t.Fatalf("%s cut at %d: %d packets, want %d", w.name, n, len(got), len(want))
			}
			var format *FormatError
			switch {
			case errors.As(err, &format) && n >= w.front && !sound:
				if format.Offset != int64(n) || !strings.Contains(err.Error(), "cut off inside") {
					t.Fatalf("%s cut at %d: %v", w.name, n, err)
				}
			case n >= w.front && (err == nil) != sound:
				t.Fatalf("%s cut at %d: %v", w.name, n, err)
			}
		}
	}
}

// What is odd but not wrong is read as it is: clocks that jump, lengths and times
// as some programs write them.
func TestOddRecordsOfClassicCapturesAreBelieved(t *testing.T) {
	d, want := chat()
	packets := slices.Clone(d.packets)
	file := func(change func(i int, record []byte)) []byte {
		b := pcapFile(binary.LittleEndian, magicNano, linkRaw, packets...)
		for i, at := 0, pcapHeaderLen; at < len(b); i++ {
			change(i, b[at:])
			at += pcapRecordLen + int(binary.LittleEndian.Uint32(b[at+8:]))
		}
		return b
	}
	put := binary.LittleEndian.PutUint32
	for name, change := range map[string]func(i int, record []byte){
		"original lengths of 0":       func(_ int, r []byte) { put(r[12:], 0) },
		"one original length too low": func(i int, r []byte) { put(r[12:], uint32(i%2)*1000) },
	} {
		checkStory(t, name, bytes.NewReader(file(change)), want)
	}
	for name, change := range map[string]func(i int, record []byte){
		"a clock that was set":        func(i int, r []byte) { put(r, uint32(i/3*1_700_000_000)) },
		"a clock that was set back":   func(i int, r []byte) { put(r, uint32((7-i)/3*1_700_000_000)) },
		"parts of more than a second": func(_ int, r []byte) { put(r[4:], 3e9) },
	} {
		got, err := packetsOf(file(change), new(Stats))
		if err != nil || len(got) != len(packets) {
			t.Errorf("%s: %d packets, %v", name, len(got), err)
		}
	}
}
