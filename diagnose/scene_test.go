package diagnose

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
	"github.com/photonscope/photonscope/sim"
)

const (
	dev = stream.FromDevice
	cld = stream.FromCloud
)

// A scene is what passes between devices and a server, written down step by step:
// the items that a capture of it gives, and the key log of its sessions.
type scene struct {
	tb      testing.TB
	profile *sim.Profile
	at      time.Time
	items   []stream.Item
	log     []byte
	keys    lightssl.Keyring
	serverA netip.AddrPort
	last    stream.ConnID
	pace    time.Duration // between two steps
	cut     int           // bytes of a segment of messages, 0: whole
}

func newScene(tb testing.TB, p *sim.Profile) *scene {
	s := &scene{tb: tb, profile: p, at: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), serverA: netip.MustParseAddrPort("192.0.2.1:5683"), pace: 3 * time.Millisecond}
	s.know(sim.ServerKey(), lightssl.ServerRole)
	return s
}

func (s *scene) know(k *rsa.PrivateKey, r lightssl.Role) {
	s.keys.AddKey(lightssl.Key{Private: k, Public: &k.PublicKey}, r)
}

func (s *scene) wait(d time.Duration) { s.at = s.at.Add(d) }

// line is one connection of a scene.
type line struct {
	*scene
	id        stream.ConnID
	key       *rsa.PrivateKey // of the device
	device    lightssl.DeviceID
	announce  []byte         // nil: the public half of key
	sealFor   *rsa.PublicKey // nil: of sim.ServerKey
	nonce     lightssl.Nonce
	creds     lightssl.Credentials
	cipher    [2]*lightssl.Cipher
	mid       [2]uint16
	token     byte
	withNonce *lightssl.Nonce // goes into the identity; nil: nonce
}

// call opens a connection of the i-th device.
func (s *scene) call(i int) *line {
	s.last++
	l := &line{scene: s, id: s.last, key: sim.DeviceKey(i), device: sim.DeviceID(i)}
	s.wait(s.pace)
	s.add(&stream.Opened{At: s.at, Conn: stream.Conn{ID: l.id, Device: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + i)}), 49152+uint16(s.last)), Cloud: s.serverA}})
	return l
}

func (s *scene) add(it stream.Item) { s.items = append(s.items, it) }

// send is bytes in one segment, or in some if the scene is cut.
func (l *line) send(from stream.Direction, b []byte) {
	l.wait(l.pace)
	for n := 0; len(b) > 0; b = b[n:] {
		if n = len(b); l.cut > 0 && l.cipher[0] != nil {
			n = min(n, l.cut)
		}
		l.add(&stream.Segment{At: l.at, Conn: l.id, From: from, Data: bytes.Clone(b[:n])})
	}
}

func (l *line) end(from stream.Direction, how stream.CloseKind) {
	l.wait(l.pace)
	l.add(&stream.Closed{At: l.at, Conn: l.id, From: from, How: how})
	if how == stream.Fin {
		l.add(&stream.Closed{At: l.at, Conn: l.id, From: from.Opposite(), How: how})
	}
}

func (l *line) sendNonce() *line {
	l.nonce = lightssl.NewNonce()
	l.send(cld, l.nonce[:])
	return l
}

// identity seals what the device says of itself.
func (l *line) identity() []byte {
	id := lightssl.Identity{Nonce: l.nonce, Device: l.device, Key: l.announce}
	if l.withNonce != nil {
		id.Nonce = *l.withNonce
	}
	if id.Key == nil {
		id.Key = lightssl.MarshalPublicDER(&l.key.PublicKey)
	}
	to := l.sealFor
	if to == nil {
		to = &sim.ServerKey().PublicKey
	}
	b, err := lightssl.SealIdentity(id, to)
	if err != nil {
		l.tb.Fatal(err)
	}
	return b
}

func (l *line) sendIdentity() *line {
	l.send(dev, l.identity())
	return l
}

// sealed is the record of 384 bytes for a device's key, signed with a server's.
func (l *line) sealed(material []byte, to *rsa.PublicKey, by *rsa.PrivateKey) []byte {
	//lint:ignore SA1019 the protocol is PKCS #1 v1.5 and nothing else
	c, err := rsa.EncryptPKCS1v15(rand.Reader, to, material)
	if err != nil {
		l.tb.Fatal(err)
	}
	sig, err := lightssl.SignCredentials(l.creds, c, by)
	if err != nil {
		l.tb.Fatal(err)
	}
	return append(c, sig...)
}

func (l *line) newCredentials() {
	l.creds = lightssl.NewCredentials()
	l.log = lightssl.AppendKeyLog(l.log, l.nonce, l.creds)
	legacy, light := l.creds.FirstMessageIDs()
	if l.mid[dev] = light - 1; l.profile.Legacy {
		l.mid[dev] = legacy - 1
	}
	l.cipher = [2]*lightssl.Cipher{lightssl.NewCipher(l.creds), lightssl.NewCipher(l.creds)}
}

func (l *line) sendCredentials() *line {
	l.newCredentials()
	l.send(cld, l.sealed(l.creds[:], &l.key.PublicKey, sim.ServerKey()))
	l.keys.AddSession(l.nonce, l.creds)
	return l
}

// message sends a message in a frame.
func (l *line) message(from stream.Direction, m coap.Message) {
	l.send(from, l.cipher[from].AppendSealedFrame(nil, m.Append(nil)))
}

// next is the next message ID of a sender.
func (l *line) next(from stream.Direction) uint16 {
	l.mid[from]++
	return l.mid[from]
}

func (l *line) tok() []byte {
	l.token++
	return []byte{l.token}
}

func (l *line) hello() *line {
	h := particle.HelloBody{ProductID: 6, ProductVersion: 65535, Flags: l.profile.HelloFlags, PlatformID: 6}
	l.message(dev, particle.ComposeHello(l.next(dev), h, l.profile.HelloLen))
	return l
}

func (l *line) helloBack() *line {
	l.message(cld, particle.ComposeHelloReply(l.next(cld), nil))
	return l
}

// meet is a handshake to its end.
func (l *line) meet() *line {
	return l.sendNonce().sendIdentity().sendCredentials().hello().helloBack()
}

// chat is a session that goes well for a while: an event, a ping, the time.
func (l *line) chat() *line {
	l.message(dev, particle.ComposePublish(l.next(dev), particle.EventBody{Name: "lab/tick", Data: []byte("1"), Private: true}))
	id, token := l.next(dev), byte(7)
	l.message(dev, particle.ComposeTimeRequest(id, token))
	l.message(cld, particle.ComposeTimeReply(id, []byte{token}, 1_790_000_000))
	l.wait(15 * time.Second)
	id = l.next(dev)
	l.message(dev, particle.ComposeEmpty(coap.Confirmable, id, nil))
	l.message(cld, particle.ComposeEmpty(coap.Acknowledgement, id, nil))
	return l
}

// diagnosed returns the findings about a scene.
func (s *scene) diagnosed(opt Options) []decode.Event {
	opt.Keys = &s.keys
	return findings(s.items, opt)
}

// findings decodes items and diagnoses what they mean.
func findings(items []stream.Item, opt Options) (found []decode.Event) {
	d, doctor := decode.NewDecoder(opt.Keys), New(opt)
	var events []decode.Event
	for _, it := range items {
		events = d.Feed(events[:0], it)
		for i := range events {
			found = doctor.Feed(found, &events[i])
		}
	}
	events = d.Finish(nil)
	for i := range events {
		found = doctor.Feed(found, &events[i])
	}
	return found
}

// announceOf wraps a modulus as firmware does.
func announceOf(modulus []byte) []byte {
	return append(append(bytes.Clone(keyHead), modulus...), 2, 3, 1, 0, 1)
}

func modulusOf(k *rsa.PrivateKey) []byte { return k.N.FillBytes(make([]byte, modulusLen)) }

// slotAnnounces is the key that a device announces whose slot holds some bytes:
// those from 11 on (docs/protocol.md section 2.6).
func slotAnnounces(slot []byte) []byte {
	for len(slot) < 11+modulusLen {
		slot = append(slot, 0xff)
	}
	return announceOf(slot[11:][:modulusLen])
}

// strangerKey is a server key of somebody else, larger or smaller than the test
// server's.
func strangerKey(tb testing.TB, larger bool) *rsa.PrivateKey {
	for _, path := range []string{"keys/h1-server-private.pem", "keys/h2-server-private.pem", "fail-wrong-server-key-spark/other-server-private.pem"} {
		if k := genuine.Key(tb, genuine.Path(tb, path)); (k.Private.N.Cmp(sim.ServerKey().N) > 0) == larger {
			return k.Private
		}
	}
	tb.Fatal("no such key")
	return nil
}

// above reports whether a record as a number is at least a key's modulus.
func above(record []byte, k *rsa.PublicKey) bool { return new(big.Int).SetBytes(record).Cmp(k.N) >= 0 }
