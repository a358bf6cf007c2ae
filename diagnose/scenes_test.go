package diagnose

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

// staged is a cause as it looks on the wire, and what must be found in it.
type staged struct {
	id, name string
	sure     string
	evidence string // of the finding: "event layer start-end", those about bytes, in order
	timed    bool   // it rests on times: another pace may make it unknown
	play     func(*scene)
	opt      func(*scene) Options
}

const httpText = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nbad request\n"

// refusedBy plays a server that closes on the identity.
func refusedBy(l *line) {
	l.sendNonce().sendIdentity()
	l.end(cld, stream.Fin)
}

// announces plays a device with some announcement, which spark-protocol answers
// with credentials for the key on file, and the device refuses.
func announces(s *scene, announce []byte) {
	l := s.call(0)
	l.announce = announce
	l.sendNonce().sendIdentity().sendCredentials()
	l.end(dev, stream.Fin)
}

func pkcs8(k any) []byte {
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		panic(err)
	}
	return b
}

var staging = []staged{
	{id: "PH-01", name: "too-large", sure: Certain, evidence: "identity wire 0-256", play: func(s *scene) {
		stranger := strangerKey(s.tb, true)
		for {
			l := s.call(0)
			l.sealFor = &stranger.PublicKey
			l.sendNonce()
			if b := l.identity(); above(b, &sim.ServerKey().PublicKey) {
				l.send(dev, b)
				l.end(cld, stream.Fin)
				return
			}
			s.items = nil // another one
		}
	}},
	{id: "PH-01", name: "other-key", sure: Likely, evidence: "identity wire 0-256", play: func(s *scene) {
		l := s.call(0)
		l.sealFor = &strangerKey(s.tb, false).PublicKey
		refusedBy(l)
	}},
	{id: "PH-03", name: "new-server-key", sure: Certain, evidence: "identity plain 0-214", play: func(s *scene) {
		now := strangerKey(s.tb, true)
		s.know(now, lightssl.ServerRole)
		l := s.call(1)
		l.sealFor = &now.PublicKey
		l.sendNonce().sendIdentity()
		l.newCredentials()
		l.keys.AddSession(l.nonce, l.creds)
		l.send(cld, l.sealed(l.creds[:], &l.key.PublicKey, now))
		l.hello().helloBack().chat().end(dev, stream.Fin)
		refusedBy(s.call(0))
	}},
	{id: "PH-07", name: "accepted-before", sure: Likely, evidence: "identity plain 0-214", play: func(s *scene) {
		s.call(0).meet().chat().end(dev, stream.Fin)
		s.wait(time.Minute)
		refusedBy(s.call(0))
	}},
	{id: "PH-08", name: "unknown-device", sure: Likely, evidence: "identity plain 0-214", play: func(s *scene) { refusedBy(s.call(0)) }},
	{id: "PH-08", name: "none-on-file", sure: Certain, evidence: "identity plain 0-214, identity plain 81-209", play: func(s *scene) { refusedBy(s.call(0)) },
		opt: func(*scene) Options { return Options{OnFile: func(lightssl.DeviceID) *rsa.PublicKey { return nil }} }},
	{id: "PH-09", name: "another-on-file", sure: Certain, evidence: "identity plain 0-214, identity plain 81-209", play: func(s *scene) { refusedBy(s.call(0)) },
		opt: func(*scene) Options {
			return Options{OnFile: func(lightssl.DeviceID) *rsa.PublicKey { return &sim.DeviceKey(1).PublicKey }}
		}},
	{id: "PH-09", name: "sealed-for-another", sure: Certain, evidence: "credentials wire 0-128", play: func(s *scene) {
		s.know(sim.DeviceKey(0), lightssl.DeviceRole)
		l := s.call(0).sendNonce().sendIdentity()
		l.newCredentials()
		l.send(cld, l.sealed(l.creds[:], &sim.DeviceKey(1).PublicKey, sim.ServerKey()))
		l.end(dev, stream.Fin)
	}},
	{id: "PH-10", name: "pkcs8", sure: Certain, evidence: "identity plain 81-90", play: func(s *scene) { announces(s, slotAnnounces(pkcs8(sim.DeviceKey(0)))) }},
	{id: "PH-11", name: "ec-key", sure: Certain, evidence: "identity plain 113-121", play: func(s *scene) {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			s.tb.Fatal(err)
		}
		der, err := x509.MarshalECPrivateKey(k)
		if err != nil {
			s.tb.Fatal(err)
		}
		announces(s, slotAnnounces(der))
	}},
	{id: "PH-12", name: "erased", sure: Certain, evidence: "identity plain 81-209", play: func(s *scene) { announces(s, slotAnnounces(nil)) }},
	{id: "PH-12", name: "even", sure: Certain, evidence: "identity plain 208-209", play: func(s *scene) {
		m := modulusOf(sim.DeviceKey(0))
		m[modulusLen-1]++
		announces(s, announceOf(m))
	}},
	{id: "PH-12", name: "tiny", sure: Certain, evidence: "identity plain 81-201", play: func(s *scene) {
		m := make([]byte, modulusLen)
		copy(m[120:], "\x8f1234567")
		announces(s, announceOf(m))
	}},
	{id: "PH-12", name: "pem-text", sure: Certain, evidence: "identity plain 81-209", play: func(s *scene) {
		announces(s, slotAnnounces(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(sim.DeviceKey(0))})))
	}},
	{id: "PH-14", name: "http", sure: Certain, evidence: "malformed wire 0-16", play: func(s *scene) {
		l := s.call(0)
		l.send(cld, []byte(httpText))
		l.end(cld, stream.Fin)
	}},
	{id: "PH-14", name: "silent", sure: Likely, timed: true, play: func(s *scene) {
		l := s.call(0)
		s.wait(20 * time.Second)
		l.end(dev, stream.Fin)
	}},
	{id: "PH-16", name: "reset", sure: Likely, play: func(s *scene) { s.call(0).end(cld, stream.Reset) }},
	{id: "PH-19", name: "dropped-early", sure: Likely, evidence: "hello wire 0-18", play: func(s *scene) {
		l := s.call(0).meet()
		l.end(cld, stream.Fin)
	}},
	{id: "PH-20", name: "split", sure: Likely, evidence: "identity wire 0-256, identity plain 0-214", play: func(s *scene) {
		l := s.call(0).sendNonce()
		b := l.identity()
		l.send(dev, b[:200])
		l.send(dev, b[200:])
		l.end(cld, stream.Fin)
	}},
	{id: "PH-21", name: "mute", sure: Likely, evidence: "nonce wire 0-40", timed: true, play: func(s *scene) {
		l := s.call(0).sendNonce()
		s.wait(30 * time.Second)
		l.end(cld, stream.Fin)
	}},
	{id: "PH-22", name: "no-hello", sure: Certain, evidence: "hello wire 0-18", timed: true, play: func(s *scene) {
		l := s.call(0).sendNonce().sendIdentity().sendCredentials().hello()
		s.wait(4070 * time.Millisecond)
		l.end(dev, stream.Fin)
	}},
	{id: "PH-22", name: "late-hello", sure: Certain, evidence: "hello wire 0-18, hello-reply wire 0-18", timed: true, play: func(s *scene) {
		l := s.call(0).sendNonce().sendIdentity().sendCredentials().hello()
		s.wait(4050 * time.Millisecond)
		l.helloBack().end(dev, stream.Fin)
	}},
	{id: "PH-23", name: "limit", sure: Certain, timed: true, play: func(s *scene) {
		l := s.call(0).sendNonce()
		s.wait(7 * time.Second)
		l.sendIdentity()
		s.wait(3 * time.Second)
		l.end(cld, stream.Fin)
	}},
	{id: "PH-24", name: "other-signer", sure: Certain, evidence: "credentials wire 128-384", play: func(s *scene) {
		l := s.call(0).sendNonce().sendIdentity()
		l.newCredentials()
		l.send(cld, l.sealed(l.creds[:], &l.key.PublicKey, strangerKey(s.tb, false)))
		l.end(dev, stream.Fin)
	}},
	{id: "PH-24", name: "wrong-hmac", sure: Certain, evidence: "credentials wire 0-128, credentials wire 128-384", play: func(s *scene) {
		s.know(sim.DeviceKey(0), lightssl.DeviceRole)
		l := s.call(0).sendNonce().sendIdentity()
		l.newCredentials()
		b := l.sealed(l.creds[:], &l.key.PublicKey, sim.ServerKey())
		wrong := l.creds
		wrong[5] ^= 1
		sig, err := lightssl.SignCredentials(wrong, b[:128], sim.ServerKey())
		if err != nil {
			s.tb.Fatal(err)
		}
		l.send(cld, append(b[:128:128], sig...))
		l.end(dev, stream.Fin)
	}},
	{id: "PH-25", name: "ping", sure: Certain, evidence: "ping wire 0-18", timed: true, play: func(s *scene) {
		l := s.call(0).meet().chat()
		s.wait(15 * time.Second)
		l.message(dev, particle.ComposeEmpty(coap.Confirmable, l.next(dev), nil))
		s.wait(10 * time.Second)
		l.end(dev, stream.Fin)
	}},
	{id: "PH-25", name: "counter", sure: Certain, evidence: "event plain 2-4", play: func(s *scene) {
		l := s.call(0).meet().chat()
		l.next(dev)
		l.message(dev, particle.ComposePublish(l.next(dev), particle.EventBody{Name: "lab/tick", Private: true}))
		l.end(cld, stream.Fin)
	}},
	{id: "PH-26", name: "silence", sure: Likely, evidence: "ping wire 0-18", timed: true, play: func(s *scene) {
		l := s.call(0).meet().chat()
		s.wait(31 * time.Second)
		l.end(cld, stream.Fin)
	}},
	{id: "PH-27", name: "double", sure: Possible, evidence: "identity plain 40-52", play: func(s *scene) {
		first := s.call(0).meet().chat()
		s.call(0).meet().chat().end(dev, stream.Fin)
		first.end(cld, stream.Fin)
	}},
	{id: "PH-28", name: "restarted", sure: Possible, evidence: "event wire 0-34", timed: true, play: func(s *scene) {
		l := s.call(0).meet().chat()
		s.wait(10 * time.Second)
		l.message(dev, particle.ComposePublish(l.next(dev), particle.EventBody{Name: "lab/tick", Data: []byte("more of it"), Private: true}))
		l.end(cld, stream.Reset)
	}},
	{id: "PH-29", name: "safemode", sure: Certain, evidence: "event plain 0-30", play: func(s *scene) {
		l := s.call(0).meet()
		l.message(dev, particle.ComposePublish(l.next(dev), particle.EventBody{Name: "spark/device/safemode", Data: []byte{}, Private: true}))
		l.chat().end(dev, stream.Fin)
	}},
	{id: "PH-30", name: "describe-refused", sure: Likely, evidence: "describe-refused plain 0-5", play: func(s *scene) {
		l := s.call(0).meet()
		id, token := l.next(cld), l.tok()
		l.message(cld, particle.ComposeDescribeRequest(id, token, 0))
		l.message(dev, particle.ComposeAckReply(0x80, id, token, nil))
		s.wait(15 * time.Second)
		l.end(cld, stream.Fin)
	}},
	{id: "PH-31", name: "cloned", sure: Likely, evidence: "identity plain 81-209", play: func(s *scene) {
		s.call(0).meet().chat().end(dev, stream.Fin)
		l := s.call(1)
		l.key = sim.DeviceKey(0)
		refusedBy(l)
	}},
	{id: "PH-32", name: "damaged-chunk", sure: Certain, evidence: "chunk plain 0-80", play: func(s *scene) {
		l := updating(s, 512)
		data := make([]byte, 64)
		l.message(cld, particle.ComposeChunk(l.next(cld), l.tok(), particle.ChunkBody{CRC: particle.ChunkCRC(data) ^ 1, Index: 0, Data: data}))
		s.wait(time.Second)
		l.end(dev, stream.Fin)
	}},
	{id: "PH-32", name: "broken-off", sure: Likely, evidence: "update-begin wire 0-34, chunk wire 0-98", play: func(s *scene) {
		l := updating(s, 512)
		l.chunk(0, make([]byte, 64))
		l.end(cld, stream.Reset)
	}},
	{id: "PH-37", name: "other-nonce", sure: Certain, evidence: "nonce wire 0-40, identity plain 0-40", play: func(s *scene) {
		l := s.call(0)
		other := lightssl.NewNonce()
		l.withNonce = &other
		refusedBy(l)
	}},
	{id: "PH-38", name: "short-nonce", sure: Certain, evidence: "malformed wire 0-39", play: func(s *scene) {
		l := s.call(0)
		n := lightssl.NewNonce()
		l.send(cld, n[:39])
		s.wait(20 * time.Second)
		l.end(dev, stream.Fin)
	}},
	{id: "PH-39", name: "no-credentials", sure: Certain, evidence: "identity wire 0-256", timed: true, play: func(s *scene) {
		l := s.call(0).sendNonce().sendIdentity()
		s.wait(20 * time.Second)
		l.end(dev, stream.Fin)
	}},
	{id: "PH-39", name: "cut-credentials", sure: Certain, evidence: "malformed wire 0-200", play: func(s *scene) {
		l := s.call(0).sendNonce().sendIdentity()
		l.newCredentials()
		l.cipher = [2]*lightssl.Cipher{}
		l.send(cld, l.sealed(l.creds[:], &l.key.PublicKey, sim.ServerKey())[:200])
		s.wait(20 * time.Second)
		l.end(dev, stream.Fin)
	}},
	{id: "PH-40", name: "http-client", sure: Certain, evidence: "malformed wire 0-16", play: func(s *scene) {
		l := s.call(0).sendNonce()
		l.send(dev, []byte("POST /oauth/token HTTP/1.1\r\nHost: server\r\n\r\n"))
		l.end(cld, stream.Fin)
	}},
	{id: "PH-40", name: "tls-client", sure: Certain, evidence: "malformed wire 0-16", play: func(s *scene) {
		l := s.call(0).sendNonce()
		l.send(dev, []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on"))
		l.end(cld, stream.Fin)
	}},
	{id: "PH-41", name: "too-short", sure: Certain, evidence: "identity wire 0-256", play: func(s *scene) {
		l := s.call(0).sendNonce()
		//lint:ignore SA1019 the protocol is PKCS #1 v1.5 and nothing else
		b, err := rsa.EncryptPKCS1v15(rand.Reader, &sim.ServerKey().PublicKey, l.nonce[:])
		if err != nil {
			s.tb.Fatal(err)
		}
		l.send(dev, b)
		l.end(cld, stream.Fin)
	}},
	{id: "PH-42", name: "41-bytes", sure: Certain, evidence: "credentials wire 0-128", play: func(s *scene) {
		s.know(sim.DeviceKey(0), lightssl.DeviceRole)
		l := s.call(0).sendNonce().sendIdentity()
		l.newCredentials()
		l.send(cld, l.sealed(append(l.creds[:], 0), &l.key.PublicKey, sim.ServerKey()))
		l.end(dev, stream.Fin)
	}},
	{id: "PH-43", name: "other-material", sure: Certain, evidence: "credentials wire 0-384, malformed plain 15-16", play: func(s *scene) {
		l := s.call(0).sendNonce().sendIdentity().sendCredentials().hello()
		other := lightssl.NewCredentials()
		l.cipher[cld] = lightssl.NewCipher(other)
		l.message(cld, particle.ComposeTimeReply(1, []byte{1}, 1_790_000_000))
		l.send(cld, l.cipher[cld].AppendSealedFrame(nil, make([]byte, 20)))
		s.wait(time.Second)
		l.end(dev, stream.Fin)
	}},
	{id: "PH-44", name: "odd-frame", sure: Certain, evidence: "malformed wire 0-7", play: func(s *scene) {
		l := s.call(0).meet().chat()
		l.send(cld, []byte{0, 5, 1, 2, 3, 4, 5})
		l.chat().end(dev, stream.Fin)
	}},
	{id: "PH-46", name: "no-description", sure: Likely, evidence: "describe wire 0-18", timed: true, play: func(s *scene) {
		l := s.call(0).meet()
		l.message(cld, particle.ComposeDescribeRequest(l.next(cld), l.tok(), 0))
		s.wait(15 * time.Second)
		l.end(cld, stream.Fin)
	}},
	{id: "PH-47", name: "refused", sure: Certain, evidence: "update-refused plain 0-5", play: func(s *scene) {
		l := s.call(0).meet()
		id, token := l.next(cld), l.tok()
		l.message(cld, particle.ComposeUpdateBegin(id, token, &particle.UpdateBody{ChunkSize: 512, FileSize: 1024}))
		l.message(dev, particle.ComposeAckReply(0xa3, id, token, nil))
		l.chat().end(dev, stream.Fin)
	}},
	{id: "PH-48", name: "refused-image", sure: Likely, evidence: "update-done-reply plain 6-13", play: func(s *scene) {
		l := updating(s, 64)
		l.chunk(0, make([]byte, 64))
		id, token := l.next(cld), l.tok()
		l.message(cld, particle.ComposeUpdateDone(coap.Confirmable, id, token))
		l.message(dev, particle.ComposeAckReply(0x44, id, token, []byte(`{"r":3}`)))
		l.end(dev, stream.Fin)
	}},
	{id: "PH-49", name: "no-argument", sure: Certain, evidence: "function-call plain 0-14", play: func(s *scene) {
		l := s.call(0).meet()
		id, token := l.next(cld), l.tok()
		l.message(cld, particle.ComposeCall(id, token, "nodata"))
		l.message(dev, particle.ComposeEmpty(coap.Acknowledgement, id, nil))
		l.chat().end(dev, stream.Fin)
	}},
	{id: "PH-52", name: "no-token", sure: Likely, evidence: "variable plain 0-4", play: func(s *scene) {
		l := s.call(0).meet()
		l.message(cld, particle.ComposeVariableRequest(l.next(cld), nil, "counter"))
		l.end(dev, stream.Fin)
	}},
}

// older are causes of the older stack alone.
var older = []staged{
	{id: "PH-45", name: "event-refused", sure: Likely, evidence: "event-refused plain 0-5", play: func(s *scene) {
		l := s.call(0).meet()
		id := l.next(dev)
		l.message(dev, particle.ComposePublish(id, particle.EventBody{Name: "temperature", Data: []byte("21.5")}))
		l.message(cld, particle.ComposeAckReply(0x80, id, []byte{0}, nil))
		l.end(dev, stream.Fin)
	}},
	{id: "PH-33", name: "described-twice", sure: Likely, evidence: "describe-reply wire 0-34", play: func(s *scene) {
		l := s.call(0).meet()
		id, token := l.next(cld), l.tok()
		l.message(cld, particle.ComposeDescribeRequest(id, token, 0))
		l.message(dev, particle.ComposeAckReply(0x45, id, token, []byte(`{"f":[],"v":{}}`)))
		l.message(dev, particle.ComposeAckReply(0x45, id^0x5555, token, []byte(`{"p":6,"m":[]}`)))
		l.end(cld, stream.Fin)
	}},
}

// newer are causes of the newer stack alone.
var newer = []staged{
	{id: "PH-25", name: "signal", sure: Certain, evidence: "signal-ack plain 2-4, event plain 2-4", play: func(s *scene) {
		l := s.call(0).meet().chat()
		token := l.tok()
		l.message(cld, particle.ComposeSignal(l.next(cld), token, true))
		l.message(dev, particle.ComposeAckReply(0x44, l.next(dev), token, nil))
		l.message(dev, particle.ComposePublish(l.next(dev), particle.EventBody{Name: "lab/tick", Private: true}))
		l.end(cld, stream.Fin)
	}},
}

// updating begins a firmware update of some bytes.
func updating(s *scene, size uint32) *line {
	l := s.call(0).meet()
	id, token := l.next(cld), l.tok()
	l.message(cld, particle.ComposeUpdateBegin(id, token, &particle.UpdateBody{Flags: particle.UpdateFast, ChunkSize: 64, FileSize: size}))
	l.message(dev, particle.ComposeEmpty(coap.Acknowledgement, id, nil))
	l.message(dev, particle.ComposeUpdateReady(l.next(dev), token, particle.UpdateFast))
	return l
}

func (l *line) chunk(i int, data []byte) {
	l.message(cld, particle.ComposeChunk(l.next(cld), l.tok(), particle.ChunkBody{CRC: particle.ChunkCRC(data), Index: i, Data: data}))
}
