package explain

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// text is an explanation in one piece.
func text(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%-10s%s\n", l.Word, l.Text)
	}
	return b.String()
}

func TestEverythingInTheRecordingsIsExplained(t *testing.T) {
	for recording := range recordings {
		list := events(t, recording)
		creds := credentials(list)
		told := make(map[string]bool)
		for i := range list {
			e := &list[i]
			eachSubject(e, creds[e.Conn.ID], func(s Subject) {
				lines := Explain(s)
				if len(lines) == 0 {
					t.Errorf("%s: nothing on the event %s", recording, e.Body.Name())
				}
				for _, l := range lines {
					if l.Text == "" && l.Word != "" || strings.ContainsFunc(l.Text, unicode.IsControl) {
						t.Errorf("%s: the line %+v", recording, l)
					}
				}
				if s.Field == nil || told[nameOf(s.Field.Def)] {
					return
				}
				told[nameOf(s.Field.Def)] = true
				if Of(s.Field.Def) == (Text{}) {
					t.Errorf("%s: %s has no text", recording, nameOf(s.Field.Def))
				}
			})
		}
	}
}

func TestSecretsAreShownOnlyIfAskedFor(t *testing.T) {
	list := events(t, "healthy-brewskey-fw2.3.1/capture.pcapng")
	creds := credentials(list)
	shown := 0
	for i := range list {
		e := &list[i]
		c := creds[e.Conn.ID]
		if c == nil || i > 60 && i%7 != 0 {
			continue
		}
		secrets := []string{hexOf(c.Key()), hexOf(c.IV()), hexOf(c.Salt())}
		eachSubject(e, c, func(s Subject) {
			has := func(explained string) bool {
				explained = strings.ReplaceAll(explained, " ", "")
				for _, secret := range secrets {
					if strings.Contains(explained, secret) {
						return true
					}
				}
				return false
			}
			if has(text(Explain(s))) {
				t.Fatalf("a secret is in\n%s", text(Explain(s)))
			}
			s.ShowSecrets = true
			if has(text(Explain(s))) {
				shown++
			}
		})
	}
	if shown == 0 {
		t.Error("no secret is shown when it is asked for: this test looks for the wrong thing")
	}
}

// find returns the first subject whose field has a name, and whose explanation
// works something out.
func find(t *testing.T, recording, name string) Subject {
	t.Helper()
	list := events(t, recording)
	creds := credentials(list)
	var found Subject
	for i := range list {
		e := &list[i]
		eachSubject(e, creds[e.Conn.ID], func(s Subject) {
			if found.Field == nil && s.Field != nil && nameOf(s.Field.Def) == name {
				found = s
			}
		})
	}
	if found.Field == nil {
		t.Fatalf("%s has no %s", recording, name)
	}
	return found
}

func TestArithmeticIsThatOfTheBytes(t *testing.T) {
	const brewskey, spark = "healthy-brewskey-fw2.3.1/capture.pcapng", "healthy-spark-fw1.5.2/capture.pcap"
	for _, test := range []struct{ recording, field, want string }{
		{brewskey, "coap.type", "50 = 01 01 0000: version 1, type 1 (NON), token of 0 bytes"},
		{brewskey, "coap.code", "02 = 000 00010: class 0, detail 2, so 0.02 POST"},
		{brewskey, "Option header", "b1: upper half 11, lower half 1. 0 + 11 = option 11, Uri-Path; value of 1 byte"},
		{brewskey, "frame.len", "00 10 = 0 × 256 + 16 = 16: 1 block of 16"},
		{brewskey, "frame.padding", "The message has 15 bytes: 16 - (15 modulo 16) = 1, so 1 times 01, as it is"},
		{brewskey, "photon.hello.flags", "00 36 = 0x20 + 0x10 + 0x04 + 0x02"},
		{spark, "photon.event.public", "45 is the letter E; e is 65, E is 45"},
		{spark, "photon.ota.crc", "CRC-32 of the 256 bytes of data is "},
	} {
		s := find(t, test.recording, test.field)
		if got := text(Explain(s)); !strings.Contains(got, test.want) {
			t.Errorf("%s: want %q in\n%s", test.field, test.want, got)
		}
	}
	crc := find(t, spark, "photon.ota.crc")
	if got := (&explanation{Subject: crc}).worked(); !strings.HasSuffix(got, "the same: right") {
		t.Errorf("the genuine checksum: %s", got)
	}
}

func TestNumbersAreWorkedOut(t *testing.T) {
	for _, test := range []struct {
		key  string
		b    string
		want string
	}{
		{"photon.func.result", "fffffffe", "ff ff ff fe = 4294967294; the top bit is set, so minus 2^32: -2"},
		{"photon.func.result", "0000002a", "00 00 00 2a = 0x2a = 42"},
		{"photon.time.value", "6553f100", "65 53 f1 00 = 1700000000 s after 1970: 2023-11-14 22:13:20 UTC"},
		{"photon.goodbye.sleep_seconds", "ac02", "ac 02 = 44 × 2^0 + 2 × 2^7 = 300"},
		{"coap.opt.block2", "0d", "0xd: number 0, more to follow 1, size exponent 5: blocks of 512 bytes"},
		{"photon.describe.flags", "00", "no bit is set"},
		{"coap.code", "45", "45 = 010 00101: class 2, detail 5, so 2.05 Content"},
		{"photon.hello.product_id", "0006", "00 06 = 0 × 256 + 6 = 6"},
	} {
		b, _ := hex.DecodeString(test.b)
		s := subject(test.key, b)
		if got := (&explanation{Subject: s}).worked(); got != test.want {
			t.Errorf("%s of %s: got %q, want %q", test.key, test.b, got, test.want)
		}
	}
}

// subject is a field that lies alone in its layer.
func subject(key string, b []byte) Subject {
	def := &field.Def{Key: key, Label: key, Type: field.Uint}
	f := &field.Field{Def: def, Value: field.UintOf(bigEndian(b[:min(len(b), 8)])), End: len(b)}
	return Subject{
		Event: &decode.Event{Body: &decode.Gap{}}, Field: f, Offset: -1,
		Layers: []decode.Layer{{Name: decode.Payload, Bytes: b, Fields: []field.Field{*f}}},
	}
}

func FuzzAnyBytesOfAnyFieldAreExplained(f *testing.F) {
	var names []string
	for _, d := range decode.Fields() {
		names = append(names, d.Key)
	}
	for name := range byName {
		names = append(names, name)
	}
	for i := range names {
		f.Add(uint16(i), []byte{0xb1, 0x65, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	}
	f.Fuzz(func(t *testing.T, which uint16, b []byte) {
		if len(b) == 0 {
			return
		}
		s := subject(names[int(which)%len(names)], b)
		s.Event = &decode.Event{Raw: b, Body: &decode.Message{Plain: b, Padded: b}}
		s.Credentials = new(lightssl.Credentials)
		for _, l := range Explain(s) {
			if strings.ContainsFunc(l.Text, unicode.IsControl) {
				t.Errorf("%q", l.Text)
			}
		}
	})
}
