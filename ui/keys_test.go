package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	committed "github.com/photonscope/photonscope/internal/golden"
)

// keysDoc is the key table as the documentation has it.
const keysDoc = "../docs/keys.md"

func TestTheDocumentedKeysAreThoseOfTheTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Keys of the screen\n\nMade from the table in the code (`go test ./ui -update`). `?` shows those that work where you are, Ctrl-P finds a command by a word.\n")
	for _, s := range sections {
		var rows []string
		for _, k := range bindings {
			if k.in&s.in != 0 {
				var keys []string
				for _, name := range strings.Fields(k.keys) {
					keys = append(keys, "`"+strings.ReplaceAll(name, "|", `\|`)+"`")
				}
				rows = append(rows, fmt.Sprintf("| %s | %s |\n", strings.Join(keys, " "), k.help))
			}
		}
		if len(rows) > 0 {
			fmt.Fprintf(&b, "\n## %s\n\n| key | does |\n|---|---|\n%s", strings.ToUpper(string(s.title[:1]))+string(s.title[1:]), strings.Join(rows, ""))
		}
	}
	committed.Check(t, keysDoc, []byte(b.String()))
}

func TestNoKeyDoesTwoThingsInOnePlace(t *testing.T) {
	for _, s := range sections {
		does := make(map[string]action)
		for _, b := range bindings {
			if b.in&s.in == 0 {
				continue
			}
			for _, key := range strings.Fields(b.keys) {
				if other, ok := does[key]; ok {
					t.Errorf("%s: %s does %s and %s", s.title, key, other, b.do)
				}
				does[key] = b.do
			}
		}
	}
}

// Keys that equal others on a terminal, steer the flow of serial lines, or are
// taken by terminals.
var neverBound = []string{"Ctrl-H", "Ctrl-I", "Ctrl-J", "Ctrl-M", "Ctrl-S", "Ctrl-Q", "Alt-Enter"}

func TestKeysThatTerminalsTakeAreNotBound(t *testing.T) {
	for _, b := range bindings {
		for _, key := range strings.Fields(b.keys) {
			if slices.Contains(neverBound, key) {
				t.Errorf("%s is bound to %s", key, b.do)
			}
		}
	}
}

func TestEveryKeyOfTheHelpDoesSomethingOrSaysWhyNot(t *testing.T) {
	all := demo(t)
	views := []string{"1", "2", "3", "4", "5", "6"}
	for _, view := range views {
		for _, b := range bindings {
			if b.in&anywhere == 0 || b.do == actQuit || b.do == actRedraw || b.do == actEscape || b.do == actBack {
				continue
			}
			a := newApp(Options{Screen: newScreen(t, 80, 24), Store: stored(all...)})
			press(a, view)
			screen := show(t, a, 80, 24)
			before := capture(screen, a.look)
			key := strings.Fields(b.keys)[0]
			if key == view {
				continue
			}
			press(a, key)
			redraw(a, screen)
			if string(capture(screen, a.look)) == string(before) && len(a.view().panes()) > 1 {
				t.Errorf("%s in view %s changes nothing and says nothing", key, view)
			}
		}
	}
}

func TestAnUnknownKeyIsNamed(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	press(a, "2", "Z")
	if !strings.Contains(string(a.notice), "Z does nothing here") {
		t.Errorf("the screen says %q", a.notice)
	}
}

// A key of another view is said to be one, and where: only there does ? show it. In a
// window ? shows nothing.
func TestAKeyOfAnotherPlaceSaysWhere(t *testing.T) {
	for keys, want := range map[string]string{
		"1P":  "The key P does nothing here, only in Messages (2) and in Ladder (4).",
		"4b":  "The key b does nothing here, only in Follow (5).",
		"2d":  "The key d does nothing here, only in Stats (6) and on held messages (I).",
		"2?x": "The key x does nothing in this window. Esc closes it.",
	} {
		a := newApp(Options{Store: stored(demo(t)...)})
		press(a, strings.Split(keys, "")...)
		if string(a.notice) != want {
			t.Errorf("%s: the screen says %q, want %q", keys, a.notice, want)
		}
	}
}

// Nothing that a footer offers leads to an excuse without a reason.
func TestWhatAFooterOffersCanBeDone(t *testing.T) {
	all := talk(t)
	for _, view := range []string{"1", "2", "3", "4", "5", "6", "6d"} {
		for pane := range 3 {
			for _, b := range bindings {
				a := newApp(Options{Screen: newScreen(t, 80, 24), Store: stored(all...)})
				press(a, strings.Split(view, "")...)
				for range pane {
					press(a, "Tab")
				}
				if !strings.Contains(string(a.footer(200)), string(b.first()+" "+a.footOf(&b))+"  ") {
					continue
				}
				if press(a, string(b.first())); strings.Contains(string(a.notice), "Nothing to do here") {
					t.Errorf("the footer of view %s, pane %d, has %s: %s", view, pane, b.first(), a.notice)
				}
			}
		}
	}
}

// What a command is for finds it before what only has the same letters in order.
func TestTheCommandWithTheWordComesFirst(t *testing.T) {
	for word, want := range map[string]string{"light": "theme", "number": "go", "statist": "stats", "capture": "export", "fold": "fold-pings"} {
		a := newApp(Options{Store: stored(demo(t)...)})
		p := newPalette(a)
		p.line.set(word)
		p.update()
		if len(p.list) == 0 || p.list[0].text != want && !strings.Contains(string(p.list[0].help), word) {
			t.Errorf("%s leads to %+v, want %s", word, p.list, want)
		}
	}
	a := newApp(Options{Store: stored(demo(t)...)})
	press(a, "Ctrl-P")
	typed(a, "light")
	press(a, "Enter") // the command takes a word, which is offered
	p, ok := a.top().(*prompt)
	if !ok || p.line.String() != "theme " || len(p.list) != 4 {
		t.Fatalf("the palette does not ask which theme: %+v", a.top())
	}
	typed(a, "li")
	if press(a, "Tab", "Enter"); a.look.theme != Light {
		t.Errorf("the theme is %s: %s", a.look.theme, a.notice)
	}
}

func TestCommandsAreFoundByAnyWord(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	press(a, "2", "Ctrl-P")
	typed(a, "statist")
	press(a, "Enter")
	if a.view().place() != inStats {
		t.Errorf("the palette leads to %s", a.view().name())
	}
	press(a, ":")
	typed(a, "theme dark")
	press(a, "Enter")
	if a.look.theme != Dark {
		t.Errorf("the theme is %s", a.look.theme)
	}
	press(a, ":")
	typed(a, "thme dark")
	press(a, "Enter")
	if !strings.Contains(string(a.notice), "did you mean theme") || nearest("themex") != "theme" || nearest("zzz") != "" {
		t.Errorf("a misspelt command: %q", a.notice)
	}
}

func TestTheCommandsAreWorthTheirNames(t *testing.T) {
	help := map[string]Safe{}
	for _, c := range commands() {
		if help[c.name] != "" {
			t.Errorf("%s is there twice", c.name)
		}
		help[c.name] = c.help
	}
	if help["down"] != "" || help["palette"] != "" || help["back"] != "back; at the top: quit" || help["open"] == "" {
		t.Errorf("down: %q, palette: %q, back: %q, open: %q", help["down"], help["palette"], help["back"], help["open"])
	}
}

// The footer calls a key what it does now, and a zoomed pane says how the others come
// back; where every pane is alone, the key says that.
func TestTheFooterFollowsWhatGoesOn(t *testing.T) {
	at := func(live bool, w, h int) *app {
		a := newApp(Options{Store: stored(demo(t)...), Live: live})
		press(a, "2", "g")
		show(t, a, w, h)
		return a
	}
	capture, live := at(false, 80, 24), at(true, 80, 24)
	for i, step := range []struct {
		a          *app
		keys, want string
	}{
		{capture, "", "Space play"}, {capture, "Space", "Space stop"}, {capture, "Space", "Space play"},
		{live, "", "Space pause"}, {live, "Space", "Space go on"},
		{capture, "z", "z all panes  ? help"}, {capture, "z", "y copy  ? help"},
	} {
		if step.keys != "" {
			press(step.a, step.keys)
		}
		if text := string(step.a.footer(78)); !strings.Contains(text, step.want) {
			t.Errorf("step %d: the footer is %q, without %q", i+1, text, step.want)
		}
	}
	if press(capture, "6"); strings.Contains(string(capture.footer(200)), "Space") {
		t.Error("the statistics of a capture offer to play it")
	}
	if press(capture, "Space"); !strings.Contains(string(capture.notice), "2 and 4 show it") {
		t.Errorf("Space in the statistics says %q", capture.notice)
	}
	small := at(false, 60, 16)
	if press(small, "z"); small.zoom || !strings.Contains(string(small.notice), "Tab shows the next") {
		t.Errorf("z where there is one pane says %q", small.notice)
	}
}
