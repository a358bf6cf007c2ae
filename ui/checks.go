package ui

import (
	"fmt"
	"strings"

	"github.com/photonscope/photonscope/decode"
)

// checks says in two lines what was checked of a step, and whether it failed.
func (h *handshake) checks(i int, t *taken) (lines []Safe, failed bool) {
	switch b := t.event.Body.(type) {
	case *decode.Nonce:
		return []Safe{"40 bytes ✓", Safe(fmt.Sprintf("%x…", b.Nonce[:12]))}, false
	case *decode.Identity:
		return identityChecks(b)
	case *decode.Credentials:
		return credentialsChecks(b)
	}
	return []Safe{h.app.summaryOf(&t.event), Safe(fmt.Sprintf("encrypted frame of %d bytes", len(t.event.Raw)))}, false
}

// sealed reports whether a step is there, but no key opens it.
func sealed(e *decode.Event) bool {
	switch b := e.Body.(type) {
	case *decode.Identity:
		return !b.Opened
	case *decode.Credentials:
		return !b.Opened
	}
	return false
}

func identityChecks(b *decode.Identity) ([]Safe, bool) {
	if !b.Opened {
		return []Safe{"256 bytes ✓   opens with a server key ·", Safe(b.Reason)}, false
	}
	first := Safe("opens with the server key ✓")
	nonce := Safe("nonce repeated ✓")
	failed := b.HasNonce && !b.NonceOK
	if failed {
		nonce = "nonce repeated ✗"
	}
	second := "device " + Safe(b.Identity.Device.String())
	if len(b.Identity.Key) > 0 {
		if _, err := b.Identity.PublicKey(); err == nil {
			second += ", announces its key ✓"
		} else {
			second += ", announces a key that is none ✗"
			failed = true
		}
	}
	return []Safe{first + "   " + nonce, second}, failed
}

func credentialsChecks(b *decode.Credentials) ([]Safe, bool) {
	if !b.Opened {
		return []Safe{"384 bytes ✓   opens with a device key ·", Safe(b.Reason)}, false
	}
	signs := map[string]Safe{"verified": "signature ✓", "failed": "signature ✗"}
	sign, ok := signs[b.Signature]
	if !ok {
		sign = "signature · " + Safe(b.Signature)
	}
	return []Safe{"opened by " + Safe(strings.TrimPrefix(b.OpenedBy(), "the ")) + " ✓   " + sign, "AES key, IV and salt of this session"}, b.Signature == "failed"
}
