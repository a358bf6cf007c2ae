package filter

import (
	"bytes"
	"strings"

	"github.com/photonscope/photonscope/decode/field"
)

// Needle returns bytes that the plaintext of every message has for which the
// expression holds: to look for them is much cheaper than to match. It is nil if
// nothing is known of such bytes.
func (f *Filter) Needle() []byte { return needleOf(f.root) }

func needleOf(n node) (longest []byte) {
	switch n := n.(type) {
	case *test:
		return n.needle()
	case *list:
		if n.by != andBinding {
			return nil
		}
		for _, part := range n.parts {
			longest = longer(longest, needleOf(part))
		}
	}
	return longest
}

// joinedFields are options with a slash between them, which is in no message.
var joinedFields = map[string]bool{"photon.event.name": true, "coap.opt.uri_path_recon": true}

// needle returns the bytes that a test asks a part of a message for.
func (t *test) needle() (longest []byte) {
	v, key := t.value.v, t.left.field.Key
	if t.op != contains && t.op != equal || t.other.field != nil || v.Type() != field.Text && v.Type() != field.Bytes {
		return nil
	}
	switch {
	case joinedFields[key]:
		for part := range bytes.SplitSeq(v.Data(), []byte("/")) {
			longest = longer(longest, part)
		}
	case key == "coap.payload" || key == "coap.token" || strings.HasPrefix(key, "coap.opt."):
		longest = v.Data()
	}
	return longest
}

func longer(a, b []byte) []byte {
	if len(b) > len(a) {
		return b
	}
	return a
}
