package particle

import (
	"encoding/binary"
	"strings"

	"github.com/photonscope/photonscope/decode/coap"
)

// defaultTTL is the time to live, in seconds, of an event without Max-Age.
const defaultTTL = 60

// EventBody is an event as either end publishes it.
type EventBody struct {
	Name    string // may hold slashes
	Data    []byte // nil: none; empty but not nil: a payload marker with nothing behind it
	Private bool
	TTL     uint32 // seconds; 0: the default of 60
	Confirm bool   // the publisher wants an acknowledgement
}

func (e EventBody) message(id uint16) coap.Message {
	t, resource := coap.NonConfirmable, byte('e')
	if e.Confirm {
		t = coap.Confirmable
	}
	if e.Private {
		resource = 'E'
	}
	m := compose(template{t, coap.POST, resource}, id, nil)
	m.Payload, m.Marker = e.Data, e.Data != nil
	return m
}

func (e EventBody) ttl() uint32 {
	if e.TTL == 0 {
		return defaultTTL
	}
	return e.TTL
}

// ComposePublish returns an event as a device publishes it: the name in one
// option, slashes included; Max-Age in three bytes, and only if it is not 60.
func ComposePublish(id uint16, e EventBody) coap.Message {
	m := withOption(e.message(id), coap.URIPath, []byte(e.Name))
	if ttl := e.ttl(); ttl != defaultTTL {
		m = withOption(m, coap.MaxAge, []byte{byte(ttl >> 16), byte(ttl >> 8), byte(ttl)})
	}
	return m
}

// MaxAgeForm is how a server writes an event's Max-Age.
type MaxAgeForm uint8

// The forms.
const (
	ShortMaxAge MaxAgeForm = iota // without leading zeros, as spark-protocol and RFC 7252
	FullMaxAge                    // four bytes, as Brewskey
	NoMaxAge
)

// ComposeDelivery returns an event as a server delivers it: one option for each
// part of the name.
func ComposeDelivery(id uint16, e EventBody, form MaxAgeForm) coap.Message {
	m := e.message(id)
	for part := range strings.SplitSeq(e.Name, "/") {
		m = withOption(m, coap.URIPath, []byte(part))
	}
	switch form {
	case ShortMaxAge:
		m = withOption(m, coap.MaxAge, shortUint(e.ttl()))
	case FullMaxAge:
		m = withOption(m, coap.MaxAge, binary.BigEndian.AppendUint32(nil, e.ttl()))
	}
	return m
}

// shortUint returns v as RFC 7252 section 3.2 wants it, without leading zeros.
func shortUint(v uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, v)
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// SubscribeBody is what a device subscribes to.
type SubscribeBody struct {
	Prefix string // of the names, may hold slashes
	Mine   bool   // only events of the owner's devices
	Device string // only events of the device with this ID, as text
}

// ComposeSubscribe returns a device's subscription.
func ComposeSubscribe(id uint16, s SubscribeBody) coap.Message {
	m := withOption(compose(template{coap.Confirmable, coap.GET, 'e'}, id, nil), coap.URIPath, []byte(s.Prefix))
	switch {
	case s.Device != "":
		m.Payload = []byte(s.Device)
	case s.Mine:
		m = withOption(m, coap.URIQuery, []byte("u"))
	}
	return m
}
