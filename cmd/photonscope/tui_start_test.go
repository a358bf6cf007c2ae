package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTheStartPageOpensTheLatestCapture(t *testing.T) {
	t.Chdir(t.TempDir())
	var chosen []string
	run := func(args ...string) func() { return func() { chosen = args } }
	if open := startChoices(run)[2]; open.Run != nil || open.Note != "type: photonscope read FILE" {
		t.Errorf("without captures: %+v", open)
	}
	if err := os.WriteFile("only.pcapng", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open := startChoices(run)[2]
	if open.Note != "Enter opens only.pcapng" {
		t.Errorf("it says %q", open.Note)
	}
	if open.Run(); !slices.Equal(chosen, []string{"read", "only.pcapng"}) {
		t.Errorf("Enter runs %q", chosen)
	}
}

// A letter that chooses would else not do what the footer says it does.
func TestNoLetterOfTheStartPageIsAKeyOfIt(t *testing.T) {
	for _, c := range startChoices(func(...string) func() { return nil }) {
		if strings.ContainsRune("jkqQ?:", c.Key) {
			t.Errorf("%s has the letter %c", c.Name, c.Key)
		}
	}
}
