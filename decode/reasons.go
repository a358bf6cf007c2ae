package decode

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// The sentences that say why something stays closed or is not what the
// protocol has there, and which key would help.

// identityReason says why an identity stays closed.
func identityReason(err error) string {
	switch {
	case errors.Is(err, lightssl.ErrNoKey):
		return "sealed for the cloud: the server's private key opens it (-k server:FILE)"
	case errors.Is(err, lightssl.ErrDecrypt):
		return "not sealed for the server key given: the device holds another server's public key, or -k names another server's key"
	}
	return err.Error()
}

// sealedReason names the key that would open the session.
func (s *session) sealedReason() string {
	if s.record == nil {
		return "the credentials are not in this capture: this session's key log line opens what follows (-k FILE)"
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
	b := h.pending()
	size := h.recordLen(b)
	switch {
	case h.damaged > 0:
		return fmt.Sprintf("cut off: %d bytes of a record that lost bytes are missing", int(h.damaged)-len(b))
	case h.next == aForeigner:
		return "more of " + h.foreign.String()
	case h.next == anyFrame:
		return "after a gap: no frame can be made out in these bytes"
	case size == 0:
		return "cut off: one byte of a frame's length"
	case h.next == aFrame && size-lightssl.FrameHeaderLen > maxDevice:
		return fmt.Sprintf("cut off: %d of the %d bytes of a frame, which is longer than any device takes (%d)", len(b), size, maxDevice)
	}
	reason := fmt.Sprintf("cut off: %d of the %d bytes of %s", len(b), size, h.next)
	if l := looksLike(b); l != noOther && h.next <= anIdentity {
		reason += "; it begins like " + l.String()
	}
	return reason
}

// maxDevice is the longest ciphertext that any device takes: Device OS 3.x
// (protocol.md section 1.5).
const maxDevice = 928

// foreignHead is how many bytes of a foreign protocol are shown first; enough
// for every prefix that is recognised.
const foreignHead = 16

// protocol is another protocol than the Photon's.
type protocol uint8

const (
	noOther protocol = iota
	anHTTP
	anSSH
	aTLS
)

// String names what is seen of the protocol.
func (p protocol) String() string {
	return [...]string{"", "an HTTP message", "an SSH greeting", "a TLS record"}[p]
}

// looksLike recognises other protocols by their first bytes. Random bytes pass
// for one of them once in a thousand million times.
func looksLike(b []byte) protocol {
	for _, method := range []string{"GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH ", "HTTP/"} {
		if bytes.HasPrefix(b, []byte(method)) {
			return anHTTP
		}
	}
	if bytes.HasPrefix(b, []byte("SSH-")) {
		return anSSH
	}
	if len(b) >= 6 && b[1] == 3 && b[2] <= 4 && (b[0] == 0x16 && (b[5] == 1 || b[5] == 2) || b[0] == 0x15 && b[3] == 0 && b[4] == 2) {
		return aTLS
	}
	return noOther
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
