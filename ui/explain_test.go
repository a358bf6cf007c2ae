package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
)

func TestExplanationsAtEverySize(t *testing.T) {
	all := talk(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "talk.pcapng"})
		press(a, "2", "g", "j", "j", "j", "j", "Tab", "j", "j", "j", "Tab", "K")
		golden(t, fmt.Sprintf("explain-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

func TestExplanationsOfTheHandshake(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...), Title: "talk.pcapng"})
	press(a, "2", "g", "j", "j", "K")
	golden(t, "explain-identity-140x45", show(t, a, 140, 45), a.look)
	press(a, "Esc", "j", "K")
	golden(t, "explain-credentials-140x45", show(t, a, 140, 45), a.look)
	press(a, "s")
	golden(t, "explain-question-80x24", show(t, a, 80, 24), a.look)
}

func TestSecretsAreShownAfterAskingOnce(t *testing.T) {
	all := talk(t)
	var key, iv string
	for i := range all {
		if c, ok := all[i].Body.(*decode.Credentials); ok && c.Opened {
			key, iv = fmt.Sprintf("%x", c.Credentials.Key()), fmt.Sprintf("%x", c.Credentials.IV())
			break
		}
	}
	d := drive(t, 140, 45, Options{Title: "test", Live: true})
	d.store.Append(all)
	has := func() bool { return strings.Contains(strings.Join(d.text, ""), key) }
	d.press("2").see("250 events").press("g", "j", "j", "j", "K").see("key [secret]")
	d.press("s").see("Esc keeps them hidden").press("Esc").gone("Esc keeps them hidden").see("key [secret]")
	d.press("s", "Enter").wait("the key", has)
	d.press("Esc").see("AES-128 key  " + key).press("K")
	d.press("Esc", "j", "K").see("IV        " + iv) // it is not asked again
	d.press("s").gone(iv).see("IV        [secret]")
}

func TestCommandsOfAnExplanationAreCopied(t *testing.T) {
	screen := newScreen(t, 80, 24)
	a := newApp(Options{Screen: screen, Store: stored(talk(t)...), Title: "talk.pcapng"})
	press(a, "2", "g", "j", "j", "j", "K", "y")
	golden(t, "explain-copy-80x24", show(t, a, 80, 24), a.look)
	press(a, "3")
	got := string(screen.GetClipboardData())
	if !strings.HasPrefix(got, "echo ") || !strings.HasSuffix(got, " | openssl dgst -sha1 -mac HMAC -macopt hexkey:CREDENTIALS") {
		t.Errorf("copied %q", got)
	}
}
