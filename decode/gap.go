package decode

import (
	"fmt"
	"reflect"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// A capture may have lost bytes. Where the length of the gap is known and the
// record it falls into as well, the next record begins at a known place. Where
// not, the half looks for the next plausible frame. In either case at most the
// first 16 bytes of the next frame stay unreadable, because the next IV is the
// head of the frame before.

// maxPlausible is the longest frame body that is believed when the place of a
// frame is only a guess: no Photon accepts more (protocol.md, sizes).
const maxPlausible = 1024

func (s *session) gap(dst []Event, it stream.Gap) []Event {
	h := &s.half[it.From]
	if h.ended {
		return dst
	}
	h.forced = true
	dst = s.pump(dst)
	have := len(h.buf)
	size := s.recordLen(it.From)
	if have > 0 {
		body := &Malformed{Layer: "wire", Offset: have, Reason: "bytes are missing from here"}
		dst = append(dst, s.event(h.time(have), it.From, s.d.arena.copy(h.buf), body))
	}
	s.lose(it.From, size, it.Len)
	h.drop(have)
	return append(dst, s.event(it.At, it.From, nil, &Gap{Len: it.Len}))
}

// recordLen returns the length of the record at the front of a half, or 0 if
// that is not known.
func (s *session) recordLen(from stream.Direction) int {
	h := &s.half[from]
	switch {
	case h.damaged > 0:
		return h.damaged
	case is(h.next, readNonce):
		return lightssl.NonceLen
	case is(h.next, readIdentity):
		return lightssl.IdentityLen
	case is(h.next, readCredentials):
		return lightssl.CredentialsRecordLen
	case is(h.next, readFrame):
		return lightssl.FrameLen(h.buf)
	}
	return 0
}

// lose moves a half over a gap of n bytes that begins inside or in front of a
// record of the given size.
func (s *session) lose(from stream.Direction, size, n int) {
	h := &s.half[from]
	have := len(h.buf)
	if h.damaged == 0 && is(h.next, readFrame) {
		h.seen = true
		h.hasHead = have >= lightssl.FrameHeaderLen+lightssl.BlockLen
		if h.hasHead {
			copy(h.head[:], h.buf[lightssl.FrameHeaderLen:])
		}
	}
	left := size - have - n
	if size == 0 || n == 0 || left < 0 {
		h.damaged, h.hasHead, h.seen, h.next = 0, false, true, findFrame
		return
	}
	if h.damaged == 0 {
		h.next = following(h.next)
	}
	h.damaged = left
}

// following returns the state after a record that was lost.
func following(st state) state {
	if is(st, readNonce) {
		return readCredentials
	}
	return readFrame
}

// is compares states: functions, which Go does not compare.
func is(a, b state) bool { return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() }

// findFrame looks for the next frame where its place is unknown. It is the
// state after a gap.
func findFrame(s *session, from stream.Direction, b []byte) (int, Body, state) {
	for at := range b {
		switch s.plausible(from, b[at:], at == 0) {
		case needMore:
			if !s.half[from].ended {
				return 0, nil, nil
			}
		case yes:
			if at == 0 {
				return readFrame(s, from, b)
			}
			reason := fmt.Sprintf("%d bytes after a gap belong to no frame", at)
			return at, &Malformed{Layer: "wire", Reason: reason}, readFrame
		}
	}
	return 0, nil, nil
}

type answer int

const (
	no answer = iota
	yes
	needMore
)

// plausible judges whether a frame begins at the front of b. The first byte
// after a gap usually is the first of a packet, and so of a frame.
func (s *session) plausible(from stream.Direction, b []byte, first bool) answer {
	if len(b) < lightssl.FrameHeaderLen {
		return needMore
	}
	n := lightssl.FrameLen(b) - lightssl.FrameHeaderLen
	if n == 0 || n%lightssl.BlockLen != 0 || n > maxPlausible {
		return no
	}
	body, rest, ok := lightssl.CutFrame(b)
	if !ok {
		return needMore
	}
	if s.creds != nil && n > lightssl.BlockLen {
		return yesIf(s.padded(body))
	}
	if first {
		return yes
	}
	if len(rest) < lightssl.FrameHeaderLen {
		return needMore
	}
	next := lightssl.FrameLen(rest) - lightssl.FrameHeaderLen
	return yesIf(next > 0 && next%lightssl.BlockLen == 0 && next <= maxPlausible)
}

func yesIf(ok bool) answer {
	if ok {
		return yes
	}
	return no
}

// padded reports whether a ciphertext of two blocks or more ends in valid
// padding, for which its IV need not be known.
func (s *session) padded(body []byte) bool {
	_, err := lightssl.NewCipher(*s.creds).Open(nil, body)
	return err == nil
}
