package ui

import (
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
)

// evidence says what a finding rests on. Its events have the numbers that they have
// in lists, as far as they are held.
func (m *model) evidence(seq store.Seq, f *decode.Finding) (texts []string) {
	for _, v := range f.Evidence {
		text := v.String()
		if at, ok := m.placeOf(seq, &v); ok {
			at = m.listed(at)
			v.Event, v.Session = int(at)+1, 0 // the number says enough
			text = v.String()
		} else if v.Event > 0 {
			text = "of its connection " + text
		}
		texts = append(texts, text)
	}
	return texts
}

// listed returns the event that lists show of two that are the same on both legs.
func (m *model) listed(seq store.Seq) store.Seq {
	twin, ok := m.store.Twin(seq)
	if row, held := m.store.Row(seq); !ok || !held || row.Leg != stream.CloudLeg || row.Flags&store.Differs != 0 {
		return seq
	}
	return twin
}

// spot names an event as a finding does.
type spot struct {
	conn  stream.ConnID
	event int // its number within the connection
	epoch uint64
}

// placeOf returns the event that a finding rests on.
func (m *model) placeOf(finding store.Seq, v *decode.Evidence) (store.Seq, bool) {
	row, ok := m.store.Row(finding)
	session, known := m.store.Session(row.Session)
	conn := row.Conn
	if v.Session > 0 {
		session, known = m.store.Session(v.Session)
		conn = session.Main().Conn.ID
	}
	if !ok || !known || v.Event == 0 {
		return 0, false
	}
	s := spot{conn, v.Event, m.store.Epoch()}
	at, found := m.spots[s]
	if !found {
		if at, found = m.countTo(&session, s); found {
			m.spots[s] = at
		}
	}
	return at, found
}

// maxCount is how many events are counted to find one.
const maxCount = 200_000

// countTo returns the event with a number within its connection.
func (m *model) countTo(session *store.Session, s spot) (store.Seq, bool) {
	for i := range session.Legs {
		l := &session.Legs[i]
		if !l.Seen || l.Conn.ID != s.conn {
			continue
		}
		n := 0
		for at := l.FirstSeq; at <= l.LastSeq && at-l.FirstSeq < maxCount; at++ {
			r, held := m.store.Row(at)
			if !held {
				return 0, false
			}
			if r.Conn != s.conn || r.Type == store.TypeFinding {
				continue
			}
			if n++; n == s.event {
				return at, true
			}
		}
	}
	return 0, false
}
