package explain

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

func TestEveryFieldHasAText(t *testing.T) {
	defs := slices.Concat(decode.Fields(), particle.Defs())
	defs = append(defs, &field.Def{Key: "coap.opt.unknown_65000"})
	for _, d := range defs {
		text := Of(d)
		switch {
		case text == (Text{}):
			t.Errorf("%s (%s) has no text", d.Key, d.Label)
		case text.Why == "" || text.How == "" || text.Source == "":
			t.Errorf("%s (%s) lacks a part of its text: %+v", d.Key, d.Label, text)
		}
	}
}

func TestEveryTextBelongsToAField(t *testing.T) {
	seen := make(map[string]bool)
	for _, table := range tables {
		for key := range table {
			if !decode.IsField(key) {
				t.Errorf("there is no field %s", key)
			}
			if seen[key] {
				t.Errorf("%s has two texts", key)
			}
			seen[key] = true
		}
	}
}

// sentences are what a text is made of: a capital letter or a word of a value,
// and a full stop at the end.
func TestTextsAreSentencesThatFitAScreen(t *testing.T) {
	eachText(func(name string, text Text) {
		for _, s := range []string{text.Why, text.How} {
			if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "}") || strings.Contains(s, "  ") || strings.Contains(s, "..") {
				t.Errorf("%s: no sentence: %q", name, s)
			}
			if len(s) > 400 {
				t.Errorf("%s: %d bytes are a lecture", name, len(s))
			}
		}
	})
}

var (
	section = regexp.MustCompile(`^docs/protocol\.md §(\d+(\.\d+)?)$`)
	rfc     = regexp.MustCompile(`^RFC \d{3,5} §[A-Z\d]+(\.\d+)*$`)
	file    = regexp.MustCompile(`^[\w-]+/[\w-]+@[\w.]+:[\w./-]+$`)
	other   = regexp.MustCompile(`^(NIST (SP 800-38A §6\.2|FIPS 197)|draft-ietf-core-href|GlobalPlatform GPC_SPE_207|GSMA SGP\.32|RFC 8259)$`)
)

func TestSourcesNameWhatCanBeLookedUp(t *testing.T) {
	doc, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^#+ (\d+(?:\.\d+)?)\.? `).FindAllSubmatch(doc, -1) {
		sections[string(m[1])] = true
	}
	eachText(func(name string, text Text) {
		for source := range strings.SplitSeq(text.Source, "; ") {
			if m := section.FindStringSubmatch(source); m != nil {
				if !sections[m[1]] {
					t.Errorf("%s: docs/protocol.md has no section %s", name, m[1])
				}
				continue
			}
			if !rfc.MatchString(source) && !file.MatchString(source) && !other.MatchString(source) {
				t.Errorf("%s: what source is %q?", name, source)
			}
		}
	})
}

func TestEveryTypeOfEventHasAText(t *testing.T) {
	for _, name := range decode.EventTypes {
		if eventTexts[name].what == "" || eventTexts[name].source == "" {
			t.Errorf("%s has no text", name)
		}
	}
	if len(eventTexts) != len(decode.EventTypes) {
		t.Errorf("%d texts for %d types", len(eventTexts), len(decode.EventTypes))
	}
}

// eachText yields all texts, those of events among them.
func eachText(yield func(name string, text Text)) {
	for name, e := range eventTexts {
		yield(name, Text{e.what, e.what, e.source})
	}
	for _, table := range append(slices.Clone(tables), unnamed, map[string]Text{unknownOption: unknown}) {
		for name, text := range table {
			yield(name, text)
		}
	}
}
