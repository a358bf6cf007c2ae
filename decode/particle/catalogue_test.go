package particle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// exchangeCase is a piece of a session: each line is who sends (D or S), the
// message in hex, and the kind that it must get. Below the last line come fields of
// it that it must have, as key=value.
type exchangeCase struct {
	row    string // of protocol.md section 5 or 8
	script string
	fields string
}

// catalogue holds at least one case for every row of protocol.md section 5 and
// every form that firmware from 0.4 to 3.3 and the two servers give it.
var catalogue = map[string]exchangeCase{
	"hello, core firmware, 6 bytes": {"1", "D 5002a9fcb168ff0000ffff0000 hello",
		"photon.hello.product_id=0 photon.hello.product_version=65535 photon.hello.flags=0"},
	"hello, 0.4.0 to 0.7.0": {"1", "D 5002e7cbb168ff0006ffff00010006 hello",
		"photon.hello.flags=1 photon.hello.flag=ota-succeeded photon.hello.platform_id=6"},
	"hello, 2.3.1": {"1 2", "D 5002a9fcb168ff0006ffff00360006 hello", "photon.hello.flags=54 photon.hello.flag=diagnostics"},
	"hello, 3.3.1, 20 bytes": {"1", "D 5002a9fcb168ff0006ffff00360006000 00ce603c00004 00000200 hello",
		"photon.hello.system_version=3302 photon.hello.max_message=960 photon.hello.max_binary=262144 photon.hello.ota_chunk_size=512"},
	"hello with a device ID": {"1", "D 5002a9fcb168ff0008000100360008 000c 0102030405060708090a0b0c 0ce6 03c0 00040000 0200 hello",
		"photon.hello.device_id=0102030405060708090a0b0c photon.hello.max_message=960"},
	"hello of 12 bytes": {"1", "D 5002a9fcb168ff0006ffff00360006 0000 03c0 hello", "photon.hello.max_message=960"},
	"hello and its reply, Brewskey": {"2", "D 5002a9fcb168ff0006ffff00360006 hello\nS 50021234b168 hello-reply",
		"photon.request_mid=43516"},
	"hello and its reply, Spark":        {"2", "D 5002a9fcb168ff0006ffff00360006 hello\nS 5102123401b168 hello-reply", "photon.request_mid=43516"},
	"hello reply sent confirmable":      {"2", "S 40021234b168 hello-reply\nD 60001234 hello-ack", "photon.request_mid=4660"},
	"ping from the device, Brewskey":    {"3 4", "D 4000aa06 ping\nS 6000aa06 ping-ack", "photon.request_mid=43526"},
	"ping from the device, Spark":       {"3 4", "D 4000aa06 ping\nS 6100aa0600 ping-ack", "photon.request_mid=43526"},
	"ping from the cloud, legacy":       {"5", "S 40000314 ping\nD 60000314 ping-ack", "photon.request_mid=788"},
	"ping from the cloud with a token":  {"5", "S 410003140a ping\nD 60000314 ping-ack", "photon.request_mid=788"},
	"ping from the cloud, LightSSL":     {"5, 8.2", "D 50024af7b168ff0006ffff00360006 hello\nS 40000314 ping\nD 60004af8 ping-ack", "photon.request_mid=788 photon.misnumbered=true"},
	"ping after messages of the device": {"5, 8.2", "D 50024af7b1650161 event\nS 400003f0 ping\nS 40010102 request\nD 60004af8 ping-ack", "photon.request_mid=1008"},
	"goodbye": {"6", "D 5002aa07b178d0eaff0102 goodbye",
		"photon.goodbye.flags=1 photon.goodbye.cloud_reason=2"},
	"goodbye with every reason": {"6", "D 5002aa07b178d0eaff 0f 06 8c01 b010 04 goodbye",
		"photon.goodbye.cloud_reason=6 photon.goodbye.reset_reason=140 photon.goodbye.sleep_seconds=2096 photon.goodbye.network_reason=4"},
	"key change, legacy":             {"7", "S 4103123409b16b4101 key-change", "photon.key_change.discard=1"},
	"key change, LightSSL":           {"7, 8.2", "D 50024af7b1650161 event\nS 4103123409b16b4101 key-change\nD 60004af8 key-change-ack", "photon.misnumbered=true photon.request_mid=4660"},
	"key change answered with 2.04":  {"7", "S 4103123409b16b key-change\nD 6144123409 key-change-ack", "photon.request_mid=4660"},
	"reset":                          {"8", "D 4000aa06 ping\nS 7000aa06 reset", "photon.request=ping"},
	"reset of nothing seen":          {"8", "D 70001111 reset", ""},
	"presence":                       {"9", "D 50020000b168ff1f0042000347343337373738 presence", "photon.presence.device_id=1f0042000347343337373738"},
	"time":                           {"10 11", "D 4101a9ff5ab174 time\nS 6145a9ff5aff6553f100 time-reply", "photon.time.value=1700000000 photon.request_mid=43519"},
	"time, answered under any token": {"11, 4.3", "D 4101a9ff5ab174 time\nS 5145000177ff6553f100 time-reply", "photon.request_mid=43519"},
	"time without its request":       {"11", "S 6145a9ff5aff6553f100 time-reply", "photon.time.value=1700000000"},

	"describe, 0.4.0, one reply": {"12 13", "S 4101000001b164 describe\nD 6145000001ff7b2266223a5b2262726577225d2c2276223a7b2274223a397d2c2270223a362c226d223a5b5d7d describe-reply",
		"photon.describe.function=brew photon.describe.variable=t photon.describe.variable_type=double photon.describe.platform_id=6 photon.request_mid=0"},
	"describe, two replies": {"13, 8.4", "S 4101000001b164 describe\nD 6145000001ff7b2270223a362c226d223a5b5d7d describe-reply\nD 6145201d01ff7b2266223a5b5d2c2276223a7b7d7d describe-reply",
		"photon.request_mid=0"},
	"describe without a token, legacy":   {"12, 4.1", "S 40010203b164 describe\nD 61450203b1ff7b7d describe-reply", "photon.request_mid=515"},
	"describe without a token, LightSSL": {"12, 4.1", "S 40010203b164 describe\nD 60000203 describe-ack\nD 4145a9fd00ff7b7d describe-reply", "photon.request_mid=515"},
	"describe with flags":                {"12", "S 4101123404b1644103 describe", "photon.describe.flags=3"},
	"describe, separate reply":           {"14", "S 4101317201b164 describe\nD 60003172 describe-ack\nD 4145cefc01ff7b2266223a5b5d7d describe-reply\nS 6000cefc describe-reply-ack", "photon.request_mid=52988"},
	"describe refused, 3.3":              {"15, 8.3", "S 4101317201b164 describe\nD 6180317201 describe-refused", "photon.request_mid=12658"},
	"description unasked, 2.0": {"16", "D 4002a9fdb1644101ff7b2270223a362c226d223a5b7b2273223a31363338342c226c223a226d222c227663223a33302c227676223a33302c2266223a2262222c226e223a2230222c2276223a313030352c2264223a5b7b2266223a2273222c226e223a2231222c2276223a327d5d7d5d7d describe-post",
		"photon.describe.flags=1 photon.describe.module.max_size=16384 photon.describe.module.function=b photon.describe.module.version=1005 photon.describe.dependency.version=2"},
	"description unasked, acknowledged":   {"16", "D 4002a9fdb1644102ff7b7d describe-post\nS 6000a9fd describe-post-ack", "photon.request_mid=43517"},
	"description unasked, 3.3, one block": {"16", "D 4102a9fdb9b1644102ff7b7d describe-post\nS 6044a9fd describe-post-ack", "photon.request_mid=43517"},
	"description unasked, in blocks": {"16 18", "D 4102a9fd07b1644101c10dff7b2270223a36 describe-post\nS 605fa9fd describe-post-ack\nD 4102a9fe08b1644101c115ff2c226d223a describe-block\nS 6000a9fe describe-post-ack",
		"photon.request_mid=43518"},
	"describe in blocks": {"18", "S 4101317201b1644101 describe\nD 60003172 describe-ack\nD 4145cefc01410ad1060dff7b2270223a36 describe-reply\nS 4101317302b1644101811d describe\nD 60003173 describe-ack\nD 4145cefd02410ad10615ff2c226d223a describe-block",
		"photon.block=1 photon.block.more=false photon.describe.part=,\"m\":"},
	"description unasked, 6.2, binary": {"16", "D 4102a9fdb9b164112a3101ff0a020801 describe-post", "photon.describe.flags=1 photon.describe.binary=0a020801"},
	"metrics": {"17", "S 4101317201b1644104 describe\nD 60003172 describe-ack\nD 4145cefc01ff0004000200040001002a000000 0280feffffff metrics",
		"photon.metrics.id_size=2 photon.metrics.value_size=4 photon.metrics.id=1 photon.metrics.value=42"},
	"metrics, piggybacked": {"17", "S 4101317201b1644104 describe\nD 6145317201ff00040002000400 metrics", ""},

	"function": {"19 20 21", "S 4102123502b166046272657746636f66666565 function-call\nD 60001235 function-ack\nD 5144aa0402ff0000002a function-result",
		"photon.func.name=brew photon.func.result=42 photon.request_mid=4661"},
	"function, negative result":         {"21", "S 4102123502b166046272657740 function-call\nD 5144aa0402ffffffffff function-result", "photon.func.result=-1"},
	"function without an argument":      {"19, 8.5", "S 4102123502b1660462726577 function-call", "photon.func.name=brew"},
	"function, argument cut at &":       {"19, 4.5", "S 4102123502b1660462726577 4161 0162 function-call", "photon.func.arg=a photon.func.arg_ignored=b"},
	"function, long argument":           {"19", "S 4102123502b1660462726577 4d01" + strings.Repeat("61", 14) + " function-call", "photon.func.arg=aaaaaaaaaaaaaa"},
	"function, argument refused":        {"20", "S 4102123502b166046272657740 function-call\nD 60801235 function-refused", "photon.func.name=brew"},
	"function, refused and yet called":  {"20", "S 4102123502b166046272657740 function-call\nD 60801235 function-refused\nD 5144aa0402ff00000001 function-result", "photon.func.result=1"},
	"function result without its call":  {"21", "D 5144aa0402ff00000001 function-result", "photon.func.result=1"},
	"variable, int, before 1.5":         {"22 23", describedVariables + "S 4101000102b17605636f756e74 variable\nD 6145000102fffffffff9 variable-reply", "photon.var.name=count photon.var.value=-7 photon.var.type=int"},
	"variable, bool":                    {"23", describedVariables + "S 4101000102b17601 62 variable\nD 6145000102ff01 variable-reply", "photon.var.value=true photon.var.type=bool"},
	"variable, double, since 1.5":       {"24", describedVariables + "S 4101123603b1760b74656d7065726174757265 variable\nD 60001236 variable-ack\nD 5145aa0503ff0000000000803540 variable-reply", "photon.var.name=temperature photon.var.value=21.5"},
	"variable, string":                  {"24", describedVariables + "S 4101123603b176 0173 variable\nD 60001236 variable-ack\nD 5145aa0503ff61c3a9 variable-reply", "photon.var.value=aé photon.var.type=string"},
	"variable, empty string":            {"24", describedVariables + "S 4101123603b176 0173 variable\nD 5145aa0503 variable-reply", "photon.var.value= photon.var.type=string"},
	"variable of unknown type, 4 bytes": {"23", "S 4101000102b17605636f756e74 variable\nD 6145000102ff31323334 variable-reply", "photon.var.type=unknown photon.var.raw=31323334 photon.var.as_int=825373492 photon.var.as_string=1234"},
	"variable of unknown type, 8 bytes": {"23", "S 4101000102b17605636f756e74 variable\nD 6145000102ff0000000000803540 variable-reply", "photon.var.raw=0000000000803540 photon.var.as_double=21.5"},
	"variable, type does not fit":       {"23", describedVariables + "S 4101000102b17605636f756e74 variable\nD 6145000102ff01 variable-reply", "photon.var.type=int photon.var.raw=01 photon.var.as_bool=true"},
	"variable unknown, synchronous":     {"25", "S 4101000102b17605636f756e74 variable\nD 6184000102 variable-error", "photon.var.name=count"},
	"variable unknown, asynchronous":    {"25", "S 4101000102b17605636f756e74 variable\nD 60000001 variable-ack\nD 5184cf0302 variable-error", "photon.var.name=count"},
	"variable failed":                   {"25", "S 4101000102b17605636f756e74 variable\nD 51a0cf0302 variable-error", "photon.var.name=count"},

	"event, public": {"26", "D 5002aa02b1650b74656d7065726174757265ff32312e35 event",
		"photon.event.name=temperature photon.event.data=21.5 photon.event.public=true photon.event.ttl=60"},
	"event, private, with a time to live": {"26", "D 5002aa03b14502616233000e10ff3031 event", "photon.event.public=false photon.event.ttl=3600 photon.event.name=ab"},
	"event, name with slashes":            {"26", "D 5002aa03b1450c737061726b2f7374617475 73 event", "photon.event.name=spark/status"},
	"event without data":                  {"26", "D 5002cf0fb1650a6c61622f6e6f64617461 event", "photon.event.name=lab/nodata -photon.event.data"},
	"event with empty data":               {"26, 8.9", "D 5002aa03b1450c737061726b2f73746174 7573ff event", "photon.event.data="},
	"event, long name":                    {"26", "D 5002aa03b1650d03" + strings.Repeat("62", 16) + " event", "photon.event.name=bbbbbbbbbbbbbbbb"},
	"event with acknowledgement":          {"26 27", "D 4002aa03b1650161 event\nS 6000aa03 event-ack", "photon.request_mid=43523"},
	"event acknowledged by Spark":         {"27", "D 5002aa03b1450161 event\nS 6100aa0300 event-ack", "photon.request_mid=43523"},
	"event refused by Spark":              {"27, 8.1", "D 5002aa03b1650161 event\nS 6180aa0300 event-refused", "photon.request_mid=43523"},
	"event refused while time is pending": {"27", "D 4101aa0200b174 time\nD 5002aa03b1650161 event\nS 6180aa0300 event-refused", "photon.request_mid=43523"},
	"event with message ID 0":             {"27, 8.7", "D 40020000b1650161 event\nS 6000a99e event-ack", "photon.request_mid=0 photon.misnumbered=true"},
	"delivery by Brewskey":                {"28", "S 50023183b165036c616203636d64340000003cff6f6e event", "photon.event.name=lab/cmd photon.event.data=on photon.event.ttl=60"},
	"delivery by Spark":                   {"28", "S 50021237b1650568656c6c6f05776f726c64313cff7061796c6f6164 event", "photon.event.name=hello/world photon.event.ttl=60"},
	"delivery sent confirmable":           {"28", "S 40021237b1650161 event\nD 60001237 event-ack", "photon.request_mid=4663"},
	"subscribe to all":                    {"29 30", "D 4001cefab165076c61622f636d64 subscribe\nS 6000cefa subscribe-ack", "photon.request_mid=52986"},
	"subscribe to my devices":             {"29", "D 4001aa01b165087061727469636c654175 subscribe", "photon.subscribe.prefix=particle photon.subscribe.scope=mine"},
	"subscribe to one device":             {"29", "D 4001aa01b1650161ff3162303034 32 subscribe", "photon.subscribe.scope=device photon.subscribe.device=1b0042"},
	"subscribe, NON":                      {"29", "D 5001aa01b1650161 subscribe", "photon.subscribe.scope=all"},
	"subscribe, acknowledged by Spark":    {"30", "D 4001aa01b1650161 subscribe\nS 6100aa0100 subscribe-ack", ""},
	"subscribe, refused":                  {"30", "D 4001aa01b1650161 subscribe\nS 6180aa0100 subscribe-refused", ""},

	"signal on, legacy":   {"31 32", "S 4103123409b1734101 signal\nD 6144123409 signal-ack", "photon.request_mid=4660"},
	"signal off":          {"31", "S 4103123409b1734100 signal", "photon.signal.on=false"},
	"signal on, LightSSL": {"31 32, 8.2", "D 50024af7b1650161 event\nS 4103123409b1734101 signal\nD 61444af809 signal-ack", "photon.request_mid=4660 photon.misnumbered=true"},
	"ID gap after signal": {"8.2", "D 50024af7b1650161 event\nS 4103123409b1734101 signal\nD 61444af809 signal-ack\nD 50024af9b1650161 event", "photon.mid_gap=1"},

	"update begins": {"33 34 35", "S 4102000203b175ff000100000001000000000000 update-begin\nD 60000002 update-ack\nD 5144e7cd03ff00 update-ready",
		"photon.ota.flags=0 photon.ota.chunks=1 photon.ota.received=0"},
	"update begins, figures":             {"33", "S 4102b9a102b175ff01020000004e208000080000 update-begin", "photon.ota.flags=1 photon.ota.chunk_size=512 photon.ota.file_size=20000 photon.ota.destination=128 photon.ota.address=524288 photon.ota.chunks=40"},
	"update begins without payload":      {"33", "S 4102000203b175 update-begin\nD 60000002 update-ack", ""},
	"update refused before 1.2":          {"34", "S 4102000203b175ff000100000001000000000000 update-begin\nD 60800002 update-refused", ""},
	"update refused since 1.2":           {"34", "S 4102000203b175ff000100000001000000000000 update-begin\nD 61a3000203 update-refused", ""},
	"update ready, core firmware":        {"35", "S 4102000203b175ff000100000001000000000000 update-begin\nD 5144e7cd03 update-ready", ""},
	"chunk":                              {"36 37 38", begun + "S 4102000304b16344d202ef8dff00 chunk\nD 60000003 chunk-ack\nD 5144e7ce04 chunk-received", "photon.ota.chunk_index=0 photon.ota.received=1"},
	"chunk, fields":                      {"36", begun + "S 4102000304b16344d202ef8dff00 chunk", "photon.ota.crc=3523407757 photon.ota.crc_ok=true photon.ota.chunk_index=0 photon.ota.data=00 photon.ota.percent=100"},
	"chunk of a fast transfer":           {"36", begun + "S 4102000304b16344d202ef8d020007ff00 chunk", "photon.ota.chunk_index=7"},
	"chunk, wrong CRC":                   {"36 38", begun + "S 4102000304b1634400000000ff00 chunk\nD 60000003 chunk-ack\nD 5180e7ce04 chunk-refused", "photon.ota.received=0"},
	"chunk, wrong CRC, fast, 3.x":        {"38", begun + "S 4102000304b1634400000000020000ff00 chunk\nD 60800003 chunk-refused", ""},
	"update done":                        {"39 40", "S 4103000405b175 update-done\nD 6144000405 update-done-reply", "photon.request_mid=4"},
	"update done, verdict":               {"40", "S 4103000405b175 update-done\nD 6144000405ff7b2272223a307d update-done-reply", `photon.ota.report={"r":0}`},
	"update done, verdict follows":       {"40", "S 4103000405b175 update-done\nD 60000004 update-done-ack\nD 5144e7d005 update-done-reply", ""},
	"update incomplete":                  {"40 41 42", begun + "S 4103000405b175 update-done\nD 6180000405 update-incomplete\nD 4001e7cfb163ff00000003 chunk-missed\nS 6000e7cf chunk-missed-ack", "photon.request_mid=59343"},
	"chunks missed, since 2.0":           {"41", "D 5001e7cfb163ff0005 chunk-missed", "photon.ota.missing=5"},
	"update done by the device":          {"43", "D 5003e7d0b175 update-done", ""},
	"update done by the device, verdict": {"43", "D 5003e7d0b175ff7b2272223a307d update-done", `photon.ota.report={"r":0}`},
	"update aborted by the cloud":        {"44", begun + "S 50800010 update-abort", ""},
	"update aborted by the device":       {"44", "D 5080e7d0 update-abort", ""},
	"save begins":                        {"45", "S 4102000203b173ff000100000001000000000000 save-begin\nD 60000002 update-ack\nD 5144e7cd03ff00 update-ready", ""},

	"OTA 3":          {"OTA 3", "S 4102000203b153e206f14e20820200 ota3-start\nD 60000002 ota3-ack\nD 4141e7cd03e006fc ota3-reply", "photon.ota.file_size=0"},
	"OTA 3, refused": {"OTA 3", "S 4102000203b153 ota3-start\nD 6180000203 ota3-refused", ""},
	"OTA 3, chunk":   {"OTA 3", "S 50020004b143e106e901ff0102 ota3-chunk", "photon.ota.chunk_index=1 photon.ota.data=0102"},
	"OTA 3, chunks":  {"OTA 3", "D 5002e7ceb141e106e901ff03000000 ota3-chunk-ack", "photon.ota.chunk_index=1 photon.ota.bitmap=03000000"},
	"OTA 3, finish":  {"OTA 3", "S 4102000503b146e00701 ota3-finish\nD 4144e7cf03 ota3-reply", ""},

	"request outside the catalogue":  {"-", "D 4004aa01b17a request", "photon.msg.reason="},
	"response to nothing":            {"-", "S 6144aa0100 response", ""},
	"response that no request knows": {"-", "S 40000314 ping\nD 61440314ab response", "photon.request=ping"},
	"acknowledgement of nothing":     {"-", "D 6000aa01 ack", ""},
}

// describedVariables lets the conversation know the types of four variables.
const describedVariables = `D 4002aa00b1644102ff7b2266223a5b5d2c2276223a7b2274656d7065726174757265223a392c22636f756e74223a322c2262223a312c2273223a347d7d describe-post
`

// begun is the start of a transfer of one chunk of one byte.
const begun = `S 4102000203b175ff000001000000010000000000 update-begin
D 60000002 update-ack
D 5144e7cd03ff00 update-ready
`

// step is one line of a script.
type step struct {
	from stream.Direction
	hex  string
	kind string
}

func (c exchangeCase) steps() []step {
	var steps []step
	for line := range strings.Lines(c.script) {
		words := strings.Fields(line)
		s := step{stream.FromDevice, strings.Join(words[1:len(words)-1], ""), words[len(words)-1]}
		if words[0] == "S" {
			s.from = stream.FromCloud
		}
		steps = append(steps, s)
	}
	return steps
}

func TestEveryRowOfTheCatalogueIsKnownInEveryForm(t *testing.T) {
	for name, test := range catalogue {
		t.Run(name, func(t *testing.T) {
			var c Conversation
			var m coap.Message
			var g Meaning
			at := time.Unix(1700000000, 0)
			for _, s := range test.steps() {
				b := unhex(t, s.hex)
				if err := m.Parse(b); err != nil {
					t.Fatalf("%s: %v", s.hex, err)
				}
				at = at.Add(time.Millisecond)
				g = c.Next(s.from, at, &m)
				if g.Kind.String() != s.kind {
					t.Errorf("%s is %v, want %s", s.hex, g.Kind, s.kind)
				}
				checkPartition(t, g.AppendFields(nil, &m), &m, b)
			}
			checkFields(t, g, &m, test.fields)
		})
	}
}

func checkFields(t *testing.T, g Meaning, m *coap.Message, want string) {
	t.Helper()
	fields := g.AppendFields(nil, m)
	for _, w := range strings.Fields(want) {
		key, value, _ := strings.Cut(w, "=")
		if absent, ok := strings.CutPrefix(key, "-"); ok {
			if lookup(fields, absent) != nil {
				t.Errorf("%s is there", absent)
			}
			continue
		}
		f := lookup(fields, key)
		switch {
		case f == nil:
			t.Errorf("no %s", key)
		case key == defGeneric.Key: // any reason
		default:
			if got := string(f.Value.AppendText(nil, false)); got != value {
				t.Errorf("%s is %q, want %q", key, got, value)
			}
		}
	}
}

// The table above leaves out no kind, and no sender that a kind has.
func TestTheCatalogueTestHoldsEveryKind(t *testing.T) {
	seen := make(map[string]bool)
	for _, test := range catalogue {
		for _, s := range test.steps() {
			seen[s.kind+" by "+s.from.String()] = true
		}
	}
	for _, k := range Kinds() {
		if k.By&ByDevice != 0 && k.By&ByCloud != 0 && !k.Kind.Generic() && k.Kind != KindUpdateDoneAck {
			if !seen[k.Name+" by device"] && !seen[k.Name+" by cloud"] {
				t.Errorf("no case for %s", k.Name)
			}
			continue
		}
		if k.By == ByDevice && !seen[k.Name+" by device"] || k.By == ByCloud && !seen[k.Name+" by cloud"] {
			t.Errorf("no case for %s by %v", k.Name, k.By)
		}
	}
}

func TestKindsAreDistinctAndExplained(t *testing.T) {
	names := make(map[string]bool)
	for i, k := range Kinds() {
		if k.Kind != Kind(i+1) || names[k.Name] || k.Name == "" || k.Means == "" || k.By == 0 {
			t.Errorf("row %d: %+v", i, k)
		}
		names[k.Name] = true
		for _, c := range k.Name {
			if c != '-' && (c < 'a' || c > 'z') && c != '3' {
				t.Errorf("name %q", k.Name)
			}
		}
		if !k.Kind.Generic() && !strings.Contains(k.Source, "@") {
			t.Errorf("%s has the source %q", k.Name, k.Source)
		}
	}
	if NoKind.String() != "" || Kind(255).String() != "" || Kind(255).Means() != "" {
		t.Error("a kind that is none has a name")
	}
}

func TestFieldsHaveDistinctKeysAndHelp(t *testing.T) {
	keys := make(map[string]bool)
	for _, d := range Defs() {
		if d.Label == "" || d.Help == "" || d.Key != "" && (keys[d.Key] || !strings.HasPrefix(d.Key, "photon.")) {
			t.Errorf("%+v", d)
		}
		keys[d.Key] = true
	}
	if !slices.Contains(Defs(), &defEventName) {
		t.Error("Defs leaves out fields")
	}
}

// Every answer, not only the last, gets a response time.
func TestBothAnswersToARequestHaveAResponseTime(t *testing.T) {
	var c Conversation
	at := time.Unix(1700000000, 0)
	var got []string
	for i, s := range catalogue["function"].steps() {
		var m coap.Message
		if err := m.Parse(unhex(t, s.hex)); err != nil {
			t.Fatal(err)
		}
		g := c.Next(s.from, at.Add(time.Duration(i*i)*time.Millisecond), &m)
		got = append(got, fmt.Sprint(g.HasRTT, g.RTT, g.Answers))
	}
	if want := []string{"false 0s ", "true 1ms function-call", "true 4ms function-call"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
