package field

import (
	"math"
	"strconv"
	"unsafe"
)

// Type is the type of a value.
type Type uint8

// The types of values.
const (
	None   Type = iota // no value of its own
	Uint               // unsigned integer
	Int                // signed integer
	Bool               // true or false
	Float              // IEEE 754 double
	Word               // text of ours: a constant, never from the wire
	Text               // text from the wire: foreign, perhaps not UTF-8
	Bytes              // bytes, shown as lower-case hex
	Secret             // key material: shown as "[secret]" unless asked for
	Any                // of a Def only: the values have types of their own
)

var typeNames = [...]string{"none", "uint", "int", "bool", "float", "word", "text", "bytes", "secret", "any"}

// String returns the name of the type as the documentation prints it.
func (t Type) String() string { return typeNames[t] }

// Value is a typed value. The zero value has the type None. A Value of type
// Text, Bytes or Secret shares the bytes it was made from, which must not change.
type Value struct {
	typ  Type
	num  uint64
	text string // of a Word; for Text, Bytes and Secret the bytes themselves
}

// shared returns a value that has the bytes as they are. A line of NDJSON passes
// some twenty values from hand to hand: with the bytes in the place of the text a
// value has four words instead of seven, which made a line a third faster.
func shared(t Type, b []byte) Value {
	return Value{typ: t, text: unsafe.String(unsafe.SliceData(b), len(b))}
}

// UintOf returns an unsigned integer.
func UintOf(n uint64) Value { return Value{typ: Uint, num: n} }

// IntOf returns a signed integer.
func IntOf(n int64) Value { return Value{typ: Int, num: uint64(n)} }

// FloatOf returns a double.
func FloatOf(f float64) Value { return Value{typ: Float, num: math.Float64bits(f)} }

// WordOf returns text of ours.
func WordOf(s string) Value { return Value{typ: Word, text: s} }

// TextOf returns text from the wire.
func TextOf(b []byte) Value { return shared(Text, b) }

// BytesOf returns opaque bytes.
func BytesOf(b []byte) Value { return shared(Bytes, b) }

// SecretOf returns key material.
func SecretOf(b []byte) Value { return shared(Secret, b) }

// BoolOf returns a truth value.
func BoolOf(b bool) Value {
	v := Value{typ: Bool}
	if b {
		v.num = 1
	}
	return v
}

// Type returns the type of the value.
func (v Value) Type() Type { return v.typ }

// Uint returns the value of a Uint, or 0.
func (v Value) Uint() uint64 {
	if v.typ != Uint {
		return 0
	}
	return v.num
}

// Int returns the value of an Int or a Uint, or 0.
func (v Value) Int() int64 {
	if v.typ != Int && v.typ != Uint {
		return 0
	}
	return int64(v.num)
}

// Float returns the value of a Float, or 0.
func (v Value) Float() float64 {
	if v.typ != Float {
		return 0
	}
	return math.Float64frombits(v.num)
}

// Bool returns the value of a Bool, or false.
func (v Value) Bool() bool { return v.typ == Bool && v.num != 0 }

// Word returns the text of a Word, or "".
func (v Value) Word() string {
	if v.typ != Word {
		return ""
	}
	return v.text
}

// Data returns the bytes of a Text, Bytes or Secret, or nil.
func (v Value) Data() []byte {
	if v.typ < Text || v.typ > Secret || v.text == "" {
		return nil
	}
	return unsafe.Slice(unsafe.StringData(v.text), len(v.text))
}

// Inside reports where the bytes of v begin in those of outer, if v was made
// from a part of the same memory.
func (v Value) Inside(outer Value) (start int, ok bool) {
	if len(v.text) == 0 || len(v.text) > len(outer.text) {
		return 0, false
	}
	start = int(uintptr(unsafe.Pointer(unsafe.StringData(v.text))) - uintptr(unsafe.Pointer(unsafe.StringData(outer.text))))
	return start, start >= 0 && start <= len(outer.text)-len(v.text)
}

// Masked is what stands for a secret wherever it is not asked for.
const Masked = "[secret]"

// AppendText appends the value as people read it: foreign text through the
// sanitiser, bytes as hex, secrets masked unless showSecrets.
func (v Value) AppendText(dst []byte, showSecrets bool) []byte {
	switch v.typ {
	case Uint:
		return strconv.AppendUint(dst, v.num, 10)
	case Int:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case Bool:
		return strconv.AppendBool(dst, v.num != 0)
	case Float:
		return strconv.AppendFloat(dst, math.Float64frombits(v.num), 'g', -1, 64)
	case Word:
		return append(dst, v.text...)
	case Text:
		return AppendPrintable(dst, v.text)
	case Bytes:
		return AppendHex(dst, v.text)
	case Secret:
		if showSecrets {
			return AppendHex(dst, v.text)
		}
		return append(dst, Masked...)
	}
	return dst
}

// AppendJSON appends the value as a JSON value: numbers and booleans as such,
// everything else as a string. A Float that JSON cannot express becomes the
// string "NaN", "+Inf" or "-Inf"; a value of type None becomes null.
func (v Value) AppendJSON(dst []byte, showSecrets bool) []byte {
	switch v.typ {
	case None:
		return append(dst, "null"...)
	case Uint:
		return strconv.AppendUint(dst, v.num, 10)
	case Bytes:
		dst = AppendHex(append(dst, '"'), v.text)
		return append(dst, '"')
	case Int, Bool:
		return v.AppendText(dst, showSecrets)
	case Float:
		f := math.Float64frombits(v.num)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			dst = append(dst, '"')
			dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
			return append(dst, '"')
		}
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	case Text, Word:
		return AppendJSONString(dst, v.text)
	}
	dst = append(dst, '"')
	dst = v.AppendText(dst, showSecrets)
	return append(dst, '"')
}
