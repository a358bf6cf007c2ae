package field

import (
	"bytes"
	"testing"
)

// A value gives back what it was made from, and nothing as another type.
func TestValuesGiveBackWhatTheyWereMadeFrom(t *testing.T) {
	b := []byte("ab\xff\x00")
	for _, v := range []Value{TextOf(b), BytesOf(b), SecretOf(b)} {
		if d := v.Data(); !bytes.Equal(d, b) || &d[0] != &b[0] || cap(d) != len(b) {
			t.Errorf("%s: %q", v.Type(), d)
		}
		if v.Word() != "" || v.Uint() != 0 || v.Bool() {
			t.Errorf("%s is something else as well", v.Type())
		}
	}
	for _, v := range []Value{BytesOf(nil), BytesOf([]byte{}), WordOf("x"), UintOf(1), {}} {
		if v.Data() != nil {
			t.Errorf("%s has bytes", v.Type())
		}
	}
	if v := WordOf("x"); v.Word() != "x" || v.Type() != Word {
		t.Error("a word is another")
	}
}

func TestSecretsAreMaskedUnlessAskedFor(t *testing.T) {
	v := SecretOf([]byte{1, 2})
	if got := string(v.AppendText(nil, false)) + string(v.AppendJSON(nil, false)); got != `[secret]"[secret]"` {
		t.Error(got)
	}
	if got := string(v.AppendText(nil, true)) + string(v.AppendJSON(nil, true)); got != `0102"0102"` {
		t.Error(got)
	}
}
