package filter

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

// Field is a field that an expression may name.
type Field struct {
	Key     string   // its name: that of NDJSON, and Wireshark's where it has the field
	Aliases []string // short names
	Type    Type
	Help    string   // one sentence: what it means, its unit, where it is defined
	Many    bool     // may occur more than once in an event
	Values  []string // all there are, if these are known words
	Seconds bool     // a number of seconds: 500ms and 2m are understood

	numbers map[string]uint64 // names of numbers
	in      eventSet          // the types of events that it occurs in
	kinds   kindSet           // the kinds of messages that it occurs in
	get     getter
}

// codeKey is the field whose numbers may be written 2.05.
const codeKey = "coap.code"

// aliases are the short names.
var aliases = map[string]string{
	"msg": "photon.msg", "kind": "photon.msg", "dir": "photon.dir", "session": "photon.session",
	"device": "photon.device_id", "dev": "photon.device_id", "rtt": "photon.rtt",
	"event": "photon.event.name", "func": "photon.func.name", "var": "photon.var.name",
	"code": codeKey, "mid": "coap.mid", "path": "coap.opt.uri_path", "payload": "coap.payload",
}

// inSeconds are the numbers that are seconds.
var inSeconds = []string{"photon.rtt", "coap.response_time", "photon.event.ttl", "photon.goodbye.sleep_seconds", "coap.opt.max_age"}

// values are the words of the fields that know no others.
var values = map[string][]string{
	"type":       decode.EventTypes,
	"photon.msg": kindNames(), "photon.request": kindNames(),
	"photon.dir":   {"device", "cloud"},
	"photon.leg":   {"device", "cloud", "tapped"},
	"photon.close": {"fin", "rst", "cut"},
	"photon.layer": {decode.Wire, decode.Plain},

	"photon.credentials.signature": {"verified", "failed", "not checked"},
	"photon.credentials.source":    {"device key", "impersonation key", "key log", "other leg"},

	"photon.var.type":               varTypes,
	"photon.describe.variable_type": varTypes,
	"photon.subscribe.scope":        {"all", "mine", "device"},
	"photon.hello.flag":             {"ota-succeeded", "diagnostics", "immediate-updates", "reserved", "goodbye", "self-describe", "compressed-ota", "ota-3"},
}

var varTypes = []string{"bool", "int", "double", "string", "unknown"}

func kindNames() (names []string) {
	for _, k := range particle.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// numberNames are the names that numbers have.
var numberNames = map[string]map[string]uint64{
	"coap.type": {"CON": 0, "NON": 1, "ACK": 2, "RST": 3},
	codeKey:     {"GET": uint64(coap.GET), "POST": uint64(coap.POST), "PUT": uint64(coap.PUT), "DELETE": uint64(coap.DELETE)},
}

// fieldTable returns every field with a name, sorted by it, and an index of those
// and the short names. Most commands never need it.
var fieldTable = sync.OnceValues(makeTable)

func makeTable() ([]*Field, map[string]*Field) {
	all, in := make(map[string]*Field), occurrences()
	for _, d := range decode.Fields() {
		f := fromDef(d)
		f.in, f.get = in[d.Key], ownGetter(d.Key)
		all[f.Key] = f
	}
	for i := range further {
		all[further[i].Key] = &further[i]
	}
	list := slices.SortedFunc(maps.Values(all), func(a, b *Field) int { return strings.Compare(a.Key, b.Key) })
	for _, f := range list {
		f.Values, f.numbers = values[f.Key], numberNames[f.Key]
		f.Seconds = slices.Contains(inSeconds, f.Key)
		f.kinds = kindsOf(f.Key)
	}
	for short, key := range aliases {
		all[key].Aliases = append(all[key].Aliases, short)
		all[short] = all[key]
	}
	for _, f := range list {
		slices.Sort(f.Aliases)
	}
	return list, all
}

func fromDef(d *field.Def) *Field {
	f := &Field{Key: d.Key, Type: typeOf[d.Type], Help: d.Help, Many: d.Many}
	if d.Key == "time" {
		f.Type = Time
	}
	return f
}

// Fields returns every field of the language, sorted by name, but for the options
// without a registered name: coap.opt.unknown_ and a number, which are bytes.
func Fields() []Field {
	table, _ := fieldTable()
	all := make([]Field, len(table))
	for i, f := range table {
		all[i] = *f
	}
	return all
}

// fieldNames returns all names and short names in order.
func fieldNames() []string {
	_, index := fieldTable()
	return slices.Sorted(maps.Keys(index))
}

const unknownOption = "coap.opt.unknown_"

// lookup returns the field with a name or short name, or nil.
func lookup(name string) *Field {
	_, index := fieldTable()
	if f := index[name]; f != nil {
		return f
	}
	digits, ok := strings.CutPrefix(name, unknownOption)
	if n, err := strconv.ParseUint(digits, 10, 16); ok && err == nil && digits == strconv.FormatUint(n, 10) {
		return &Field{Key: name, Type: Bytes, Many: true, Help: "option " + digits, in: set("message"), kinds: everyKind, get: listed}
	}
	return nil
}

func (f *Field) v6() bool { return strings.HasPrefix(f.Key, "ipv6.") }

func (f *Field) exampleAddress() string {
	if f.v6() {
		return "fe80::1 or fe80::/10"
	}
	return "192.0.2.1 or 192.0.2.0/24"
}

// numberHint says how a number of the field may be written.
func (f *Field) numberHint() string {
	switch {
	case f.Key == codeKey:
		return ", such as 69, 2.05 or GET"
	case f.Key == "coap.type":
		return ", such as 0 or CON"
	case f.Seconds:
		return " of seconds, such as 0.5 or 500ms"
	case f.Type == Uint:
		return ", such as 12 or 0x0c"
	}
	return ""
}

// eventSet is a set of types of events: bit i is decode.EventTypes[i].
type eventSet uint16

// set returns the set of the types with these names.
func set(names ...string) (s eventSet) {
	for i, name := range decode.EventTypes {
		if slices.Contains(names, name) {
			s |= 1 << i
		}
	}
	return s
}

var everywhere = set(decode.EventTypes...)

// treeFields are those that NDJSON lacks: they are looked up in the tree.
var treeFields = map[string]eventSet{
	"frame.len":                          set("message", "sealed", "malformed"),
	"frame.block":                        set("message", "sealed", "malformed"),
	"frame.padding":                      set("message", "malformed"),
	"frame.rest":                         set("identity", "credentials", "message", "sealed", "malformed"),
	"photon.identity.sealed":             set("identity"),
	"photon.identity.nonce":              set("identity"),
	"photon.identity.device_id":          set("identity"),
	"photon.identity.modulus":            set("identity"),
	"photon.credentials.sealed":          set("credentials"),
	"photon.credentials.signature_bytes": set("credentials"),
}

// occurrences returns the types of events that fields occur in, by their names.
func occurrences() map[string]eventSet {
	in := make(map[string]eventSet)
	for i, name := range decode.EventTypes {
		always, sometimes := decode.EventFields(name)
		for _, d := range slices.Concat(always, sometimes) {
			in[d.Key] |= 1 << i
		}
	}
	maps.Copy(in, treeFields)
	return in
}

// kindSet is a set of kinds of messages.
type kindSet uint64

const everyKind = ^kindSet(0)

// kindFields are the kinds that fields of a group occur in, by what their names
// begin with. Those of no group may occur in any.
var kindFields = map[string]kindSet{
	"photon.hello.":      kinds(particle.KindHello),
	"photon.presence.":   kinds(particle.KindPresence),
	"photon.goodbye.":    kinds(particle.KindGoodbye),
	"photon.time.":       kinds(particle.KindTimeReply),
	"photon.key_change.": kinds(particle.KindKeyChange),
	"photon.signal.":     kinds(particle.KindSignal),
	"photon.func.":       kinds(particle.KindFunctionCall, particle.KindFunctionAck, particle.KindFunctionResult, particle.KindFunctionRefused),
	"photon.var.":        kinds(particle.KindVariable, particle.KindVariableAck, particle.KindVariableReply, particle.KindVariableError),
	"photon.event.":      kinds(particle.KindEvent),
	"photon.subscribe.":  kinds(particle.KindSubscribe),
	"photon.describe.":   kinds(particle.KindDescribe, particle.KindDescribePost, particle.KindDescribeReply, particle.KindDescribeBlock),
	"photon.metrics.":    kinds(particle.KindMetrics),
	"photon.ota.":        1<<(particle.KindOTA3Refused+1) - 1<<particle.KindUpdateBegin, // those of updates stand together
}

func kinds(all ...particle.Kind) (s kindSet) {
	for _, k := range all {
		s |= 1 << k
	}
	return s
}

func kindsOf(key string) kindSet {
	for prefix, s := range kindFields {
		if strings.HasPrefix(key, prefix) {
			return s
		}
	}
	return everyKind
}
