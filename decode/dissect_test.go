package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/photonscope/photonscope/decode/field"
)

// I-7: in every layer of every event, of whole and of damaged sessions, every
// byte lies in exactly one leaf, and children partition their parent.
func TestLeavesPartitionEveryLayer(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, name := range vectorNames {
		for round := range 60 {
			items := loadVectors(t, name).items(t)
			if round > 0 {
				items = damage(rng, cutItems(rng, items, 200), round)
			}
			for _, e := range decodeAll(vectorKeys(t), items) {
				if err := checkLayers(&e); err != nil {
					t.Fatalf("%s round %d, %s: %v", name, round, e.Body.Name(), err)
				}
			}
		}
	}
}

func checkLayers(e *Event) error {
	covered := 0
	for _, layer := range Dissect(e) {
		if err := partition(layer.Fields, 0, len(layer.Bytes)); err != nil {
			return fmt.Errorf("layer %s: %w", layer.Name, err)
		}
		if layer.Name == Wire {
			covered = len(layer.Bytes)
		}
	}
	if covered != len(e.Raw) {
		return fmt.Errorf("the wire layer has %d of %d bytes", covered, len(e.Raw))
	}
	return nil
}

// partition checks that fields cover [start, end) in order and without overlap.
// Computed fields, which have no bytes, may stand anywhere.
func partition(fields []field.Field, start, end int) error {
	at := start
	for i := range fields {
		f := &fields[i]
		if f.Start == f.End {
			continue
		}
		if f.Start != at || f.End < f.Start {
			return fmt.Errorf("field %s lies at [%d:%d], the one before ends at %d", f.Label, f.Start, f.End, at)
		}
		if !f.Leaf() && hasBytes(f.Fields) {
			if err := partition(f.Fields, f.Start, f.End); err != nil {
				return fmt.Errorf("in %s: %w", f.Label, err)
			}
		}
		at = f.End
	}
	if at != end {
		return fmt.Errorf("the fields end at %d of %d", at, end)
	}
	return nil
}

func hasBytes(fields []field.Field) bool {
	for i := range fields {
		if fields[i].End > fields[i].Start {
			return true
		}
	}
	return false
}

func TestTextIsPrintableAndHidesSecrets(t *testing.T) {
	v := loadVectors(t, "session_lightssl.json")
	creds := unhex(t, v.Handshake.Material)
	var p Printer
	for _, e := range decodeAll(vectorKeys(t), v.items(t)) {
		out := p.AppendTree(p.AppendJSON(nil, &e), &e)
		if !utf8.Valid(out) {
			t.Errorf("%s: not UTF-8", e.Body.Name())
		}
		for _, c := range string(out) {
			if c < ' ' && c != '\n' || c == 0x7f {
				t.Errorf("%s: control character %#x in %q", e.Body.Name(), c, out)
			}
		}
		for _, secret := range [][]byte{creds[:16], creds[16:32], creds[32:]} {
			if containsSecret(out, secret) {
				t.Errorf("%s shows a secret:\n%s", e.Body.Name(), out)
			}
		}
	}
}

// containsSecret looks for a secret raw, in hex, and as the hex dump prints it.
func containsSecret(out, secret []byte) bool {
	for _, form := range []string{string(secret), fmt.Sprintf("%x", secret), fmt.Sprintf("% x", secret)} {
		if len(form) <= len(out) && bytes.Contains(out, []byte(form)) {
			return true
		}
	}
	return false
}
