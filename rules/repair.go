package rules

import (
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// RepairInfo describes the repair of a defect that firmware or servers are known
// to have.
type RepairInfo struct {
	Name  string
	From  stream.Direction // whose messages it rewrites
	Means string           // the defect, and what is done about it

	act func(*passage)
}

// Repairs are all repairs.
var Repairs = []RepairInfo{
	{"ack-id", stream.FromDevice,
		"firmware since 0.8.0 acknowledges ping, signal and key change under its own next message ID, after which both servers hang up (Bad Counter): the ID becomes the request's, and the device's later ones move down", repairAckID},
	{"describe-flags", stream.FromCloud,
		"Device OS 3.3 refuses a Describe request without flags, which both servers send: flags for everything are added", func(p *passage) {
			m := p.message
			if p.meaning().Kind == particle.KindDescribe && m.Code == coap.GET && option(m, coap.URIQuery) == nil {
				p.rewrite(func(m *coap.Message) {
					m.Options = append(slices.Clone(m.Options), coap.Option{Number: coap.URIQuery, Value: []byte{3}})
				})
			}
		}},
	{"event-refused", stream.FromCloud,
		"spark-protocol refuses each event of an application with 4.00, which makes firmware 0.4.8 to 0.7.0 hang up: an empty acknowledgement takes its place", func(p *passage) {
			if m := p.message; m.Type == coap.Acknowledgement && m.Code == coap.Code(4<<5) && p.meaning().Answers == particle.KindEvent {
				p.rewrite(func(m *coap.Message) {
					*m = particle.ComposeEmpty(coap.Acknowledgement, m.ID, nil)
				})
			}
		}},
	{"call-argument", stream.FromCloud,
		"a device takes the padding for the argument of a function call that has none: an empty argument is added", func(p *passage) {
			if m := p.message; p.meaning().Kind == particle.KindFunctionCall && option(m, coap.URIQuery) == nil {
				p.rewrite(func(m *coap.Message) {
					m.Options = append(slices.Clone(m.Options), coap.Option{Number: coap.URIQuery})
				})
			}
		}},
	{"ack-token", stream.FromCloud,
		"spark-protocol puts a token on empty acknowledgements, which RFC 7252 forbids: it is taken off", func(p *passage) {
			if m := p.message; m.Type == coap.Acknowledgement && m.Code == coap.Empty && len(m.Token) > 0 {
				p.rewrite(func(m *coap.Message) { m.Token = nil })
			}
		}},
}

// repairAckID gives an acknowledgement the ID that it answers.
func repairAckID(p *passage) {
	g := p.meaning()
	if !g.Misnumbered {
		return
	}
	b := slices.Clone(p.plain)
	b[2], b[3] = byte(g.RequestID>>8), byte(g.RequestID)
	p.translated, p.spent = true, p.spent+1
	p.replace(b)
}

func option(m *coap.Message, number uint16) *coap.Option {
	i := slices.IndexFunc(m.Options, func(o coap.Option) bool { return o.Number == number })
	if i < 0 {
		return nil
	}
	return &m.Options[i]
}

// rewrite changes the message as earlier rules left it.
func (p *passage) rewrite(change func(*coap.Message)) {
	var m coap.Message
	if p.now == nil || m.Parse(p.now) != nil {
		return
	}
	change(&m)
	slices.SortStableFunc(m.Options, func(a, b coap.Option) int { return int(a.Number) - int(b.Number) })
	p.replace(m.Append(nil))
}

// repair is the action of a repair rule.
type repair struct{ info *RepairInfo }

func newRepair(r *Rule, words []word) (action, *Error) {
	if len(words) != 2 || words[1].assigned {
		return nil, words[0].bad("repair takes one name: %s", RepairNames())
	}
	i := slices.IndexFunc(Repairs, func(r RepairInfo) bool { return r.Name == words[1].name })
	if i < 0 {
		return nil, words[1].bad("%q is no repair: %s", words[1].name, RepairNames())
	}
	r.from, r.directed = Repairs[i].From, true
	return &repair{&Repairs[i]}, nil
}

// RepairNames lists the names of all repairs.
func RepairNames() string {
	var names []string
	for _, r := range Repairs {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

func (r *repair) act(p *passage) {
	if p.message != nil && p.now != nil {
		r.info.act(p)
	}
}

// Repairing returns the repairs among rules.
func Repairing(rules []*Rule) (all []RepairInfo) {
	for _, r := range rules {
		if a, ok := r.action.(*repair); ok {
			all = append(all, *a.info)
		}
	}
	return all
}
