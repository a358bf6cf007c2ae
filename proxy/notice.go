package proxy

import (
	"bytes"
	"net/netip"
	"sync"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// NoticeKind says what a notice is about. Its text is one lower-case word with
// hyphens.
type NoticeKind uint8

// The kinds of notices.
const (
	ModeChosen         NoticeKind = iota // a session's mode is fixed, and why
	UpstreamFailed                       // the cloud could not be reached
	UpstreamSilent                       // the cloud accepted and sends no nonce
	UpstreamForeign                      // what answers is no such cloud: HTTP, TLS …
	DeviceForeign                        // what connected is no device: HTTP, TLS …
	RecordIncomplete                     // a partial record was passed on as it is
	OddFrame                             // a frame length of 0 or no multiple of 16
	IdentityRefused                      // splice or terminate mode: the identity failed
	DeviceKeyRefused                     // the key a device announced is no RSA key to work with
	CredentialsRefused                   // the cloud's credentials do not open or are not signed by it
	HandshakeTimeout                     // the handshake made no progress or took too long
	PeerLost                             // a peer stopped answering on the TCP level
	ClientRefused                        // not an address that may connect
	DestinationRefused                   // transparent mode: not where a device may be connected to
	LimitHit                             // one of Limits
	HookFailed                           // what a hook returned cannot be sent
)

var noticeNames = [...]string{
	"mode-chosen", "upstream-failed", "upstream-silent", "upstream-foreign", "device-foreign",
	"record-incomplete", "odd-frame", "identity-refused", "device-key-refused",
	"credentials-refused", "handshake-timeout", "peer-lost", "client-refused",
	"destination-refused", "limit-hit", "hook-failed",
}

// String returns the kind's word, such as "upstream-failed".
func (k NoticeKind) String() string { return noticeNames[k] }

// Notice is a fact for the person who runs the proxy.
type Notice struct {
	At     time.Time
	Kind   NoticeKind
	Conn   stream.Conn    // the device leg; its ID is 0 if the connection got no number
	Client netip.AddrPort // the device's address, the zero value if there is none
	Mode   Mode           // of ModeChosen
	Text   string         // one sentence: what, where, what to do
	Count  int            // how many of this kind it stands for: at least 1
}

// noticeInterval is how often strangers can cause a notice of one kind.
const noticeInterval = time.Second

// noticeBoard passes notices on, those that strangers can cause at a bounded
// rate and with their number.
type noticeBoard struct {
	mu   sync.Mutex
	seen [len(noticeNames)]struct {
		at    time.Time
		count int
	}
}

func (r *running) notify(n Notice) {
	if r.Notice == nil {
		return
	}
	n.At, n.Count = time.Now(), 1
	switch n.Kind {
	case ClientRefused, DestinationRefused, LimitHit:
		if n.Count = r.board.count(n.Kind, n.At); n.Count == 0 {
			return
		}
	}
	r.Notice(n)
}

// count returns how many notices of a kind the present one stands for, or 0 if
// it is too early for another.
func (b *noticeBoard) count(k NoticeKind, now time.Time) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &b.seen[k]
	s.count++
	if !s.at.IsZero() && now.Sub(s.at) < noticeInterval {
		return 0
	}
	n := s.count
	s.at, s.count = now, 0
	return n
}

// incomplete announces that a partial record goes as it is, or if it is known
// for something else, what it is.
func (h *half) incomplete(b []byte) {
	if len(h.cut.handshake) > 0 && h.foreign(b) {
		return
	}
	then := "passed on as they are"
	if h.mustComplete() {
		then = "not passed on, because the splice needs it whole"
	}
	h.s.notify(RecordIncomplete, "%s: %d bytes from the %s are no whole %s (%d expected): %s",
		h.s, len(b), h.dir, h.cut.expects(), h.cut.want(b), then)
}

// foreign announces traffic that is not ours, if the first bytes say so.
func (h *half) foreign(b []byte) bool {
	protocol := protocolOf(b)
	if protocol == "" {
		return false
	}
	if h.dir == stream.FromCloud {
		h.s.notify(UpstreamForeign, "%s: the server at %s speaks %s, not the Photon's protocol: check the upstream's port (5683 by default)",
			h.s, h.s.legs[stream.FromCloud].info.Cloud, protocol)
		return true
	}
	h.s.notify(DeviceForeign, "%s: this client speaks %s, so it is no Photon: check who connects to this port", h.s, protocol)
	return true
}

// protocolOf names the protocol that bytes at the start of a connection belong
// to, "" if it is none of the usual ones.
func protocolOf(b []byte) string {
	switch {
	case len(b) >= 3 && (b[0] == 0x15 || b[0] == 0x16) && b[1] == 3 && b[2] <= 4:
		return "TLS"
	case bytes.HasPrefix(b, []byte("SSH-")):
		return "SSH"
	}
	for _, word := range [...]string{"HTTP/", "GET ", "HEAD ", "POST ", "PUT ", "OPTIONS ", "CONNECT ", "PRI * HTTP/2"} {
		if bytes.HasPrefix(b, []byte(word)) {
			return "HTTP"
		}
	}
	return ""
}

func (h *half) oddLength(n int) {
	h.odd = true
	h.s.notify(OddFrame, "%s: the %s sent a frame of %d bytes, which is no positive multiple of 16: forwarded as it is; some peers lose the session over it (further ones are not announced)",
		h.s, h.dir, n)
}
