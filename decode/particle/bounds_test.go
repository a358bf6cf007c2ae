package particle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/stream"
)

func TestWhatAConversationRemembersIsBounded(t *testing.T) {
	var c Conversation
	at := time.Unix(1700000000, 0)
	for i := range 5000 {
		m := coap.Message{Code: coap.POST, ID: uint16(i), Token: []byte{byte(i)}, Options: []coap.Option{
			option(coap.URIPath, 'f'), option(coap.URIPath, fmt.Append(nil, "function", i)...)}}
		c.Next(stream.FromCloud, at, &m)
		m = coap.Message{Code: coap.POST, ID: uint16(i), Options: []coap.Option{option(coap.URIPath, 'e'), option(coap.URIPath, make([]byte, 60000)...)}}
		c.Next(stream.FromDevice, at, &m)
	}
	for _, p := range c.pending {
		if p.n != maxPending || p.forgotten != 5000-maxPending || len(p.ring) != maxPending {
			t.Errorf("%d messages pending, %d forgotten", p.n, p.forgotten)
		}
	}
	if c.Forgotten() != 2*(5000-maxPending) || len(c.names.list) != maxNames {
		t.Errorf("%d forgotten, %d names", c.Forgotten(), len(c.names.list))
	}
	m := coap.Message{Code: coap.Changed, Type: coap.NonConfirmable, Token: make([]byte, 1), Payload: make([]byte, 4)}
	m.Token[0] = byte(4999 & 0xff)
	if g := c.Next(stream.FromDevice, at, &m); g.Kind != KindFunctionResult || string(g.Name) != "function4999" {
		t.Errorf("the newest call is lost: %+v", g)
	}
}

func TestRequestsThatNobodyAnswersAreForgottenInTime(t *testing.T) {
	var c Conversation
	at := time.Unix(1700000000, 0)
	for i := range 1000 {
		m := coap.Message{Type: coap.NonConfirmable, Code: coap.POST, ID: uint16(i), Options: []coap.Option{option(coap.URIPath, 'e'), option(coap.URIPath, 'x')}}
		c.Next(stream.FromDevice, at.Add(time.Duration(i)*10*time.Second), &m)
	}
	if n := c.pending[stream.FromDevice].n; n > 31 || c.Forgotten() != 0 {
		t.Errorf("%d messages pending, %d forgotten", n, c.Forgotten())
	}
}

// A session that pings for days remembers no more than one that just began.
func TestAnsweredRequestsLeaveNothingBehind(t *testing.T) {
	w := newWire(t)
	for range 100 {
		w.send(stream.FromDevice, coap.Message{})
		w.send(stream.FromCloud, coap.Message{Type: coap.Acknowledgement, ID: w.id[stream.FromDevice]})
		w.send(stream.FromCloud, coap.Message{Code: coap.POST, Token: []byte{9}, Options: []coap.Option{option(coap.URIPath, 'f'), option(coap.URIPath, 'x')}})
		w.send(stream.FromDevice, coap.Message{Type: coap.Acknowledgement, ID: w.id[stream.FromCloud]})
		w.send(stream.FromDevice, coap.Message{Type: coap.NonConfirmable, Code: coap.Changed, Token: []byte{9}, Payload: make([]byte, 4)})
	}
	if n := w.c.pending[0].n + w.c.pending[1].n; n != 0 {
		t.Errorf("%d messages are pending", n)
	}
}

func TestTheSteadyStateAllocatesNothing(t *testing.T) {
	for _, name := range []string{"event, public", "event acknowledged by Spark", "ping from the device, Brewskey", "hello and its reply, Spark",
		"hello, 3.3.1, 20 bytes", "function", "variable, double, since 1.5", "chunk, fields"} {
		var c Conversation
		var dst []field.Field
		var line []byte
		steps := catalogue[name].steps()
		messages := make([]coap.Message, len(steps))
		for i, s := range steps {
			if err := messages[i].Parse(unhex(t, s.hex)); err != nil {
				t.Fatal(err)
			}
		}
		at := time.Unix(1700000000, 0)
		run := func() {
			for i := range steps {
				if messages[i].Path() == 'd' || messages[i].Path() == 'u' && c.updates > 0 {
					continue
				}
				g := c.Next(steps[i].from, at, &messages[i])
				dst = g.AppendFields(dst[:0], &messages[i])
				line = g.AppendSummary(line[:0], &messages[i])
			}
			at = at.Add(time.Minute)
		}
		for i := range steps { // let it learn
			c.Next(steps[i].from, at, &messages[i])
		}
		for range 300 {
			run()
		}
		if n := testing.AllocsPerRun(200, run); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Whatever happens to the bytes of a message, its fields partition its payload
// (I-7) and its summary is safe on a terminal and short.
func TestMutilatedMessagesKeepThePartition(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	n := 0
	for _, test := range catalogue {
		steps := test.steps()
		for range 300 {
			var c Conversation
			for i, s := range steps {
				b := unhex(t, s.hex)
				if i == len(steps)-1 {
					b = mutilate(r, b)
				}
				n += tell(t, &c, s.from, time.Unix(1700000000, 0), b)
			}
		}
	}
	if n < 10000 {
		t.Errorf("only %d messages were understood", n)
	}
}

func mutilate(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	switch r.IntN(4) {
	case 0:
		return b[:r.IntN(len(b)+1)]
	case 1:
		b[r.IntN(len(b))] = byte(r.UintN(256))
	case 2:
		for range r.IntN(8) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
	case 3:
		at := r.IntN(len(b) + 1)
		b = append(b[:at:at], append([]byte{byte(r.UintN(256)), 0xff, '{', '"'}[:r.IntN(5)], b[at:]...)...)
	}
	return b
}

// tell feeds bytes to a conversation and checks what must hold for any message.
// It returns 1 if the bytes are a message.
func tell(t testing.TB, c *Conversation, from stream.Direction, at time.Time, b []byte) int {
	t.Helper()
	var m coap.Message
	if m.Parse(b) != nil {
		return 0
	}
	g := c.Next(from, at, &m)
	if g.Kind == NoKind || g.Kind.String() == "" || g.HasRTT != (g.Answers != NoKind) {
		t.Fatalf("%x: %+v", b, g)
	}
	checkPartition(t, g.AppendFields(nil, &m), &m, b)
	line := g.AppendSummary(nil, &m)
	if len(line) > 4000 || !bytes.Equal(field.AppendPrintable(nil, bytes.ReplaceAll(line, []byte(`\`), nil)), bytes.ReplaceAll(line, []byte(`\`), nil)) {
		t.Fatalf("%x: summary %q", b, line)
	}
	return 1
}

func FuzzConversation(f *testing.F) {
	for _, test := range catalogue {
		var seed []byte
		for _, s := range test.steps() {
			seed = appendSeed(seed, s.from, unhex(f, s.hex))
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var c Conversation
		at := time.Unix(1700000000, 0)
		for len(in) >= 3 {
			from := stream.Direction(in[0] & 1)
			n := min(int(in[1])<<8|int(in[2]), len(in)-3)
			at = at.Add(time.Duration(in[0]) * time.Millisecond)
			tell(t, &c, from, at, in[3:3+n])
			in = in[3+n:]
		}
		if c.pending[0].n > maxPending || c.pending[1].n > maxPending || len(c.names.list) > maxNames {
			t.Fatal("more is remembered than may be")
		}
		if u := c.Transfer(); u != nil {
			if image, complete := u.Image(); len(image) > maxImage || complete && uint32(len(image)) != u.Size {
				t.Fatalf("image of %d bytes, complete %v", len(image), complete)
			}
		}
	})
}

// appendSeed appends a message as FuzzConversation reads it: sender, length in
// two bytes, bytes.
func appendSeed(dst []byte, from stream.Direction, b []byte) []byte {
	return append(append(dst, byte(from), byte(len(b)>>8), byte(len(b))), b...)
}

// The vectors, made by a program that shares nothing with this one and played to
// genuine firmware and servers.
func TestTheVectorsHaveTheirKinds(t *testing.T) {
	for name, want := range map[string][]Kind{
		"lightssl": {KindHello, KindHelloReply, KindDescribePost, KindEvent, KindTime, KindTimeReply, KindDescribePost, KindSubscribe, KindSubscribeAck,
			KindEvent, KindEvent, KindFunctionCall, KindFunctionAck, KindFunctionResult, KindVariable, KindVariableAck, KindVariableReply, KindEvent,
			KindPing, KindPingAck, KindGoodbye},
		"legacy": {KindHello, KindHelloReply, KindTime, KindTimeReply, KindDescribe, KindDescribeReply, KindDescribeReply, KindVariable, KindVariableReply,
			KindUpdateBegin, KindUpdateAck, KindUpdateReady, KindChunk, KindChunkAck, KindChunkReceived, KindUpdateDone, KindUpdateDoneReply},
	} {
		b, err := os.ReadFile("testdata/compose_session_" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var messages []struct{ Direction, Coap string }
		if err := json.Unmarshal(b, &messages); err != nil {
			t.Fatal(err)
		}
		var c Conversation
		for i, v := range messages {
			from := stream.FromDevice
			if v.Direction == "server_to_device" {
				from = stream.FromCloud
			}
			var m coap.Message
			if err := m.Parse(unhex(t, v.Coap)); err != nil {
				t.Fatal(err)
			}
			g := c.Next(from, time.Unix(int64(i), 0), &m)
			if i >= len(want) || g.Kind != want[i] || g.MIDGap != 0 {
				t.Errorf("%s, message %d, %s: %v, gap %d", name, i, v.Coap, g.Kind, g.MIDGap)
			}
		}
		if wantStack := map[string]Stack{"lightssl": LightSSLStack, "legacy": LegacyStack}[name]; c.Stack() != wantStack || len(messages) != len(want) {
			t.Errorf("%s: stack %v, %d messages", name, c.Stack(), len(messages))
		}
	}
}

func BenchmarkNextAndFields(b *testing.B) {
	var c Conversation
	var m coap.Message
	var dst []field.Field
	if err := m.Parse(unhex(b, "5002aa02b1650b74656d7065726174757265ff32312e35")); err != nil {
		b.Fatal(err)
	}
	at := time.Unix(1700000000, 0)
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(time.Second)
		g := c.Next(stream.FromDevice, at, &m)
		dst = g.AppendFields(dst[:0], &m)
	}
}
