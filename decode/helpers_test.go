package decode

import (
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// vectorSession is a session of the known answers: every byte of it was
// checked against genuine firmware and servers.
type vectorSession struct {
	Handshake struct {
		DeviceID string `json:"device_id"`
		Nonce    string `json:"step1_nonce"`
		Identity string `json:"step2_ciphertext"`
		Wire     string `json:"step3_wire"`
		Material string `json:"session_material"`
	}
	Messages []struct {
		Name      string
		Direction string
		Coap      string
		Frame     string
	}
}

const vectorFolder = "lightssl/testdata/vectors"

func loadVectors(tb testing.TB, name string) *vectorSession {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(vectorFolder, name))
	if err != nil {
		tb.Fatal(err)
	}
	var v vectorSession
	if err := json.Unmarshal(b, &v); err != nil {
		tb.Fatal(err)
	}
	return &v
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func vectorKey(tb testing.TB, name string) *rsa.PrivateKey {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(vectorFolder, "keys", name))
	if err != nil {
		tb.Fatal(err)
	}
	k, err := lightssl.ParseKey(b)
	if err != nil {
		tb.Fatal(err)
	}
	return k.Private
}

// vectorKeys is a keyring with the vectors' server and device keys.
func vectorKeys(tb testing.TB) *lightssl.Keyring {
	keys := new(lightssl.Keyring)
	for _, name := range []string{"server_private.pem", "device_private.pem"} {
		k := vectorKey(tb, name)
		keys.AddKey(lightssl.Key{Private: k, Public: &k.PublicKey}, lightssl.AnyRole)
	}
	return keys
}

var testStart = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

var testConn = stream.Conn{
	ID:     1,
	Device: netip.MustParseAddrPort("192.0.2.1:40000"),
	Cloud:  netip.MustParseAddrPort("192.0.2.2:5683"),
}

// items is the session as a source would report it: one segment a record, a
// millisecond apart.
func (v *vectorSession) items(tb testing.TB) []stream.Item {
	at := testStart
	items := []stream.Item{&stream.Opened{At: at, Conn: testConn}}
	add := func(from stream.Direction, b []byte) {
		at = at.Add(time.Millisecond)
		items = append(items, &stream.Segment{At: at, Conn: testConn.ID, From: from, Data: b})
	}
	add(stream.FromCloud, unhex(tb, v.Handshake.Nonce))
	add(stream.FromDevice, unhex(tb, v.Handshake.Identity))
	add(stream.FromCloud, unhex(tb, v.Handshake.Wire))
	for _, m := range v.Messages {
		add(direction(m.Direction), unhex(tb, m.Frame))
	}
	for _, from := range stream.Directions {
		items = append(items, &stream.Closed{At: at.Add(time.Millisecond), Conn: testConn.ID, From: from})
	}
	return items
}

func direction(s string) stream.Direction {
	if s == "device_to_server" {
		return stream.FromDevice
	}
	return stream.FromCloud
}

// decodeAll runs items through a fresh decoder.
func decodeAll(keys *lightssl.Keyring, items []stream.Item) []Event {
	d := NewDecoder(keys)
	var events []Event
	for _, it := range items {
		events = d.Feed(events, it)
	}
	return d.Finish(events)
}
