package decode

import "github.com/photonscope/photonscope/decode/lightssl"

// A proxy that splices seals the session's credentials anew for the device, so each
// of its two legs has a record of its own, for another key. Who opens one knows
// what is in the other one, if the proxy did only that. Whether it did is told by
// the other leg alone: by the signature in its record or, where that cannot be
// checked, by a frame. Until then it stays sealed.

// otherLeg is what opened credentials that are known from the other leg.
const otherLeg = "other leg"

// untried is no generation of a keyring.
const untried = ^uint64(0)

// offer tells the other leg, if it is there, what this one was opened with.
func (s *session) offer() {
	if !s.paired {
		return
	}
	if other := s.d.sessions[s.conn.Pair]; other != nil {
		other.take(s.creds)
	}
}

// take notes what opened the other leg, nil if nothing did yet, to be tried on the
// record if it was seen, and then on the next frames.
func (s *session) take(c *lightssl.Credentials) {
	if c != nil && s.creds == nil {
		s.offered, s.generation = c, untried
	}
}

// provesOffered reports whether the signature of the record at hand proves that it
// holds what the other leg does.
func (s *session) provesOffered(o *lightssl.Opened) bool {
	if s.offered == nil || s.d.keys.CheckSignature(s.record[:], *s.offered) != lightssl.SignatureVerified {
		return false
	}
	*o = lightssl.Opened{Credentials: *s.offered, Source: otherLeg, Signature: lightssl.SignatureVerified}
	return true
}

// fitsOffered opens the session with what opened the other leg, if a frame proves it.
func (s *session) fitsOffered(h *half, ciphertext []byte) bool {
	if s.offered == nil || !h.fits(*s.offered, ciphertext) {
		return false
	}
	signature := lightssl.SignatureUnchecked
	if s.record != nil {
		signature = s.d.keys.CheckSignature(s.record[:], *s.offered)
	}
	s.late = &Credentials{Opened: true, Credentials: *s.offered, Nonce: s.nonce, HasNonce: s.haveNonce,
		Source: otherLeg, Signature: signature.String()}
	s.start(*s.offered)
	return true
}
