package captures

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/photonscope/photonscope/decode/stream"
)

// The comment at the opening of a leg numbers it and names the other leg of its
// session, if that is known. It is how [Read] knows the legs of a session from
// their beginning, as one does who saw it live; the nonce that they share comes
// later. The numbers are those of the notices that the proxy prints.
const (
	numberForm = "connection %d"
	pairForm   = numberForm + ", the other leg is connection %d"
)

// unseenOpening is in the comment at an opening that nobody saw: the recording
// was made of a capture that began later. It tells which side is the device, which
// nothing else may.
const unseenOpening = "its opening was not captured"

// openingComment returns the comment at a connection's opening.
func openingComment(it *stream.Opened) string {
	var parts []string
	switch {
	case it.Conn.Pair != 0:
		parts = append(parts, fmt.Sprintf(pairForm, it.Conn.ID, it.Conn.Pair))
	case it.Conn.Leg != stream.Tapped: // the other leg may follow
		parts = append(parts, fmt.Sprintf(numberForm, it.Conn.ID))
	}
	if it.Joined {
		parts = append(parts, unseenOpening)
	}
	return strings.Join(parts, "; ")
}

// named takes the comment at a connection's opening.
func (f *flow) named(comment []byte) {
	if !f.ordered || f.number != 0 || len(comment) > 3*len(pairForm) {
		return
	}
	var number, pair uint32
	f.midway = f.midway || bytes.HasSuffix(comment, []byte(unseenOpening))
	if n, _ := fmt.Sscanf(string(comment), pairForm, &number, &pair); n >= 1 && number != 0 {
		f.number, f.pair = number, pair
		f.table.named[number] = f
	}
}

// other returns the other leg of the same session, 0 if it was not opened yet.
func (f *flow) other() stream.ConnID {
	o := f.table.named[f.pair]
	if o == nil || o.pair != f.number && o.pair != 0 || o.leg == f.leg || o.leg == stream.Tapped || f.leg == stream.Tapped {
		return 0
	}
	return o.id
}
