package proxy

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// half is one direction of a session: it reads one leg and writes the other.
// Only its own goroutine uses it, but for stack and what mu guards.
type half struct {
	s     *Session
	dir   stream.Direction
	armed bool         // a read deadline is set
	odd   bool         // an odd length was announced
	held  bool         // the frame at hand was reported by Hold
	stack atomic.Int32 // of the goroutine: shallow, deep or resting
	in    source
	cut   cutter
	last  time.Time // of the last byte, while a partial record waits

	mu  sync.Mutex // held while a frame is sent, if there are hooks: Inject sends too
	mod *alteration
}

// ending says why a half stops.
type ending uint8

const (
	goingOn    ending = iota
	bySource          // the sender closed: FIN
	aborted           // the sender reset or vanished
	sinkGone          // the receiver reset or vanished
	turnedAway        // the device's identity failed
	byUs              // the session is over
	afresh            // it goes on in a fresh goroutine
)

func (h *half) init(s *Session, d stream.Direction) {
	h.s, h.dir, h.cut = s, d, newCutter(d)
	h.in = newSource(s.legs[d].conn, &s.run.buffers)
	h.in.attach()
	if s.hooks != nil {
		h.mod = new(alteration)
	}
}

func (h *half) sink() net.Conn { return h.s.legs[h.dir.Opposite()].conn }

// serve relays until the half is to rest, or until the direction or the session
// ends, and passes that end on. The half that ends last closes the session.
func (h *half) serve() {
	switch h.relay() {
	case afresh:
		h.s.run.wg.Go(h.serve)
		return
	case bySource:
		if h.s.finish(h.dir) {
			break
		}
		h.s.setReadDeadline(h.in.conn, time.Time{})
		if h.in.awaitReset() {
			h.s.abort(h.dir)
		}
	case aborted:
		h.s.abort(h.dir)
	case sinkGone:
		h.s.abort(h.dir.Opposite())
	case turnedAway:
		h.s.uniformEnd(&h.in, h.last)
	}
	if h.s.relaying.Add(-1) == 0 {
		h.s.close()
	}
}

// relay forwards what is complete until there is no more.
func (h *half) relay() ending {
	for {
		h.arm()
		n, err := h.in.fill(h.cut.want(h.in.pending()))
		if n > 0 {
			if end := h.take(time.Now()); end != goingOn {
				return end
			}
		}
		if err == nil {
			continue
		}
		if end := h.stop(faultOf(err)); end != goingOn {
			return end
		}
	}
}

// arm sets the deadline of the next read: one for the rest of a partial record,
// or none.
func (h *half) arm() {
	wait := h.in.n > 0 && !h.mustComplete()
	if !wait && !h.armed {
		return
	}
	h.armed = wait
	var at time.Time
	if wait {
		at = h.last.Add(joinWait)
	}
	h.s.setReadDeadline(h.in.conn, at)
}

// setReadDeadline sets a deadline, which while draining is never far away.
func (s *Session) setReadDeadline(c net.Conn, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining && at.IsZero() {
		at = time.Now().Add(drainQuiet)
	}
	c.SetReadDeadline(at)
}

// stop says what a failed read means, after passing on what was waiting for its
// rest.
func (h *half) stop(f fault) ending {
	switch f {
	case faultExpired:
		return h.expired(time.Now())
	case faultClosed:
		return byUs
	}
	if end := h.passOn(); end != goingOn {
		return end
	}
	switch f {
	case faultFin:
		return bySource
	case faultLost:
		h.s.notify(PeerLost, "%s: the %s does not answer any more: both connections were reset", h.s, h.dir)
	}
	return aborted
}

// expired handles the end of a read deadline: a partial record has waited long
// enough, or the session drains.
func (h *half) expired(now time.Time) ending {
	h.armed = true
	if h.in.n > 0 && !h.mustComplete() && now.Sub(h.last) >= joinWait {
		return h.passOn()
	}
	quiet := now.Sub(time.Unix(0, h.s.lastRead.Load()))
	if h.s.isDraining() && h.in.n == 0 && quiet >= drainQuiet {
		h.s.cut()
		return byUs
	}
	if h.rests() {
		return afresh
	}
	return goingOn
}

func (s *Session) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// take forwards all that is complete.
func (h *half) take(at time.Time) ending {
	h.last = at
	h.s.lastRead.Store(at.UnixNano())
	h.deepens()
	for h.in.n > 0 {
		p, n := h.cut.next(h.in.pending(), h.altering())
		if n == 0 {
			break
		}
		end := h.forward(at, p, h.in.pending()[:n])
		h.in.consume(n)
		if end != goingOn {
			return end
		}
	}
	return goingOn
}

func (h *half) forward(at time.Time, p piece, b []byte) ending {
	switch p {
	case frames:
		if h.cut.odd > 0 && !h.odd {
			h.oddLength(h.cut.odd - 1)
		}
		if h.altering() {
			return h.alter(at, b)
		}
		return h.send(at, b, b)
	case rest:
		return h.send(at, b, b)
	}
	// RSA and notices take a deep stack. A goroutine of their own gives it back, so
	// that of the half stays small for as long as the session lives.
	done := make(chan ending)
	go func() { done <- h.record(at, p, b) }()
	return <-done
}

// send reports that in was read and out is about to leave, and lets it leave. A late
// connection reports for itself.
func (h *half) send(at time.Time, in, out []byte) ending {
	r := h.s.run.report()
	items := r.items[:0]
	if len(in) > 0 {
		r.parts[0] = h.segment(h.dir, at, in)
		items = append(items, &r.parts[0])
	}
	if len(out) > 0 && !h.s.late[h.dir] {
		r.parts[1] = h.segment(h.dir.Opposite(), at, out)
		items = append(items, &r.parts[1])
	}
	ok := h.s.report(h.dir, items...)
	h.s.run.reported(r)
	if !ok {
		return byUs
	}
	return h.write(out)
}

func (h *half) write(out []byte) ending {
	if len(out) == 0 {
		return goingOn
	}
	if _, err := h.sink().Write(out); err != nil {
		if faultOf(err) == faultClosed {
			return byUs
		}
		return sinkGone
	}
	return goingOn
}

// segment is b on the leg whose far end is leg.
func (h *half) segment(leg stream.Direction, at time.Time, b []byte) stream.Segment {
	return stream.Segment{At: at, Conn: h.s.legs[leg].info.ID, From: h.dir, Data: b}
}

// reportOnly reports what was read and will not be sent.
func (h *half) reportOnly(at time.Time, b []byte) {
	s := h.segment(h.dir, at, b)
	h.s.report(h.dir, &s)
}

// passOn lets a partial record go as it is.
func (h *half) passOn() ending {
	if h.in.n == 0 {
		return goingOn
	}
	b := h.in.pending()
	h.incomplete(b)
	defer h.in.consume(len(b))
	if h.mustComplete() {
		h.reportOnly(h.last, b)
		return goingOn
	}
	if h.dir == stream.FromDevice && h.cut.expects() == identity {
		h.s.decide(Observe, "the device sent no whole identity record")
	}
	h.cut.passOn(b)
	return h.send(h.last, b, b)
}
