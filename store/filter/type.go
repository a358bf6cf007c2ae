package filter

import (
	"fmt"

	"github.com/photonscope/photonscope/decode/field"
)

// Type is the type of a field in the filter language.
type Type uint8

// The types: those of [field.Type], and two more.
const (
	Uint Type = iota
	Int
	Bool
	Float
	Word
	Text
	Bytes
	Secret
	Any
	Time
	Address
)

var typeNames = [...]string{"uint", "int", "bool", "float", "word", "text", "bytes", "secret", "any", "time", "address"}

// String returns the name of the type as the documentation prints it.
func (t Type) String() string { return typeNames[t] }

var typeOf = map[field.Type]Type{
	field.Uint: Uint, field.Int: Int, field.Bool: Bool, field.Float: Float, field.Word: Word,
	field.Text: Text, field.Bytes: Bytes, field.Secret: Secret, field.Any: Any,
}

var articles = [...]string{"a number", "a number", "a truth value", "a number", "a word", "text", "bytes", "a secret", "a value of any type", "a time", "an address"}

// article returns the type in words.
func (t Type) article() string { return articles[t] }

func (t Type) isNumber() bool { return t == Uint || t == Int || t == Float }

func (t Type) isText() bool { return t == Word || t == Text || t == Bytes }

// comparable reports whether fields of two types may be compared.
func comparable(a, b Type) bool {
	switch {
	case a == Secret || b == Secret:
		return false
	case a == Any || b == Any:
		return a != Time && b != Time && a != Address && b != Address
	}
	return a == b || a.isNumber() && b.isNumber() || a.isText() && b.isText()
}

// refuses says why an operator is not for the operand, or nothing.
func (o *operand) refuses(op comparison) string {
	t, key := o.class(), o.field.Key
	switch {
	case t == Secret:
		return key + " is secret: only whether it is there can be asked"
	case (op == contains || op == matches) && !t.isText() && t != Any:
		return operators[op].any + " looks into text and bytes, " + key + " is " + t.article()
	case t == Bool && op >= greater && op <= atMost:
		return "true and false have no order"
	}
	return ""
}

// example shows what a value looks like.
func (o *operand) example() string {
	switch t := o.class(); t {
	case Bytes:
		return `, such as 0a:ff or "text"`
	case Word, Text:
		if v := o.field.Values; len(v) > 0 {
			return fmt.Sprintf(", such as %q", v[0])
		}
		return " in quotes"
	case Bool:
		return ": true or false"
	case Time:
		return ", such as 2026-11-24T02:54:47Z"
	case Address:
		return ", such as " + o.field.exampleAddress()
	}
	return ""
}
