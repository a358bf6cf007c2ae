package particle

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/stream"
)

// seen is a message of a recording and what it means.
type seen struct {
	session int
	at      time.Time
	hex     string
	m       coap.Message
	g       Meaning
	fields  []field.Field
}

// text returns the value of a field as text, or "" if the message has none.
func (s *seen) text(key string) string {
	if f := lookup(s.fields, key); f != nil {
		return string(f.Value.AppendText(nil, false))
	}
	return ""
}

// lookup finds the first field with a key.
func lookup(fields []field.Field, key string) *field.Field {
	for i := range fields {
		if fields[i].Key == key {
			return &fields[i]
		}
		if f := lookup(fields[i].Fields, key); f != nil {
			return f
		}
	}
	return nil
}

var recordings = []string{"healthy-brewskey-fw2.3.1", "healthy-spark-fw1.5.2", "net-mtu600-loss-spark"}

// play returns the messages of a recording with their meaning, and each
// session's conversation.
func play(t testing.TB, name string) ([]seen, map[int]*Conversation) {
	t.Helper()
	conversations := make(map[int]*Conversation)
	var all []seen
	for line := range lines(t, name+".jsonl") {
		var o struct {
			T       float64
			Session int
			Dir     string
			Hex     string
		}
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(o.Hex)
		if err != nil {
			t.Fatal(err)
		}
		s := seen{session: o.Session, at: time.UnixMicro(int64(o.T * 1e6)), hex: o.Hex}
		if err := s.m.Parse(b); err != nil {
			t.Fatalf("%s: %v", o.Hex, err)
		}
		c := conversations[o.Session]
		if c == nil {
			c = new(Conversation)
			conversations[o.Session] = c
		}
		from := stream.FromDevice
		if o.Dir == "server" {
			from = stream.FromCloud
		}
		s.g = c.Next(from, s.at, &s.m)
		s.fields = s.g.AppendFields(nil, &s.m)
		checkPartition(t, s.fields, &s.m, b)
		all = append(all, s)
	}
	return all, conversations
}

func lines(t testing.TB, name string) func(func([]byte) bool) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "recordings", name))
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func([]byte) bool) {
		defer f.Close()
		scanner := bufio.NewScanner(f)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			if !yield(scanner.Bytes()) {
				return
			}
		}
	}
}

func TestNoMessageOfTheRecordingsIsUnknown(t *testing.T) {
	for _, name := range recordings {
		t.Run(name, func(t *testing.T) {
			all, conversations := play(t, name)
			for _, s := range all {
				if s.g.Kind.Generic() || s.g.Kind == NoKind || s.g.Misnumbered || s.g.MIDGap != 0 {
					t.Errorf("%s is %v %+v", s.hex, s.g.Kind, s.g)
				}
				if f := lookup(s.fields, defRest.Key); f != nil {
					t.Errorf("%s: %v leaves %s", s.hex, s.g.Kind, f.Value.Data())
				}
				if len(s.g.AppendSummary(nil, &s.m)) > 400 {
					t.Errorf("%s: summary %q", s.hex, s.g.AppendSummary(nil, &s.m))
				}
			}
			for n, c := range conversations {
				if c.Stack() != LightSSLStack || c.Forgotten() != 0 {
					t.Errorf("session %d: stack %v, %d forgotten", n, c.Stack(), c.Forgotten())
				}
			}
		})
	}
}

// Every answer has a response time that its times confirm, and answers a
// request: an acknowledgement by ID, a response by token.
func TestAnswersOfTheRecordingsFindTheirRequests(t *testing.T) {
	for _, name := range recordings {
		all, _ := play(t, name)
		for i, s := range all {
			isAnswer := s.m.Type == coap.Acknowledgement || s.m.Code.IsResponse() || s.g.Kind == KindHelloReply
			if isAnswer != s.g.HasRTT || isAnswer == (s.g.Answers == NoKind) {
				t.Errorf("%s: %s is %v and answers %v", name, s.hex, s.g.Kind, s.g.Answers)
			}
			if !isAnswer || s.g.Kind == KindHelloReply {
				continue
			}
			asked := askedFor(all[:i], &s)
			if asked == nil || asked.g.Kind != s.g.Answers || asked.m.ID != s.g.RequestID || s.at.Sub(asked.at) != s.g.RTT {
				t.Errorf("%s: %s is %v and answers %v %#04x after %v", name, s.hex, s.g.Kind, s.g.Answers, s.g.RequestID, s.g.RTT)
			}
		}
	}
}

// askedFor finds the request of an answer by brute force.
func askedFor(before []seen, s *seen) *seen {
	for i := len(before) - 1; i >= 0; i-- {
		r := &before[i]
		if r.session != s.session || r.g.From == s.g.From || !isRequest(&r.m) {
			continue
		}
		if s.m.Type == coap.Acknowledgement && r.m.ID == s.m.ID || s.m.Type != coap.Acknowledgement && bytes.Equal(r.m.Token, s.m.Token) {
			return r
		}
	}
	return nil
}

// The driver's own record of what it asked and got equals what the messages say.
func TestValuesAndResultsAreThoseTheDriverGot(t *testing.T) {
	for _, name := range recordings {
		t.Run(name, func(t *testing.T) {
			all, _ := play(t, name)
			checked := 0
			for line := range lines(t, name+".driver.jsonl") {
				var step struct {
					Verb   string
					Args   struct{ Name, Arg, Data, Public string }
					Answer map[string]any
				}
				if err := json.Unmarshal(line, &step); err != nil {
					t.Fatal(err)
				}
				verb, _, _ := strings.Cut(step.Verb, " ")
				switch verb {
				case "var":
					all = after(t, all, func(s *seen) bool { return s.g.Kind == KindVariable && s.text(defVarName.Key) == step.Args.Name })
					s := first(t, all, KindVariableReply)
					checkValue(t, s, step.Args.Name, step.Answer["result"])
				case "rawvar":
					all = after(t, all, func(s *seen) bool { return s.g.Kind == KindVariable && s.text(defVarName.Key) == step.Args.Name })
					first(t, all, KindVariableError)
				case "call":
					name := step.Args.Name
					if name == "" {
						name = "disconnect"
					}
					all = after(t, all, func(s *seen) bool {
						return s.g.Kind == KindFunctionCall && s.text(defFuncName.Key) == name && s.text(defFuncArg.Key) == step.Args.Arg
					})
					s := first(t, all, KindFunctionResult)
					if f := lookup(s.fields, defFuncResult.Key); string(s.g.Name) != name || float64(f.Value.Int()) != step.Answer["result"] {
						t.Errorf("%s(%s): %s = %d, want %v", name, step.Args.Arg, s.g.Name, f.Value.Int(), step.Answer["result"])
					}
				case "event":
					all = after(t, all, func(s *seen) bool {
						return s.g.Kind == KindEvent && s.g.From == stream.FromCloud && s.text(defEventName.Key) == step.Args.Name &&
							s.text(defEventData.Key) == step.Args.Data && (s.text(defEventPublic.Key) == "true") == (step.Args.Public == "1")
					})
				default:
					continue
				}
				checked++
			}
			if checked < 20 {
				t.Errorf("only %d steps checked", checked)
			}
		})
	}
}

// after returns the messages from the first that fits on.
func after(t *testing.T, all []seen, fits func(*seen) bool) []seen {
	t.Helper()
	for i := range all {
		if fits(&all[i]) {
			return all[i:]
		}
	}
	t.Fatal("no such message")
	return nil
}

// first returns the first message of a kind.
func first(t *testing.T, all []seen, kind Kind) *seen {
	t.Helper()
	return &after(t, all, func(s *seen) bool { return s.g.Kind == kind })[0]
}

func checkValue(t *testing.T, s *seen, name string, want any) {
	t.Helper()
	f := lookup(s.fields, defVarValue.Key)
	if f == nil || string(s.g.Name) != name {
		t.Errorf("%s is %s without a value", name, s.g.Name)
		return
	}
	var got any
	switch f.Value.Type() {
	case field.Bool:
		got = f.Value.Bool()
	case field.Int:
		got = float64(f.Value.Int())
	case field.Float:
		got = f.Value.Float()
	default:
		got = string(f.Value.Data())
	}
	if got != want {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

func TestTheRecordedUpdatesAreFollowedToTheirEnd(t *testing.T) {
	tests := []struct {
		name      string
		size      uint32
		chunk     uint16
		fast      bool
		confirmed bool
	}{
		{"healthy-brewskey-fw2.3.1", 20000, 512, true, true},
		{"healthy-spark-fw1.5.2", 6000, 256, false, false}, // the device restarts without an answer
		{"net-mtu600-loss-spark", 6000, 256, false, true},
	}
	for _, test := range tests {
		all, conversations := play(t, test.name)
		found := 0
		for n, c := range conversations {
			u := c.Transfer()
			if u == nil {
				continue
			}
			found++
			image, complete := u.Image()
			if u.Size != test.size || u.ChunkSize != test.chunk || u.Fast != test.fast || u.Confirmed != test.confirmed || u.Over() != test.confirmed ||
				u.Wrong+u.Repeated+u.Unkept+u.Asked != 0 || u.Received() != u.Total() || len(u.Missing()) != 0 || c.updates != 1 {
				t.Errorf("%s: %+v", test.name, u)
			}
			if !complete || !bytes.Equal(image, sentImage(all, n, int(test.size))) {
				t.Errorf("%s: image of %d bytes, complete %v", test.name, len(image), complete)
			}
		}
		if found != 1 {
			t.Errorf("%s: %d updates", test.name, found)
		}
	}
}

// sentImage joins the payloads of all chunks by hand.
func sentImage(all []seen, session, size int) (image []byte) {
	for i := range all {
		if s := &all[i]; s.session == session && s.m.Code == coap.POST && s.m.Path() == 'c' {
			image = append(image, s.m.Payload...)
		}
	}
	return image[:size]
}
