package replay

import (
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

func bytesOf(t *testing.T, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A device's part, as a dialogue: what is told the player, and what it does.
func TestADevicesPartIsPlayedUnderNewNumbers(t *testing.T) {
	p := planOf(t, talk, Choice{As: stream.FromDevice})
	y := NewPlayer(p, Pace{Speed: 1, Wait: 10 * time.Second}, 0x0100, nil)
	now := start.Add(time.Hour)
	at := func(seconds float64, receive string, want string) {
		t.Helper()
		then := now.Add(time.Duration(seconds * float64(time.Second)))
		var acts []Act
		if receive != "" {
			acts = slices.Clone(y.Receive(then, bytesOf(t, receive)))
		}
		more, _ := y.Advance(then)
		if got := happened(append(acts, more...)); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("at %v:\n%swant\n%s", seconds, got, want)
		}
	}
	at(0, "", "sent 1 hello 50020100b168ff0006ffff00360006")
	at(0.05, "5102777701b168", "came 2 hello-reply")
	at(0.1, "", "")
	at(0.2, "", "sent 3 event 50020101b1650474656d70ff3231")
	at(0.3, "", "sent 4 time 410101025ab174")
	at(0.35, "614501025aff6b000000", "came 5 time-reply\nleft 6 ping\nleft 7 ping-ack")
	at(0.5, "4000beef", "sent 6000beef") // the live peer's ping, not the recorded one
	at(1.2, "", "")
	at(1.3, "", "waiting 8 function-call")
	at(1.4, "41020999e1b16604627265774174", "came 8 function-call")
	at(1.5, "", "sent 9 function-ack 60000999")
	at(1.6, "", "sent 10 function-result 51440103e1ff0000002a")
	at(5.4, "", "sent 11 event 50020104b1650474656d70ff3232")
	if !y.Over() {
		t.Error("the plan is not over")
	}
}

// The cloud's part of the same: the time told is the present one.
func TestACloudsPartAnswersTheLiveDevice(t *testing.T) {
	p := planOf(t, talk, Choice{As: stream.FromCloud})
	y := NewPlayer(p, Pace{Wait: 10 * time.Second}, 0x0500, nil)
	now := time.Unix(0x6b123456, 0)
	y.Advance(now)
	for _, step := range []struct{ receive, want string }{
		{"50020001b168ff0006ffff00360006", "came 1 hello\nsent 2 hello-reply 5102050001b168"},
		{"50020002b1650474656d70ff3231", "came 3 event"},
		{"410100035eb174", "came 4 time\nsent 5 time-reply 614500035eff6b123456\nleft 6 ping\nleft 7 ping-ack\nsent 8 function-call 41020501c7b16604627265774174"},
		{"60000501", "came 9 function-ack"},
		{"51440004c7ff0000002a", "came 10 function-result"},
		{"50020005b1650474656d70ff3939", "diverged 11 event: differs"},
	} {
		acts := slices.Clone(y.Receive(now, bytesOf(t, step.receive)))
		more, _ := y.Advance(now)
		if got := strings.TrimSpace(happened(append(acts, more...))); got != step.want {
			t.Errorf("%s:\n%s\nwant\n%s", step.receive, got, step.want)
		}
	}
}

func TestADifferenceNamesItsFields(t *testing.T) {
	p := planOf(t, talk, Choice{As: stream.FromCloud})
	for _, test := range []struct {
		name, hello string
		ignore      []string
		want        []Difference
	}{
		{"the same", "50020001b168ff0006ffff00360006", nil, nil},
		{"another version", "50020001b168ff0006000700360006", nil, []Difference{{"photon.hello.product_version", "65535", "7"}}},
		{"ignored", "50020001b168ff0006000700360006", []string{"photon.hello.product_version", "coap.payload"}, nil},
		{"all that begin so ignored", "50020001b168ff0006000700360006", []string{"photon.hello.", "coap.payload"}, nil},
		{"confirmable", "40020001b168ff0006ffff00360006", nil, []Difference{{"coap.type", "1", "0"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			y := NewPlayer(p, Pace{Wait: time.Second}, 1, test.ignore)
			y.Advance(start)
			act := y.Receive(start, bytesOf(t, test.hello))[0]
			var got []Difference
			if act.Diverged != nil {
				got = act.Diverged.Differences
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestWhatDoesNotComeIsMissedInItsTime(t *testing.T) {
	p := planOf(t, talk, Choice{As: stream.FromDevice})
	y := NewPlayer(p, Pace{Speed: 2, Wait: 3 * time.Second}, 1, nil)
	_, again := y.Advance(start)
	if want := start.Add(50*time.Millisecond + 3*time.Second); !again.Equal(want) {
		t.Errorf("the cloud's Hello is waited for until %v, want %v", again, want)
	}
	if acts, _ := y.Advance(again.Add(-1)); len(acts) != 0 {
		t.Errorf("before its time: %s", happened(acts))
	}
	acts, _ := y.Advance(again)
	if got := happened(acts); !strings.HasPrefix(got, "diverged 2 hello-reply: missing\n") {
		t.Errorf("in its time: %s", got)
	}
}

// What answers a message that did not come is not sent.
func TestNothingAnswersWhatDidNotCome(t *testing.T) {
	p := planOf(t, talk, Choice{As: stream.FromDevice})
	y := NewPlayer(p, Pace{Wait: time.Second}, 1, nil)
	var all []Act
	for now := start; !y.Over(); {
		acts, again := y.Advance(now)
		all = append(all, acts...)
		now = again
	}
	text := happened(all)
	if strings.Contains(text, "sent 9 ") || strings.Contains(text, "sent 10 ") || !strings.Contains(text, "left 9 function-ack\nleft 10 function-result\nsent 11 event") {
		t.Errorf("a call that did not come is answered:\n%s", text)
	}
}

func TestTheSilentPeerIsPingedAndGivenUp(t *testing.T) {
	p := planOf(t, talk, Choice{As: stream.FromDevice})
	y := NewPlayer(p, Pace{Wait: time.Minute}, 1, nil)
	_, again := y.Advance(start)
	if want := start.Add(pingAfter); !again.Equal(want) {
		t.Fatalf("pinged at %v, want %v", again, want)
	}
	acts, again := y.Advance(again)
	if got := happened(acts); got != "sent 40000002\n" || !again.Equal(start.Add(pingAfter+pingWait)) {
		t.Errorf("the ping is %q, and given up at %v", got, again)
	}
	if acts, _ = y.Advance(again); happened(acts) != "diverged 2 hello-reply: ended the session\n" || !y.Over() {
		t.Errorf("unanswered: %s", happened(acts))
	}
}

func TestARangeKeepsWhatBeginsASession(t *testing.T) {
	for _, test := range []struct {
		name   string
		choice Choice
		want   string // S send, A await, - leave
	}{
		{"everything", Choice{}, "SASSA--ASSS"},
		{"from", Choice{From: 8}, "SA-----ASSS"},
		{"to", Choice{To: 3}, "SAS--------"},
		{"filter", Choice{Match: func(m *Message) bool { return m.Meaning.Kind == particle.KindEvent }}, "SAS-------S"},
		{"as the cloud", Choice{As: stream.FromCloud, From: 8}, "AS-----SAAA"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			for _, s := range planOf(t, talk, test.choice).Steps {
				got += [...]string{"-", "S", "A"}[s.Do]
			}
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestActuatingMessagesAreKnown(t *testing.T) {
	if n := len(planOf(t, talk, Choice{As: stream.FromCloud}).Actuating()); n != 1 {
		t.Errorf("%d messages would make the device do something, want 1", n)
	}
	if n := len(planOf(t, talk, Choice{As: stream.FromDevice}).Actuating()); n != 0 {
		t.Errorf("%d messages to a server are taken for such", n)
	}
}

func TestARecordingWithoutItsBeginningIsRefused(t *testing.T) {
	_, rest, _ := strings.Cut(strings.TrimSpace(talk), "\n")
	if _, err := NewPlan(recordingOf(t, rest), Choice{As: stream.FromDevice}); err != ErrNoHello {
		t.Errorf("without a Hello: %v", err)
	}
	if _, err := NewPlan(new(Recording), Choice{}); err != ErrNothing {
		t.Errorf("without messages: %v", err)
	}
}

// The cloud's answers to what a device says at once may come in any order; each
// finds its question, whatever the live IDs and tokens are.
func TestAnyOrderOfTheAnswersIsTheSame(t *testing.T) {
	const questions = 8
	text := "0 > 5002a9fcb168ff0006ffff00360006\n0.1 < 5102123401b168\n"
	var answers []coap.Message
	for i := range questions {
		m := coap.Message{Code: coap.GET, ID: uint16(0xa9fd + i), Options: []coap.Option{{Number: coap.URIPath, Value: []byte("e")}, {Number: coap.URIPath, Value: []byte{'a' + byte(i)}}}}
		text += "0.2 > " + hex.EncodeToString(m.Append(nil)) + "\n"
		answers = append(answers, coap.Message{Type: coap.Acknowledgement, ID: m.ID})
	}
	for _, m := range answers {
		text += "0.3 < " + hex.EncodeToString(m.Append(nil)) + "\n"
	}
	p := planOf(t, text, Choice{As: stream.FromDevice})
	for range 200 {
		first := uint16(rand.Uint32())
		y := NewPlayer(p, Pace{Wait: time.Second}, first, nil)
		y.Advance(start)
		y.Receive(start, bytesOf(t, "5102000101b168"))
		y.Advance(start)
		for _, i := range rand.Perm(questions) {
			m := coap.Message{Type: coap.Acknowledgement, ID: first + 1 + uint16(i)}
			if got := happened(y.Receive(start, m.Append(nil))); !strings.HasPrefix(got, "came ") {
				t.Fatalf("answer %d: %s", i, got)
			}
		}
		if y.Advance(start); !y.Over() {
			t.Fatal("all answers came, and the plan is not over")
		}
	}
}

// What is about another object comes in another order, too.
func TestMessagesOfThePeerFindTheirOwn(t *testing.T) {
	const two = "0 > 5002a9fcb168ff0006ffff00360006\n0.1 < 5102123401b168\n0.2 > 5002a9fdb16501610000\n0.3 > 5002a9feb16501620000\n"
	p := planOf(t, strings.ReplaceAll(two, "0000\n", "\n"), Choice{As: stream.FromCloud})
	y := NewPlayer(p, Pace{Wait: time.Second}, 1, nil)
	y.Advance(start)
	y.Receive(start, bytesOf(t, "50020001b168ff0006ffff00360006"))
	y.Advance(start)
	got := happened(y.Receive(start, bytesOf(t, "50020003b1650162"))) + happened(y.Receive(start, bytesOf(t, "50020002b1650161")))
	if got != "came 4 event [out of order: before 3]\ncame 3 event\n" {
		t.Error(got)
	}
}

// An ID of 0 is one like all others: an answer to it answers nothing that was not
// sent yet.
func TestNothingAnswersWhatWasNotSent(t *testing.T) {
	y := NewPlayer(planOf(t, talk, Choice{As: stream.FromDevice}), Pace{Wait: time.Second}, 0, nil)
	y.Advance(start)
	y.Receive(start, bytesOf(t, "5102000101b168"))
	if got := happened(y.Receive(start, bytesOf(t, "60000000"))); got != "diverged: is not in the recording\n" {
		t.Error(got)
	}
}

// Whatever a peer sends, the player neither panics nor sends what the plan does
// not have.
func FuzzReceive(f *testing.F) {
	f.Add([]byte{0x51, 0x02, 0x12, 0x34, 0x01, 0xb1, 0x68}, []byte{0x40, 0x00, 0x00, 0x0a})
	f.Add([]byte{}, []byte{0xff})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		p := planOf(t, talk, Choice{As: stream.FromDevice})
		y := NewPlayer(p, Pace{Wait: time.Second}, 1, nil)
		sent := 0
		count := func(acts []Act) {
			for _, x := range acts {
				if x.Bytes != nil && x.Step != nil {
					sent++
				}
			}
		}
		now := start
		for i := 0; !y.Over(); i++ {
			acts, again := y.Advance(now)
			count(acts)
			if now = again; i < 20 {
				count(y.Receive(now, slices.Clone([][]byte{a, b}[i%2])))
			}
		}
		if want, _, _ := p.Counts(); sent > want {
			t.Errorf("%d messages were sent of %d", sent, want)
		}
	})
}
