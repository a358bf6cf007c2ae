package proxy

import (
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// silence makes the session send nothing any more.
func (s *Session) silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = true
	s.endHandshake()
}

// uniformEnd ends a session whose identity failed in the one way there is,
// whatever the reason, so that nobody can use us to learn something about an
// identity record: nothing is sent to either peer, what the device still sends is
// drained, and the FIN comes at a fixed time after the record's last byte.
// Draining matters: closing with unread bytes would turn the FIN into a reset.
func (s *Session) uniformEnd(in *source, recordAt time.Time) {
	fin := recordAt.Add(uniformClose)
	f := discard(in, fin)
	if f == faultReset || f == faultClosed {
		s.abort(stream.FromDevice)
		return
	}
	if f == faultFin {
		s.run.pause(time.Until(fin))
	}
	s.mu.Lock()
	if !s.over {
		s.tap(s.sentAway()...)
		s.over = true
	}
	s.mu.Unlock()
	closeWrite(s.legs[stream.FromDevice].conn)
	if up := s.legs[stream.FromCloud].conn; up != nil {
		up.Close()
	}
	if f != faultFin {
		discard(in, fin.Add(lingerAfterFIN))
	}
}

// sendAway closes the device's connection, which has heard nothing.
func (s *Session) sendAway() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.tap(s.sentAway()...)
	s.end()
}

// sentAway returns the items that end the session: the device gets a FIN, and is
// not listened to any more; upstream nobody closed.
func (s *Session) sentAway() []stream.Item {
	now := time.Now()
	var items []stream.Item
	for _, leg := range stream.Directions {
		id := s.legs[leg].info.ID
		if id == 0 {
			continue
		}
		how := stream.Cut
		if leg == stream.FromDevice {
			how = stream.Fin
		}
		items = append(items, &stream.Closed{At: now, Conn: id, From: stream.FromCloud, How: how},
			&stream.Closed{At: now, Conn: id, From: stream.FromDevice, How: stream.Cut})
	}
	return items
}

// discard reads and forgets until a time or the end of the connection.
func discard(in *source, until time.Time) fault {
	for {
		in.conn.SetReadDeadline(until)
		in.n = 0
		in.release()
		if _, err := in.fill(1); err != nil {
			if f := faultOf(err); f != faultExpired || !time.Now().Before(until) {
				return f
			}
		}
	}
}
