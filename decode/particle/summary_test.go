package particle

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// tellCase plays a case of the catalogue and returns what its last message means.
func tellCase(t *testing.T, name string) (g Meaning, m coap.Message, c *Conversation) {
	t.Helper()
	test, ok := catalogue[name]
	if !ok {
		t.Fatalf("no case %q", name)
	}
	c = new(Conversation)
	for i, s := range test.steps() {
		if err := m.Parse(unhex(t, s.hex)); err != nil {
			t.Fatal(err)
		}
		g = c.Next(s.from, time.Unix(1700000000, int64(i)*1e6), &m)
	}
	return g, m, c
}

func TestSummariesSayWhatMatters(t *testing.T) {
	const room = 100 - 46 // columns that the text output leaves of a hundred
	for name, want := range map[string]string{
		"hello, 2.3.1":                      "product 6 v65535, platform 6 (Photon), flags 0x0036",
		"hello, 3.3.1, 20 bytes":            "product 6 v65535, platform 6 (Photon), flags 0x0036, system 3302",
		"hello, core firmware, 6 bytes":     "product 0 v65535, flags 0x0000",
		"hello and its reply, Spark":        "",
		"ping from the device, Spark":       "",
		"ping from the cloud, LightSSL":     "under a wrong message ID",
		"goodbye with every reason":         "disconnect: sleep, reset: user, sleep (s): 2096, network: listening mode",
		"reset":                             "to ping",
		"time":                              "2023-11-14T22:13:20Z",
		"describe with flags":               "system and application",
		"describe, 0.4.0, one reply":        "1 function, 1 variable",
		"description unasked, in blocks":    "",
		"describe in blocks":                "block 1, 5 bytes",
		"metrics":                           "2 figures",
		"function without an argument":      "brew()",
		"function, argument cut at &":       `brew("a")`,
		"function":                          "brew = 42",
		"function, argument refused":        "brew, 4.00 Bad Request",
		"variable, double, since 1.5":       "temperature = 21.5",
		"variable, string":                  `s = "aé"`,
		"variable of unknown type, 4 bytes": "count = 0x31323334 (type unknown)",
		"variable unknown, synchronous":     "count, 4.04 Not Found",
		"event, public":                     "temperature = 21.5 (public)",
		"event without data":                "lab/nodata (public)",
		"delivery by Brewskey":              "lab/cmd = on (public)",
		"event refused by Spark":            "a, 4.00 Bad Request",
		"subscribe to all":                  "lab/cmd",
		"subscribe to my devices":           "particle of my devices",
		"subscribe to one device":           "a of device 1b0042",
		"signal off":                        "off",
		"update begins, figures":            "20000 bytes, chunks of 512, to application slot, fast",
		"update begins without payload":     "",
		"update ready, core firmware":       "chunk by chunk",
		"chunk, fields":                     "chunk 0 of 1, 1 bytes",
		"chunk, wrong CRC":                  "chunk 0 of 1, 4.00 Bad Request",
		"chunks missed, since 2.0":          "1 missing: 5",
		"update done, verdict":              `complete, {"r":0}`,
		"request outside the catalogue":     "0.04 DELETE /z",
		"response that no request knows":    "to ping, 2.04 Changed",
	} {
		g, m, _ := tellCase(t, name)
		if got := string(g.AppendSummary(nil, &m)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if n := utf8.RuneCountInString(want); n > room && name != "goodbye with every reason" && name != "hello, 3.3.1, 20 bytes" {
			t.Errorf("%s: %d columns are too many: %q", name, n, want)
		}
	}
}

func TestForeignTextInSummariesIsCutAndHarmless(t *testing.T) {
	data := append([]byte("\x1b[31m\u202e"), make([]byte, 500)...)
	m := coap.Message{Code: coap.POST, Options: []coap.Option{option(coap.URIPath, 'e'), option(coap.URIPath, 'a')}, Marker: true, Payload: data}
	var c Conversation
	g := c.Next(stream.FromDevice, time.Unix(0, 0), &m)
	line := string(g.AppendSummary(nil, &m))
	if len(line) > 4*maxShown+60 || line[:24] != `a = \x1b[31m\u202e\x00\x` || line[len(line)-22:] != "… (508 bytes) (public)"[len("… (508 bytes) (public)")-22:] {
		t.Errorf("%q", line)
	}
}

func TestTheStackIsToldByFactsOnly(t *testing.T) {
	for name, want := range map[string]Stack{
		"hello, 0.4.0 to 0.7.0":             LegacyStack,
		"hello, 2.3.1":                      LightSSLStack,
		"ping from the cloud, legacy":       LegacyStack,
		"ping after messages of the device": LightSSLStack,
		"event, public":                     UnknownStack,
		"function":                          UnknownStack,
	} {
		if _, _, c := tellCase(t, name); c.Stack() != want {
			t.Errorf("%s: %v, want %v", name, c.Stack(), want)
		}
	}
}

func TestANameFromAStrangerIsNotTakenForAnAnswer(t *testing.T) {
	g, _, _ := tellCase(t, "function result without its call")
	if g.HasRTT || g.Answers != NoKind || g.Name != nil {
		t.Errorf("%+v", g)
	}
}
