package ui

import (
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
)

func TestEveryFieldIsExplained(t *testing.T) {
	for _, def := range decode.Fields() {
		if def.Help == "" {
			t.Errorf("%s has no help", def.Key)
		}
	}
	for _, e := range talk(t) {
		for _, l := range decode.Dissect(&e) {
			field.Leaves(l.Fields, func(f *field.Field) bool {
				if f.Key != "" && f.End > f.Start && lessonOf(f.Key).why == "" {
					t.Errorf("%s (%s): nobody says why it is there", f.Key, f.Label)
				}
				if f.Help == "" {
					t.Errorf("%s of %s: no help", f.Label, l.Name)
				}
				return true
			})
		}
	}
}

func TestExplanationsOfAMessage(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...), Title: "talk.pcapng"})
	press(a, "2", "g", "j", "j", "j", "j", "Tab", "j", "j", "j", "Tab", "K")
	golden(t, "explain-field-80x24", show(t, a, 80, 24), a.look)
	press(a, "Esc", "Tab", "g", "j", "j", "K")
	golden(t, "explain-identity-140x45", show(t, a, 140, 45), a.look)
}
