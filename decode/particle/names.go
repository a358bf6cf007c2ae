package particle

import "bytes"

// name is a name of the application that messages use again and again.
type name struct {
	text []byte
	typ  VarType // if it is a variable that a description named
}

// names keeps one copy of each name, so that a message costs no allocation for
// a name that was seen before.
type names struct {
	list []*name
	next int // to be replaced when the list is full
}

const (
	maxNames   = 128
	maxNameLen = 255 // no device has longer ones
)

// find returns the name with the given text. It is new if need be, and nil if
// the text cannot be a name.
func (n *names) find(text []byte) *name {
	if len(text) == 0 || len(text) > maxNameLen {
		return nil
	}
	for _, known := range n.list {
		if bytes.Equal(known.text, text) {
			return known
		}
	}
	added := &name{text: bytes.Clone(text)}
	if len(n.list) < maxNames {
		n.list = append(n.list, added)
	} else {
		n.list[n.next] = added
		n.next = (n.next + 1) % maxNames
	}
	return added
}

// learn takes the types of variables from a description.
func (n *names) learn(json []byte) {
	var variable *name
	walkDescription(json, func(d described) bool {
		switch d.what {
		case variableName:
			variable = n.find(json[d.start:d.end])
		case variableType:
			if variable != nil {
				variable.typ = varTypeOf(json[d.start:d.end])
			}
		}
		return true
	})
}

// varTypeOf returns the type that a description's number stands for.
func varTypeOf(number []byte) VarType {
	if len(number) == 1 {
		switch t := VarType(number[0] - '0'); t {
		case Bool, Int, String, Double:
			return t
		}
	}
	return UnknownType
}
