package rules

import (
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// Template is a message that can be put into any session: its ID, and its token if
// it asks for an answer, are those that fit there.
type Template struct {
	From stream.Direction // who seems to send it
	asks bool             // what answers its token is meant for us
	bare bool             // the device acknowledges it under an ID that may be its own next one
	make func(token byte, now time.Time) []byte
}

// TemplateInfo describes a kind of template.
type TemplateInfo struct {
	Name, Takes string // "call", "NAME [ARGUMENT]"
	From        stream.Direction
	Means       string

	make func(t *Template, args []string, raw []word) *Error
	args [2]int // least, most
}

// Templates are all kinds.
var Templates = []TemplateInfo{
	{"call", "NAME [ARGUMENT]", stream.FromCloud, "calls a function of the device; its answer ends at the proxy", func(t *Template, a []string, _ []word) *Error {
		t.ask(func(token []byte) coap.Message { return particle.ComposeCall(0, token, a[0], argument(a)) })
		return nil
	}, [2]int{1, 2}},
	{"read", "NAME", stream.FromCloud, "reads a variable of the device; its answer ends at the proxy", func(t *Template, a []string, _ []word) *Error {
		t.ask(func(token []byte) coap.Message { return particle.ComposeVariableRequest(0, token, a[0]) })
		return nil
	}, [2]int{1, 1}},
	{"describe", "", stream.FromCloud, "asks the device for its description; the answer ends at the proxy", func(t *Template, a []string, _ []word) *Error {
		t.ask(func(token []byte) coap.Message { return particle.ComposeDescribeRequest(0, token, 3) })
		return nil
	}, [2]int{0, 0}},
	{"signal", "on|off", stream.FromCloud, "makes the device's LED show a rainbow, or stop", func(t *Template, a []string, w []word) *Error {
		if a[0] != "on" && a[0] != "off" {
			return w[0].bad("signal is on or off")
		}
		t.bare = true
		t.ask(func(token []byte) coap.Message { return particle.ComposeSignal(0, token, a[0] == "on") })
		return nil
	}, [2]int{1, 1}},
	{"publish", "NAME [DATA]", stream.FromDevice, "publishes an event; as=cloud delivers one to the device", func(t *Template, a []string, _ []word) *Error {
		e := particle.EventBody{Name: a[0], TTL: 60}
		if len(a) > 1 {
			e.Data = []byte(a[1])
		}
		t.make = func(byte, time.Time) []byte {
			m := particle.ComposePublish(0, e)
			if t.From == stream.FromCloud {
				m = particle.ComposeDelivery(0, e, particle.ShortMaxAge)
			}
			return m.Append(nil)
		}
		return nil
	}, [2]int{1, 2}},
	{"ping", "", stream.FromCloud, "an empty confirmable message; its acknowledgement ends at the proxy", func(t *Template, a []string, _ []word) *Error {
		t.bare = true
		t.make = func(byte, time.Time) []byte {
			m := particle.ComposeEmpty(coap.Confirmable, 0, nil)
			return m.Append(nil)
		}
		return nil
	}, [2]int{0, 0}},
	{"time", "[SECONDS]", stream.FromCloud, "tells the device what time it is: now, or seconds since 1970", func(t *Template, a []string, w []word) *Error {
		var at int
		if len(a) > 0 {
			n, err := word{name: "time", value: a[0], at: w[0].at, end: w[0].end, valueAt: w[0].at}.number(0)
			if err != nil {
				return err
			}
			at = n
		}
		t.make = func(token byte, now time.Time) []byte {
			seconds := uint32(now.Unix())
			if at > 0 {
				seconds = uint32(at)
			}
			// Any 2.05 sets the time; as a NON it answers no ID (protocol_defs of both stacks).
			m := particle.ComposeTimeReply(0, []byte{token}, seconds)
			m.Type = coap.NonConfirmable
			return m.Append(nil)
		}
		return nil
	}, [2]int{0, 1}},
	{"message", "NAME=VALUE ...", stream.FromCloud, "any message, from settings as edit takes them; hex=BYTES for any bytes", nil, [2]int{0, 0}},
}

func argument(a []string) string {
	if len(a) > 1 {
		return a[1]
	}
	return ""
}

// ask makes the template a request.
func (t *Template) ask(compose func(token []byte) coap.Message) {
	t.asks = true
	t.make = func(token byte, _ time.Time) []byte {
		m := compose([]byte{token})
		return m.Append(nil)
	}
}

// ParseTemplate reads a template: "call led on", "ping", "message type=CON code=GET path=d".
func ParseTemplate(text string) (Template, error) {
	r, err := One("inject "+text, nil)
	if err != nil {
		return Template{}, err
	}
	i := r.action.(*inject)
	return i.template, nil
}

// newTemplate reads the words behind an action.
func newTemplate(words []word) (Template, *Error) {
	if len(words) == 1 {
		return Template{}, words[0].bad("inject what? %s", templateNames())
	}
	name, rest := words[1], words[2:]
	if name.name == "message" && !name.assigned {
		return rawTemplate(name, rest)
	}
	for _, info := range Templates {
		if info.Name != name.name || name.assigned {
			continue
		}
		var args []string
		for _, w := range rest {
			if w.assigned && !strings.HasPrefix(w.name, `"`) {
				return Template{}, w.bad("%s takes %s; put a word with = in quotes", info.Name, info.Takes)
			}
			args = append(args, w.name)
		}
		if len(args) < info.args[0] || len(args) > info.args[1] {
			return Template{}, name.bad("%s takes %s", info.Name, orNothing(info.Takes))
		}
		t := &Template{From: info.From}
		if len(rest) == 0 {
			rest = words[1:2]
		}
		err := info.make(t, args, rest)
		return *t, err
	}
	return Template{}, name.bad("%q is no template: %s", name.name, templateNames())
}

func rawTemplate(name word, settings []word) (Template, *Error) {
	c, err := newChange(settings)
	if err == nil && len(settings) == 0 {
		err = name.bad("message takes settings, such as type=CON code=GET path=d, or hex=BYTES")
	}
	return Template{From: stream.FromCloud, make: func(byte, time.Time) []byte {
		if c.settings == nil {
			return c.whole
		}
		var m coap.Message
		c.edit(&m)
		return m.Append(nil)
	}}, err
}

func templateNames() string {
	var names []string
	for _, t := range Templates {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

func orNothing(takes string) string {
	if takes == "" {
		return "nothing"
	}
	return takes
}
