package sim

import (
	"bytes"
	"crypto/rsa"
	"slices"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// FaultKinds are all faults.
var FaultKinds = []FaultKind{
	{"short-nonce", stream.FromCloud, "n", "sends only the first n bytes of the nonce, and then nothing", func(f Fault) hooks {
		return onRecord("nonce", func(r record, b []byte) ([][]byte, bool) { return [][]byte{b[:min(f.N, len(b))]}, false })
	}},
	{"drop-after-nonce", stream.FromCloud, "", "closes once the nonce is sent", func(Fault) hooks {
		return onRecord("nonce", func(r record, b []byte) ([][]byte, bool) { return [][]byte{b}, true })
	}},
	{"http", stream.FromCloud, "", "answers as a web server does that was asked nothing", func(Fault) hooks {
		return onRecord("nonce", func(record, []byte) ([][]byte, bool) { return [][]byte{[]byte(httpAnswer)}, true })
	}},
	{"corrupt-hmac", stream.FromCloud, "", "signs a wrong HMAC", func(Fault) hooks {
		return onCredentials(func(r record, b []byte) []byte {
			wrong := r.credentials
			wrong[0] ^= 1
			return resign(wrong, b, r.key)
		})
	}},
	{"wrong-signing-key", stream.FromCloud, "", "signs with another key than it decrypts with", func(Fault) hooks {
		return onCredentials(func(r record, b []byte) []byte { return resign(r.credentials, b, loadKey("stranger")) })
	}},
	{"stale-device-key", stream.FromCloud, "", "seals the credentials for another device's key", func(Fault) hooks {
		return onCredentials(func(r record, b []byte) []byte {
			sealed, err := lightssl.SealCredentials(r.credentials, &ImpersonationKey().PublicKey, r.key)
			if err != nil {
				return b
			}
			return sealed
		})
	}},
	{"cut-credentials", stream.FromCloud, "n", "sends only the first n bytes of the credentials, and then nothing", func(f Fault) hooks {
		return onCredentials(func(r record, b []byte) []byte { return b[:min(f.N, len(b))] })
	}},
	{"drop-after-credentials", stream.FromCloud, "", "closes once the credentials are sent", func(Fault) hooks {
		return onRecord("credentials", func(r record, b []byte) ([][]byte, bool) { return [][]byte{b}, true })
	}},
	{"late-hello", stream.FromCloud, "duration", "answers the Hello so late", func(f Fault) hooks {
		return onMessage(isHello, func(l *link, m *coap.Message, e *effect) { e.delay = f.Wait })
	}},
	{"no-hello", stream.FromCloud, "", "does not answer the Hello", func(Fault) hooks {
		return onMessage(isHello, func(l *link, m *coap.Message, e *effect) { e.drop = true })
	}},
	{"swallow-ping", stream.FromCloud, "n", "does not answer the n-th ping, counted from 0, nor any after it", func(f Fault) hooks {
		pings := 0
		return onMessage(isEmptyAck, func(l *link, m *coap.Message, e *effect) {
			if e.question != nil && isPing(e.question) {
				e.drop = pings >= f.N
				pings++
			}
		})
	}},
	{"corrupt-chunk", stream.FromCloud, "n", "damages the n-th chunk sent, counted from 0, once", func(f Fault) hooks {
		return onNth(f.N, isChunk, func(l *link, m *coap.Message, e *effect) {
			m.Payload = slices.Clone(m.Payload)
			m.Payload[len(m.Payload)/2] ^= 0x40
		})
	}},
	{"drop-chunk", stream.FromCloud, "n", "does not send the n-th chunk, once", func(f Fault) hooks {
		return onNth(f.N, isChunk, func(l *link, m *coap.Message, e *effect) { e.drop = true })
	}},
	{"reset-at-chunk", stream.FromCloud, "n", "aborts the connection instead of sending the n-th chunk", func(f Fault) hooks {
		return onNth(f.N, isChunk, func(l *link, m *coap.Message, e *effect) { e.reset = true })
	}},
	{"garbage-frame", stream.FromCloud, "", "sends a frame of rubbish before its third message, which garbles that one too", frameBefore(func(l *link) []byte {
		return lightssl.AppendFrame(nil, bytes.Repeat([]byte{0xa5, 0x5a, 0x3c, 0xc3}, 8))
	})},
	{"zero-frame", stream.FromCloud, "", "sends a frame without content before its third message", frameBefore(func(l *link) []byte {
		return lightssl.AppendFrame(nil, nil)
	})},
	{"odd-frame", stream.FromCloud, "", "sends a frame of 5 bytes before its third message", frameBefore(func(l *link) []byte {
		return lightssl.AppendFrame(nil, []byte{1, 2, 3, 4, 5})
	})},
	{"long-frame", stream.FromCloud, "", "announces a frame of 32767 bytes before its third message", frameBefore(func(l *link) []byte {
		return []byte{0x7f, 0xff}
	})},
	{"bad-padding", stream.FromCloud, "", "sends a ping whose padding is 17 before its third message", frameBefore(func(l *link) []byte {
		block := append([]byte{0x40, 0, 1, 2}, bytes.Repeat([]byte{17}, 12)...)
		return lightssl.AppendFrame(nil, l.out.SealRaw(nil, block))
	})},
	{"duplicate-ack", stream.FromCloud, "", "sends every empty acknowledgement twice", func(Fault) hooks {
		return onMessage(isEmptyAck, func(l *link, m *coap.Message, e *effect) { e.again = 1 })
	}},

	{"split-identity", stream.FromDevice, "", "sends the identity in two writes", func(Fault) hooks {
		return onRecord("identity", func(r record, b []byte) ([][]byte, bool) { return [][]byte{b[:128], b[128:]}, false })
	}},
	{"corrupt-identity", stream.FromDevice, "", "sends an identity that nobody can open", func(Fault) hooks {
		return onRecord("identity", func(r record, b []byte) ([][]byte, bool) {
			b = slices.Clone(b)
			b[100] ^= 1
			return [][]byte{b}, false
		})
	}},
	{"cut-identity", stream.FromDevice, "n", "sends only the first n bytes of the identity, and then nothing", func(f Fault) hooks {
		return onRecord("identity", func(r record, b []byte) ([][]byte, bool) { return [][]byte{b[:min(f.N, len(b))]}, false })
	}},
	{"http-request", stream.FromDevice, "", "asks for a web page instead of sending its identity", func(Fault) hooks {
		return onRecord("identity", func(record, []byte) ([][]byte, bool) { return [][]byte{[]byte(httpRequest)}, false })
	}},
	{"tls-client", stream.FromDevice, "", "begins TLS instead of sending its identity", func(Fault) hooks {
		return onRecord("identity", func(record, []byte) ([][]byte, bool) {
			return [][]byte{{0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x03}}, false
		})
	}},
	{"leave-after-credentials", stream.FromDevice, "", "closes instead of saying Hello", func(Fault) hooks {
		return onNth(0, anyMessage, func(l *link, m *coap.Message, e *effect) { e.drop = true; l.conn.Close() })
	}},
	{"skip-id", stream.FromDevice, "n", "skips a message ID before its n-th message, counted from 0", func(f Fault) hooks {
		return onNth(f.N, isOwn, func(l *link, m *coap.Message, e *effect) {
			l.id++
			m.ID = l.id
		})
	}},
	{"device-garbage-frame", stream.FromDevice, "", "sends a frame of rubbish before its third message, which garbles that one too", frameBefore(func(l *link) []byte {
		return lightssl.AppendFrame(nil, bytes.Repeat([]byte{0xa5, 0x5a, 0x3c, 0xc3}, 8))
	})},
	{"device-reset", stream.FromDevice, "n", "aborts the connection instead of sending its n-th message", func(f Fault) hooks {
		return onNth(f.N, anyMessage, func(l *link, m *coap.Message, e *effect) { e.reset = true })
	}},
}

const (
	httpAnswer  = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nbad request\n"
	httpRequest = "GET / HTTP/1.1\r\nHost: photon\r\nAccept: */*\r\n\r\n"
)

func onRecord(kind string, do func(record, []byte) ([][]byte, bool)) hooks {
	return hooks{record: func(r record, b []byte) ([][]byte, bool) {
		if r.kind != kind {
			return [][]byte{b}, false
		}
		return do(r, b)
	}}
}

func onCredentials(do func(r record, b []byte) []byte) hooks {
	return onRecord("credentials", func(r record, b []byte) ([][]byte, bool) { return [][]byte{do(r, b)}, false })
}

// resign replaces the signature of a credentials record.
func resign(c lightssl.Credentials, b []byte, key *rsa.PrivateKey) []byte {
	sealed := slices.Clone(b[:lightssl.SealedCredentialsLen])
	sig, err := lightssl.SignCredentials(c, sealed, key)
	if err != nil {
		return b
	}
	return append(sealed, sig...)
}

type hook = func(*link, *coap.Message, *effect)

func onMessage(match func(*coap.Message) bool, do hook) hooks {
	return hooks{message: func(l *link, m *coap.Message, e *effect) {
		if match(m) {
			do(l, m, e)
		}
	}}
}

// onNth acts on the n-th message that matches, and on no other.
func onNth(n int, match func(*coap.Message) bool, do hook) hooks {
	seen := 0
	return onMessage(match, func(l *link, m *coap.Message, e *effect) {
		if seen == n {
			do(l, m, e)
		}
		seen++
	})
}

// frameBefore puts a frame before the third message of a session.
func frameBefore(frame func(*link) []byte) func(Fault) hooks {
	return func(Fault) hooks {
		return onNth(2, anyMessage, func(l *link, m *coap.Message, e *effect) { e.before = append(e.before, frame(l)) })
	}
}

func anyMessage(*coap.Message) bool   { return true }
func isOwn(m *coap.Message) bool      { return m.Type != coap.Acknowledgement }
func isHello(m *coap.Message) bool    { return m.Code == coap.POST && m.Path() == 'h' }
func isChunk(m *coap.Message) bool    { return m.Code == coap.POST && m.Path() == 'c' }
func isPing(m *coap.Message) bool     { return m.Code == coap.Empty && m.Type == coap.Confirmable }
func isEmptyAck(m *coap.Message) bool { return m.Code == coap.Empty && m.Type == coap.Acknowledgement }
