package coap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The figures of RFC 7252 appendix A.
func TestTheExamplesOfTheRFCParse(t *testing.T) {
	tests := []struct {
		name, hex string
		want      Message
	}{
		{"figure 16, request", "40 01 7d 34 bb 74 65 6d 70 65 72 61 74 75 72 65",
			Message{Type: Confirmable, Code: GET, ID: 0x7d34, Options: []Option{{Number: URIPath, Value: []byte("temperature"), Start: 4, Data: 5}}}},
		{"figure 16, response", "60 45 7d 34 ff 32 32 2e 33 20 43",
			Message{Type: Acknowledgement, Code: Content, ID: 0x7d34, Payload: []byte("22.3 C"), Marker: true}},
		{"figure 17, request with token", "41 01 7d 35 20 bb 74 65 6d 70 65 72 61 74 75 72 65",
			Message{Type: Confirmable, Code: GET, ID: 0x7d35, Token: []byte{0x20}, Options: []Option{{Number: URIPath, Value: []byte("temperature"), Start: 5, Data: 6}}}},
		{"figure 20, empty acknowledgement", "60 00 7d 38", Message{Type: Acknowledgement, ID: 0x7d38}},
		{"figure 23, reset", "70 00 7d 3b", Message{Type: ResetMessage, ID: 0x7d3b}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := unhex(t, test.hex)
			var got Message
			if err := got.Parse(b); err != nil {
				t.Fatal(err)
			}
			want := test.want
			want.OptionsStart = HeaderLen + len(want.Token)
			want.PayloadStart = len(b) - len(want.Payload)
			normalise(&got)
			normalise(&want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if again := got.Append(nil); !bytes.Equal(again, b) {
				t.Errorf("appended %x, want %x", again, b)
			}
		})
	}
}

// normalise makes empty and absent alike.
func normalise(m *Message) {
	if len(m.Token) == 0 {
		m.Token = nil
	}
	if len(m.Options) == 0 {
		m.Options = nil
	}
	if len(m.Payload) == 0 {
		m.Payload = nil
	}
}

func TestFaultsAreReportedWithTheirOffset(t *testing.T) {
	tests := []struct {
		name, hex string
		offset    int
		reason    string
	}{
		{"nothing", "", 0, "the header is cut off"},
		{"three bytes", "40 01 00", 3, "the header is cut off"},
		{"version 0", "00 01 00 00", 0, "the version is not 1"},
		{"version 3", "c0 01 00 00", 0, "the version is not 1"},
		{"token length 9", "49 01 00 00 00 00 00 00 00 00 00 00 00", 0, "the token length is reserved"},
		{"token cut", "44 01 00 00 01 02", 6, "the token is cut off"},
		{"delta 15", "40 01 00 00 b1 74 f1 00", 6, "the option delta is reserved or cut off"},
		{"length 15", "40 01 00 00 0f", 4, "the option length is reserved or cut off"},
		{"one byte delta cut", "40 01 00 00 d0", 4, "the option delta is reserved or cut off"},
		{"two byte delta cut", "40 01 00 00 e0 00", 4, "the option delta is reserved or cut off"},
		{"one byte length cut", "40 01 00 00 0d", 4, "the option length is reserved or cut off"},
		{"two byte length cut", "40 01 00 00 0e 00", 4, "the option length is reserved or cut off"},
		{"number above 65535", "40 01 00 00 e0 ff ff", 4, "the option number exceeds 65535"},
		{"value cut", "40 01 00 00 b5 74 65", 4, "the option value is cut off"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var m Message
			var fault *ParseError
			if err := m.Parse(unhex(t, test.hex)); !errors.As(err, &fault) {
				t.Fatalf("got %v, want a ParseError", err)
			}
			if fault.Offset != test.offset || fault.Reason != test.reason {
				t.Errorf("got %q at %d, want %q at %d", fault.Reason, fault.Offset, test.reason, test.offset)
			}
		})
	}
}

func TestAFaultLeavesWhatCameBeforeIt(t *testing.T) {
	var m Message
	err := m.Parse(unhex(t, "41 02 12 34 07 b1 66 03 61 62 63 4f"))
	var fault *ParseError
	if !errors.As(err, &fault) || fault.Offset != 11 {
		t.Fatalf("got %v, want a fault at 11", err)
	}
	if m.ID != 0x1234 || string(m.Token) != "\x07" || len(m.Options) != 2 || string(m.Options[1].Value) != "abc" {
		t.Errorf("got %+v", m)
	}
}

func TestMoreThan256OptionsAreLeftAlone(t *testing.T) {
	b := append(unhex(t, "40 01 00 01 b0"), bytes.Repeat([]byte{0}, 5000)...)
	var m Message
	var fault *ParseError
	if err := m.Parse(b); !errors.As(err, &fault) {
		t.Fatalf("got %v, want a ParseError", err)
	}
	if len(m.Options) != MaxOptions || fault.Offset != HeaderLen+MaxOptions {
		t.Errorf("%d options, fault at %d", len(m.Options), fault.Offset)
	}
	if err := m.Parse(b[:HeaderLen+MaxOptions]); err != nil || len(m.Options) != MaxOptions {
		t.Errorf("256 options: %v, %d", err, len(m.Options))
	}
}

// randomMessage makes a message from the model: whatever Append can express.
func randomMessage(r *rand.Rand) Message {
	m := Message{Type: Type(r.IntN(4)), Code: Code(r.UintN(256)), ID: uint16(r.UintN(1 << 16)), Token: randomBytes(r, r.IntN(9))}
	number := 0
	for range r.IntN(6) {
		number += []int{0, 1, r.IntN(13), 13, 13 + r.IntN(256), 268, 269, 269 + r.IntN(9000)}[r.IntN(8)]
		value := randomBytes(r, []int{0, r.IntN(13), 12, 13, r.IntN(269), 268, 269, 300 + r.IntN(300)}[r.IntN(8)])
		m.Options = append(m.Options, Option{Number: uint16(number), Value: value})
	}
	m.Payload = randomBytes(r, r.IntN(3)*r.IntN(40))
	m.Marker = len(m.Payload) > 0 || r.IntN(4) == 0
	return m
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.UintN(256))
	}
	return b
}

func TestWhatIsAppendedParsesToTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 252))
	var got Message
	for range 20000 {
		want := randomMessage(r)
		b := want.Append(nil)
		if err := got.Parse(b); err != nil {
			t.Fatalf("%x: %v", b, err)
		}
		if again := got.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("got %x, want %x", again, b)
		}
		same := clone(got)
		for i := range same.Options {
			o := &same.Options[i]
			if !bytes.Equal(b[o.Data:o.Data+len(o.Value)], o.Value) {
				t.Fatalf("option %d of %x lies elsewhere", i, b)
			}
			o.Start, o.Data = 0, 0
		}
		same.OptionsStart, same.PayloadStart = 0, 0
		if !equal(same, want) {
			t.Fatalf("got  %+v\nwant %+v", same, want)
		}
	}
}

func clone(m Message) Message {
	m.Options = append([]Option(nil), m.Options...)
	return m
}

func equal(a, b Message) bool {
	if len(a.Options) != len(b.Options) {
		return false
	}
	for i := range a.Options {
		if a.Options[i].Number != b.Options[i].Number || !bytes.Equal(a.Options[i].Value, b.Options[i].Value) {
			return false
		}
	}
	return a.Type == b.Type && a.Code == b.Code && a.ID == b.ID && bytes.Equal(a.Token, b.Token) &&
		bytes.Equal(a.Payload, b.Payload) && a.Marker == b.Marker
}

func TestAppendPanicsOnWhatCannotBeExpressed(t *testing.T) {
	tests := map[string]Message{
		"token of 9 bytes":   {Token: make([]byte, 9)},
		"descending numbers": {Options: []Option{{Number: 12}, {Number: 11}}},
		"value too long":     {Options: []Option{{Number: 1, Value: make([]byte, 65805)}}},
	}
	for name, m := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			m.Append(nil)
		})
	}
}

// event is a published event of 60 bytes, as a Photon sends it.
var event = append([]byte("\x50\x02\xaa\x02\xb1e\x0d\x0ekitchen/oven/temperature3\x00\x0e\x10\xff"), `{"t":212.5,"unit":"C"}`...)

func TestParsingAnEventAllocatesNothing(t *testing.T) {
	b := event[:60]
	var m Message
	if err := m.Parse(b); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() { m.Parse(b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParseEvent(b *testing.B) {
	var m Message
	in := event[:60]
	b.ReportAllocs()
	for b.Loop() {
		m.Parse(in)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m Message
		var fault *ParseError
		err := m.Parse(b)
		if err != nil && !errors.As(err, &fault) {
			t.Fatalf("%T", err)
		}
		if fault != nil && (fault.Offset < 0 || fault.Offset > len(b)) {
			t.Fatalf("fault at %d of %d", fault.Offset, len(b))
		}
		checkCoverage(t, b, &m, fault)
		for _, q := range m.Quirks() {
			if q.Offset < 0 || q.Offset >= len(b) || q.Text == "" {
				t.Fatalf("quirk %+v in %d bytes", q, len(b))
			}
		}
		if err == nil {
			if again := m.Append(nil); !bytes.Equal(again, b) {
				t.Fatalf("appended %x, want %x", again, b)
			}
		}
	})
}

// checkCoverage checks that the parts of a message follow each other without a
// gap up to its end, or to the offset of the fault.
func checkCoverage(t *testing.T, b []byte, m *Message, fault *ParseError) {
	t.Helper()
	if len(b) < HeaderLen || fault != nil && fault.Offset < HeaderLen {
		return
	}
	at := m.OptionsStart
	for i := range m.Options {
		o := &m.Options[i]
		if o.Start != at || o.Data <= o.Start || !bytes.Equal(b[o.Data:o.Data+len(o.Value)], o.Value) {
			t.Fatalf("option %d at [%d:%d], expected at %d", i, o.Start, o.Data, at)
		}
		at = o.Data + len(o.Value)
	}
	if m.Marker {
		at++
	}
	end := len(b)
	if fault != nil {
		end = fault.Offset
		if end == len(b) { // the token is cut off
			return
		}
	}
	if m.Payload != nil && at != m.PayloadStart || at+len(m.Payload) != end {
		t.Fatalf("parts end at %d, payload [%d:%d], message ends at %d", at, m.PayloadStart, m.PayloadStart+len(m.Payload), end)
	}
}

// seeds hold at least one message for each production of the grammar and each
// fault.
var seeds = []string{
	"", "40", "40010001", "50010001", "60000001", "70000001", "00010001", "80010001", // headers
	"4101000107", "4801000101020304050607 08", "490100010203", "4401000102", // tokens
	"40010001b174", "40010001b0", "40010001bd00" + "61616161616161616161616161", // short options
	"4001000130", "40010001d000", "40010001e00000", "40010001e1ffff00", "40010001f0", // deltas
	"400100010d0c", "400100010e0000", "400100010f", // lengths
	"40010001ff", "40010001ff00", "40010001b174ff01", // payloads
	"610000010 0", "6180000100", "4100000107", // as SP sends them
	"5002aa07b178d0eaff0102", "5002a9fcb168ff0006ffff00360006", "41020003 04b16344 29058c73 020001 ff 00010203",
	"40020001 b164 4102 c15d ff 7b7d", "40010001 31 61 41 62 10 61 21 03", "40020001 e80101 0000000000000000",
}
