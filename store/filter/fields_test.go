package filter

import (
	"reflect"
	"slices"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

// The getters, and the sets of events and kinds that spare looking, say the same
// as a look at all fields of the event.
func TestEveryFieldHasTheValuesOfNDJSON(t *testing.T) {
	var p decode.Printer
	var s scratch
	s.init()
	for i := range samples(t) {
		e := &samples(t)[i]
		s.begin(e, Relation{})
		all := map[string][]field.Value{"type": {field.WordOf(e.Body.Name())}, "time": {field.IntOf(e.At.UnixNano())}}
		p.Each(e, func(d *field.Def, v field.Value) { all[d.Key] = append(all[d.Key], v) })
		table, _ := fieldTable()
		for _, f := range table {
			if treeFields[f.Key] != 0 || !isNDJSON[f.Key] {
				continue
			}
			got := s.values(nil, &operand{field: f})
			if want := all[f.Key]; !sameValues(got, want) {
				t.Fatalf("event %d, %s: %s is %v, want %v", i, e.Body.Name(), f.Key, got, want)
			}
			for _, v := range got {
				if len(f.Values) > 0 && !slices.Contains(f.Values, v.Word()) {
					t.Errorf("%s is %q, which is none of its values", f.Key, v.Word())
				}
			}
		}
	}
}

// isNDJSON has the fields that package decode names.
var isNDJSON = func() map[string]bool {
	keys := make(map[string]bool)
	for _, d := range decode.Fields() {
		keys[d.Key] = true
	}
	return keys
}()

func sameValues(a, b []field.Value) bool {
	return slices.EqualFunc(a, b, func(x, y field.Value) bool {
		return x.Type() == y.Type() && string(x.AppendJSON(nil, true)) == string(y.AppendJSON(nil, true))
	})
}

// No field is listed that can never match.
func TestEveryFieldOccursInSomeEvent(t *testing.T) {
	var s scratch
	s.init()
	missing := map[string]bool{}
	table, _ := fieldTable()
	for _, f := range table {
		missing[f.Key] = true
	}
	for i := range samples(t) {
		e := &samples(t)[i]
		s.begin(e, Relation{Answer(i % 3)})
		for key := range missing {
			if len(s.values(nil, &operand{field: lookup(key)})) > 0 {
				delete(missing, key)
			}
		}
	}
	for key := range missing {
		t.Errorf("%s occurs in none of %d events", key, len(samples(t)))
	}
}

func TestFieldsOfTheTreeAreFoundThere(t *testing.T) {
	var s scratch
	s.init()
	for i := range samples(t) {
		e := &samples(t)[i]
		s.begin(e, Relation{})
		found := map[string]int{}
		for _, layer := range decode.Dissect(e) {
			field.Leaves(layer.Fields, func(f *field.Field) bool { found[f.Key]++; return true })
		}
		for key := range treeFields {
			if got := len(s.values(nil, &operand{field: lookup(key)})); got < found[key] {
				t.Fatalf("%s: %s occurs %d times, %d were found", e.Body.Name(), key, found[key], got)
			}
		}
	}
}

func TestTypesOfEventsAreNumberedAsInTheirList(t *testing.T) {
	var s scratch
	for i := range samples(t) {
		e := &samples(t)[i]
		if s.begin(e, Relation{}); s.in != set(e.Body.Name()) {
			t.Fatalf("%s is %b", e.Body.Name(), s.in)
		}
	}
	if n := len(particle.Kinds()); n > 63 {
		t.Errorf("%d kinds do not fit a kindSet", n)
	}
}

// Wireshark's fields that NDJSON lacks.
func TestFurtherFields(t *testing.T) {
	for expr, want := range map[string]int{
		`coap.token_len == 3`: 1, `coap.payload_length == 12 and photon.msg == presence`: 1,
		`coap.opt.uri_path_recon == "/v/unknown"`: 3, `coap.response_time == photon.rtt and photon.msg == "variable-reply"`: 8,
		`ip.src == 192.0.2.0/24 and photon.msg == presence`: 1, `ip.dst == 192.0.2.7 and photon.dir == cloud and type == nonce`: 1,
		`ip.addr == 198.51.100.1 and not ipv6.addr`: 7, `ipv6.addr == 2001:db8::5 and photon.msg == presence`: 1, `ipv6.dst in {2001:db8::1..2001:db8::9} and type == opened`: 1,
		`tcp.srcport == 40000 and type == opened`: 1, `tcp.port == 5683 and type == opened`: 1, `tcp.dstport == 5683 and type == opened`: 1,
		`coap.opt.block_number == 368 and coap.opt.block_mflag == 0 and coap.opt.block_size == 2`: 1,
		`frame.len == 16 and type == sealed`:                                                      1, `frame.padding == "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b" and type == malformed`: 1,
	} {
		f, err := Parse(expr, nil)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		n := 0
		for _, e := range odd() {
			if f.Match(&e) {
				n++
			}
		}
		if n != want {
			t.Errorf("%s matches %d, want %d", expr, n, want)
		}
	}
}

func TestWhatFieldsAreForIsNotChangedByTheirUsers(t *testing.T) {
	a := Fields()
	a[0].Key = "changed"
	if reflect.DeepEqual(a, Fields()) {
		t.Error("the table is shared")
	}
}
