package rules

import "time"

// run takes packets from the queue until the connection closes.
func (l *line) run() {
	d := disturbance{line: l, began: time.Now()}
	for {
		select {
		case p := <-l.queue:
			d.pass(p)
		case <-d.alarm:
			d.alarm = nil
			d.expire()
		case <-l.over:
			return
		}
		d.schedule()
	}
}

// disturbance is the state of the toxics of one direction.
type disturbance struct {
	*line
	began   time.Time
	alarm   <-chan time.Time // of timeout and reset_peer
	set     bool
	passed  int64 // bytes, for limit_data
	stopped bool  // limit_data has closed
}

// active returns the toxics by name. The last of a name counts.
func (d *disturbance) active() map[string]*counter {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string]*counter{}
	for _, c := range d.toxics {
		all[c.action.(*fault).info.Name] = c
	}
	return all
}

func valuesOf(c *counter) values { return c.action.(*fault).values }

// schedule sets the alarm of a toxic that ends the session.
func (d *disturbance) schedule() {
	if d.set {
		return
	}
	for name, c := range d.active() {
		after := time.Duration(valuesOf(c)["timeout"])
		if name == "reset_peer" || name == "timeout" && after > 0 {
			d.set, d.alarm = true, time.After(after)
		}
	}
}

// expire ends the session as the toxic says.
func (d *disturbance) expire() {
	_, reset := d.active()["reset_peer"]
	d.end(reset)
}

// pass lets a packet go on, late, slowly and in pieces.
func (d *disturbance) pass(p packet) {
	t := d.active()
	if c := t["latency"]; c != nil {
		v := valuesOf(c)
		late := v["latency"]
		if j := v["jitter"]; j > 0 {
			late += c.rand.Int64N(2*j+1) - j
		}
		d.pause(time.Until(p.at.Add(time.Duration(late))))
	}
	if p.end {
		if c := t["slow_close"]; c != nil {
			d.pause(time.Duration(valuesOf(c)["delay"]))
		}
		d.closeWriteNow()
		return
	}
	if t["timeout"] != nil || t["reset_peer"] != nil || d.stopped {
		return
	}
	if c := t["bandwidth"]; c != nil {
		if rate := valuesOf(c)["rate"]; rate > 0 {
			d.pause(time.Duration(int64(len(p.b)) * int64(time.Second) / (rate * 1000)))
		}
	}
	if c := t["limit_data"]; c != nil {
		d.limit(p.b, valuesOf(c)["bytes"], t["slicer"])
		return
	}
	d.write(p.b, t["slicer"])
}

// limit passes what is left of so many bytes, and closes behind the last.
func (d *disturbance) limit(b []byte, most int64, slicer *counter) {
	left := max(0, most-d.passed)
	d.passed += int64(len(b))
	if d.passed <= most {
		d.write(b, slicer)
	} else {
		d.write(b[:left], slicer)
	}
	if d.passed >= most {
		d.stopped = true
		d.end(false)
	}
}

// write writes in pieces if there is a slicer.
func (d *disturbance) write(b []byte, slicer *counter) {
	for len(b) > 0 {
		n := len(b)
		if slicer != nil {
			v := valuesOf(slicer)
			size := v["average_size"]
			if w := v["size_variation"]; w > 0 {
				size += slicer.rand.Int64N(2*w+1) - w
			}
			n = min(n, max(1, int(size)))
		}
		if _, err := d.writeNow(b[:n]); err != nil {
			d.mu.Lock()
			d.failed = err
			d.mu.Unlock()
			return
		}
		if b = b[n:]; slicer != nil && len(b) > 0 {
			d.pause(time.Duration(valuesOf(slicer)["delay"]))
		}
	}
}

// pause waits, but not for a connection that is closed, nor once the engine lets
// all go.
func (d *disturbance) pause(t time.Duration) {
	if t <= 0 {
		return
	}
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.over:
	case <-d.session.engine.closed:
	}
}
