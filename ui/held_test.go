package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/rules"
	"github.com/photonscope/photonscope/store/filter"
)

// meddler stands for what carries a person's wishes out, and notes them.
type meddler struct {
	held []Held
	did  []string
}

func (m *meddler) actions() *Meddling {
	note := func(s string) error { m.did = append(m.did, s); return nil }
	return &Meddling{
		Intercept: func(f string) error {
			if _, err := filter.Parse(f, nil); f != "" && err != nil {
				return err
			}
			return note("intercept " + f)
		},
		Held:      func() []Held { return m.held },
		Send:      func(_ uint64, b []byte) error { m.held = m.held[1:]; return note("send " + rules.Format(b, " ")) },
		Drop:      func(uint64) error { m.held = m.held[1:]; return note("drop") },
		Extend:    func(uint64) error { return note("extend") },
		KeepAlive: func(uint64) error { return note("keep alive") },
		Inject:    func(_ stream.ConnID, t string) error { return note("inject " + t) },
		Format:    func(b []byte) string { return rules.Format(b, " ") },
		Compose:   rules.Compose,
		Parts:     func(b []byte) []string { return strings.Split(rules.Format(b, "\n"), "\n") },
		Edit:      rules.Edit,
		Mend:      rules.Mend,
		AsRule:    func(h Held, b []byte) string { return rules.EditRule(h.Message, b, h.From, h.Filter) },
		Templates: [][2]string{{"call NAME", "calls"}},
	}
}

var heldSince = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func heldOf(t *testing.T, id uint64, text string) Held {
	t.Helper()
	b, err := rules.Compose(text)
	if err != nil {
		t.Fatal(err)
	}
	return Held{ID: id, From: stream.FromCloud, Message: b, Kind: "function-call", Summary: "function-call led(\"blink\")",
		Rule: `hold when photon.msg == "function-call"`, Filter: `photon.msg == "function-call"`,
		Since: heldSince, Until: heldSince.Add(10 * time.Second), Fuse: heldSince.Add(25 * time.Second), FuseWhy: "the device hangs up"}
}

// holds returns a screen three seconds after messages were held, the given ones.
func holds(t *testing.T, w, h int, texts ...string) (*meddler, *app, tcell.SimulationScreen) {
	t.Helper()
	m := &meddler{}
	for i, text := range texts {
		m.held = append(m.held, heldOf(t, uint64(i+1), text))
	}
	a := newApp(Options{Store: stored(talk(t)...), Live: true, Now: func() time.Time { return heldSince.Add(3 * time.Second) }, Actions: Actions{Meddle: m.actions()}})
	return m, a, show(t, a, w, h)
}

const (
	heldCall  = "type=CON code=POST mid=9 token=55 path=f path=led query=blink"
	heldEvent = `type=NON code=POST mid=0x1a2c path=e path=temp payload="21.5 degrees of the greenhouse by the river"`
)

func TestHeldMessagesAreShownSentAndDropped(t *testing.T) {
	m, a, screen := holds(t, 80, 24, heldCall, heldCall, heldEvent)
	if text := string(capture(screen, a.look)); !strings.Contains(text, "3 HELD") {
		t.Errorf("the number of held messages is not shown:\n%s", text)
	}
	if text, want := string(capture(screen, a.look)), "3 messages held, I shows: function-call led"; !strings.Contains(text, want) {
		t.Errorf("there is no %q:\n%s", want, text)
	}
	press(a, "I", "?")
	redraw(a, screen)
	if text := string(capture(screen, a.look)); !strings.Contains(text, "HELD MESSAGES") || !strings.Contains(text, "byte by byte") {
		t.Errorf("? does not tell the keys for held messages:\n%s", text)
	}
	press(a, "Esc")
	redraw(a, screen)
	for _, want := range []string{"held: 3", "function-call led", "sent in 7.0 s", "the device hangs up: 22.0 s left", "query=blink", "rule: hold"} {
		if text := string(capture(screen, a.look)); !strings.Contains(text, want) {
			t.Errorf("no %q on the screen:\n%s", want, text)
		}
	}
	press(a, "Space", "a", "d", "s", "Esc")
	if got := strings.Join(m.did, ", "); got != "extend, keep alive, drop, send hex=" {
		t.Errorf("did %q", got)
	}
	if a.top() != nil {
		t.Error("Esc does not close the list")
	}
}

func TestInterceptAndInjectAskTheProxy(t *testing.T) {
	m := &meddler{}
	a := newApp(Options{Store: stored(talk(t)...), Live: true, Actions: Actions{Meddle: m.actions()}})
	show(t, a, 80, 24)
	press(a, "i")
	for _, r := range "coap.code == 1" {
		press(a, map[bool]string{true: "Space", false: string(r)}[r == ' '])
	}
	press(a, "Enter", "2")
	if trouble := a.runCommand("inject call led on"); trouble != "" {
		t.Errorf("inject: %s", trouble)
	}
	if trouble := a.runCommand("inject"); !strings.Contains(string(trouble), "call NAME") {
		t.Errorf("inject alone says %q", trouble)
	}
	if got := strings.Join(m.did, ", "); got != "intercept coap.code == 1, inject call led on" {
		t.Errorf("did %q", got)
	}
}

func TestACaptureSaysWhyNothingCanBeHeld(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	screen := show(t, a, 100, 24)
	for _, key := range []string{"i", "I"} {
		press(a, key)
		redraw(a, screen)
		if text := string(capture(screen, a.look)); !strings.Contains(text, "Only a live proxy") {
			t.Errorf("%s: %s", key, text)
		}
	}
}

func TestAProxyThatCannotHoldSaysWhy(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...), Live: true, Actions: Actions{NoMeddling: "Here is why\x1b."}})
	screen := show(t, a, 100, 24)
	for _, key := range []string{"i", "I"} {
		press(a, key)
		redraw(a, screen)
		if text := string(capture(screen, a.look)); !strings.Contains(text, `Here is why\x1b.`) || a.top() != nil {
			t.Errorf("%s: %s", key, text)
		}
	}
	if got := injectTemplate(a, "ping"); !strings.HasPrefix(string(got), "Here is why") {
		t.Errorf("inject: %s", got)
	}
}

// What was dropped is on the leg of its sender only, what was added on the other one;
// lists say so.
func TestWhatOneLegCarriesNamesThatLeg(t *testing.T) {
	legs := [2]stream.Conn{{ID: 1, Leg: stream.DeviceLeg, Pair: 2}, {ID: 2, Leg: stream.CloudLeg, Pair: 1}}
	var talk particle.Conversation
	var events []decode.Event
	at := time.Unix(1_700_000_000, 0)
	say := func(id uint16, data string, on ...int) {
		m := particle.ComposePublish(id, particle.EventBody{Name: "lab/tick", Data: []byte(data)})
		plain := m.Append(nil)
		var parsed coap.Message
		if err := parsed.Parse(plain); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second)
		for _, leg := range on {
			events = append(events, decode.Event{At: at, Conn: &legs[leg], Session: 1, From: stream.FromDevice, Raw: plain,
				Body: &decode.Message{Plain: plain, Padded: plain, Meaning: talk.Next(stream.FromDevice, at, &parsed)}})
		}
	}
	for i := range legs {
		events = append(events, decode.Event{At: at, Conn: &legs[i], Session: 1, Body: &decode.Opened{}})
	}
	say(1, "passed on", 0, 1)
	say(2, "dropped", 0)
	say(3, "added", 1)
	say(4, "the last", 0, 1)
	a := newApp(Options{Store: stored(events...)})
	screen := show(t, a, 100, 30)
	press(a, "2", "g")
	redraw(a, screen)
	text := string(capture(screen, a.look))
	for _, want := range []string{"  lab/tick = passed on", "device leg only: lab/tick = dropped", "cloud leg only: lab/tick = added", "  lab/tick = the last"} {
		if strings.Count(text, want) == 0 {
			t.Errorf("no %q on the screen:\n%s", want, text)
		}
	}
}

// Ctrl-F asks to find, also where a prompt keeps no history.
func TestFindingInAPromptWithoutHistoryIsNoFault(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...), Log: new(Log)})
	show(t, a, 80, 24)
	a.open(&prompt{app: a, find: func(string) bool { return true }})
	press(a, "x", "Ctrl-F")
	if kept := a.opt.Log.kept(); len(kept) > 0 || a.top() != nil {
		t.Errorf("%v, and the prompt stays: %v", kept, a.top() != nil)
	}
}

func TestWhereNothingIsHeldNoKeysForItAreOffered(t *testing.T) {
	_, a, screen := holds(t, 80, 24)
	a.intercept = "kind == ping"
	press(a, "I")
	redraw(a, screen)
	text := string(capture(screen, a.look))
	for _, want := range []string{"What matches kind == ping will be", "i hold messages  Esc close"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
	if press(a, "s"); a.notice != "Nothing to do here for send." {
		t.Errorf("s says %q", a.notice)
	}
}
