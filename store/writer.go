package store

import (
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// envelope is what many events have in common.
type envelope struct {
	conn        *stream.Conn
	session     uint32
	device      lightssl.DeviceID
	known       bool
	credentials *lightssl.Credentials // that seal the frames, nil if not known
	before      uint64                // number of another one that is the same, 0 for none
}

// writer is the appending side of a store.
type writer struct {
	budget  int
	evicted uint64

	chunkBytes int // of all chunks
	chunkUsed  int // of the latest chunk

	sessions sessions
	packer   packer
}

const firstChunk = 64 << 10 // each chunk is twice as long as the one before, up to chunkLen

func newWriter(budget int) writer {
	return writer{budget: budget, sessions: newSessions(), packer: newPacker()}
}

// add appends an event.
func (w *writer) add(c *content, e *decode.Event) {
	seq := c.end
	if seq%pageLen == 0 || len(c.pages.items) == 0 {
		w.startPage(c)
	}
	p := c.pages.ref(uint64(seq) >> pageBits)
	r := &p.records[seq%pageLen]
	conn := w.sessions.connOf(e)
	conn.learn(e)
	r.envelope = uint32(w.envelope(c, p, conn, e))
	w.packer.credentials = conn.credentials
	w.fill(c, p, r, e)
	c.end++
	w.expire(c, r.at)
	w.relate(c, conn, seq, e)
	w.sessions.count(c, conn, seq, e)
}

// fill writes the record of an event.
func (w *writer) fill(c *content, p *page, r *record, e *decode.Event) {
	t := typeOfBody(e.Body)
	var flags Flags
	if e.Altered {
		flags |= Altered
	}
	var wide bool
	if r.at, wide = nanoseconds(e.At); wide {
		flags |= wideTime
	}
	m, _ := e.Body.(*decode.Message)
	if m != nil {
		r.bits = packBits(t, e.From, &m.Meaning)
	} else {
		r.bits = packBits(t, e.From, nil)
	}
	r.bits |= uint32(flags) << flagShift
	if m == nil {
		r.place = w.put(c, w.packer.pack(c, e, wide))
		return
	}
	packed, tail, shared := w.packer.message(c, e, m, wide)
	r.place = w.put(c, packed)
	if shared.size() > 0 {
		p.chunks = min(p.chunks, shared.chunk())
	} else if tail > 0 && r.place.size() < wholeChunk {
		w.packer.latest = latest{w.packer.credentials, r.place.tail(tail)}
	}
}

// nanoseconds returns a time as a record has it, and whether that is too narrow.
func nanoseconds(t time.Time) (ns int64, wide bool) {
	ns = t.UnixNano()
	return ns, !time.Unix(0, ns).Equal(t)
}

// startPage adds a page.
func (w *writer) startPage(c *content) {
	if len(c.pages.items) == 0 {
		c.pages.base = uint64(c.end) >> pageBits
	}
	latest, envelope := max(c.chunks.end(), 1)-1, c.envelopes.end()
	if n := len(c.pages.items); n > 0 && c.pages.end()%sharing != 0 {
		envelope = c.pages.items[n-1].envelope
	}
	c.pages.append(page{records: new([pageLen]record), chunks: latest, envelope: envelope, touched: c.touched.end()})
	w.trim(c)
}

// trim evicts what exceeds the budget.
func (w *writer) trim(c *content) {
	for w.used(c) > w.budget && c.end > c.first {
		if len(c.pages.items) > 1 {
			w.evictPage(c)
		} else if !w.evictPart(c) {
			return
		}
	}
}

// evictPage drops the oldest page. There is another one.
func (w *writer) evictPage(c *content) {
	next := c.pages.items[1]
	c.pages.drop(c.pages.base + 1)
	w.moveFirst(c, Seq(c.pages.base<<pageBits), next.chunks)
	c.envelopes.drop(next.envelope)
	c.touched.drop(next.touched)
}

// evictPart drops the older half of the only page, whose events are long. It
// reports whether that freed something.
func (w *writer) evictPart(c *content) bool {
	first := c.first + (c.end-c.first+1)/2
	low := c.chunks.end() - 1
	for seq := first; seq < c.end; seq++ {
		low = min(low, c.lowest(c.record(seq)))
	}
	freed := low > c.chunks.base
	w.moveFirst(c, first, low)
	return freed
}

// moveFirst forgets the events before first, and the chunks before low.
func (w *writer) moveFirst(c *content, first Seq, low uint64) {
	w.evicted += uint64(first - c.first)
	c.first = first
	for i := c.chunks.base; i < low; i++ {
		w.chunkBytes -= len(c.chunks.at(i))
	}
	c.chunks.drop(low)
	w.sessions.forget(first)
}

// used returns the bytes that the content takes.
func (w *writer) used(c *content) int {
	return len(c.pages.items)*pageSize + w.chunkBytes + len(c.envelopes.items)*envelopeSize + len(c.touched.items)*4 + w.sessions.size()
}

// put copies bytes into the chunks.
func (w *writer) put(c *content, b []byte) place {
	if len(b) >= wholeChunk {
		w.newChunk(c, len(b))
		w.chunkUsed = len(b)
		copy(c.chunks.at(c.chunks.end()-1), b)
		return newPlace(c.chunks.end()-1, 0, len(b))
	}
	if n := len(c.chunks.items); n == 0 || len(c.chunks.items[n-1])-w.chunkUsed < len(b) {
		size := firstChunk
		if n > 0 {
			size = min(2*len(c.chunks.items[n-1]), chunkLen)
		}
		w.newChunk(c, max(size, len(b)))
	}
	latest := c.chunks.end() - 1
	at := w.chunkUsed
	w.chunkUsed += copy(c.chunks.at(latest)[at:], b)
	return newPlace(latest, at, len(b))
}

func (w *writer) newChunk(c *content, size int) {
	c.chunks.append(make([]byte, size))
	w.chunkBytes += size
	w.chunkUsed = 0
	w.trim(c)
}

// envelope returns the number of the event's envelope, which lies in the page's
// part of the list, so that it goes with the page, or with those that share it.
func (w *writer) envelope(c *content, p *page, conn *connection, e *decode.Event) uint64 {
	v := envelope{conn: e.Conn, session: e.Session, device: e.Device, known: e.Known, credentials: conn.credentials}
	if conn.hasEnvelope && c.envelopes.has(conn.envelope) {
		latest := c.envelopes.ref(conn.envelope)
		v.before = latest.before
		switch {
		case *latest != v:
			v.before = 0
		case conn.envelope >= p.envelope:
			return conn.envelope
		default:
			v.before = conn.envelope
		}
	}
	conn.envelope, conn.hasEnvelope = c.envelopes.end(), true
	c.envelopes.append(v)
	return conn.envelope
}
