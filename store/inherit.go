package store

// prime makes the sessions and connections of an older store known, in the same
// order, before its events are appended again.
func (s *sessions) prime(old *sessions) {
	s.newest, s.expired = old.expired, old.expired
	for _, v := range old.list {
		s.sessionOf(v.Number)
	}
	for id, c := range old.conns {
		v := s.sessionOf(c.session.Number)
		v.Legs[c.leg].Conn = c.session.Legs[c.leg].Conn
		conn := newConnection(v, c.leg)
		conn.credentials, conn.handshake, conn.servers = c.credentials, c.handshake, c.servers
		s.conns[id] = conn
	}
}

// inherit takes over what the events that were appended again do not tell: the
// figures of sessions of which some are evicted. A session that was decoded again
// keeps its beginning, and counts what is left of it.
func (s *sessions) inherit(r *redecoding, m moves) {
	for _, was := range r.old.list {
		v := s.sessionOf(was.Number)
		for i := range was.Legs {
			leg := &was.Legs[i]
			switch {
			case !leg.Seen || leg.FirstSeq >= r.from.first:
			case r.chosen[leg.Conn.ID] && v.Legs[i].Seen:
				v.Legs[i].continues(leg, m)
			default:
				v.Legs[i], v.times[i] = *leg, was.times[i]
				v.Legs[i].move(m)
			}
		}
		if was.Known && !v.Known {
			v.Device, v.Known = was.Device, true
		}
		if !v.Hello.Seen {
			v.Hello = was.Hello
		}
	}
}

// continues takes the beginning of a leg from what was known of it.
func (l *Leg) continues(was *Leg, m moves) {
	l.First, l.FirstSeq = was.First, was.FirstSeq
	for i := range l.Steps {
		if was.Steps[i].Done && !l.Steps[i].Done {
			l.Steps[i] = was.Steps[i]
			l.Steps[i].Seq = m.at(l.Steps[i].Seq)
		}
	}
	l.Opened = l.Opened || was.Opened
}

// move has the numbers of a leg follow their events.
func (l *Leg) move(m moves) {
	l.LastSeq, l.LastMessage = m.at(l.LastSeq), m.at(l.LastMessage)
	for i := range l.Steps {
		l.Steps[i].Seq = m.at(l.Steps[i].Seq)
	}
}
