package ui

import (
	"time"

	"github.com/photonscope/photonscope/decode"
)

// moment is what happened in a second, or in a longer time.
type moment struct {
	at       int64 // when it begins, in seconds since 1970
	messages int
	bytes    [2]int // by sender
	slowest  time.Duration
}

func (m *moment) add(e *decode.Event) {
	m.bytes[e.From&1] += len(e.Raw)
	if b, ok := e.Body.(*decode.Message); ok {
		m.messages++
		if b.Meaning.HasRTT {
			m.slowest = max(m.slowest, b.Meaning.RTT)
		}
	}
}

func (m *moment) merge(o *moment) {
	m.messages += o.messages
	m.bytes[0] += o.bytes[0]
	m.bytes[1] += o.bytes[1]
	m.slowest = max(m.slowest, o.slowest)
}

const (
	maxSeconds = 3600 // how far back every second is known
	maxPieces  = 512  // of the whole time
)

// timeline is what happened over time: by the second for the last hour, and in
// pieces for all of it. The zero value is empty.
type timeline struct {
	seconds [maxSeconds]moment // by second modulo the length
	pieces  []moment           // each as long as the others; those without events are there too
	length  int64              // of a piece, in seconds
	first   time.Time
	last    time.Time
}

// add counts an event.
func (t *timeline) add(e *decode.Event) {
	if t.first.IsZero() || e.At.Before(t.first) {
		t.first = e.At
	}
	if e.At.After(t.last) {
		t.last = e.At
	}
	at := e.At.Unix()
	if s := t.second(at); s.at <= at {
		if s.at < at {
			*s = moment{at: at}
		}
		s.add(e)
	}
	t.piece(at).add(e)
}

func (t *timeline) second(at int64) *moment {
	return &t.seconds[((at%maxSeconds)+maxSeconds)%maxSeconds]
}

// piece returns the piece that a second lies in. What lies before the first one,
// in captures whose packets are out of order, counts as there.
func (t *timeline) piece(at int64) *moment {
	if len(t.pieces) == 0 {
		t.length, t.pieces = 1, []moment{{at: at}}
	}
	begin := t.pieces[0].at
	for (at-begin)/t.length >= maxPieces {
		t.coarsen()
	}
	i := max((at-begin)/t.length, 0)
	for n := int64(len(t.pieces)); n <= i; n++ {
		t.pieces = append(t.pieces, moment{at: begin + n*t.length})
	}
	return &t.pieces[i]
}

// coarsen makes each piece twice as long.
func (t *timeline) coarsen() {
	n := (len(t.pieces) + 1) / 2
	for i := range n {
		p := t.pieces[2*i]
		if 2*i+1 < len(t.pieces) {
			p.merge(&t.pieces[2*i+1])
		}
		t.pieces[i] = p
	}
	t.pieces, t.length = t.pieces[:n], 2*t.length
}

// recent returns the last n seconds up to a time, in columns, each the greatest
// of its seconds.
func (t *timeline) recent(until int64, n, columns int, of func(*moment) float64) []float64 {
	out := make([]float64, columns)
	for i := range out {
		from, to := until-int64(n)+1+int64(i*n/columns), until-int64(n)+1+int64((i+1)*n/columns)
		for at := from; at < max(to, from+1); at++ {
			if s := t.second(at); s.at == at {
				out[i] = max(out[i], of(s))
			}
		}
	}
	return out
}

// whole returns all of the time in columns, each the greatest of its pieces. What
// is counted in a piece is divided by its seconds.
func (t *timeline) whole(columns int, of func(*moment) float64, divide bool) []float64 {
	out := make([]float64, min(columns, len(t.pieces)))
	for i := range t.pieces {
		v := of(&t.pieces[i])
		if divide {
			v /= float64(t.length)
		}
		k := i * len(out) / len(t.pieces)
		out[k] = max(out[k], v)
	}
	return out
}
