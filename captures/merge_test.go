package captures

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/photonscope/photonscope/captures/gen"
	"github.com/photonscope/photonscope/decode/stream"
)

// all reads inputs to their end and returns their items.
func all(inputs []Input, opts ReadOptions) (list []stream.Item, err error) {
	for it, e := range ReadAll(inputs, opts) {
		if e != nil {
			return list, e
		}
		list = append(list, stream.Clone(it))
	}
	return list, nil
}

// A capture that was split gives the same items, whichever way it was split, in
// whichever order the parts are named, and whatever the format of each.
func TestPartsOfACaptureGiveTheSameItems(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 2))
		d, _ := badNetwork(rng, rng.Uint32())
		want, err := items(d.reader(), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		parts := make([][]crafted, 1+rng.IntN(5))
		for i, p := range d.packets {
			n := rng.IntN(len(parts)) // as mirrored ports do
			if seed%2 == 0 {
				n = i * len(parts) / len(d.packets) // as rotation does
			}
			parts[n] = append(parts[n], p)
		}
		var inputs []Input
		for i, part := range parts {
			file := pcapFile(orders[i%2], magicNano, linkRaw, part...)
			if i%3 == 1 {
				n := newNG(binary.BigEndian)
				n.iface(linkRaw, 0, n.option(optTimeRes, "\x09"))
				for _, p := range part {
					n.enhanced(0, uint64(p.at.UnixNano()), p)
				}
				file = gzipped(n.b)
			}
			inputs = append(inputs, Input{R: bytes.NewReader(file)})
		}
		rng.Shuffle(len(inputs), func(i, j int) { inputs[i], inputs[j] = inputs[j], inputs[i] })
		if got, err := all(inputs, ReadOptions{}); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %d parts: %v, got\n%swant\n%s", seed, len(parts), err, story(got), story(want))
		}
	}
}

// Of packets of one time those of the first input come first, and each input
// keeps its order.
func TestEqualTimesKeepTheOrderOfInputs(t *testing.T) {
	var inputs []Input
	want := ""
	for i := range 3 {
		d := newDialogue()
		d.device = neighbour(deviceEnd, i)
		for n := range uint32(3) {
			d.at = epoch
			d.up(1+n, fmt.Sprint(n))
		}
		inputs = append(inputs, Input{R: d.reader()})
		want += fmt.Sprintf("%d: 012 ", i+1)
	}
	list, err := all(inputs, ReadOptions{})
	got, last := "", stream.ConnID(0)
	for _, it := range list {
		if s, ok := it.(*stream.Segment); ok {
			if s.Conn != last {
				last = s.Conn
				got += fmt.Sprintf("%d: ", s.Conn)
			}
			if got += string(s.Data); s.Data[0] == '2' {
				got += " "
			}
		}
	}
	if err != nil || got != want {
		t.Errorf("got %q and %v, want %q", got, err, want)
	}
}

// A damaged input ends alone, and is named.
func TestADamagedInputEndsAlone(t *testing.T) {
	d, want := chat()
	half := len(d.packets) / 2
	first := pcapFile(binary.LittleEndian, magicNano, linkRaw, d.packets[:half]...)
	second := pcapFile(binary.LittleEndian, magicNano, linkRaw, d.packets[half:]...)
	broken := errors.New("cable pulled")
	list, err := all([]Input{
		{"a.pcap", bytes.NewReader(append(first, 1, 2, 3))},
		{"b.txt", strings.NewReader("no capture")},
		{"c.pcap", io.MultiReader(bytes.NewReader(second), iotest.ErrReader(broken))},
	}, ReadOptions{})
	if got := story(list); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var format *FormatError
	if !errors.As(err, &format) || format.Input != "a.pcap" || !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	lines := strings.Split(fmt.Sprint(err), "\n")
	for i, part := range []string{
		fmt.Sprintf("a.pcap: cut off inside the header of a packet at byte %d", len(first)+3),
		"b.txt: not a capture",
		"c.pcap: reading after byte",
	} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], part) {
			t.Errorf("errors %q, want %q in place %d", lines, part, i)
		}
	}
}

// Several faults of one input are several lines, as those of several inputs are.
func TestEveryFaultIsALine(t *testing.T) {
	d, _ := chat()
	n := newNG(binary.LittleEndian).iface(linkRaw, 0, nil).block(blockEnhanced, make([]byte, 8))
	for _, p := range d.packets {
		n.enhanced(0, p.micros(), p)
	}
	_, err := all([]Input{{"a", bytes.NewReader(n.b[:len(n.b)-1])}, {"b", strings.NewReader("text")}}, ReadOptions{})
	several, ok := err.(interface{ Unwrap() []error })
	if !ok || len(several.Unwrap()) != 3 {
		t.Errorf("error %v", err)
	}
}

// A capture in very many parts needs little memory for each.
func TestManyPartsNeedLittleMemory(t *testing.T) {
	file, truth := generated(t, gen.Traffic{Packets: 1000, Sessions: 20})
	w := takeApart(t, "pcap", file)
	var inputs []Input
	for _, p := range w.packets {
		part := slices.Concat(file[:w.front], file[p.start:p.end])
		inputs = append(inputs, Input{R: bytes.NewReader(part)})
	}
	var list []item
	var err error
	used := allocated(func() { list, err = all(inputs, ReadOptions{}) })
	if most := uint64(len(inputs) * (minBuffer + 16<<10)); err != nil || used > most {
		t.Errorf("%d bytes for %d parts, want at most %d; %v", used, len(inputs), most, err)
	}
	checkTruth(t, list, truth)
}

// A consumer that stops gets nothing more, and nobody reads on.
func TestMergingStopsWhenTheConsumerDoes(t *testing.T) {
	d, want := chat()
	for stop := 1; stop <= strings.Count(want, "\n"); stop++ {
		n := 0
		for range ReadAll([]Input{{R: d.reader()}, {R: d.reader()}}, ReadOptions{}) {
			if n++; n == stop {
				break
			}
		}
	}
	if list, err := all(nil, ReadOptions{}); len(list) != 0 || err != nil {
		t.Errorf("of no input: %d items, %v", len(list), err)
	}
}

func TestAPortNarrows(t *testing.T) {
	d := newDialogue().open().up(1, "ours")
	d.cloud = neighbour(cloudEnd, 77)
	d.cloud = netipPort(d.cloud, 80)
	d.open().up(1, "theirs")
	var stats Stats
	list, err := items(d.reader(), ReadOptions{Port: 80, Stats: &stats})
	got := connections(t, list)
	if err != nil || len(got) != 1 || string(got[0].bytes[0]) != "theirs" || stats.OtherPorts != 4 || stats.TCP != 8 {
		t.Errorf("%d connections, %+v, %v", len(got), stats, err)
	}
	if list, err := items(d.reader(), ReadOptions{Port: deviceEnd.Port()}); err != nil || len(connections(t, list)) != 2 {
		t.Errorf("by the other end: %d items, %v", len(list), err)
	}
}
