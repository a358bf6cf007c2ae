package particle

import (
	"bytes"
	"hash/maphash"
)

// name is a name of the application that messages use again and again.
type name struct {
	text   []byte
	number uint32  // of the names of this conversation, from 1
	typ    VarType // if it is a variable that a description named
}

// names keeps one copy of each name, so that a message costs no allocation for
// a name that was seen before. The newest take the places of the oldest.
type names struct {
	hash  uint64 // of the name that was asked for last, as often the next one is
	found uint32 // its number, 0 if there is none
	total uint32 // names so far
	list  []name
}

const (
	fewNames   = 4 // what most sessions have room enough with
	maxNames   = 128
	maxNameLen = 255 // no device has longer ones
)

var seed = maphash.MakeSeed() // another in every run

// find returns the number of the name with the given text, which is new if need
// be, or 0 if the text cannot be a name.
func (n *names) find(text []byte) uint32 {
	if len(text) == 0 || len(text) > maxNameLen {
		return 0
	}
	hash := maphash.Bytes(seed, text)
	if n.found == 0 || n.hash != hash { // of 64 bits, and of a seed that nobody knows
		n.hash, n.found = hash, n.look(text)
	}
	return n.found
}

// look is find by comparing.
func (n *names) look(text []byte) uint32 {
	for i := range n.list {
		if bytes.Equal(n.list[i].text, text) {
			return n.list[i].number
		}
	}
	place := int(n.total) % maxNames
	if n.total++; place == len(n.list) {
		if n.list == nil {
			n.list = make([]name, 0, fewNames)
		}
		n.list = append(n.list, name{})
	}
	n.list[place] = name{text: bytes.Clone(text), number: n.total}
	return n.total
}

// at returns the name with a number, or nil for 0 and for one that is forgotten.
func (n *names) at(number uint32) *name {
	if number == 0 {
		return nil
	}
	if known := &n.list[int(number-1)%maxNames]; known.number == number {
		return known
	}
	return nil
}

// learn takes the types of variables from a description.
func (n *names) learn(json []byte) {
	var variable *name
	walkDescription(json, func(d described) bool {
		switch d.what {
		case variableName:
			variable = n.at(n.find(json[d.start:d.end]))
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
