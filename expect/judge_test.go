package expect

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// eventsOf makes events of lines: "SECONDS open", "SECONDS > HEX" from the device,
// "SECONDS < HEX" from the cloud, "SECONDS sealed", "SECONDS closed", "SECONDS cut".
func eventsOf(t *testing.T, text string) (list []decode.Event) {
	t.Helper()
	var live particle.Conversation
	conn := &stream.Conn{ID: 1}
	for line := range strings.Lines(text) {
		var seconds float64
		var word, digits string
		if n, _ := fmt.Sscan(line, &seconds, &word, &digits); n < 2 {
			continue
		}
		e := decode.Event{At: time.Unix(1e9, 0).Add(time.Duration(seconds * float64(time.Second))), Conn: conn, Session: 1}
		switch word {
		case "open":
			e.Body = new(decode.Opened)
		case "sealed":
			e.Body = new(decode.Sealed)
		case "closed":
			e.Body = &decode.Closed{How: stream.Reset}
		case "cut":
			list = append(list, e)
			list[len(list)-1].Body = &decode.Closed{How: stream.Cut}
			e.Body = &decode.Closed{How: stream.Cut}
		case "<", ">":
			if word == "<" {
				e.From = stream.FromCloud
			}
			plain, err := hex.DecodeString(digits)
			var m coap.Message
			if err != nil || m.Parse(plain) != nil {
				t.Fatalf("no message: %s", line)
			}
			e.Body = &decode.Message{Plain: plain, Padded: plain, Meaning: live.Next(e.From, e.At, &m)}
		}
		list = append(list, e)
	}
	return list
}

// judge returns the breaches, as the line of the rule and when it was clear, and
// the lines that are undecided.
func judge(t *testing.T, contract string, events []decode.Event) (broken []string, undecided []int) {
	t.Helper()
	c, err := Parse(contract, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, contract)
	}
	j := NewJudge(c)
	sessions := 0
	j.Breach = func(b Breach) {
		broken = append(broken, fmt.Sprintf("%d at %v", b.Rule.Line, b.At.Sub(time.Unix(1e9, 0)).Seconds()))
		if b.Event == nil || b.Event.Body == nil || b.Why == "" {
			t.Errorf("a breach that rests on nothing: %+v", b)
		}
	}
	j.Over = func(o Outcome) {
		sessions++
		for _, r := range o.Undecided {
			undecided = append(undecided, r.Line)
		}
	}
	for i := range events {
		j.Feed(&events[i])
	}
	j.Finish()
	if want := min(1, len(events)); sessions != want {
		t.Errorf("%d sessions were judged, want %d", sessions, want)
	}
	return broken, undecided
}

const talk = `
0 open
1 > 5002a9fcb168ff0006ffff00360006
1.5 < 5102123401b168
3 > 4000a9fd
4 < 6000a9fd
5 > 4000a9fe
9 < 6000a9fe
10 > 5002a9ffb1650474656d70ff3231
12 < 5001000ac1740474656d70
20 closed
`

func TestRulesAreJudged(t *testing.T) {
	const head = "0 open\n1 > 5002a9fcb168ff0006ffff00360006\n"
	for _, test := range []struct {
		name, contract, events string
		broken                 []string
		undecided              []int
	}{
		{"within, kept", `within 2s photon.msg == "hello"`, talk, nil, nil},
		{"within, at its limit", `within 1s photon.msg == "hello"`, talk, nil, nil},
		{"within, late", `within 900ms photon.msg == "hello"`, talk, []string{"1 at 1"}, nil},
		{"within, never", `within 5s photon.msg == "describe"`, talk, []string{"1 at 9"}, nil},
		{"within, ended before", `within 50s photon.msg == "describe"`, talk, []string{"1 at 20"}, nil},
		{"some", "some photon.msg == \"ping\"\nsome photon.msg == \"goodbye\"", talk, []string{"2 at 20"}, nil},
		{"then", "some photon.msg == \"hello\"\nthen within 1s photon.msg == \"hello-reply\"\nthen photon.msg == \"ping\"", talk, nil, nil},
		{"then, late", "some photon.msg == \"hello\"\nthen within 400ms photon.msg == \"hello-reply\"", talk, []string{"2 at 1.5"}, nil},
		{"then, another event", "some photon.msg == \"hello\"\nthen photon.msg == \"hello\"", talk, []string{"2 at 20"}, nil},
		{"then, the order", "some photon.msg == \"event\"\nthen photon.msg == \"ping\"", talk, []string{"2 at 20"}, nil},
		{"then, below what is broken", "some photon.msg == \"goodbye\"\nthen photon.msg == \"ping\"", talk, []string{"1 at 20"}, nil},
		{"every answered", `every photon.msg == "ping" answered`, talk, nil, nil},
		{"every answered in time", `every photon.msg == "ping" answered within 4s`, talk, nil, nil},
		{"every answered, one late", `every photon.msg == "ping" answered within 2s`, talk, []string{"1 at 9"}, nil},
		{"every answered, one not", `every photon.msg == "ping" answered`, head + "2 > 4000a9fd\n3 closed", []string{"1 at 3"}, nil},
		{"every answered, not its time yet", `every photon.msg == "ping" answered within 2s`, head + "2 > 4000a9fd\n3 closed", nil, nil},
		{"every answered, cut off", `every photon.msg == "ping" answered`, head + "2 > 4000a9fd\n3 cut", nil, nil},
		{"a response without a question is not answered", `every photon.msg == "hello-reply" answered`, head + "2 < 6000a9fc\n3 closed", nil, nil},
		{"every followed", `every photon.msg == "ping" followed within 4s by photon.msg == "ping-ack"`, talk, nil, nil},
		{"every followed, late", `every photon.msg == "ping" followed within 3s by photon.msg == "ping-ack"`, talk, []string{"1 at 9"}, nil},
		{"never, kept", `never type == "malformed"`, talk, nil, nil},
		{"never", `never photon.msg == "ping"`, talk, []string{"1 at 3", "1 at 5"}, nil},
		{"numbers, kept", "at least 2 photon.msg == \"ping\"\nat most 2 photon.msg == \"ping\"\nexactly 2 photon.msg == \"ping\"", talk, nil, nil},
		{"too few", `at least 3 photon.msg == "ping"`, talk, []string{"1 at 20"}, nil},
		{"too many", "at most 1 photon.msg == \"ping\"\nexactly 0 photon.msg == \"ping\"", talk, []string{"2 at 3", "1 at 5"}, nil},
		{"sealed", "some photon.msg == \"event\"\nnever photon.msg == \"ping\"\nevery photon.msg == \"ping\" answered\nat least 1 photon.msg == \"event\"\nat most 1 photon.msg == \"event\"", head + "2 sealed\n3 closed", nil, []int{1, 2, 3, 4, 5}},
		{"sealed, and its time is over", "within 5s photon.msg == \"event\"", head + "2 sealed\n9 > 4000a9fd\n10 closed", nil, []int{1}},
		{"sealed, and broken all the same", `never photon.msg == "hello"`, head + "2 sealed\n3 closed", []string{"1 at 1"}, nil},
		{"cut off", "some photon.msg == \"event\"\nnever photon.msg == \"event\"\nat least 1 photon.msg == \"event\"", head + "2 cut", nil, []int{1, 3}},
		{"cut off behind its time", `within 5s photon.msg == "event"`, head + "9 cut", []string{"1 at 9"}, nil},
		{"no events", `some photon.msg == "event"`, "", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			broken, undecided := judge(t, test.contract, eventsOf(t, test.events))
			if !slices.Equal(broken, test.broken) || !slices.Equal(undecided, test.undecided) {
				t.Errorf("broken %v, undecided %v; want %v and %v", broken, undecided, test.broken, test.undecided)
			}
		})
	}
}

// A conclusion about the end of a session comes behind it and still counts.
func TestAFindingOfTheEndCounts(t *testing.T) {
	events := eventsOf(t, talk)
	last := events[len(events)-1]
	last.Body = &decode.Finding{ID: "PH-25"}
	broken, _ := judge(t, `never type == "finding"`, append(events, last))
	if len(broken) != 1 {
		t.Errorf("broken: %v", broken)
	}
}

// A session that asks without end does not let the judge grow without end, and
// what it had to forget is undecided.
func TestTooManyToWaitForAreUndecided(t *testing.T) {
	var text strings.Builder
	text.WriteString("0 open\n")
	for i := range 3 * maxWaiting {
		fmt.Fprintf(&text, "%d > 4001%04xb165\n", i, i)
	}
	text.WriteString("9999 cut\n")
	_, undecided := judge(t, `every coap.type == 0 answered`, eventsOf(t, text.String()))
	if !slices.Equal(undecided, []int{1}) {
		t.Errorf("undecided: %v", undecided)
	}
}
