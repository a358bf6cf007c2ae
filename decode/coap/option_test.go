package coap

import (
	"strings"
	"testing"
)

// registry is the IANA registry "CoAP Option Numbers" as RFC 7252 section 5.10
// and the later RFCs tabulate it: number, C(ritical) U(nsafe) N(oCacheKey)
// R(epeatable), name, format.
const registry = `
1    C--R If-Match opaque
3    CU-- Uri-Host string
4    ---R ETag opaque
5    C--- If-None-Match empty
6    -U-- Observe uint
7    CU-- Uri-Port uint
8    ---R Location-Path string
9    C--- OSCORE opaque
11   CU-R Uri-Path string
12   ---- Content-Format uint
14   -U-- Max-Age uint
15   CU-R Uri-Query string
16   ---- Hop-Limit uint
17   C--- Accept uint
19   CU-- Q-Block1 uint
20   ---R Location-Query string
21   C--- EDHOC empty
23   CU-- Block2 uint
27   CU-- Block1 uint
28   --N- Size2 uint
31   CU-R Q-Block2 uint
35   CU-- Proxy-Uri string
39   CU-- Proxy-Scheme string
60   --N- Size1 uint
235  CU-- Proxy-Cri opaque
239  CU-- Proxy-Scheme-Number uint
252  --N- Echo opaque
258  -U-- No-Response uint
292  ---R Request-Tag opaque
2049 C--- OCF-Accept-Content-Format-Version uint
2053 C--- OCF-Content-Format-Version uint
2055 CU-- SCP82-Params opaque
2056 ---- X-Admin-Protocol string
`

func TestEveryRegisteredOptionIsKnown(t *testing.T) {
	n := 0
	for line := range strings.Lines(strings.TrimSpace(registry)) {
		n++
		var number uint16
		f := strings.Fields(line)
		for _, c := range f[0] {
			number = number*10 + uint16(c-'0')
		}
		o := Lookup(number)
		flags := flag(o.Critical(), "C") + flag(o.Unsafe(), "U") + flag(o.NoCacheKey(), "N") + flag(o.Repeatable, "R")
		if got := flags + " " + o.Name + " " + o.Format.String(); got != strings.Join(f[1:], " ") {
			t.Errorf("%d: got %q, want %q", number, got, strings.Join(f[1:], " "))
		}
	}
	particle := 0
	for _, o := range Options {
		if strings.HasPrefix(o.Name, "Particle-") {
			particle++
		}
	}
	if len(Options) != n+particle || particle != 5 {
		t.Errorf("%d options in the table, %d in the registry, %d of Particle's own", len(Options), n, particle)
	}
}

func flag(yes bool, letter string) string { return choose(yes, letter, "-") }

func TestOptionsAscendAndTheirKeysDiffer(t *testing.T) {
	keys := map[string]bool{}
	for i, o := range Options {
		if i > 0 && Options[i-1].Number >= o.Number {
			t.Errorf("%d stands behind %d", o.Number, Options[i-1].Number)
		}
		if keys[o.Key()] || strings.ToLower(o.Key()) != o.Key() || strings.ContainsAny(o.Key(), "- ") {
			t.Errorf("key %q", o.Key())
		}
		keys[o.Key()] = true
	}
	for number, key := range map[uint16]string{11: "coap.opt.uri_path", 14: "coap.opt.max_age", 4: "coap.opt.etag", 258: "coap.opt.no_response", 9999: "coap.opt.unknown_9999"} {
		if got := Lookup(number).Key(); got != key {
			t.Errorf("%d: got %q, want %q", number, got, key)
		}
	}
}

func TestDescribeSaysWhatAReceiverMustDo(t *testing.T) {
	for number, want := range map[uint16]string{
		14:   "option 14, uint, elective, unsafe to forward (RFC 7252)",
		60:   "option 60, uint, elective, safe to forward, not part of the cache key (RFC 7252)",
		9999: "option 9999, critical, unsafe to forward; not registered",
	} {
		if got := Lookup(number).Describe(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCodesHaveTheirRegisteredNames(t *testing.T) {
	for code, want := range map[Code]string{0x00: "0.00 Empty", 0x01: "0.01 GET", 0x07: "0.07 iPATCH", 0x44: "2.04 Changed", 0x45: "2.05 Content",
		0x5f: "2.31 Continue", 0x80: "4.00 Bad Request", 0x8f: "4.15 Unsupported Content-Format", 0xa3: "5.03 Service Unavailable", 0xe1: "7.01 CSM", 0x3f: "1.31 "} {
		if got := code.String() + " " + code.Name(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if POST.IsResponse() || !POST.IsRequest() || Empty.IsRequest() || !Content.IsResponse() || Content.IsError() || !NotFound.IsError() {
		t.Error("classes are confused")
	}
}

func TestQuirksNameWhatTheRFCForbids(t *testing.T) {
	tests := []struct {
		hex     string
		offsets []int
		text    string
	}{
		{"6100aa0600", []int{4}, "must not have a token"},
		{"4000aa06", nil, ""},
		{"4000aa06ff00", []int{4}, "must end after its ID"},
		{"5000aa06", []int{0}, "must not be non-confirmable"},
		{"6001aa06b174", []int{0}, "must not carry a request"},
		{"7045aa06", []int{0}, "a reset must be empty"},
		{"4020aa06", []int{0}, "class is reserved"},
		{"5002aa02b165ff", []int{6}, "must be followed by a payload"},
		{"5002aa07b178d0eaff0102", nil, ""}, // No-Response is elective
		{"4002aa07e1fe0000", []int{4}, "unknown critical option"},
		{"5002aa07b16533000e10010f", []int{10}, "must not be repeated"},
		{"4001aa0750", nil, ""},
		{"4001aa075100", []int{4}, "must have no value"},
		{"4001aa07d901000000000000000000", []int{4}, "integer is too long"},
		{"5002aa02b16533000e10", nil, ""}, // leading zeros are allowed
	}
	for _, test := range tests {
		var m Message
		if err := m.Parse(unhex(t, test.hex)); err != nil {
			if test.text != "" {
				t.Errorf("%s: %v", test.hex, err)
			}
			continue
		}
		quirks := m.Quirks()
		if len(quirks) != len(test.offsets) {
			t.Errorf("%s: %+v", test.hex, quirks)
			continue
		}
		for i, q := range quirks {
			if q.Offset != test.offsets[i] || !strings.Contains(q.Text, test.text) {
				t.Errorf("%s: %+v", test.hex, q)
			}
		}
	}
}
