package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"github.com/photonscope/photonscope/rules"
)

// functionKey presses a function key.
func functionKey(a *app, k tcell.Key) { a.handleKey(tcell.NewEventKey(k, 0, tcell.ModNone)) }

func sees(t *testing.T, a *app, screen tcell.SimulationScreen, wants ...string) {
	t.Helper()
	redraw(a, screen)
	text := string(capture(screen, a.look))
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q on the screen:\n%s", want, text)
		}
	}
}

// A part is changed, and that alone: the rest of the message stays as it was.
func TestAHeldMessageIsEditedByParts(t *testing.T) {
	m, a, screen := holds(t, 80, 24, heldCall)
	press(a, "I", "Enter")
	sees(t, a, screen, "[fields]", "edit, from cloud, sent in 7.0 s", "✓ POST /f/led?blink   CON 0x0009")
	press(a, "Ctrl-U")
	typed(a, "off")
	sees(t, a, screen, "was blink", "off")
	press(a, "Enter")
	if got := strings.Join(m.did, ", "); got != "send type=CON code=POST mid=0x0009 token=55 path=f path=led query=off" {
		t.Errorf("did %q", got)
	}
}

// The levels are one message: what was typed in one is in the next.
func TestEachLevelGoesOnWithWhatTheOthersMade(t *testing.T) {
	m, a, screen := holds(t, 80, 24, heldCall)
	press(a, "I", "e", "Ctrl-U")
	typed(a, "on")
	press(a, "Ctrl-T")
	sees(t, a, screen, "[text]", "query=on")
	typed(a, " payload=x")
	press(a, "Ctrl-T")
	sees(t, a, screen, "[hex]", "6f6eff78")
	typed(a, "79")
	press(a, "Ctrl-T")
	sees(t, a, screen, "[fields]", "payload", "new", "was blink")
	press(a, "Enter")
	if got := strings.Join(m.did, ", "); got != "send type=CON code=POST mid=0x0009 token=55 path=f path=led query=on payload=xy" {
		t.Errorf("did %q", got)
	}
}

func TestNothingThatIsWrongIsSent(t *testing.T) {
	m, a, screen := holds(t, 80, 24, heldCall)
	press(a, "I", "Enter", "Tab")
	typed(a, "nonsense=1")
	sees(t, a, screen, "✗", "is no part of a message")
	press(a, "Enter", "Ctrl-T")
	sees(t, a, screen, "First mend what is wrong here", "[fields]")
	functionKey(a, tcell.KeyF9)
	sees(t, a, screen, "There is no rule yet")
	press(a, "Ctrl-U", "Tab", "Ctrl-U")
	typed(a, "SYN")
	sees(t, a, screen, "a type is CON, NON, ACK or RST")
	if len(m.did) > 0 {
		t.Errorf("did %q", m.did)
	}
	press(a, "Ctrl-U")
	typed(a, "NON")
	press(a, "Enter")
	if got := strings.Join(m.did, ", "); !strings.HasPrefix(got, "send type=NON") {
		t.Errorf("did %q", got)
	}
}

func TestTheKeysOfTheEditWindow(t *testing.T) {
	for _, c := range []struct {
		key  tcell.Key
		want string
		open bool
	}{
		{tcell.KeyF4, "keep alive", true},
		{tcell.KeyF5, "send hex=", false}, // nothing is changed: the original goes
		{tcell.KeyF6, "send hex=", false},
		{tcell.KeyF7, "extend", true},
		{tcell.KeyF8, "drop", false},
		{tcell.KeyEsc, "", false},
	} {
		m, a, _ := holds(t, 80, 24, heldCall)
		press(a, "I", "Enter")
		functionKey(a, c.key)
		_, open := a.top().(*editView)
		if got := strings.Join(m.did, ", "); got != c.want || open != c.open {
			t.Errorf("%s: did %q, open %v", tcell.KeyNames[c.key], got, open)
		}
	}
}

func TestAnEditIsCopiedAsARule(t *testing.T) {
	_, a, screen := holds(t, 80, 24, heldCall)
	var kept string
	a.opt.Screen = screen
	a.opt.Actions.KeepCopy = func(b []byte) (string, error) { kept = string(b); return "file", nil }
	press(a, "I", "Enter")
	functionKey(a, tcell.KeyF9)
	sees(t, a, screen, "no rule to copy")
	press(a, "X")
	functionKey(a, tcell.KeyF9)
	if want := "edit query=blinkX from=cloud when photon.msg == \"function-call\"\n"; kept != want {
		t.Errorf("copied %q, want %q", kept, want)
	}
	if _, err := rules.Parse("copied", kept, nil); err != nil {
		t.Error(err)
	}
}

func TestAMessageThatIsGoneIsNotEditedOn(t *testing.T) {
	m, a, screen := holds(t, 80, 24, heldCall)
	press(a, "I", "Enter")
	m.held = nil
	sees(t, a, screen, "no longer held", "It was sent or dropped meanwhile")
}

func TestTheEditWindowAtAllSizes(t *testing.T) {
	for _, size := range screenSizes {
		_, a, screen := holds(t, size.w, size.h, heldCall, heldEvent)
		press(a, "I", "Enter", "Ctrl-U")
		typed(a, "off")
		redraw(a, screen)
		golden(t, fmt.Sprintf("edit-%dx%d", size.w, size.h), screen, a.look)
	}
	_, a, screen := holds(t, 80, 24, heldCall, heldEvent)
	press(a, "I", "j", "x", "0")
	redraw(a, screen)
	golden(t, "edit-hex-80x24", screen, a.look)
}

// Foreign text in a message is shown in the window and does nothing.
func TestTheEditWindowShowsHostileText(t *testing.T) {
	for _, evil := range hostile() {
		b, err := rules.Edit([]byte{0x40, 2, 0, 1}, fmt.Sprintf("path=e payload=hex:%x", evil))
		if err != nil {
			t.Fatal(err)
		}
		m, a, screen := holds(t, 80, 24, heldEvent)
		m.held[0].Message, m.held[0].Summary, m.held[0].Rule = b, evil, evil
		press(a, "I", "Enter")
		for range editLevels {
			redraw(a, screen)
			checkScreen(t, a, screen, func() string { return fmt.Sprintf("%q", evil) })
			press(a, "Ctrl-T")
		}
	}
}
