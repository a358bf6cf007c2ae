package filter

import (
	"bytes"
	"context"
	"encoding/hex"
	"math"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
	"github.com/photonscope/photonscope/sim"
	"github.com/photonscope/photonscope/sim/memnet"
)

// recorded returns the events of a genuine recording.
func recorded(tb testing.TB, name string, keys *lightssl.Keyring) []decode.Event {
	tb.Helper()
	return genuine.Events(tb, genuine.Path(tb, name), keys)
}

var recordingNames = []string{
	"healthy-brewskey-fw2.3.1/capture.pcapng", "healthy-spark-fw1.5.2/capture.pcap", "net-mtu600-loss-spark/capture-device-side.pcap",
	"fail-mismatching-device-key-brewskey/capture.pcapng", "fail-wrong-server-key-spark/capture.pcapng",
}

// talk makes events of the messages of one session.
type talk struct {
	mu     sync.Mutex
	conn   stream.Conn
	conv   particle.Conversation
	events []decode.Event
	at     time.Time
}

func newTalk(number uint32) *talk {
	return &talk{at: time.Unix(1_800_000_000, 0), conn: stream.Conn{
		ID: stream.ConnID(number), Device: netip.MustParseAddrPort("192.0.2.7:40000"), Cloud: netip.MustParseAddrPort("[2001:db8::5]:5683"),
	}}
}

func (k *talk) add(from stream.Direction, raw []byte, body decode.Body) {
	k.at = k.at.Add(7 * time.Millisecond)
	id, _ := hex.DecodeString("1f0042000147333433333338")
	k.events = append(k.events, decode.Event{
		At: k.at, Conn: &k.conn, Session: uint32(k.conn.ID), From: from, Raw: raw, Body: body,
		Device: lightssl.DeviceID(id), Known: k.conn.ID%2 == 1, Altered: len(k.events)%5 == 4,
	})
}

// say adds a message, as the decoder would.
func (k *talk) say(from stream.Direction, plain []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	plain = bytes.Clone(plain)
	var m coap.Message
	if m.Parse(plain) != nil {
		return
	}
	pad := 16 - len(plain)%16
	padded := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	raw := append([]byte{byte(len(padded) >> 8), byte(len(padded))}, padded...)
	k.add(from, raw, &decode.Message{Plain: plain, Padded: padded, Meaning: k.conv.Next(from, k.at.Add(7*time.Millisecond), &m)})
}

// told returns the events of a story in which every kind of message occurs that
// the profile and the style know.
func told(t *testing.T, number uint32, p sim.Profile, style sim.Style) []decode.Event {
	t.Helper()
	p.HangsUp = p.HangsUp && style.EventReply != sim.AckSpark // or the answer to its first event ends the session
	k := newTalk(number)
	synctest.Test(t, func(t *testing.T) {
		ln := memnet.NewListener("10.0.0.1:5683")
		story := sim.Story{
			Profile: &p, Style: &style, EveryKind: true, Pause: -1, Tap: k.say, Listener: ln,
			Dial: func(ctx context.Context) (net.Conn, error) { return ln.DialContext(ctx, "tcp", "") },
		}
		if err := story.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	return k.events
}

// odd are events of every type, and messages that no story holds.
func odd() []decode.Event {
	k := newTalk(900)
	say := func(from stream.Direction, m coap.Message) { k.say(from, m.Append(nil)) }
	k.add(stream.FromDevice, nil, &decode.Opened{})
	k.add(stream.FromCloud, []byte{1, 2}, &decode.Nonce{Nonce: lightssl.Nonce{9}})
	k.add(stream.FromDevice, make([]byte, 256), &decode.Identity{Reason: "sealed for somebody else"})
	k.add(stream.FromDevice, make([]byte, 256), &decode.Identity{Opened: true, HasNonce: true, NonceOK: true, Plain: make([]byte, 214), Identity: lightssl.Identity{Key: make([]byte, 162)}})
	k.add(stream.FromCloud, make([]byte, 384), &decode.Credentials{Opened: true, Source: "device key", Signature: "verified", Credentials: lightssl.Credentials{1, 39: 2}})
	k.add(stream.FromCloud, nil, &decode.Credentials{Reason: "no key"})
	say(stream.FromDevice, coap.Message{Type: coap.NonConfirmable, Code: coap.POST, Options: []coap.Option{{Number: coap.URIPath, Value: []byte("h")}}, Payload: []byte("\x1c\x05,\x00\x0f\x47\x34\x34\x32\x31\x30\x12")})
	say(stream.FromCloud, rich())
	say(stream.FromCloud, coap.Message{Code: coap.PUT, Options: []coap.Option{{Number: coap.URIPath, Value: []byte("k")}, {Number: coap.URIQuery, Value: []byte{1}}}})
	request := func(from stream.Direction, code coap.Code, payload string, options ...string) {
		m := coap.Message{Code: code, ID: uint16(len(k.events)), Token: []byte{byte(len(k.events))}, Payload: []byte(payload)}
		for i, o := range options {
			number := uint16(coap.URIPath)
			if i > 0 {
				number = coap.URIQuery
			}
			m.Options = append(m.Options, coap.Option{Number: number, Value: []byte(o)})
		}
		say(from, m)
	}
	request(stream.FromDevice, coap.POST, "\x00\x06\x00\x01\x00\xff\x00\x06\x00\x0c123456789012\x0c\xe6\x02\x00\x00\x04\x00\x00\x02\x00and more", "h")
	request(stream.FromDevice, coap.POST, "\x0f\x06\x46\x3c\x05", "x")
	request(stream.FromCloud, coap.POST, "", "f", "a", "b")
	request(stream.FromDevice, coap.POST, "\x00\x01\x02", "d")
	request(stream.FromDevice, coap.POST, `{"p":6,"imei":"35","m":[{"x":"y","f":"u","n":"1","v":3,"d":[]}]}`, "d")
	request(stream.FromCloud, coap.POST, "\x00\x00\x04\x00\x00\x10\x00\x00\x00\x00\x00\x00", "u")
	for range 2 {
		request(stream.FromCloud, coap.POST, "data", "c", "\xad\xf3\xf3\x63", "\x00\x00")
	}
	request(stream.FromDevice, coap.POST, "\x01\x02\x03\x04", "A")
	ota3 := coap.Message{Code: coap.POST, Options: []coap.Option{{Number: coap.URIPath, Value: []byte("F")}}}
	for _, number := range []uint16{2049, 2053, 2057, 2061, 2065, 2069, 2073} {
		ota3.Options = append(ota3.Options, coap.Option{Number: number})
	}
	say(stream.FromCloud, ota3)
	k.add(stream.FromDevice, []byte("\x00\x10abcdefghijklmnop"), &decode.Sealed{Reason: "no key opens it"})
	k.add(stream.FromDevice, []byte("GET / HTTP/1.1\r\n"), &decode.Malformed{Layer: decode.Wire, Offset: 3, Reason: "no nonce"})
	k.add(stream.FromDevice, []byte("\x00\x10abcdefghijklmnop"), &decode.Malformed{Layer: decode.Plain, Offset: 4, Reason: "no message", Plain: []byte("\x40\x01\x00\x01\xf0"), Padded: append([]byte("\x40\x01\x00\x01\xf0"), bytes.Repeat([]byte{11}, 11)...)})
	k.add(stream.FromCloud, nil, &decode.Gap{Len: 12})
	k.add(stream.FromCloud, nil, &decode.Gap{})
	k.add(stream.FromCloud, nil, &decode.Finding{ID: "PH-01", Title: "a finding", Confidence: "certain", RuledOut: []string{"PH-02: no"}, Device: "red",
		Evidence: []decode.Evidence{{Event: 2, Name: "identity", Layer: decode.Wire, End: 256, Shows: "too large"}}, Remedy: []string{"$ do"}, Repair: "ack-id", Withdrawn: true})
	for _, how := range []stream.CloseKind{stream.Fin, stream.Reset, stream.Cut} {
		k.add(stream.FromDevice, nil, &decode.Closed{How: how})
	}
	for i := range k.events {
		conn := *k.events[i].Conn
		k.events[i].Conn = &conn
		conn.Leg = stream.Leg(i % 3)
		if i%4 == 3 {
			conn.Device, conn.Cloud = netip.AddrPort{}, netip.MustParseAddrPort("[::ffff:198.51.100.1]:5683")
		}
	}
	k.events = append(k.events, variables()...)
	return k.events
}

// rich is a message with every option, some of them twice.
func rich() coap.Message {
	m := coap.Message{Code: coap.GET, ID: 7, Token: []byte("tok")}
	for _, o := range coap.Options {
		value := []byte{byte(o.Number), 2}
		if o.Format == coap.EmptyFormat {
			value = nil
		}
		m.Options = append(m.Options, coap.Option{Number: o.Number, Value: value})
		if o.Number%3 == 0 {
			m.Options = append(m.Options, coap.Option{Number: o.Number, Value: []byte("again\xff\"\\")})
		}
	}
	m.Options = append(m.Options, coap.Option{Number: 2222, Value: []byte{0}}, coap.Option{Number: 2222, Value: []byte("long, much too long for a number")})
	return m
}

// variables are the values of a variable of every type, those of which a number
// cannot be computed with included.
func variables() []decode.Event {
	k := newTalk(901)
	names := `{"f":[],"v":{"b":1,"i":2,"s":4,"d":9}}`
	send := func(from stream.Direction, m coap.Message) { k.say(from, m.Append(nil)) }
	ask := func(id uint16, name, value string) {
		token := []byte{byte(id)}
		send(stream.FromCloud, coap.Message{Code: coap.GET, ID: id, Token: token, Options: []coap.Option{{Number: coap.URIPath, Value: []byte("v")}, {Number: coap.URIPath, Value: []byte(name)}}})
		send(stream.FromDevice, coap.Message{Type: coap.Acknowledgement, Code: coap.Content, ID: id, Token: token, Payload: []byte(value)})
	}
	send(stream.FromCloud, coap.Message{Code: coap.GET, ID: 1, Token: []byte{1}, Options: []coap.Option{{Number: coap.URIPath, Value: []byte("d")}}})
	send(stream.FromDevice, coap.Message{Type: coap.Acknowledgement, Code: coap.Content, ID: 1, Token: []byte{1}, Payload: []byte(names)})
	ask(2, "b", "\x01")
	ask(3, "i", "\xff\xff\xff\xd6")
	ask(4, "s", "21.5")
	ask(5, "d", "\x00\x00\x00\x00\x00\x80\x35\x40")
	ask(6, "d", string(nanBytes()))
	ask(7, "unknown", "\x00\x00\x00\x01")
	ask(8, "unknown", "\x00\x00\x00\x00\x00\x80\x35\x40")
	ask(9, "unknown", "\x01")
	return k.events
}

func nanBytes() []byte {
	var b []byte
	for bits := math.Float64bits(math.NaN()); len(b) < 8; bits >>= 8 {
		b = append(b, byte(bits))
	}
	return b
}

// samples returns the events of all recordings, of stories that hold every kind,
// and odd ones, made once.
func samples(t *testing.T) []decode.Event {
	t.Helper()
	made.Do(func() {
		keys := genuine.Keys(t)
		for _, name := range recordingNames {
			made.events = append(made.events, recorded(t, name, keys)...)
		}
		made.events = append(made.events, recorded(t, recordingNames[0], nil)...)
		for i, p := range sim.Profiles {
			for j, style := range sim.Styles {
				made.events = append(made.events, told(t, uint32(100+10*i+j), p, style)...)
			}
		}
		made.events = append(made.events, odd()...)
		noted := made.events[7]
		noted.Note = &stream.Note{Mark: "a", Comment: "why this one?"}
		made.events = append(made.events, noted)
	})
	if len(made.events) == 0 {
		t.Fatal("the samples could not be made")
	}
	return made.events
}

var made struct {
	sync.Once
	events []decode.Event
}
