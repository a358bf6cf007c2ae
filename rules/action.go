package rules

import (
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// hold keeps a message back until a person decides or time is over.
type hold struct {
	most      time.Duration
	drop      bool // what happens then; otherwise the message goes on
	keepAlive bool
}

// HoldMost is how long a message is held unless a rule says otherwise: less than
// devices and servers wait for each other (10 s and more).
const HoldMost = 10 * time.Second

func newHold(_ *Rule, words []word) (action, *Error) {
	h := &hold{most: HoldMost}
	for _, w := range words[1:] {
		var err *Error
		switch {
		case w.name == "max" && w.assigned:
			h.most, err = w.duration(time.Second)
		case w.name == "then" && (w.value == "send" || w.value == "drop"):
			h.drop = w.value == "drop"
		case w.name == "keepalive" && (w.value == "yes" || w.value == "no"):
			h.keepAlive = w.value == "yes"
		default:
			err = w.bad("hold takes max=TIME, then=send or then=drop, keepalive=yes or keepalive=no")
		}
		if err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *hold) act(p *passage) { p.keepFor(h) }

// drop takes a message away.
type drop struct{}

func newDrop(_ *Rule, words []word) (action, *Error) {
	if len(words) > 1 {
		return nil, words[1].bad("drop takes nothing but from=, count=, skip=, every=, probability=, seed= and a filter behind when")
	}
	return drop{}, nil
}

func (drop) act(p *passage) { p.drop() }

func newEdit(_ *Rule, words []word) (action, *Error) {
	if len(words) == 1 {
		return nil, words[0].bad("edit what? Such as: edit payload=21.5 when photon.msg == \"event\"")
	}
	c, err := newChange(words[1:])
	return &edit{c}, err
}

type edit struct{ change }

func (e *edit) act(p *passage) {
	if p.now == nil {
		return
	}
	if b, err := e.apply(p.now); err == nil {
		p.replace(b)
	}
}

// inject puts a message beside the one that matches.
type inject struct {
	template Template
	before   bool
}

func newInject(r *Rule, words []word) (action, *Error) {
	i := &inject{}
	rest := words[:1:1]
	var toSet bool
	var from stream.Direction
	for _, w := range words[1:] {
		var err *Error
		switch {
		case w.name == "as" && w.assigned:
			from, toSet, err = w.direction()
		case w.name == "place" && (w.value == "before" || w.value == "after"):
			i.before = w.value == "before"
		default:
			rest = append(rest, w)
		}
		if err != nil {
			return nil, err
		}
	}
	t, err := newTemplate(rest)
	if err != nil {
		return nil, err
	}
	if toSet {
		t.From = from
	}
	i.template = t
	if r.count == 0 && r.every == 0 {
		r.count = 1
	}
	return i, nil
}

func (i *inject) act(p *passage) { p.inject(i.template, i.before) }
