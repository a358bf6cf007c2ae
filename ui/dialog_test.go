package ui

import (
	"regexp"
	"strings"
	"testing"
)

// help is the help of the messages, which is longer than the screen.
func openHelp(t *testing.T) (*app, func() string) {
	a := newApp(Options{Store: stored(demo(t)...)})
	press(a, "2", "?")
	screen := newScreen(t, 80, 24)
	shown := func() string {
		redraw(a, screen)
		return string(capture(screen, a.look))
	}
	shown()
	return a, shown
}

func TestTextIsFoundInAWindow(t *testing.T) {
	a, shown := openHelp(t)
	if strings.Contains(shown(), "draw the screen anew") {
		t.Fatal("all of the help is shown, so nothing has to be found")
	}
	press(a, "/")
	if text := shown(); !strings.Contains(text, "help: keys of Messages") || !strings.Contains(text, "find in this window:") {
		t.Fatalf("the prompt covers the window:\n%s", text)
	}
	typed(a, "screen anew")
	press(a, "Enter")
	if text := shown(); !strings.Contains(text, "draw the screen anew") || !strings.Contains(text, "Hit 1 of 1.") {
		t.Errorf("it is not found:\n%s", text)
	}
	press(a, "/")
	typed(a, "chunk of firmware")
	if press(a, "Enter"); !strings.Contains(string(a.notice), "No chunk of firmware in this window") {
		t.Errorf("what is not there is told as %q", a.notice)
	}
}

// What a window covers stays as it is.
func TestAWindowKeepsKeysFromWhatItCovers(t *testing.T) {
	a, shown := openHelp(t)
	before := a.model.Len()
	for _, key := range []string{"f", "!", "e", "y", "m", ";", "w", `\`, "K", "Tab", "z"} {
		if press(a, key); len(a.overlays) != 1 || a.view().place() != inMessages || a.model.Len() != before || a.notice == "" {
			t.Errorf("%s is not kept from the view: %d windows, view %s, %d events, %q", key, len(a.overlays), a.view().name(), a.model.Len(), a.notice)
		}
	}
	if text := shown(); !strings.Contains(text, " Esc close  / find  PgDn page\n") {
		t.Errorf("the last line does not name the keys of a window:\n%s", text)
	}
	if press(a, "3"); a.top() != nil || a.view().place() != inHandshake {
		t.Error("3 does not lead to the handshake")
	}
}

func TestOnlyAnExplanationWithASecretOffersToShowIt(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	const offer = "s shows what is secret here"
	for want, keys := range map[bool][]string{true: {"2", "g", "j", "j", "j", "j", "K"}, false: {"2", "G", "K"}} {
		press(a, keys...)
		if text := string(capture(show(t, a, 140, 45), a.look)); strings.Contains(text, offer) != want {
			t.Errorf("offers to show secrets: %v, want %v\n%s", !want, want, text)
		}
		press(a, "Esc")
	}
}

func TestTheEventLogSaysWhen(t *testing.T) {
	log := new(Log)
	log.Add("listening")
	a := newApp(Options{Store: stored(), Log: log})
	press(a, "L")
	if text := string(capture(show(t, a, 80, 24), a.look)); !regexp.MustCompile(`\d\d:\d\d:\d\d  listening`).MatchString(text) {
		t.Errorf("no time:\n%s", text)
	}
}

// What there is to say is said to the end: over two lines, if it takes them.
func TestSentencesAreNotCutOff(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	shown := func() string {
		text, _, _ := strings.Cut(string(capture(show(t, a, 80, 24), a.look)), "-- style --")
		return strings.Join(strings.Fields(text), " ")
	}
	const long = "Written to photonscope-sessions-of-today.pcapng, and the secrets that open it to photonscope-sessions-of-today.pcapng.keylog"
	if a.say(good, long); !strings.Contains(shown(), long) {
		t.Errorf("a notice is cut off: %s", shown())
	}
	press(a, "2", "/")
	typed(a, "coap.cod")
	if text := shown(); !strings.Contains(text, "column 1: there is no field or filter named coap.cod; did you mean coap.code?") || !strings.Contains(text, "/ coap.cod") {
		t.Errorf("what is wrong with a filter is cut off: %s", text)
	}
}

// What scrolls a view by half scrolls a window by half, and what is no choice of a menu
// or no letter is said to be none.
func TestWindowsAnswerEveryKey(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	press(a, "2", "?")
	show(t, a, 80, 24)
	text := a.top().(*dialog).text
	if press(a, "Ctrl-D"); text.top != text.visible/2 {
		t.Errorf("Ctrl-D goes to line %d of windows of %d", text.top, text.visible)
	}
	if press(a, "Ctrl-U"); text.top != 0 {
		t.Errorf("Ctrl-U goes to line %d", text.top)
	}
	press(a, "q")
	for keys, want := range map[string]string{"yZ": "Nothing here has the letter Z.", "m ": "That is no letter; nothing was done."} {
		press(a, strings.Split(keys, "")...)
		if string(a.notice) != want {
			t.Errorf("%q: the screen says %q, want %q", keys, a.notice, want)
		}
		press(a, "Esc")
	}
}

// Where there is little room for hints, the one that tells how to leave remains.
func TestAtEverySizeALineOfInputSaysHowToLeaveIt(t *testing.T) {
	for _, size := range screenSizes {
		for _, key := range []string{"/", ":", "Ctrl-P", "y", "m", "o", ";"} {
			a := newApp(Options{Store: stored(demo(t)...)})
			press(a, "2", key)
			rows := strings.Split(string(capture(show(t, a, size.w, size.h), a.look)), "\n")
			if last := rows[size.h]; !strings.Contains(last, "Esc") || strings.Contains(last, "…") {
				t.Errorf("at %dx%d behind %s the last line is %q", size.w, size.h, key, last)
			}
		}
	}
}
