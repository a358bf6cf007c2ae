package filter

import (
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
)

// scratch is the event at hand and what was found out about it, and memory that
// is used again for the next one.
type scratch struct {
	e        *decode.Event
	m        *decode.Message // nil if the event is another
	in       eventSet        // the one type of the event
	kind     kindSet         // the one kind of the message
	relation Relation

	coap   coap.Message
	parsed bool // coap is that of the event at hand
	list   []listItem
	listed bool // list is that of the event at hand

	left, right []field.Value
	text, name  []byte
	addresses   [2][16]byte
	printer     decode.Printer
	collect     func(*field.Def, field.Value) // collects list, made once
}

// listItem is a field of the event at hand.
type listItem struct {
	def *field.Def
	v   field.Value
}

func (s *scratch) init() {
	s.collect = func(def *field.Def, v field.Value) { s.list = append(s.list, listItem{def, v}) }
}

// begin takes an event to hand.
func (s *scratch) begin(e *decode.Event, r Relation) {
	s.e, s.m, s.relation = e, nil, r
	s.parsed, s.listed = false, false
	s.kind = everyKind
	switch b := e.Body.(type) {
	case *decode.Opened:
		s.in = 1 << 0
	case *decode.Nonce:
		s.in = 1 << 1
	case *decode.Identity:
		s.in = 1 << 2
	case *decode.Credentials:
		s.in = 1 << 3
	case *decode.Message:
		s.in, s.m, s.kind = 1<<4, b, 1<<b.Meaning.Kind
	case *decode.Sealed:
		s.in = 1 << 5
	case *decode.Malformed:
		s.in = 1 << 6
	case *decode.Gap:
		s.in = 1 << 7
	case *decode.Closed:
		s.in = 1 << 8
	case *decode.Finding:
		s.in = 1 << 9
	}
}

// values appends the values of an operand in the event at hand.
func (s *scratch) values(dst []field.Value, o *operand) []field.Value {
	f := o.field
	if s.in&f.in == 0 || s.kind&f.kinds == 0 {
		return dst
	}
	dst = f.get(s, dst, f)
	if o.cut == nil {
		return dst
	}
	parts := dst[:0]
	for _, v := range dst {
		if b, ok := o.cut.of(v.Data()); ok {
			parts = append(parts, field.BytesOf(b))
		}
	}
	return parts
}

// message returns the CoAP message of the event at hand.
func (s *scratch) message() *coap.Message {
	if !s.parsed {
		s.parsed = true
		s.coap.Parse(s.m.Plain) // was parsed once, so it parses
	}
	return &s.coap
}

// getter appends the values of a field in the event at hand, whose type and kind
// may have it.
type getter func(s *scratch, dst []field.Value, f *Field) []field.Value

// listed finds a field among all those of the event.
func listed(s *scratch, dst []field.Value, f *Field) []field.Value {
	if !s.listed {
		s.listed = true
		clear(s.list)
		s.list = s.list[:0]
		s.printer.Each(s.e, s.collect)
	}
	for i := range s.list {
		if s.list[i].def.Key == f.Key {
			dst = append(dst, s.list[i].v)
		}
	}
	return dst
}

// inTree finds a field in the event's tree, which is made for it: these fields
// are rare, and the only ones that allocate.
func inTree(s *scratch, dst []field.Value, f *Field) []field.Value {
	return decode.LookupTree(dst, s.e, f.Key)
}

// ownGetter returns the getter of a field of package decode.
func ownGetter(key string) getter {
	if get := direct[key]; get != nil {
		return get
	}
	if _, ok := treeFields[key]; ok {
		return inTree
	}
	for i := range coap.Options {
		if coap.Options[i].Key() == key {
			return optionGetter(coap.Options[i])
		}
	}
	return listed
}
