package store

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store/filter"
)

// million is a million messages of 20 devices, some 130 bytes each on the wire:
// events with JSON, confirmed or not, pings and calls.
const million = 1_000_000

// produce makes about n messages and hands over their events in batches, as a
// decoder gives them.
func produce(n int, batch func([]decode.Event)) {
	tr := newTraffic(1)
	d := decode.NewDecoder(tr.keys)
	var talks []*talk
	var events []decode.Event
	for made := 0; made < n; {
		if len(talks) < 20 {
			k := tr.open(1)
			k.hello()
			talks = append(talks, k)
		}
		k := talks[tr.IntN(len(talks))]
		switch tr.IntN(10) {
		case 0:
			k.ping(true)
		case 1:
			k.call("led")
		default:
			k.report(tr.IntN(2) == 0)
		}
		tr.pass(5 * time.Millisecond)
		made += len(tr.items)
		for _, it := range tr.items {
			events = d.Feed(events, it)
		}
		tr.items = tr.items[:0]
		if len(events) >= 256 {
			batch(events)
			events = nil
		}
	}
	batch(events)
}

// report sends an event with a longer payload.
func (k *talk) report(confirmable bool) {
	m := coap.Message{Type: coap.NonConfirmable, Code: coap.POST, ID: k.id(stream.FromDevice),
		Options: []coap.Option{{Number: coap.URIPath, Value: []byte("e")}, {Number: coap.URIPath, Value: fmt.Appendf(nil, "plant/%d/climate", k.tr.IntN(40))}},
		Payload: fmt.Appendf(nil, `{"t":%d.%02d,"h":%d,"soil":[%d,%d,%d,%d],"note":%q,"power":"12.%d V","uptime":%d}`, k.tr.IntN(40), k.tr.IntN(100), k.tr.IntN(100),
			k.tr.IntN(1000), k.tr.IntN(1000), k.tr.IntN(1000), k.tr.IntN(1000), "all is well in the greenhouse, pump off, window shut, next check in an hour"[:20+k.tr.IntN(54)], k.tr.IntN(100), k.tr.IntN(1e6))}
	if confirmable {
		m.Type = coap.Confirmable
	}
	k.say(stream.FromDevice, m)
	if confirmable {
		k.tr.pass(30 * time.Millisecond)
		k.say(stream.FromCloud, coap.Message{Type: coap.Acknowledgement, ID: m.ID})
	}
}

// heap returns the bytes that are reachable.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// fill makes a store of n messages, and returns the mean of their bytes on the
// wire and of the memory that they take.
func fill(n int) (s *Store, raw, stored float64) {
	before := heap()
	s = New(1 << 30)
	bytes := 0
	produce(n, func(events []decode.Event) {
		for i := range events {
			bytes += len(events[i].Raw)
		}
		s.Append(events)
	})
	_, end := s.Bounds()
	return s, float64(bytes) / float64(end), float64(heap()-before) / float64(end)
}

var filled = sync.OnceValues(func() (*Store, [2]float64) {
	s, raw, stored := fill(million)
	return s, [2]float64{raw, stored}
})

// T3: a stored message takes its bytes on the wire and 48 more.
func TestAStoredMessageTakesItsBytesAnd48More(t *testing.T) {
	_, raw, stored := fill(250_000)
	t.Logf("%.1f bytes on the wire, %.1f stored", raw, stored)
	if stored > raw+48 {
		t.Errorf("a message of %.1f bytes takes %.1f", raw, stored)
	}
}

func BenchmarkMemory(b *testing.B) {
	s, mean := filled()
	for b.Loop() {
		runtime.KeepAlive(s)
	}
	b.ReportMetric(mean[0], "B-raw")
	b.ReportMetric(mean[1]-mean[0], "B-beyond-raw")
}

// BenchmarkCollect measures the CPU of a full garbage collection (T5).
func BenchmarkCollect(b *testing.B) {
	s, _ := filled()
	runtime.GC()
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	var spent []float64
	for b.Loop() {
		metrics.Read(sample)
		before := sample[0].Value.Float64()
		runtime.GC()
		metrics.Read(sample)
		spent = append(spent, sample[0].Value.Float64()-before)
	}
	runtime.KeepAlive(s)
	slices.Sort(spent)
	b.ReportMetric(1e3*spent[len(spent)/2], "ms-cpu")
}

// BenchmarkFilter measures how long a view takes over a million messages (T4).
func BenchmarkFilter(b *testing.B) {
	s, _ := filled()
	message := Where{Types: SetOf(TypeMessage)}
	var parsed coap.Message
	for _, bench := range []struct {
		name  string
		match Match
	}{
		{"all", Match{}},
		{"session", Match{Where: Where{Sessions: []uint32{3}}}},
		{"kind", Match{Where: Where{Kinds: SetOf(particle.KindPing)}}},
		{"direction", Match{Where: Where{From: SetOf(stream.FromCloud)}}},
		{"payload", Match{Where: message, Event: func(e *decode.Event, _ *Row) bool {
			return bytes.Contains(e.Body.(*decode.Message).Plain, []byte("uptime\":77"))
		}}},
		{"path", Match{Where: message, Event: func(e *decode.Event, _ *Row) bool {
			if parsed.Parse(e.Body.(*decode.Message).Plain) != nil {
				return false
			}
			for i := range parsed.Options {
				if o := &parsed.Options[i]; o.Number == coap.URIPath && string(o.Value) == "plant/7/climate" {
					return true
				}
			}
			return false
		}}},
		{"expression-path", expression(b, `coap.opt.uri_path contains "plant/7"`)},
		{"expression-payload", expression(b, `coap.payload contains "uptime\":77"`)},
		{"expression-kind", expression(b, `photon.msg == "ping"`)},
		{"expression-session", expression(b, `photon.session == 3 and photon.dir == "cloud"`)},
		{"wire", Match{Where: message, Wire: true, Event: func(e *decode.Event, _ *Row) bool { return e.Raw[2] == 77 }}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			v := NewView(s)
			_, end := s.Bounds()
			cpu := cpuTime()
			for b.Loop() {
				v.SetMatch(bench.match)
				v.Refresh(0)
			}
			b.ReportMetric(1e3*(cpuTime()-cpu).Seconds()/float64(b.N)*million/float64(end), "ms-million")
			b.ReportMetric(float64(v.Len()), "rows")
		})
	}
}

// expression is a match by the filter language alone.
func expression(b *testing.B, expr string) Match {
	f, err := filter.Parse(expr, nil)
	if err != nil {
		b.Fatal(err)
	}
	return MatchOf(f)
}

func BenchmarkAppend(b *testing.B) {
	var batches [][]decode.Event
	n := 0
	produce(100_000, func(events []decode.Event) {
		batches = append(batches, slices.Clone(events))
		n += len(events)
	})
	cpu := cpuTime()
	for b.Loop() {
		s := New(0)
		for _, events := range batches {
			s.Append(events)
		}
	}
	b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/float64(b.N*n), "ns-event")
}

func BenchmarkAt(b *testing.B) {
	s, _ := filled()
	_, end := s.Bounds()
	b.ReportAllocs()
	seq := Seq(0)
	cpu := cpuTime()
	defer func() { b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/float64(b.N), "ns-cpu") }()
	for b.Loop() {
		if _, ok := s.At(seq); !ok {
			b.Fatal(seq)
		}
		seq = (seq + 7919) % end
	}
}

func BenchmarkSort(b *testing.B) {
	s, _ := filled()
	v := NewView(s)
	v.Refresh(0)
	cpu := cpuTime()
	for b.Loop() {
		v.SetOrder(ByArrival, false)
		v.SetOrder(ByRTT, true)
	}
	b.ReportMetric(1e3*(cpuTime()-cpu).Seconds()/float64(b.N), "ms-million")
}

// cpuTime returns the CPU time of the process so far: other work on the machine
// does not count.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
