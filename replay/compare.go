package replay

import (
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

// Difference is one field that is not as recorded. An empty text means that the
// message does not have the field.
type Difference struct {
	Key              string
	Recorded, Actual string // as -T fields prints them, several values separated by commas
}

// incomparable are the fields that are another session's in each session. A name
// that ends with a dot stands for all that begin so.
var incomparable = []string{
	"frame.", "photon.session", "photon.leg", "photon.device_id", "photon.nonce", "photon.rtt", "photon.request_mid", "photon.mid_gap",
	"photon.altered", "photon.comment", "photon.mark", "coap.mid", "coap.token", "photon.time.", "photon.ota.received", "photon.ota.percent",
}

// Comparison compares messages field by field. The zero value compares every
// field that means the same in every session.
type Comparison struct {
	Ignore []string // further fields; one that ends with a dot stands for all that begin so

	printer decode.Printer
}

// Differences returns the fields by which a live message differs from the
// recorded one, in the order of the table of fields. The raw payload is named only
// if no other field tells what differs.
func (c *Comparison) Differences(recorded, actual *decode.Event, kind particle.Kind) []Difference {
	want, got := c.values(recorded, kind), c.values(actual, kind)
	var found []Difference
	var payload *Difference
	for _, key := range slices.Concat(want.order, got.order) {
		d := Difference{key, strings.Join(want.of[key], ","), strings.Join(got.of[key], ",")}
		if d.Recorded == d.Actual || slices.ContainsFunc(found, func(f Difference) bool { return f.Key == key }) {
			continue
		}
		if key == "coap.payload" {
			payload = &d
			continue
		}
		found = append(found, d)
	}
	if len(found) == 0 && payload != nil {
		found = append(found, *payload)
	}
	return found
}

// values are the comparable fields of a message.
type values struct {
	order []string
	of    map[string][]string
}

func (c *Comparison) values(e *decode.Event, kind particle.Kind) values {
	v := values{of: make(map[string][]string)}
	c.printer.Each(e, func(def *field.Def, value field.Value) {
		if covers(incomparable, def.Key) || covers(c.Ignore, def.Key) || covers(timeBound(kind), def.Key) {
			return
		}
		if _, known := v.of[def.Key]; !known {
			v.order = append(v.order, def.Key)
		}
		v.of[def.Key] = append(v.of[def.Key], string(value.AppendText(nil, false)))
	})
	return v
}

// timeBound are the fields of a kind that are of the moment.
func timeBound(k particle.Kind) []string {
	switch k {
	case particle.KindTimeReply:
		return []string{"coap.payload"}
	case particle.KindMetrics:
		return []string{"coap.payload", "photon.metrics."}
	}
	return nil
}

func covers(names []string, key string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		return key == n || strings.HasSuffix(n, ".") && strings.HasPrefix(key, n)
	})
}
