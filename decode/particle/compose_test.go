package particle

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/photonscope/photonscope/decode/coap"
)

// modules are those of the vectors' device, in two firmware versions.
func modules(bootloader int, system ...DescribeModule) []DescribeModule {
	return append([]DescribeModule{
		{Size: 16384, Location: 'm', Checked: 30, Valid: 30, Function: 'b', Index: 0, Version: bootloader},
	}, system...)
}

var system2301 = DescribeModule{
	Size: 262144, Location: 'm', Checked: 30, Valid: 30, Function: 's', Index: 1, Version: 2301,
	Depends: []DescribeDependency{{'b', 0, 1005}},
}

// tok is the token of one byte.
func tok(b byte) []byte { return []byte{b} }

// The vectors were made by a program that shares nothing with this one and were
// played to genuine firmware and servers.
func TestTheSessionOfTheVectorsIsComposedByteForByte(t *testing.T) {
	hello := HelloBody{ProductID: 6, ProductVersion: 65535, PlatformID: 6, Flags: HelloDiagnostics | HelloImmediate | HelloGoodbye | HelloDescribes}
	describe := DescribeBody{
		Functions: []string{"brew"}, Variables: []DescribeVariable{{"temperature", 9}, {"count", 2}},
		PlatformID: 6, Modules: modules(1005, system2301),
	}
	compareWithVectors(t, "compose_session_lightssl.json", []coap.Message{
		ComposeHello(43516, hello, HelloPhoton),
		ComposeHelloReply(4660, tok(1)),
		ComposeDescribePost(43517, nil, DescribePart{Flags: DescribeSystem, Payload: describe.AppendJSON(nil, DescribeSystem, false)}),
		ComposePublish(43518, EventBody{Name: "spark/hardware/max_binary", Data: []byte("262144"), Private: true}),
		ComposeTimeRequest(43519, 0x5a),
		ComposeTimeReply(43519, tok(0x5a), 1700000000),
		ComposeDescribePost(43520, nil, DescribePart{Flags: DescribeApplication, Payload: describe.AppendJSON(nil, DescribeApplication, false)}),
		ComposeSubscribe(43521, SubscribeBody{Prefix: "particle", Mine: true}),
		ComposeEmpty(coap.Acknowledgement, 43521, nil),
		ComposePublish(43522, EventBody{Name: "temperature", Data: []byte("21.5")}),
		ComposePublish(43523, EventBody{Name: "ab", Data: []byte("0123456789abcdxxxx"), TTL: 3600}),
		ComposeCall(4661, tok(2), "brew", "coffee"),
		ComposeEmpty(coap.Acknowledgement, 4661, nil),
		ComposeFunctionResult(43524, tok(2), 42),
		ComposeVariableRequest(4662, tok(3), "temperature"),
		ComposeEmpty(coap.Acknowledgement, 4662, nil),
		ComposeVariableValue(coap.NonConfirmable, 43525, tok(3), 21.5),
		ComposeDelivery(4663, EventBody{Name: "hello/world", Data: []byte("payload")}, ShortMaxAge),
		ComposeEmpty(coap.Confirmable, 43526, nil),
		ComposeEmpty(coap.Acknowledgement, 43526, tok(0)),
		ComposeGoodbye(43527, GoodbyeBody{Flags: GoodbyeCloud, Cloud: 2}),
	})
}

// The same for older firmware, which updates itself.
func TestTheLegacySessionOfTheVectorsIsComposedByteForByte(t *testing.T) {
	hello := HelloBody{ProductID: 6, ProductVersion: 65535, PlatformID: 6, Flags: HelloUpdated}
	describe := DescribeBody{
		Functions: []string{"brew"}, Variables: []DescribeVariable{{"temperature", 9}},
		PlatformID: 6, Modules: modules(7),
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	compareWithVectors(t, "compose_session_legacy.json", []coap.Message{
		ComposeHello(59339, hello, HelloPhoton),
		ComposeHelloReply(65535, nil),
		ComposeTimeRequest(59340, 0xb9),
		ComposeTimeReply(59340, tok(0xb9), 1451606400),
		ComposeDescribeRequest(0, tok(1), 0),
		ComposeAckReply(coap.Content, 0, tok(1), describe.AppendJSON(nil, DescribeSystem|DescribeApplication, false)),
		ComposeAckReply(coap.Content, 0x201d, tok(1), describe.AppendJSON(nil, DescribeApplication, false)),
		ComposeVariableRequest(1, tok(2), "count"),
		ComposeVariableValue(coap.Acknowledgement, 1, tok(2), int32(-7)),
		ComposeUpdateBegin(2, tok(3), &UpdateBody{ChunkSize: 256, FileSize: 256}),
		ComposeEmpty(coap.Acknowledgement, 2, nil),
		ComposeUpdateReady(59341, tok(3), 0),
		ComposeChunk(3, tok(4), ChunkBody{CRC: ChunkCRC(all), Index: -1, Data: all}),
		ComposeEmpty(coap.Acknowledgement, 3, nil),
		ComposeNonReply(coap.Changed, 59342, tok(4), nil),
		ComposeUpdateDone(coap.Confirmable, 4, tok(5)),
		ComposeAckReply(coap.Changed, 4, tok(5), nil),
	})
}

func compareWithVectors(t *testing.T, file string, composed []coap.Message) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ Name, Direction, Coap string }
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) != len(composed) {
		t.Fatalf("%s has %d messages, %d are composed", file, len(vectors), len(composed))
	}
	for i, v := range vectors {
		if got := hex.EncodeToString(composed[i].Append(nil)); got != v.Coap {
			t.Errorf("%s: %s (%s)\n got %s\nwant %s", file, v.Name, v.Direction, got, v.Coap)
		}
	}
}

// What the vectors lack comes from recordings of genuine firmware and servers,
// and where there are none from the templates of the sources.
func TestFurtherMessagesHaveTheBytesOfGenuinePeers(t *testing.T) {
	long := HelloBody{ProductID: 6, ProductVersion: 65535, Flags: 0x36, PlatformID: 6, SystemVersion: 3301, MaxMessage: 960, MaxBinary: 262144, ChunkSize: 512}
	goodbye := GoodbyeBody{Flags: GoodbyeCloud | GoodbyeReset | GoodbyeSleep | GoodbyeNetwork, Cloud: 6, Reset: 140, Sleep: 300, Network: 5}
	for _, c := range []struct {
		name string
		m    coap.Message
		want string
	}{
		{"Hello of a Core", ComposeHello(1, HelloBody{ProductVersion: 2}, HelloCore), "50020001b168ff000000020000"},
		{"Hello of 3.x", ComposeHello(1, long, HelloLong), "50020001b168ff0006ffff003600060000" + "0ce503c0000400000200"},
		{"Brewskey's event", ComposeDelivery(0x3183, EventBody{Name: "lab/cmd", Data: []byte("on")}, FullMaxAge), "50023183b165036c616203636d64340000003cff6f6e"},
		{"spark-protocol's event", ComposeDelivery(0xd479, EventBody{Name: "lab/mine/private", Data: []byte(`{"a":1}`), Private: true}, ShortMaxAge), "5002d479b145036c6162046d696e650770726976617465313cff7b2261223a317d"},
		{"an event without Max-Age", ComposeDelivery(1, EventBody{Name: "a"}, NoMaxAge), "50020001b1650161"},
		{"an event of a device without data", ComposePublish(0xcf0f, EventBody{Name: "lab/nodata"}), "5002cf0fb1650a6c61622f6e6f64617461"},
		{"an event of a device with empty data", ComposePublish(1, EventBody{Name: "spark/device/safemode", Data: []byte{}, Private: true}), "50020001b1450d08737061726b2f6465766963652f736166656d6f6465ff"},
		{"an event to acknowledge", ComposePublish(1, EventBody{Name: "a", Confirm: true}), "40020001b1650161"},
		{"a subscription", ComposeSubscribe(0xcefa, SubscribeBody{Prefix: "lab/cmd"}), "4001cefab165076c61622f636d64"},
		{"a subscription to one device", ComposeSubscribe(1, SubscribeBody{Prefix: "a", Device: "1f00"}), "40010001b1650161ff31663030"},
		{"a call with an empty argument", ComposeCall(0x3189, tok(0x12), "nodata", ""), "4102318912b166066e6f6461746140"},
		{"a call without an argument", ComposeCall(1, tok(1), "a"), "4102000101b1660161"},
		{"a call cut at &", ComposeCall(1, tok(1), "a", "x", "y"), "4102000101b166016141780179"},
		{"a bool", ComposeVariableValue(coap.NonConfirmable, 0xcf00, tok(5), true), "5145cf0005ff01"},
		{"a bool that is false", ComposeVariableValue(coap.NonConfirmable, 0xcf08, tok(12), false), "5145cf080cff00"},
		{"an empty string", ComposeVariableValue(coap.NonConfirmable, 1, tok(1), ""), "5145000101"},
		{"no such variable", ComposeNonReply(coap.NotFound, 0xcf03, tok(8), nil), "5184cf0308"},
		{"fast UpdateBegin", ComposeUpdateBegin(0xb9a1, tok(2), &UpdateBody{Flags: UpdateFast, ChunkSize: 512, FileSize: 20000}), "4102b9a102b175ff01020000004e200000000000"},
		{"UpdateBegin without payload", ComposeUpdateBegin(1, tok(2), nil), "4102000102b175"},
		{"SaveBegin", ComposeSaveBegin(1, tok(2), &UpdateBody{Destination: 128, Address: 0x080e0000}), "4102000102b173ff00000000000000" + "80" + "080e0000"},
		{"fast UpdateReady", ComposeUpdateReady(0x5d5b, tok(2), UpdateFast), "51445d5b02ff01"},
		{"fast chunk", ComposeChunk(0xb9a3, tok(4), ChunkBody{CRC: 0xb1e4b94f, Index: 1, Data: []byte{0x16}}), "4102b9a304b16344b1e4b94f020001ff16"},
		{"chunks missed, before 2.0", ComposeChunkMissed(coap.Confirmable, 1, []uint16{3, 258}), "40010001b163ff00030102"},
		{"chunks missed, since 2.0", ComposeChunkMissed(coap.NonConfirmable, 1, []uint16{3}), "50010001b163ff0003"},
		{"a device's UpdateDone", ComposeUpdateDone(coap.NonConfirmable, 1, nil), "50030001b175"},
		{"UpdateAbort", ComposeUpdateAbort(1), "50800001"},
		{"signal on", ComposeSignal(1, tok(2), true), "4103000102b1734101"},
		{"signal off", ComposeSignal(1, tok(2), false), "4103000102b1734100"},
		{"key change", ComposeKeyChange(1, tok(2), false), "4103000102b16b"},
		{"key change that discards", ComposeKeyChange(1, tok(2), true), "4103000102b16b4101"},
		{"describe with flags", ComposeDescribeRequest(1, tok(2), 3), "4101000102b1644103"},
		{"describe posted with a token, first block", ComposeDescribePost(1, tok(7), DescribePart{Flags: 1, Block: &BlockBody{More: true, Size: 5}, Payload: []byte("{")}), "4102000107b1644101c10dff7b"},
		{"describe posted, fifth block", ComposeDescribePost(1, tok(7), DescribePart{Flags: 1, Block: &BlockBody{Number: 4, Size: 5}, Payload: []byte("}")}), "4102000107b1644101c145ff7d"},
		{"describe reply, block", ComposeDescribeReply(1, tok(7), DescribePart{Tag: []byte{9}, Block: &BlockBody{More: true, Size: 5}, Payload: []byte("{")}), "41450001074109d1060dff7b"},
		{"a block asked for", ComposeBlockRequest(1, tok(7), 3, BlockBody{Number: 1, Size: 5}), "4101000107b1644103" + "8115"},
		{"reset", ComposeEmpty(coap.ResetMessage, 1, nil), "70000001"},
		{"goodbye with all reasons", ComposeGoodbye(1, goodbye), "50020001b178d0eaff0f068c01ac0205"},
		{"metrics", ComposeAckReply(coap.Content, 1, tok(1), AppendMetrics(nil, []MetricBody{{ID: 1, Value: 0xffffffc4}, {ID: 0x8002, Value: 5}})), "6145000101ff00040002000400" + "0100c4ffffff" + "028005000000"},
	} {
		if got := hex.EncodeToString(c.m.Append(nil)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestDescriptionsFollowTheOrderOfTheirFirmware(t *testing.T) {
	d := DescribeBody{Functions: []string{"a", "b"}, PlatformID: 6, Hardware: `"x":"1"`, Modules: []DescribeModule{{
		Size: 1, Location: 'm', Checked: 2, Valid: 3, UUID: "ab", Function: 'u', Index: 1, Version: 4,
		Depends: []DescribeDependency{{'s', 2, 7}}, DummyEntry: true,
	}}}
	const system = `"p":6,"x":"1","m":[{"s":1,"l":"m","vc":2,"vv":3,"u":"ab","f":"u","n":"1","v":4,"d":[{"f":"s","n":"2","v":7,"_":""}]}]`
	const application = `"f":["a","b"],"v":{}`
	for _, c := range []struct {
		flags byte
		first bool
		want  string
	}{
		{DescribeSystem | DescribeApplication, false, "{" + application + "," + system + "}"},
		{DescribeSystem | DescribeApplication, true, "{" + system + "," + application + "}"},
		{DescribeSystem, true, "{" + system + "}"},
		{DescribeApplication, false, "{" + application + "}"},
	} {
		if got := string(d.AppendJSON(nil, c.flags, c.first)); got != c.want {
			t.Errorf("flags %d, system first %v:\n got %s\nwant %s", c.flags, c.first, got, c.want)
		}
	}
}

func TestBlockOptionsReadBack(t *testing.T) {
	for _, b := range []BlockBody{{}, {More: true, Size: 5}, {Number: 1, Size: 5}, {Number: 300, More: true, Size: 6}, {Number: 1<<20 - 1, Size: 2}} {
		if got, ok := ParseBlock(b.Value()); !ok || got != b {
			t.Errorf("%+v reads back as %+v, %v", b, got, ok)
		}
	}
	if _, ok := ParseBlock([]byte{1, 2, 3, 4}); ok {
		t.Error("a block option of four bytes is accepted")
	}
}
