package decode

import (
	"fmt"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// A capture may have lost bytes. Where the length of the gap is known and the
// record it falls into as well, the next record begins at a known place. Where
// not, the half looks for the next plausible frame. In either case at most the
// first 16 bytes of the next frame stay unreadable, because the next IV is the
// head of the frame before.

const (
	// maxPlausible is the longest frame body that is believed when the place of
	// a frame is only a guess: no Photon accepts more (protocol.md, sizes).
	maxPlausible = 1024
	// maxJunk is how many bytes that belong to no frame make one event.
	maxJunk = 1024
)

func (s *session) gap(dst []Event, it *stream.Gap) []Event {
	h := &s.half[it.From]
	if h.ended {
		return dst
	}
	s.last = it.At
	hurried := h.hurried
	h.hurried = true
	dst = s.pump(dst, it.From)
	h.hurried = hurried
	have := h.pending()
	size := h.recordLen(have)
	if len(have) > 0 {
		body := &Malformed{Layer: Wire, Offset: len(have), Reason: h.missing()}
		dst = s.event(dst, origin{h.time(len(have)), it.From, s.d.memory.arena.copy(have)}, body)
	}
	h.lose(have, size, it.Len)
	h.consume(len(have))
	h.compact(&s.d.spare)
	s.conv.Lose(it.From)
	dst = s.event(dst, origin{at: it.At, from: it.From}, &Gap{Len: it.Len})
	dst = s.pump(dst, it.From.Opposite()) // which may have waited for what is lost
	s.half[it.From.Opposite()].compact(&s.d.spare)
	return dst
}

func (h *half) missing() string {
	if h.damaged > 0 || h.next == anyFrame {
		return "more bytes are missing from here"
	}
	return "bytes are missing from here, inside " + h.next.String()
}

// recordLen returns the length of the record that begins with b, or of what is
// left of a damaged one, or 0 if that is not known.
func (h *half) recordLen(b []byte) int {
	switch {
	case h.damaged > 0:
		return int(h.damaged)
	case h.next == aFrame:
		return lightssl.FrameLen(b)
	}
	return h.next.size()
}

// lose moves a half over a gap of n bytes, 0 if unknown, that comes after the
// bytes have of a record of the given size, 0 if unknown.
func (h *half) lose(have []byte, size, n int) {
	if h.next == aForeigner {
		return
	}
	if n == 0 && len(have) == 0 && h.damaged == 0 && h.next <= anIdentity || h.next == aBeginning {
		h.next = aBeginning
		return
	}
	h.keepHead(have)
	left := size - len(have)
	for size > 0 && n > 0 {
		if h.damaged == 0 {
			h.next = h.next.following()
		}
		if h.damaged = int32(max(0, left-n)); n <= left {
			return
		}
		n -= left
		size = h.next.size()
		left = size
	}
	h.next, h.damaged, h.lost = anyFrame, 0, true
	h.hasHead, h.seen = false, true
}

// keepHead notes the head of a frame that is going to lose bytes behind it.
func (h *half) keepHead(have []byte) {
	if h.damaged > 0 || h.next != aFrame {
		return
	}
	h.seen = true
	h.hasHead = len(have) >= lightssl.FrameHeaderLen+lightssl.BlockLen
	if h.hasHead {
		copy(h.head[:], have[lightssl.FrameHeaderLen:])
	}
}

func (h *half) readDamaged(b []byte) (int, Body) {
	n := int(h.damaged)
	if len(b) < n {
		return 0, nil
	}
	h.damaged = 0
	return n, &Malformed{Layer: Wire, Reason: "the rest of a record that lost bytes"}
}

// readAnyFrame looks for the next frame where its place is unknown.
func (s *session) readAnyFrame(from stream.Direction, b []byte) (int, Body) {
	h := &s.half[from]
	at, found := h.room.scanned, no
	for ; at < min(len(b), maxJunk); at++ {
		found = s.plausible(b[at:], at == 0 && h.lost)
		if found == yes || found == needMore && !h.ended {
			break
		}
	}
	h.room.scanned = at
	switch {
	case found == yes && at == 0:
		h.next, h.lost = aFrame, false
		return s.readFrame(from, b)
	case found == yes:
		h.next = aFrame
	case at < maxJunk:
		return 0, nil
	}
	h.room.scanned, h.lost = 0, false
	return at, &Malformed{Layer: Wire, Reason: fmt.Sprintf("%d bytes after a gap belong to no frame", at)}
}

type answer int

const (
	no answer = iota
	yes
	needMore
)

// plausible judges whether a frame begins at the front of b. The first byte
// after a gap usually is the first of a packet, and so of a frame.
func (s *session) plausible(b []byte, first bool) answer {
	if len(b) < lightssl.FrameHeaderLen {
		return needMore
	}
	if !plausibleLen(b) {
		return no
	}
	body, rest, ok := lightssl.CutFrame(b)
	switch {
	case !ok:
		return needMore
	case s.creds != nil && len(body) > lightssl.BlockLen:
		return yesIf(s.padded(body))
	case first:
		return yes
	case len(rest) < lightssl.FrameHeaderLen:
		return needMore
	}
	return yesIf(plausibleLen(rest))
}

// plausibleLen reports whether b begins with the length of a frame that a device
// could send or take.
func plausibleLen(b []byte) bool {
	n := lightssl.FrameLen(b) - lightssl.FrameHeaderLen
	return n > 0 && n%lightssl.BlockLen == 0 && n <= maxPlausible
}

func yesIf(ok bool) answer {
	if ok {
		return yes
	}
	return no
}

// padded reports whether a ciphertext of two blocks or more ends in valid
// padding: its last block needs no IV but the block before.
func (s *session) padded(body []byte) bool {
	last := len(body) - lightssl.BlockLen
	_, err := s.d.ciphers.of(s).Open(s.d.scratch[:0], body[last-lightssl.BlockLen:last], body[last:])
	return err == nil
}

// withoutNonce tells whether a capture began between the nonce and the credentials:
// the device has said its identity before the cloud said anything, and the cloud's
// frames begin where the credentials end.
func (s *session) withoutNonce(from stream.Direction, b []byte) answer {
	h, device := &s.half[from], &s.half[stream.FromDevice]
	const n = lightssl.CredentialsRecordLen
	switch {
	case from == stream.FromDevice || device.next != anIdentity || len(device.pending()) < lightssl.IdentityLen:
		return no
	case len(b) >= n+lightssl.FrameHeaderLen:
		return yesIf(plausibleLen(b[n:]))
	case !h.ended && !h.hurried && !device.ended:
		return needMore
	}
	return yesIf(len(b) == n)
}

// begin tells how a half begins of a connection whose opening was not captured:
// with its first record, or among frames. Two lengths in a row that only frames
// have tell frames; one alone would be seen in one nonce out of a thousand. What
// one half tells holds for the other as well.
func (s *session) begin(dst []Event, from stream.Direction, b []byte) ([]Event, bool) {
	h := &s.half[from]
	n := lightssl.FrameLen(b)
	switch {
	case s.midway:
	case len(b) < lightssl.FrameHeaderLen || plausibleLen(b) && len(b) < n+lightssl.FrameHeaderLen:
		if !h.ended {
			return dst, false
		}
		s.midway = len(b) == n
	case plausibleLen(b):
		s.midway = plausibleLen(b[n:])
	}
	if !s.midway {
		switch h.next = firstRecord(from); s.withoutNonce(from, b) {
		case needMore:
			h.next = aBeginning
			return dst, false
		case yes:
			h.next = theCredentials
			dst = s.event(dst, origin{at: h.time(1), from: from}, &Gap{Len: lightssl.NonceLen})
		}
		return dst, true
	}
	h.next, h.seen, h.lost = anyFrame, true, true
	return s.event(dst, origin{at: h.time(1), from: from}, &Gap{}), true
}
