package decode

import (
	"bytes"
	"crypto/rsa"
	"fmt"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// The sentences that say why something stays closed or is not what the
// protocol has there, and which key would help.

// sealedReason names the key that would open the session.
func (s *session) sealedReason() string {
	if s.half[stream.FromCloud].next == nil || s.record == nil && !s.haveNonce {
		return "the handshake is not in this capture: this session's key log line opens what follows (-k FILE)"
	}
	device := "the device's private key"
	if s.known {
		device = fmt.Sprintf("the private key of device %s", s.device)
	}
	return "sealed: " + device + " (-k device:FILE) or this session's key log line (-k FILE) opens it"
}

// incomplete says what record the pending bytes of a half would have been.
func (s *session) incomplete(from stream.Direction) string {
	h := &s.half[from]
	have := len(h.buf)
	looks := ""
	if l := looksLike(h.buf); l != "" {
		looks = "; it begins like " + l
	}
	switch {
	case h.damaged > 0:
		return fmt.Sprintf("cut off: %d bytes of a record that lost bytes are missing", h.damaged-have)
	case is(h.next, readNonce):
		return fmt.Sprintf("cut off: %d of the %d bytes of the nonce%s", have, lightssl.NonceLen, looks)
	case is(h.next, readIdentity):
		return fmt.Sprintf("cut off: %d of the %d bytes of the identity%s", have, lightssl.IdentityLen, looks)
	case is(h.next, readCredentials):
		return fmt.Sprintf("cut off: %d of the %d bytes of the credentials%s", have, lightssl.CredentialsRecordLen, looks)
	case is(h.next, findFrame):
		return "after a gap: no frame can be made out in these bytes"
	case have < lightssl.FrameHeaderLen:
		return "cut off: one byte of a frame's length"
	}
	return fmt.Sprintf("cut off: %d of the %d bytes of a frame%s", have, lightssl.FrameLen(h.buf), looks)
}

// looksLike recognises other protocols by their first bytes.
func looksLike(b []byte) string {
	for _, method := range []string{"GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH ", "HTTP/"} {
		if bytes.HasPrefix(b, []byte(method)) {
			return "an HTTP message"
		}
	}
	if len(b) >= 3 && (b[0] == 0x16 || b[0] == 0x15) && b[1] == 3 && b[2] <= 4 {
		return "a TLS record"
	}
	if bytes.HasPrefix(b, []byte("SSH-")) {
		return "an SSH greeting"
	}
	return ""
}

// announcedKey returns the key that the device announced, or nil.
func (s *session) announcedKey() *rsa.PublicKey {
	if s.announced == nil {
		return nil
	}
	pub, err := s.announced.PublicKey()
	if err != nil {
		return nil
	}
	return pub
}
