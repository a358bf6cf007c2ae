package filter

import "github.com/photonscope/photonscope/decode"

// fixed are the fields that an event's envelope, its type and the kind of its
// message say all about: many events have these in common.
var fixed = map[string]bool{
	"type": true, "photon.session": true, "photon.leg": true, "photon.dir": true, "photon.device_id": true, "photon.msg": true,
	"ip.src": true, "ip.dst": true, "ip.addr": true, "ipv6.src": true, "ipv6.dst": true, "ipv6.addr": true,
	"tcp.srcport": true, "tcp.dstport": true, "tcp.port": true,
}

// Decide reports whether the expression holds for every event that has the
// connection, session, sender, device, type and kind of this one, and whether that
// is known: whether nothing else of the event matters. It looks at nothing else.
func (f *Filter) Decide(e *decode.Event) (matches, decided bool) {
	f.s.begin(e, Relation{})
	return decide(f.root, &f.s)
}

func decide(n node, s *scratch) (matches, decided bool) {
	switch n := n.(type) {
	case *list:
		return n.decide(s)
	case *not:
		matches, decided = decide(n.n, s)
		return !matches, decided
	case *test:
		return n.decide(s)
	}
	return false, false
}

// decide decides a list by those of its parts that are decided.
func (l *list) decide(s *scratch) (matches, decided bool) {
	decided, odd := true, false
	for _, n := range l.parts {
		holds, known := decide(n, s)
		if known && l.by != xorBinding && holds == (l.by == orBinding) {
			return holds, true
		}
		decided = decided && known
		odd = odd != holds
	}
	if l.by == xorBinding {
		return odd, decided
	}
	return l.by == andBinding, decided
}

func (t *test) decide(s *scratch) (matches, decided bool) {
	left, right := t.left.field, t.other.field
	switch {
	case s.in&left.in == 0 || s.kind&left.kinds == 0: // it does not have the field
		return false, true
	case !fixed[left.Key] || right != nil && !fixed[right.Key]:
		return false, false
	}
	return t.match(s), true
}
