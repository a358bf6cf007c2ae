package proxy

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// handshake is what a session knows until the credentials have passed. The
// session's lock guards it.
type handshake struct {
	watch     *time.Timer
	silent    bool // the cloud's silence was announced
	nonce     lightssl.Nonce
	nonceSeen bool
	mode      Mode    // Auto until decided
	splice    *splice // in splice mode
}

// splice is what it takes to pass the credentials on.
type splice struct {
	id     lightssl.DeviceID
	key    *rsa.PrivateKey // stands for the device at the cloud
	device *rsa.PublicKey  // the one the device announced
}

// decideEarly fixes the mode if no identity need be opened for it.
func (s *Session) decideEarly() {
	switch {
	case s.run.mayOpen():
	case s.run.Mode == Observe:
		s.decide(Observe, "you asked for it")
	case s.run.ServerKey == nil:
		s.decide(Observe, "there is no server key")
	default:
		s.decide(Observe, "there is no key to impersonate a device with")
	}
}

// decide fixes the mode once and announces it.
func (s *Session) decide(m Mode, reason string) {
	s.mu.Lock()
	fixed := s.hs == nil || s.hs.mode != Auto
	if !fixed {
		s.hs.mode = m
	}
	s.mu.Unlock()
	if fixed {
		return
	}
	text := fmt.Sprintf("%s: %s, because %s", s, m, reason)
	if m == Observe {
		text += "; every byte passes unchanged, and messages stay sealed unless the device's private key or a key log is at hand"
	}
	s.run.notify(Notice{Kind: ModeChosen, Conn: s.Conn(), Client: s.client(), Mode: m, Text: text})
}

// mustComplete reports whether the record that comes next is one that splice
// mode has to open, so that a part of it cannot be passed on.
func (h *half) mustComplete() bool {
	if len(h.cut.handshake) == 0 {
		return false
	}
	if h.s.run.Mode == Splice {
		return true
	}
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.s.hs != nil && h.s.hs.mode == Splice
}

// record forwards one handshake record, opened and sealed anew in splice mode.
func (h *half) record(at time.Time, p piece, b []byte) ending {
	out := b
	switch p {
	case nonce:
		h.foreign(b)
		h.s.setNonce(b)
	case identity:
		if h.foreign(b); h.s.run.mayOpen() {
			sealed, ok := h.s.identity(b)
			if !ok {
				h.reportOnly(at, b)
				h.s.silence()
				return turnedAway
			}
			out = sealed
		}
	case credentials:
		sealed, ok := h.s.credentials(b)
		if !ok {
			h.reportOnly(at, b)
			h.s.cut()
			return byUs
		}
		out = sealed
	}
	end := h.sendRecord(at, p, b, out)
	h.s.progress.Store(time.Now().UnixNano())
	if p == credentials && end == goingOn {
		h.s.establish()
	}
	return end
}

func (s *Session) setNonce(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hs != nil {
		s.hs.nonce, s.hs.nonceSeen = lightssl.Nonce(b), true
	}
}

// identity opens the device's identity record and returns what goes to the
// cloud in its place: the same bytes in observe mode. ok is false if the device
// must be refused, all such devices alike.
func (s *Session) identity(record []byte) (out []byte, ok bool) {
	opened, admitted, served := s.admit(record)
	switch {
	case !served:
		s.notify(LimitHit, "%s: its identity was not opened: too many of them per second; the session ends as any whose identity fails", s)
		return nil, false
	case !admitted:
		return s.unspliced(record, "the identity record does not open with the server key as the answer to this nonce: other server key on the device, or firmware that announces no key")
	}
	if s.run.OnIdentity != nil {
		s.run.OnIdentity(record, opened)
	}
	key := s.run.DeviceKey(opened.Device)
	if key == nil {
		return s.unspliced(record, fmt.Sprintf("there is no key to impersonate device %s with: photonscope keys register makes one", opened.Device))
	}
	pub, err := usableKey(opened)
	if err != nil {
		s.notify(DeviceKeyRefused, "%s: device %s announces a key that cannot be sealed for (%v): write it a new one with particle keys new, or observe", s, opened.Device, err)
		return nil, false
	}
	return s.sealIdentity(opened, &splice{opened.Device, key, pub})
}

// admit opens an identity record within the limits.
func (s *Session) admit(record []byte) (id lightssl.Identity, ok, served bool) {
	s.mu.Lock()
	n, seen := s.hs.nonce, s.hs.nonceSeen
	s.mu.Unlock()
	wait, served := s.run.rsa.admit(s.client().Addr(), time.Now())
	if !served {
		return id, false, false
	}
	if wait > 0 {
		s.run.pause(wait)
	}
	s.run.rsa.do(func() { id, ok = lightssl.AdmitIdentity(record, n, s.run.ServerKey) })
	return id, ok && seen, true
}

// unspliced handles a device that cannot be spliced: observed if that was left
// to us, refused if splicing was demanded.
func (s *Session) unspliced(record []byte, reason string) ([]byte, bool) {
	if s.run.Mode == Splice {
		s.notify(IdentityRefused, "%s: refused, because %s", s, reason)
		return nil, false
	}
	s.decide(Observe, reason)
	return record, true
}

// usableKey returns the announced key if credentials can be sealed for it,
// which takes more than that it parses.
func usableKey(id lightssl.Identity) (*rsa.PublicKey, error) {
	pub, err := id.PublicKey()
	if err != nil {
		return nil, err
	}
	//lint:ignore SA1019 the protocol is PKCS #1 v1.5 and nothing else
	_, err = rsa.EncryptPKCS1v15(rand.Reader, pub, make([]byte, lightssl.CredentialsLen))
	if err == nil && pub.Size() != lightssl.SealedCredentialsLen {
		err = fmt.Errorf("it has %d bits, not 1024", pub.N.BitLen())
	}
	return pub, err
}

// sealIdentity claims for the cloud what the device claimed, but with our key.
func (s *Session) sealIdentity(id lightssl.Identity, sp *splice) ([]byte, bool) {
	der, err := lightssl.AnnouncedKey(&sp.key.PublicKey)
	var record []byte
	if err == nil {
		id.Key = der
		record, err = lightssl.SealIdentity(id, s.run.cloudKey())
	}
	if err != nil {
		s.notify(IdentityRefused, "%s: refused, because the keys to stand for device %s at the cloud do not serve: %v", s, sp.id, err)
		return nil, false
	}
	if s.run.OnIdentity != nil {
		s.run.OnIdentity(record, id)
	}
	s.mu.Lock()
	if s.hs != nil {
		s.hs.splice = sp
	}
	s.mu.Unlock()
	s.decide(Splice, fmt.Sprintf("the server key opens the identity of device %s and a key stands for it at the cloud; every message can be read", sp.id))
	return record, true
}

// credentials returns what goes to the device in place of the cloud's record:
// in splice mode the same credentials, sealed for the device and signed with
// the server key.
func (s *Session) credentials(record []byte) (out []byte, ok bool) {
	s.mu.Lock()
	var sp *splice
	var n lightssl.Nonce
	if s.hs != nil {
		sp, n = s.hs.splice, s.hs.nonce
	}
	s.mu.Unlock()
	if sp == nil {
		return record, true
	}
	var creds lightssl.Credentials
	var err error
	s.run.rsa.do(func() { creds, err = lightssl.OpenCredentials(record, sp.key, s.run.cloudKey()) })
	if err != nil {
		s.notify(CredentialsRefused, "%s: closed, because %s", s, whyRefused(err, sp.id))
		return nil, false
	}
	if s.run.KeyLog != nil {
		s.run.KeyLog(n, creds)
	}
	s.run.rsa.do(func() { out, err = lightssl.SealCredentials(creds, sp.device, s.run.ServerKey) })
	if err != nil {
		s.notify(CredentialsRefused, "%s: closed, because the credentials cannot be sealed for device %s: %v", s, sp.id, err)
		return nil, false
	}
	s.setCredentials(creds, sp.id)
	return out, true
}

func whyRefused(err error, id lightssl.DeviceID) string {
	if err == lightssl.ErrSignature {
		return fmt.Sprintf("the cloud's credentials for device %s are not signed with the key we take for the cloud's: check the server key", id)
	}
	return fmt.Sprintf("the cloud sealed the credentials for another key than ours for device %s (%v): register ours with photonscope keys register", id, err)
}

// establish ends the handshake: its timer, its place among the unfinished ones.
func (s *Session) establish() {
	s.mu.Lock()
	s.endHandshake()
	s.mu.Unlock()
	s.run.settle(s)
}

// endHandshake forgets the handshake. The caller holds mu.
func (s *Session) endHandshake() {
	if s.hs == nil {
		return
	}
	if s.hs.watch != nil {
		s.hs.watch.Stop()
	}
	s.hs = nil
}

func (s *Session) startWatch(first time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hs != nil && !s.over {
		s.hs.watch = time.AfterFunc(first, s.watch)
	}
}

// watch runs from time to time until the handshake is over, and ends a session
// that gets nowhere. The device's own timers are shorter.
func (s *Session) watch() {
	now := time.Now()
	s.mu.Lock()
	if s.hs == nil || s.over || s.refused {
		s.mu.Unlock()
		return
	}
	limits := &s.run.limits
	silent := !s.hs.nonceSeen && !s.hs.silent && now.Sub(s.began) >= hungAfter && s.legs[stream.FromCloud].conn != nil
	s.hs.silent = s.hs.silent || silent
	progress := time.Unix(0, s.progress.Load())
	next := min(progress.Add(limits.HandshakeStall).Sub(now), s.began.Add(limits.HandshakeOverall).Sub(now))
	if next > 0 {
		s.hs.watch.Reset(next)
	}
	s.mu.Unlock()
	if silent {
		s.notify(UpstreamSilent, "%s: the cloud at %s accepts connections but sends no nonce: check that it is a Photon's cloud and not stuck", s, s.legs[stream.FromCloud].info.Cloud)
	}
	if next <= 0 {
		s.notify(HandshakeTimeout, "%s: closed, because its handshake made no progress for %v or took more than %v in all", s, limits.HandshakeStall, limits.HandshakeOverall)
		s.cut()
	}
}
