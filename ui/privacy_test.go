package ui

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
)

// private returns what a screen must not show of events while privacy is on:
// IDs in every form, addresses, names, values, keys, and runs of bytes.
func private(events []decode.Event) map[string]bool {
	found := make(map[string]bool)
	public := "event device cloud" + harmless(events)
	add := func(text string) {
		if len(text) >= 5 && !strings.Contains(public, text) {
			found[text] = true
		}
	}
	always := func(text string) { found[text] = true }
	p := decode.Printer{ShowSecrets: true}
	for i := range events {
		e := &events[i]
		if e.Known {
			addID(always, e.Device)
		}
		if e.Conn.Device.IsValid() {
			always(e.Conn.Device.Addr().String())
			always(e.Conn.Cloud.Addr().String())
		}
		p.Each(e, func(_ *field.Def, v field.Value) {
			text := string(v.AppendText(nil, true))
			switch t := v.Type(); {
			case t == field.Text:
				add(text)
			case t == field.Secret:
				add(text[:min(len(text), 16)])
			case t == field.Bytes && len(text) >= 16:
				add(text[:12])
				add(fmt.Sprintf("% x", v.Data()[:4])) // as a dump has it
			}
		})
	}
	return found
}

// harmless returns the values that may be shown, and the screen's own words.
func harmless(events []decode.Event) string {
	var all strings.Builder
	for _, k := range particle.Kinds() {
		all.WriteString(k.Name + " " + k.Means + "\n")
	}
	for _, c := range commands() {
		all.WriteString(c.name + " " + string(c.help) + "\n")
	}
	p := decode.Printer{Private: true}
	for i := range events {
		p.Each(&events[i], func(_ *field.Def, v field.Value) {
			all.WriteString(" " + string(v.AppendText(nil, false)))
		})
	}
	return all.String()
}

func addID(add func(string), id lightssl.DeviceID) {
	hex := id.String()
	add(hex)
	add(hex[:6])
	add(hex[len(hex)-6:])
	add(strings.ToUpper(hex))
	add(fmt.Sprintf("% x", id[:4]))
	add(string(field.AppendPrintable(nil, id[6:])))
}

// tells returns the first of the private texts that a screen shows.
func tells(screen string, private map[string]bool) string {
	screen = strings.ReplaceAll(screen, "coap.opt.particle", "") // the name of a field, which nobody said
	for text := range private {
		if strings.Contains(screen, text) {
			return text
		}
	}
	return ""
}

// watched is an app that knows things nobody else should see.
func watched(t *testing.T) (*app, map[string]bool) {
	events := append(demo(t), talk(t)...)
	secret := private(events)
	for _, text := range []string{"192.0.2.99", "my-house.pcapng", "the kitchen", "Buero-Key"} {
		secret[text] = true
	}
	log := new(Log)
	log.Add("192.0.2.99 connected, Buero-Key opens it")
	s := stored(events...)
	s.SetComment(3, "that is the kitchen")
	s.SetMark("k", 5)
	a := newApp(Options{
		Store: s, Log: log, Title: "my-house.pcapng", Live: true, Hint: "listening on 192.0.2.99:5683", ShowSecrets: true,
		Choices: []Choice{{Key: 'o', Name: "Open", Does: "a capture", Note: "found my-house.pcapng"}}, Actions: new(saved).actions(),
	})
	return a, secret
}

// Every view, pane and window is looked at, at every row of the demo.
func TestPrivacyHidesWhoseDevicesTheseAreEverywhere(t *testing.T) {
	a, secret := watched(t)
	press(a, "1", "p")
	if len(secret) < 300 {
		t.Fatalf("only %d private texts", len(secret))
	}
	for _, size := range screenSizes {
		screen := newScreen(t, size.w, size.h)
		look := func(where ...string) {
			redraw(a, screen)
			if text := tells(string(capture(screen, a.look)), secret); text != "" {
				t.Fatalf("%dx%d, after %v: the screen shows %q:\n%s", size.w, size.h, where, text, capture(screen, a.look))
			}
		}
		for _, view := range []string{"1", "2", "3", "4", "5", "6"} {
			press(a, view, "g")
			for row := range 2 {
				for _, key := range []string{"j", "Tab", "x", "z", "z", "j", "Tab", "d", "b", "K", "Esc", "y", "Esc", "e", "Esc", "m", "Esc", ";", "Esc", "/", "Up", "Esc", "L", "Esc", "?", "Esc", "n", "[", "]", "Tab"} {
					if a.top() == nil {
						a.before = nil // or Esc leads away
					}
					press(a, key)
					look(view, fmt.Sprint(row), key)
				}
			}
		}
		press(a, "1", "Enter") // narrowed to a device
		look("1", "Enter")
		press(a, "q")
	}
	a.at = startView
	redraw(a, newScreen(t, 80, 24))
}

func TestNoKeyTellsWhatPrivacyHides(t *testing.T) {
	a, secret := watched(t)
	press(a, "p")
	r := rand.New(rand.NewPCG(7, 7))
	screen := newScreen(t, 100, 30)
	for i := range 3000 {
		ev := anyKey(r)
		if ev == "p" || ev == ":" || ev == "Ctrl-P" {
			continue // that end it
		}
		press(a, ev)
		if a.quitting {
			a.quitting = false
		}
		if a.at == startView {
			press(a, "2")
		}
		a.refresh()
		redraw(a, screen)
		if text := tells(string(capture(screen, a.look)), secret); text != "" {
			t.Fatalf("key %d, %s: the screen shows %q:\n%s", i, ev, text, capture(screen, a.look))
		}
	}
}

func TestPrivacyCanBeEndedAndShowsAllAgain(t *testing.T) {
	a, secret := watched(t)
	press(a, "2", "g")
	before := string(capture(show(t, a, 140, 45), a.look))
	if tells(before, secret) == "" {
		t.Fatal("there is nothing to hide")
	}
	press(a, "p")
	golden(t, "private-80x24", show(t, a, 80, 24), a.look)
	a.notice = ""
	if trouble := a.runCommand("privacy"); trouble != "" {
		t.Fatal(trouble)
	}
	a.notice = ""
	if after := string(capture(show(t, a, 140, 45), a.look)); after != before {
		t.Errorf("the screen was\n%s\nand is\n%s", before, after)
	}
}

func TestWhatIsCopiedOrExportedWhilePrivacyIsOnIsMasked(t *testing.T) {
	a, secret := watched(t)
	s := new(saved)
	a.opt.Actions = s.actions()
	copied := ""
	a.opt.Actions.KeepCopy = func(text []byte) (string, error) { copied = string(text); return "last-copy", nil }
	a.opt.Screen = newScreen(t, 80, 24)
	press(a, "2", "p")
	for _, key := range []string{"t", "n", "m", "T", "N", "M"} {
		press(a, "e", key)
		done(a)
	}
	if len(s.files) != 3 {
		t.Errorf("%d files are written", len(s.files))
	}
	for name, b := range s.files {
		if text := tells(b.String(), secret); text != "" || !strings.Contains(name, "-masked.") {
			t.Errorf("%s tells %q", name, text)
		}
	}
	press(a, "g")
	for range 60 {
		press(a, "j")
		for _, key := range []string{"y", "j", "t", "f", "h", "g"} {
			copied = ""
			press(a, "y", key, "Esc")
			if text := tells(copied, secret); text != "" {
				t.Fatalf("the copy %s tells %q:\n%s", key, text, copied)
			}
		}
	}
	press(a, "w")
	if done(a); s.captured != nil || !strings.Contains(string(a.notice), "cannot be masked") {
		t.Errorf("a capture is written: %q", a.notice)
	}
}
