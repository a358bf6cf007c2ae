package ui

import "github.com/photonscope/photonscope/decode/field"

// letters are the leaves of a layer that have bytes, in order. Each has a letter,
// which stands under its bytes and beside its row in the tree: the link that
// needs no colour.
type letters []leafSpan

type leafSpan struct {
	field      *field.Field
	start, end int
}

func lettersOf(fields []field.Field) letters {
	var l letters
	field.Leaves(fields, func(f *field.Field) bool {
		if f.End > f.Start {
			l = append(l, leafSpan{f, f.Start, f.End})
		}
		return true
	})
	return l
}

const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// letter returns the sign of the i-th leaf. After z and Z it begins again: what
// is far apart is not confused.
func letter(i int) rune { return rune(alphabet[i%len(alphabet)]) }

// of returns the sign of a field in brackets, "" if it has none.
func (l letters) of(f *field.Field) Safe {
	for i := range l {
		if l[i].field == f {
			return Safe("[" + string(letter(i)) + "]")
		}
	}
	return ""
}

// at returns the leaf around a byte, or -1.
func (l letters) at(offset int) int {
	lo, hi := 0, len(l)
	for lo < hi {
		mid := (lo + hi) / 2
		if l[mid].end <= offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(l) && l[lo].start <= offset {
		return lo
	}
	return -1
}
