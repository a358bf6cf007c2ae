package coap

// Quirk is something in a message that RFC 7252 forbids but [Message.Parse]
// accepts, because Photons or their servers send it or bear it.
type Quirk struct {
	Offset int    // of the first byte concerned
	Text   string // a sentence
}

// Quirks lists what is formally wrong with a parsed message, in order of
// offsets. It allocates only if there is something to list.
func (m *Message) Quirks() []Quirk {
	var quirks []Quirk
	add := func(offset int, text string) { quirks = append(quirks, Quirk{offset, text}) }
	if text := m.headerQuirk(); text != "" {
		add(0, text)
	}
	if m.Code == Empty {
		if len(m.Token) > 0 {
			add(HeaderLen, "an empty message must not have a token (RFC 7252 section 4.1)")
		}
		if len(m.Options) > 0 || m.Marker {
			add(m.OptionsStart, "an empty message must end after its ID (RFC 7252 section 4.1)")
		}
	}
	for i := range m.Options {
		if text := m.optionQuirk(i); text != "" {
			add(m.Options[i].Start, text)
		}
	}
	if m.Marker && len(m.Payload) == 0 {
		add(m.PayloadStart-1, "a payload marker must be followed by a payload (RFC 7252 section 3)")
	}
	return quirks
}

func (m *Message) headerQuirk() string {
	switch class := m.Code.Class(); {
	case class == 1 || class >= 6:
		return "the code's class is reserved (RFC 7252 section 3)"
	case m.Type == ResetMessage && m.Code != Empty:
		return "a reset must be empty (RFC 7252 section 4.2)"
	case m.Type == NonConfirmable && m.Code == Empty:
		return "an empty message must not be non-confirmable (RFC 7252 section 4.3)"
	case m.Type == Acknowledgement && m.Code.IsRequest():
		return "an acknowledgement must not carry a request (RFC 7252 section 4.2)"
	}
	return ""
}

func (m *Message) optionQuirk(i int) string {
	o := &m.Options[i]
	info := find(o.Number)
	switch {
	case info == nil && o.Number&1 != 0:
		return "an unknown critical option: a receiver must refuse the message (RFC 7252 section 5.4.1)"
	case info == nil:
		return ""
	case !info.Repeatable && i > 0 && m.Options[i-1].Number == o.Number:
		return "the option must not be repeated (RFC 7252 section 5.4.5)"
	case info.Format == EmptyFormat && len(o.Value) > 0:
		return "the option must have no value (RFC 7252 section 5.4.3)"
	case info.Format == UintFormat && len(o.Value) > 8:
		return "the option's integer is too long (RFC 7252 section 5.4.3)"
	}
	return ""
}
