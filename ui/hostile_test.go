package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// hostile are texts that steer terminals, hide or reorder text, or are markup to
// widgets.
func hostile() []string {
	texts := []string{
		"\x1b]0;title\a", "\x1b[2J\x1b[H", "\x1b[31mred", "\x1b]52;c;cHduZWQ=\a", "\x1bP+q544e\x1b\\", "\x9b31m", "\u009b31m", "\x1b[?1049l", "\x1bc", "\x0e\x0f",
		"a\rb", "a\nb", "a\tb", "a\bb", "\x00", "\x7f", "\xff\xfe", "\xc3\x28", "\xed\xa0\x80",
		"\u202eevil", "\u2066x\u2069", "\u200b", "\u200d", "\ufeff", "\u00ad", "\ufe0f", "\U000e0041", "\u2028x",
		"[red]x[-]", "[\"region\"]x[\"\"]", "[::b]bold", "[[::::1[]]", "[]", "%s%d%n", "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301", "日本語", "👩‍👩‍👧", "ａ", "\u1100\u1161",
	}
	for c := range 32 {
		texts = append(texts, string(rune(c))+"x", "\x1b"+string(rune('@'+c)))
	}
	for c := rune(0x80); c < 0xa0; c++ {
		texts = append(texts, string(c), "\x1b["+fmt.Sprint(c)+"m")
	}
	return texts
}

// saying returns a session in which a text stands everywhere a peer can put one.
func saying(text string) []decode.Event {
	conn := stream.Conn{ID: 1}
	var events []decode.Event
	var talk particle.Conversation
	at := time.Unix(1_700_000_000, 0)
	add := func(from stream.Direction, m coap.Message) {
		plain := m.Append(nil)
		var parsed coap.Message
		if parsed.Parse(plain) != nil {
			return
		}
		at = at.Add(time.Millisecond)
		meaning := talk.Next(from, at, &parsed)
		pad := 16 - len(plain)%16
		padded := append(append([]byte(nil), plain...), []byte(strings.Repeat(string(rune(pad)), pad))...)
		raw := append([]byte{byte(len(padded) >> 8), byte(len(padded))}, padded...)
		events = append(events, decode.Event{At: at, Conn: &conn, Session: 1, From: from, Raw: raw,
			Body: &decode.Message{Plain: plain, Padded: padded, Meaning: meaning}})
	}
	b := []byte(text)
	if len(b) > 60 {
		b = b[:60]
	}
	s := string(b)
	events = append(events, decode.Event{At: at, Conn: &conn, Session: 1, Body: &decode.Opened{}})
	add(stream.FromDevice, particle.ComposePublish(1, particle.EventBody{Name: "x" + s, Data: b}))
	add(stream.FromDevice, particle.ComposePublish(2, particle.EventBody{Name: s, Data: b, Private: true}))
	add(stream.FromCloud, particle.ComposeCall(3, []byte{1}, s, s))
	add(stream.FromDevice, particle.ComposeAckReply(coap.Content, 3, []byte{1}, b))
	add(stream.FromCloud, particle.ComposeVariableRequest(4, []byte{2}, s))
	add(stream.FromDevice, particle.ComposeVariableValue(coap.Acknowledgement, 4, []byte{2}, s))
	add(stream.FromDevice, particle.ComposeSubscribe(5, particle.SubscribeBody{Prefix: s}))
	add(stream.FromDevice, coap.Message{Type: coap.NonConfirmable, Code: coap.POST, ID: 6, Token: b[:min(len(b), 8)], Payload: b})
	return events
}

// tour shows every view and what lies on it, and calls look after each.
func tour(t *testing.T, a *app, look func(where string)) {
	t.Helper()
	for _, keys := range [][]string{
		{"1"}, {"2", "g", "j"}, {"j", "j"}, {"Tab", "j", "j", "j", "j", "j", "j"}, {"Tab", "K"}, {"Esc", "y"}, {"Esc", "3"}, {"4"}, {"K"}, {"Esc", "5"}, {"x"}, {"x"}, {"6"},
		{"2", "Tab", "G", "*"}, {":"}, {"Esc", "L"}, {"Esc", "?"}, {"Esc", "/"},
	} {
		press(a, keys...)
		look(strings.Join(keys, " "))
	}
}

func TestHostileTextIsVisibleAndHarmless(t *testing.T) {
	for _, text := range hostile() {
		log := new(Log)
		log.Add(text)
		a := newApp(Options{Screen: newScreen(t, 10, 10), Store: stored(saying(text)...), Title: text, Log: log, Hint: text})
		a.model.store.SetComment(1, text)
		screen := newScreen(t, 100, 30)
		tour(t, a, func(where string) {
			redraw(a, screen)
			checkScreen(t, a, screen, func() string { return fmt.Sprintf("%q, %s", text, where) })
		})
	}
}

func TestForeignMarkupChangesNoStyle(t *testing.T) {
	looks := func(text string) (all []string) {
		a := newApp(Options{Screen: newScreen(t, 10, 10), Store: stored(saying(text)...)})
		screen := newScreen(t, 100, 30)
		tour(t, a, func(string) {
			redraw(a, screen)
			all = append(all, styles(screen, a.look))
		})
		return all
	}
	plain := looks("xxxxxxxxxx")
	for _, text := range []string{"[red]xx[-]", "[::b]xxxxx", "[\"abcdef\"]", "%s%d%n%v%q", "</b>xx<b>x"} {
		for i, got := range looks(text) {
			if got != plain[i] {
				t.Errorf("%q at stop %d of the tour looks different", text, i)
			}
		}
	}
}

// styles returns what every cell looks like.
func styles(screen tcell.SimulationScreen, l *look) string {
	var b strings.Builder
	w, h := screen.Size()
	for y := range h {
		for x := range w {
			_, st, _ := screen.Get(x, y)
			b.WriteString(styleLetter(l, st))
		}
	}
	return b.String()
}
