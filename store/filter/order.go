package filter

import (
	"bytes"
	"cmp"
	"strings"

	"github.com/photonscope/photonscope/decode/field"
)

// order compares two values: numbers with numbers, text and bytes with text and
// bytes. It reports false if they have no order.
func order(a, b field.Value) (c int, ok bool) {
	switch {
	case textual(a) && textual(b):
		return orderText(a, b), true
	case a.Type() == field.Bool && b.Type() == field.Bool:
		if a.Bool() == b.Bool() {
			return 0, true
		}
		return 1, true
	case !numeric(a) || !numeric(b):
		return 0, false
	case a.Type() == field.Float || b.Type() == field.Float:
		x, y := float(a), float(b)
		return cmp.Compare(x, y), x == x && y == y
	case a.Type() == field.Int && a.Int() < 0 || b.Type() == field.Int && b.Int() < 0:
		return cmp.Compare(signed(a), signed(b)), true
	}
	return cmp.Compare(unsigned(a), unsigned(b)), true
}

func textual(v field.Value) bool {
	return v.Type() == field.Word || v.Type() == field.Text || v.Type() == field.Bytes
}

func numeric(v field.Value) bool {
	return v.Type() == field.Uint || v.Type() == field.Int || v.Type() == field.Float
}

func orderText(a, b field.Value) int {
	switch aWord, bWord := a.Type() == field.Word, b.Type() == field.Word; {
	case aWord && bWord:
		return strings.Compare(a.Word(), b.Word())
	case aWord:
		return orderWord(a.Word(), b.Data())
	case bWord:
		return -orderWord(b.Word(), a.Data())
	}
	return bytes.Compare(a.Data(), b.Data())
}

func orderWord(w string, b []byte) int {
	switch {
	case w == string(b):
		return 0
	case w < string(b):
		return -1
	}
	return 1
}

func float(v field.Value) float64 {
	switch v.Type() {
	case field.Uint:
		return float64(v.Uint())
	case field.Int:
		return float64(v.Int())
	}
	return v.Float()
}

// signed returns an integer that is compared with a negative one: what is too
// large for an int64 is as large as can be.
func signed(v field.Value) int64 {
	if v.Type() == field.Uint && v.Int() < 0 {
		return 1<<63 - 1
	}
	return v.Int()
}

// unsigned returns an integer that is not negative.
func unsigned(v field.Value) uint64 {
	if v.Type() == field.Int {
		return uint64(v.Int())
	}
	return v.Uint()
}
