package particle

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return b
}

// checkOnce checks that a field that is not said to occur often does not.
func checkOnce(t testing.TB, seen map[*field.Def]bool, fields []field.Field, b []byte) {
	t.Helper()
	for i := range fields {
		f := &fields[i]
		if f.Key != "" && !f.Many && seen[f.Def] {
			t.Fatalf("%x: %s twice", b, f.Key)
		}
		if v := f.Value.Type(); f.Key != "" && f.Type != v && f.Def != &defVarValue {
			t.Fatalf("%x: %s has the type %v", b, f.Key, v)
		}
		seen[f.Def] = true
		checkOnce(t, seen, f.Fields, b)
	}
}

// checkPartition checks invariant I-7 of a kind's fields: those of the payload
// follow each other from its start to its end, children partition their parent,
// and no field reaches beyond the message. Fields that rest on no byte are
// exempt.
func checkPartition(t testing.TB, fields []field.Field, m *coap.Message, b []byte) {
	t.Helper()
	checkOnce(t, make(map[*field.Def]bool), fields, b)
	at := m.PayloadStart
	for i := range fields {
		f := &fields[i]
		if f.Start > f.End || f.Start < 0 || f.End > len(b) {
			t.Fatalf("%x: %s lies at [%d:%d]", b, f.Label, f.Start, f.End)
		}
		if f.Start == f.End {
			continue
		}
		if f.Start >= m.PayloadStart {
			if f.Start != at {
				t.Fatalf("%x: %s begins at %d, not %d", b, f.Label, f.Start, at)
			}
			at = f.End
		} else if f.End > m.PayloadStart || !onOption(f, m) {
			t.Fatalf("%x: %s at [%d:%d] is no option's value", b, f.Label, f.Start, f.End)
		}
		checkChildren(t, f, b)
	}
	if at != len(b) && len(m.Payload) > 0 {
		t.Fatalf("%x: payload covered up to %d of %d", b, at, len(b))
	}
}

// onOption reports whether a field begins and ends where values of options do.
func onOption(f *field.Field, m *coap.Message) bool {
	begins, ends := false, false
	for i := range m.Options {
		o := &m.Options[i]
		begins = begins || f.Start == o.Data
		ends = ends || f.End == o.Data+len(o.Value)
	}
	return begins && ends
}

func checkChildren(t testing.TB, f *field.Field, b []byte) {
	t.Helper()
	if f.Leaf() {
		if d := f.Value.Data(); d != nil && f.Value.Type() != field.Secret && !bytes.Equal(d, b[f.Start:f.End]) && f.Def != &defEventName && f.Def != &defSubPrefix &&
			f.Def != &defFuncName && f.Def != &defVarName {
			t.Fatalf("%x: %s at [%d:%d] shows %q", b, f.Label, f.Start, f.End, d)
		}
		return
	}
	at := f.Start
	for i := range f.Fields {
		child := &f.Fields[i]
		if child.Start != at || child.End <= child.Start {
			t.Fatalf("%x: %s in %s lies at [%d:%d], not at %d", b, child.Label, f.Label, child.Start, child.End, at)
		}
		at = child.End
		checkChildren(t, child, b)
	}
	if at != f.End {
		t.Fatalf("%x: the children of %s end at %d, not %d", b, f.Label, at, f.End)
	}
}
