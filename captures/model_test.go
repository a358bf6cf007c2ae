package captures

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// model is what a direction must come to: an array of bytes into which segments
// are written as they come, the first copy of each byte staying.
type model struct {
	bytes []byte
	here  []bool
}

func (m *model) write(at int, data []byte) {
	for len(m.bytes) < at+len(data) {
		m.bytes = append(m.bytes, 0)
		m.here = append(m.here, false)
	}
	for i, b := range data {
		if !m.here[at+i] {
			m.bytes[at+i], m.here[at+i] = b, true
		}
	}
}

// result returns the bytes that are there and how many are missing between them.
func (m *model) result() (data []byte, missing int) {
	for i, ok := range m.here {
		if ok {
			data = append(data, m.bytes[i])
		} else {
			missing++
		}
	}
	return data, missing
}

// badNetwork makes segments of a random stream as a bad network and a bad
// capture show them: cut anywhere, lost, doubled, overlapping with other bytes,
// out of order.
func badNetwork(rng *rand.Rand, initial uint32) (*dialogue, [2]model) {
	d := newDialogue()
	d.initial = [2]uint32{initial, initial + uint32(rng.IntN(1<<30))}
	var models [2]model
	if rng.IntN(4) > 0 {
		d.open()
	} else {
		d.up(1, "u").down(1, "d") // in the middle, but with a known beginning
		models[0].write(0, []byte("u"))
		models[1].write(0, []byte("d"))
	}
	type run struct{ from, at, n int }
	var runs []run
	for from := range 2 {
		for at, end := 0, rng.IntN(3000); at < end; {
			n := 1 + rng.IntN(200)
			for range 1 + rng.IntN(3)/2 {
				runs = append(runs, run{from, max(0, at-rng.IntN(30)*rng.IntN(2)), n + rng.IntN(30)*rng.IntN(2)})
			}
			at += n
		}
	}
	for i := range runs { // out of order by up to 20 places
		j := min(i+rng.IntN(20), len(runs)-1)
		runs[i], runs[j] = runs[j], runs[i]
	}
	for _, r := range runs {
		if rng.IntN(20) == 0 {
			continue
		}
		data := make([]byte, r.n)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		models[r.from].write(r.at, data)
		d.add(r.from, tcpACK, uint32(1+r.at), 1, string(data))
	}
	return d, models
}

// Reassembly gives what the model says, whatever happens to the segments: no
// byte is lost, doubled or exchanged, and gaps are as long as what is missing.
func TestReassemblyEqualsAnArrayOfBytes(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		initial := rng.Uint32()
		if seed%2 == 0 {
			initial = -uint32(rng.IntN(2000)) // wraps soon
		}
		d, models := badNetwork(rng, initial)
		all := gather(t, d.reader())
		if len(all) != 1 {
			t.Fatalf("seed %d: %d connections", seed, len(all))
		}
		for from, m := range models {
			data, missing := m.result()
			if c := all[0]; !bytes.Equal(c.bytes[from], data) || c.missed[from] != missing {
				t.Fatalf("seed %d: direction %d has %d bytes and lacks %d, want %d and %d, or other bytes", seed, from, len(c.bytes[from]), c.missed[from], len(data), missing)
			}
		}
	}
}

// What waits is bounded: one direction never holds more than a MiB, all together
// never more than 64, and what is given up is a gap.
func TestWaitingBytesAreBounded(t *testing.T) {
	var stats Stats
	gaps := 0
	a := newAssembler(ReadOptions{Stats: &stats}, func(it item) bool { gaps += countGap(it); return true })
	data := string(make([]byte, 60_000))
	for conn := range 100 {
		d := newDialogue()
		d.device = neighbour(d.device, conn)
		d.open()
		for i := range 30 {
			d.up(uint32(2+i*60_000), data)
		}
		for _, c := range d.packets {
			a.handle(&packet{at: c.at, link: linkRaw, data: c.ip, wire: len(c.ip)})
			if a.table.held > maxHeldInAll {
				t.Fatalf("%d bytes wait in all", a.table.held)
			}
			for _, l := range a.table.recent.lanes {
				if l.held > maxHeld {
					t.Fatalf("%d bytes wait in one direction", l.held)
				}
			}
		}
	}
	if gaps != 100 || stats.Gaps != 100 {
		t.Errorf("%d gaps, counted %d, want one for each connection", gaps, stats.Gaps)
	}
}

func TestConnectionsAreBoundedAndTheIdlestGoes(t *testing.T) {
	d := newDialogue()
	for conn := range maxFlows + 1 {
		d.device = neighbour(deviceEnd, conn)
		d.add(0, tcpACK, 1, 1, "x")
		if conn == maxFlows-1 {
			d.device = neighbour(deviceEnd, 0)
			d.add(0, tcpACK, 2, 1, "y") // the first is not the idlest any more
		}
	}
	d.device = neighbour(deviceEnd, 0)
	d.add(0, tcpACK, 3, 1, "z")
	var stats Stats
	list, err := items(d.reader(), ReadOptions{Stats: &stats})
	if err != nil {
		t.Fatal(err)
	}
	all := connections(t, list)
	if stats.Evicted != 1 || len(all) != maxFlows+1 || string(all[0].bytes[0]) != "xyz" {
		t.Errorf("%d evicted, %d connections, the first with %q", stats.Evicted, len(all), all[0].bytes[0])
	}
	if second := all[1].closes[0]; !second.At.Equal(epoch.Add(time.Millisecond)) {
		t.Errorf("the idlest ended at %v", second.At)
	}
}

// Many connections that wait at once are looked after less often, but are.
func TestManyWaitingConnectionsAreAllReleased(t *testing.T) {
	d := newDialogue()
	for conn := range 50 {
		d.device = neighbour(deviceEnd, conn)
		d.open().up(5, "late").add(1, tcpACK, 1, 9, "")
	}
	d.later(2 * time.Second)
	for i := range uint32(100) {
		d.device = neighbour(deviceEnd, 60)
		d.add(0, tcpACK, 1+i, 1, "x")
	}
	var stats Stats
	released := 0
	for it, err := range Read(d.reader(), ReadOptions{Stats: &stats}) {
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := it.(segmentItem); ok && string(s.Data) == "late" {
			released++
			if stats.Packets > len(d.packets)-1 {
				t.Fatal("released at the end only")
			}
		}
	}
	if released != 50 {
		t.Errorf("%d released, want 50", released)
	}
}
