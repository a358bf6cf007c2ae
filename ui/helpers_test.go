package ui

import (
	"os"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
	"github.com/photonscope/photonscope/sim"
	"github.com/photonscope/photonscope/store"
)

// events decodes a recording with the keys that belong to it.
func events(t testing.TB, recording string) []decode.Event {
	t.Helper()
	return genuine.Events(t, genuine.Path(t, recording), genuine.Keys(t))
}

// demo is a recording of photonscope demo: a device, the proxy and a cloud.
func demo(t testing.TB) []decode.Event {
	t.Helper()
	entries, err := os.ReadFile("testdata/demo.pcapng.keylog")
	if err != nil {
		t.Fatal(err)
	}
	ring := new(lightssl.Keyring)
	ring.AddKey(lightssl.Key{Private: sim.ServerKey(), Public: &sim.ServerKey().PublicKey}, lightssl.ServerRole)
	for line := range strings.Lines(string(entries)) {
		if entry, ok, err := lightssl.ParseKeyLogLine([]byte(line)); err != nil {
			t.Fatal(err)
		} else if ok {
			ring.AddEntry(entry)
		}
	}
	return genuine.Events(t, "testdata/demo.pcapng", ring)
}

// talk is a healthy session from its beginning, with an update over the air.
func talk(t testing.TB) []decode.Event { return events(t, "healthy-brewskey-fw2.3.1/capture.pcapng") }

// stored returns a store with events.
func stored(events ...decode.Event) *store.Store {
	s := store.New(0)
	s.Append(events)
	return s
}

// show draws an app on a screen.
func show(t testing.TB, a *app, w, h int) tcell.SimulationScreen {
	t.Helper()
	screen := newScreen(t, w, h)
	redraw(a, screen)
	return screen
}

func redraw(a *app, screen tcell.Screen) {
	w, h := screen.Size()
	screen.Clear()
	a.SetRect(0, 0, w, h)
	a.Draw(screen)
}

// press gives keys to an app: characters, and names of keys as in the key table.
func press(a *app, keys ...string) {
	for _, k := range keys {
		a.handleKey(keyEvent(k))
	}
}

// keyEvent returns the event of a key.
func keyEvent(name string) *tcell.EventKey {
	for k, n := range keyNames {
		if n == name && k != tcell.KeyBackspace {
			return tcell.NewEventKey(k, 0, tcell.ModNone)
		}
	}
	if len(name) == 6 && name[:5] == "Ctrl-" {
		return tcell.NewEventKey(tcell.KeyCtrlA+tcell.Key(name[5]-'A'), 0, tcell.ModCtrl)
	}
	switch name {
	case "Space":
		name = " "
	case "F1":
		return tcell.NewEventKey(tcell.KeyF1, 0, tcell.ModNone)
	}
	return tcell.NewEventKey(tcell.KeyRune, []rune(name)[0], tcell.ModNone)
}

func connID(n int) stream.ConnID { return stream.ConnID(n) }
