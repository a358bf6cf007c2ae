package decode

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// splicedScene is a session whose proxy sealed the credentials anew: connection 1 is
// the leg to the device, 2 the one to the cloud.
type splicedScene struct {
	*scene
	deviceKey, impersonation, server *rsa.PrivateKey
	creds, others                    lightssl.Credentials // others are of no other session
	seal                             map[stream.ConnID]*[2]*lightssl.Cipher
}

func newSplicedScene(t *testing.T, keys string) *splicedScene {
	s := &splicedScene{
		scene: newScene(t, keys), deviceKey: vectorKey(t, "device_private.pem"),
		impersonation: vectorKey(t, "proxy_device_private.pem"), server: vectorKey(t, "server_private.pem"),
	}
	s.creds = lightssl.Credentials(unhex(t, s.v.Handshake.Material))
	s.others = s.creds
	s.others.Key()[0] ^= 1
	s.seal = make(map[stream.ConnID]*[2]*lightssl.Cipher)
	return s
}

func (s *splicedScene) opened(id, pair stream.ConnID) {
	leg := stream.DeviceLeg
	if id == 2 {
		leg = stream.CloudLeg
	}
	s.feed(&stream.Opened{At: testStart, Conn: stream.Conn{ID: id, Leg: leg, Pair: pair}})
}

func (s *splicedScene) on(id stream.ConnID, from stream.Direction, b []byte) {
	s.feed(&stream.Segment{At: testStart, Conn: id, From: from, Data: b})
}

// record sends the credentials over a leg, sealed for whom that leg is for.
func (s *splicedScene) record(id stream.ConnID, c lightssl.Credentials) {
	s.tb.Helper()
	to := &s.deviceKey.PublicKey
	if id == 2 {
		to = &s.impersonation.PublicKey
	}
	record, err := lightssl.SealCredentials(c, to, s.server)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.on(id, cld, record)
	s.seal[id] = newCiphers(c)
}

// newCiphers seal what each side of a leg says.
func newCiphers(c lightssl.Credentials) *[2]*lightssl.Cipher {
	return &[2]*lightssl.Cipher{lightssl.NewCipher(c), lightssl.NewCipher(c)}
}

// say sends a message over a leg.
func (s *splicedScene) say(id stream.ConnID, from stream.Direction, plain string) {
	s.on(id, from, s.seal[id][from].AppendSealedFrame(nil, []byte(plain)))
}

// shake opens both legs and sends what comes before the credentials.
func (s *splicedScene) shake() {
	s.opened(1, 0)
	s.opened(2, 1)
	s.hands()
}

func (s *splicedScene) hands() {
	for _, id := range []stream.ConnID{2, 1} {
		s.on(id, cld, s.bytes("nonce"))
		s.on(id, dev, bytes.Repeat([]byte{1}, lightssl.IdentityLen))
	}
}

// opening tells what opened a leg, and what of its frames could not be read.
func (s *splicedScene) opening(id stream.ConnID) string {
	var told []string
	for i := range s.events {
		e := &s.events[i]
		if e.Conn.ID != id {
			continue
		}
		switch b := e.Body.(type) {
		case *Credentials:
			if b.Opened {
				told = append(told, fmt.Sprintf("%s, %s, %d bytes", b.Source, b.Signature, len(e.Raw)))
			} else {
				told = append(told, "closed")
			}
		case *Sealed:
			told = append(told, "sealed")
		case *Message:
			told = append(told, b.Meaning.Kind.String())
		}
	}
	return strings.Join(told, "; ")
}

const ping = "\x40\x00\x00\x01"

// spliced are spliced sessions: in each the two legs carry a ping of the device and
// then one of the cloud.
var spliced = []struct {
	name, keys    string
	play          func(*splicedScene)
	device, cloud string
}{
	{"the impersonation key: a frame proves it", "proxy_device", splicedWhole,
		"closed; other leg, not checked, 0 bytes; ping; ping", "device key, not checked, 384 bytes; ping; ping"},
	{"with the server's key: the signature does", "proxy_device server", splicedWhole,
		"other leg, verified, 384 bytes; ping; ping", "device key, verified, 384 bytes; ping; ping"},
	{"the device's key opens the leg to the cloud", "device", splicedWhole,
		"device key, not checked, 384 bytes; ping; ping", "closed; other leg, not checked, 0 bytes; ping; ping"},
	{"the device's key and the server's", "device server", splicedWhole,
		"device key, verified, 384 bytes; ping; ping", "closed; other leg, verified, 0 bytes; ping; ping"},
	{"both keys", "device proxy_device", splicedWhole,
		"device key, not checked, 384 bytes; ping; ping", "device key, not checked, 384 bytes; ping; ping"},
	{"the leg to the device first", "proxy_device server", func(s *splicedScene) {
		s.shake()
		s.record(1, s.creds)
		s.say(1, dev, ping)
		s.record(2, s.creds)
		s.say(2, dev, ping)
		s.pingBack()
	}, "closed; sealed; other leg, verified, 0 bytes; ping", "device key, verified, 384 bytes; ping; ping"},
	{"the key comes late", "", func(s *splicedScene) {
		s.shake()
		s.record(2, s.creds)
		s.record(1, s.creds)
		s.say(1, dev, ping)
		s.addKey("proxy_device")
		s.say(2, dev, ping)
		s.pingBack()
	}, "closed; sealed; other leg, not checked, 0 bytes; ping", "closed; device key, not checked, 0 bytes; ping; ping"},
	{"the server's key comes late", "proxy_device", func(s *splicedScene) {
		s.shake()
		s.record(2, s.creds)
		s.record(1, s.creds)
		s.addKey("server")
		s.pings()
	}, "closed; other leg, verified, 0 bytes; ping; ping", "device key, not checked, 384 bytes; ping; ping"},
	{"a pair known by its nonce alone", "proxy_device", func(s *splicedScene) {
		s.opened(1, 0)
		s.opened(2, 0)
		s.hands()
		s.record(2, s.creds)
		s.record(1, s.creds)
		s.pings()
	}, "closed; other leg, not checked, 0 bytes; ping; ping", "device key, not checked, 384 bytes; ping; ping"},
	{"a leg that opens when the other one is open already", "proxy_device", func(s *splicedScene) {
		s.opened(2, 0)
		s.on(2, cld, s.bytes("nonce"))
		s.record(2, s.creds)
		s.opened(1, 2)
		s.on(1, cld, s.bytes("nonce"))
		s.on(1, dev, bytes.Repeat([]byte{1}, lightssl.IdentityLen))
		s.record(1, s.creds)
		s.on(2, dev, bytes.Repeat([]byte{1}, lightssl.IdentityLen))
		s.pings()
	}, "closed; other leg, not checked, 0 bytes; ping; ping", "device key, not checked, 384 bytes; ping; ping"},
	{"a record that the capture lost", "proxy_device", func(s *splicedScene) {
		s.shake()
		s.record(2, s.creds)
		s.feed(&stream.Gap{At: testStart, Conn: 1, From: cld, Len: lightssl.CredentialsRecordLen})
		s.seal[1] = newCiphers(s.creds)
		s.pings()
	}, "other leg, not checked, 0 bytes; ping; ping", "device key, not checked, 384 bytes; ping; ping"},
	{"other credentials on each leg", "proxy_device", splicedDifferently,
		"closed; sealed; sealed", "device key, not checked, 384 bytes; ping; ping"},
	{"other credentials, and the server's key", "proxy_device server", splicedDifferently,
		"closed; sealed; sealed", "device key, verified, 384 bytes; ping; ping"},
}

func splicedWhole(s *splicedScene) {
	s.shake()
	s.record(2, s.creds)
	s.record(1, s.creds)
	s.pings()
}

// splicedDifferently is a proxy that is an end of both sessions.
func splicedDifferently(s *splicedScene) {
	s.shake()
	s.record(2, s.creds)
	s.record(1, s.others)
	s.pings()
}

func (s *splicedScene) pings() {
	s.say(1, dev, ping)
	s.say(2, dev, ping)
	s.pingBack()
}

func (s *splicedScene) pingBack() {
	s.say(2, cld, ping)
	s.say(1, cld, ping)
}

// A key that opens the record of one leg opens both, if the other one proves it.
func TestOneLegsKeyOpensBothLegs(t *testing.T) {
	for _, c := range spliced {
		t.Run(c.name, func(t *testing.T) {
			s := newSplicedScene(t, c.keys)
			c.play(s)
			if got := s.opening(1); got != c.device {
				t.Errorf("the device's leg: %s\nwant %s", got, c.device)
			}
			if got := s.opening(2); got != c.cloud {
				t.Errorf("the cloud's leg: %s\nwant %s", got, c.cloud)
			}
		})
	}
}

// What both legs carry is shown once, with the one key as with both.
func TestASplicedSessionShowsEachMessageOnce(t *testing.T) {
	for _, keys := range []string{"proxy_device", "device"} {
		s := newSplicedScene(t, keys)
		splicedWhole(s)
		var one OneLeg
		var shown []Event
		for _, e := range s.events {
			shown = one.Feed(shown, e)
		}
		shown = one.Finish(shown)
		pings := slices.DeleteFunc(slices.Clone(shown), func(e Event) bool { return !isMessage(e.Body) })
		if len(pings) != 2 || slices.ContainsFunc(shown, func(e Event) bool { return e.Body.Name() == "sealed" || isMessage(e.Body) && e.Altered }) {
			t.Errorf("with the key %s: %d messages in %d events", keys, len(pings), len(shown))
		}
	}
}

// A frame that tells little is no proof.
func TestALegIsNotOpenedByAFrameThatTellsLittle(t *testing.T) {
	s := newSplicedScene(t, "proxy_device")
	s.shake()
	s.record(2, s.creds)
	s.record(1, s.creds)
	s.say(1, dev, "\x50\x45\x00\x01\xff12345678") // three bytes of padding
	s.say(1, dev, ping)
	if got, want := s.opening(1), "closed; sealed; other leg, not checked, 0 bytes; ping"; got != want {
		t.Errorf("the device's leg: %s\nwant %s", got, want)
	}
}
