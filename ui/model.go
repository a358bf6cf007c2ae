package ui

import (
	"fmt"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// Source is where the events are. Its methods may be called while it grows.
type Source interface {
	Len() int // never falls
	Event(i int) decode.Event
}

// model is the events as the screen sees them. A paused screen sees those that
// there were when it was paused.
type model struct {
	source Source
	n      int
	paused bool
}

func newModel(s Source) *model { return &model{source: s} }

// Len implements rowSource.
func (m *model) Len() int { return m.n }

func (m *model) event(i int) decode.Event { return m.source.Event(i) }

// refresh takes notice of what came, unless the screen is paused.
func (m *model) refresh() bool {
	if n := m.source.Len(); n != m.n && !m.paused {
		m.n = n
		return true
	}
	return false
}

// waiting returns how many events came since the screen was paused.
func (m *model) waiting() int { return m.source.Len() - m.n }

// summary says in a few words what is going on.
func (m *model) summary() string { return fmt.Sprintf("%d events", m.source.Len()) }

// maxBack is how far back the frame before one is looked for.
const maxBack = 20_000

// cipherAt returns the key and the IV that a frame was sealed with, and says
// where the IV comes from. ok is false if the session's keys are not known.
func (m *model) cipherAt(i int) (key, iv []byte, from Safe, ok bool) {
	frame := m.event(i)
	for j := i - 1; j >= max(i-maxBack, 0); j-- {
		e := m.event(j)
		if e.Conn.ID != frame.Conn.ID {
			continue
		}
		if c, opened := e.Body.(*decode.Credentials); opened && c.Opened {
			if iv == nil {
				iv, from = c.Credentials.IV(), "from the credentials, because this is the first frame in this direction"
			}
			return c.Credentials.Key(), iv, from, true
		}
		if iv == nil && e.From == frame.From && len(e.Raw) >= lightssl.FrameHeaderLen+lightssl.BlockLen && isFrame(&e) {
			iv = e.Raw[lightssl.FrameHeaderLen : lightssl.FrameHeaderLen+lightssl.BlockLen]
			from = Safe(fmt.Sprintf("the first 16 bytes of ciphertext of the frame before in this direction, number %d: %x", j+1, iv))
		}
	}
	return nil, nil, "", false
}

// isFrame reports whether an event is a frame, in contrast to a record of the
// handshake.
func isFrame(e *decode.Event) bool {
	switch e.Body.(type) {
	case *decode.Message, *decode.Sealed, *decode.Malformed:
		return true
	}
	return false
}
