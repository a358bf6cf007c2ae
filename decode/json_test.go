package decode

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Every line is JSON, no key appears twice, and every key is in the table of
// fields with the type the table gives it.
func TestNDJSONAgreesWithTheTableOfFields(t *testing.T) {
	defs := make(map[string]*field.Def)
	for _, d := range Fields() {
		defs[d.Key] = d
	}
	for _, name := range vectorNames {
		var p Printer
		for _, e := range decodeAll(vectorKeys(t), loadVectors(t, name).items(t)) {
			line := string(p.AppendJSON(nil, &e))
			if !strings.HasSuffix(line, "}\n") || strings.Count(line, "\n") != 1 {
				t.Fatalf("not one line: %q", line)
			}
			for key, value := range object(t, line) {
				d := defs[key]
				if d == nil {
					t.Errorf("%s: key %s is in no table", e.Body.Name(), key)
				} else if err := fitsType(d, value); err != "" {
					t.Errorf("%s: %s is %s, the table says %s: %s", e.Body.Name(), key, value, d.Type, err)
				}
			}
		}
	}
}

// object parses a flat JSON object and fails on a repeated key.
func object(t *testing.T, line string) map[string]json.RawMessage {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(line))
	if _, err := dec.Token(); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	out := make(map[string]json.RawMessage)
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if out[key.(string)] != nil {
			t.Errorf("key %s twice: %s", key, line)
		}
		out[key.(string)] = value
	}
	return out
}

func fitsType(d *field.Def, value json.RawMessage) string {
	if d.Many {
		var list []json.RawMessage
		if json.Unmarshal(value, &list) != nil {
			return "a field that may occur more than once is an array"
		}
		for _, v := range list {
			one := *d
			one.Many = false
			if err := fitsType(&one, v); err != "" {
				return err
			}
		}
		return ""
	}
	var v any
	json.Unmarshal(value, &v)
	switch d.Type {
	case field.Any:
	case field.Uint, field.Int, field.Float:
		if _, ok := v.(float64); !ok {
			return "no number"
		}
	case field.Bool:
		if _, ok := v.(bool); !ok {
			return "no boolean"
		}
	case field.Bytes:
		s, ok := v.(string)
		if b, err := hex.DecodeString(s); !ok || err != nil || hex.EncodeToString(b) != s {
			return "no lower-case hex"
		}
	default:
		if _, ok := v.(string); !ok {
			return "no string"
		}
	}
	return ""
}

func TestJSONStringsSurviveAParser(t *testing.T) {
	for _, s := range []string{"", "plain", `quote " and \`, "tab\tnew\nline", "Ünïcödé ✓ 100%", "bidi \u202e zero\u200bwidth", "\x1b[31m", "😀 \U000e0041"} {
		line := field.AppendJSONString(nil, s)
		var back string
		if err := json.Unmarshal(line, &back); err != nil || back != s {
			t.Errorf("%q became %s, back %q (%v)", s, line, back, err)
		}
		for _, c := range string(line) {
			if c < ' ' || c == 0x7f || c == 0x202e || c == 0x200b {
				t.Errorf("%q is written with %U", s, c)
			}
		}
	}
	if got := string(field.AppendJSONString(nil, []byte{'a', 0xff, 0xc3, 'b'})); got != `"a\\xff\\xc3b"` {
		t.Errorf("stray bytes: %s", got)
	}
}

func TestTimesAreRFC3339WithNanoseconds(t *testing.T) {
	var c clock
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Unix(0, 5), time.Unix(1795488958, 627941000), time.Unix(1795488958, 999999999),
		time.Unix(-1, 999999999), time.Unix(1795488959, 0).In(time.FixedZone("east", 7200)),
	} {
		got := string(c.append(nil, at))
		back, err := time.Parse(time.RFC3339Nano, got)
		if err != nil || !back.Equal(at) || len(got) != len("2006-01-02T15:04:05.000000000Z") {
			t.Errorf("%v became %s (%v)", at, got, err)
		}
	}
}

// TestJSONOfAMessageDoesNotAllocate keeps the printer's promise for the
// commonest events.
func TestJSONOfAMessageDoesNotAllocate(t *testing.T) {
	e := eventMessage(t)
	var p Printer
	line := p.AppendJSON(nil, &e)
	if n := testing.AllocsPerRun(100, func() { line = p.AppendJSON(line[:0], &e) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// eventMessage is an event that a device published, the commonest message.
func eventMessage(tb testing.TB) Event {
	for _, e := range decodeAll(vectorKeys(tb), loadVectors(tb, "session_lightssl.json").items(tb)) {
		if m, ok := e.Body.(*Message); ok && m.Meaning.Kind.String() == "event" {
			return e
		}
	}
	tb.Fatal("no event in the vectors")
	return Event{}
}

// sameEvent is the struct that a program would fill from an event to print the
// same line with encoding/json.
type sameEvent struct {
	Type     string    `json:"type"`
	Time     time.Time `json:"time"`
	Session  uint32    `json:"photon.session"`
	Leg      string    `json:"photon.leg"`
	Dir      string    `json:"photon.dir"`
	DeviceID string    `json:"photon.device_id"`
	Wire     string    `json:"frame.wire"`
	Plain    string    `json:"frame.plain"`
	Msg      string    `json:"photon.msg"`
	CoapType int       `json:"coap.type"`
	Code     int       `json:"coap.code"`
	MID      int       `json:"coap.mid"`
	URIPath  []string  `json:"coap.opt.uri_path"`
	Payload  string    `json:"coap.payload"`
	Public   bool      `json:"photon.event.public"`
	Name     string    `json:"photon.event.name"`
	TTL      int       `json:"photon.event.ttl"`
	Data     string    `json:"photon.event.data"`
}

// fill takes an event that a device published apart, as sameEvent needs it.
func (s *sameEvent) fill(e *Event, m *coap.Message) {
	body := e.Body.(*Message)
	m.Parse(body.Plain)
	*s = sameEvent{
		Type: "message", Time: e.At, Session: e.Session, Leg: e.Conn.Leg.String(), Dir: e.From.String(),
		DeviceID: e.Device.String(), Wire: hex.EncodeToString(e.Raw), Plain: hex.EncodeToString(body.Plain),
		Msg: body.Meaning.Kind.String(), CoapType: int(m.Type), Code: int(m.Code), MID: int(m.ID),
		URIPath: []string{string(m.Options[0].Value), string(m.Options[1].Value)}, Payload: hex.EncodeToString(m.Payload),
		Name: string(m.Options[1].Value), TTL: 60, Data: string(m.Payload),
	}
}

// BenchmarkJSON compares a line of NDJSON with json.Marshal of a struct filled
// from the same event (goal J1: at most a quarter, and no allocation).
func BenchmarkJSON(b *testing.B) {
	e := eventMessage(b)
	var p Printer
	var same sameEvent
	var m coap.Message
	line := p.AppendJSON(nil, &e)
	same.fill(&e, &m)
	if rival, err := json.Marshal(&same); err != nil || len(rival) < len(line)-20 || len(rival) > len(line)+20 {
		b.Fatalf("not the same: %v\n%s%s", err, line, rival)
	}
	var ours, rival []time.Duration
	const batch = 5000 // long beside a collection of the rival's garbage, which is not our time
	for b.Loop() {
		start := time.Now()
		for range batch {
			line = p.AppendJSON(line[:0], &e)
		}
		mid := time.Now()
		for range batch {
			same.fill(&e, &m)
			if _, err := json.Marshal(&same); err != nil {
				b.Fatal(err)
			}
		}
		ours, rival = append(ours, mid.Sub(start)/batch), append(rival, time.Since(mid)/batch)
	}
	slices.Sort(ours)
	slices.Sort(rival)
	o, r := ours[len(ours)/2], rival[len(rival)/2]
	b.ReportMetric(float64(o), "ns/event")
	b.ReportMetric(float64(r), "ns/json.Marshal")
	b.ReportMetric(float64(o)/float64(r), "ratio")
}

// wantTableLine checks that the line of an event is the one that the table of
// fields gives, byte for byte.
func wantTableLine(t *testing.T, p *Printer, e *Event) {
	t.Helper()
	line := string(p.AppendJSON(nil, e))
	if want := string(p.appendAny(nil, e)); line != want {
		t.Fatalf("the line of a message\n%sby the table of fields\n%s", line, want)
	}
}

func TestLinesOfMessagesAreThoseOfTheTableOfFields(t *testing.T) {
	var p Printer
	for _, name := range vectorNames {
		for _, e := range decodeAll(vectorKeys(t), loadVectors(t, name).items(t)) {
			wantTableLine(t, &p, &e)
		}
	}
	rng := rand.New(rand.NewPCG(7, 8))
	e := eventMessage(t)
	for range 3000 {
		m := *e.Body.(*Message)
		m.Plain = bytes.Clone(m.Plain)
		for range rng.IntN(6) {
			m.Plain[1+rng.IntN(len(m.Plain)-1)] = byte(rng.Uint32())
		}
		var parsed coap.Message
		if parsed.Parse(m.Plain) != nil {
			continue
		}
		var c particle.Conversation
		m.Meaning = c.Next(e.From, e.At, &parsed)
		m.Meaning.HasRTT, m.Meaning.RTT = rng.IntN(2) == 0, time.Duration(rng.Uint64()>>rng.IntN(64))
		odd := e
		odd.Body, odd.Known, odd.Altered, odd.Session = &m, rng.IntN(2) == 0, rng.IntN(2) == 0, rng.Uint32()
		odd.From, odd.Conn.Leg = stream.Direction(rng.IntN(2)), stream.Leg(rng.IntN(3))
		if rng.IntN(9) == 0 {
			odd.Raw = nil
		}
		wantTableLine(t, &p, &odd)
	}
}

func TestSecondsAreWrittenAsStrconvWritesThem(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for range 200_000 {
		d := time.Duration(rng.Uint64() >> rng.IntN(64))
		if rng.IntN(3) == 0 {
			d -= d % time.Microsecond
		}
		got, want := string(appendSeconds(nil, d)), strconv.FormatFloat(d.Seconds(), 'g', -1, 64)
		if got != want {
			t.Fatalf("%d ns: %s, want %s", d, got, want)
		}
	}
}
