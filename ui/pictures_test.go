package ui

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	committed "github.com/photonscope/photonscope/internal/golden"
)

// The pictures of the README are what the program draws now. They are made from
// recordings that are part of the source; go test ./ui -update makes them anew.
func TestPicturesAreWhatTheProgramDraws(t *testing.T) {
	demo, class := demo(t), withFindings(t, classroom(t))
	pictures := []struct {
		name, title string
		of          []decode.Event
		rows        int
		keys        string
	}{
		{"messages", "The messages of the demo: the list, the fields of the chosen one, and its bytes", demo, 32, "2 g j j j j j Tab j j j"},
		{"explain", "What a field is: its bytes, its meaning, and the command that decrypts it again", demo, 44, "2 g j j j j j Tab j j j K"},
		{"handshake", "The five steps of the handshake: what was checked, and how long each took", demo, 32, "1 3 j"},
		{"ladder", "Device, proxy and cloud as columns, an arrow for each message", demo, 32, "4 P g PgDn PgDn PgDn"},
		{"filter", "A filter while it is typed: the list has what it leaves", demo, 24, `2 / p h o t o n . m s g Space ~ Space " ^ v a r " Space o r Space p h o t o n . r t t Space > Space 4 0 m s`},
		{"trouble", "Five devices, of which four do not get online", class, 18, "1 j"},
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for _, p := range pictures {
		a := newApp(Options{Store: stored(p.of...), Title: "photonscope.pcapng", Theme: Dark})
		screen := show(t, a, 108, p.rows)
		for key := range strings.FieldsSeq(p.keys) {
			press(a, key)
			redraw(a, screen)
		}
		samePicture(t, p.name+".svg", drawing(screen, p.title))
		if !bytes.Contains(readme, []byte("](docs/pictures/"+p.name+".svg)")) {
			t.Errorf("the README does not show %s", p.name)
		}
		made = append(made, filepath.Join(pictureFolder, p.name+".svg"))
	}
	there, err := filepath.Glob(filepath.Join(pictureFolder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if !slices.Contains(made, path) {
			t.Errorf("%s is none of ours", path)
		}
	}
}

const pictureFolder = "../docs/pictures"

// samePicture compares a picture with the one that is committed, or writes it.
func samePicture(t *testing.T, name string, got []byte) {
	t.Helper()
	committed.Check(t, filepath.Join(pictureFolder, name), got)
}
