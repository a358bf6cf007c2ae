package ui

import (
	"fmt"
	"net/netip"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// Privacy hides what may tell whose devices are watched: IDs, keys, addresses, what
// is named and what is said, and every byte. It is for pictures and for rooms with
// other people in them. Devices are numbered instead. What a field's value tells is
// decided in package decode, whatever is not known to be harmless being masked.

// masked stands for what is hidden.
const masked Safe = decode.Masked

// noBytes stands in the place of bytes, and of what quotes them.
const noBytes Safe = "Not shown while privacy is on: these are bytes, or sentences that quote them. p shows them again."

// togglePrivacy hides what is private, or shows it again.
func (a *app) togglePrivacy() {
	m := a.model
	m.private = !m.private
	a.printer.Private = m.private
	a.messagesView().loaded = false
	a.refresh()
	if m.private {
		a.say(good, "Devices, addresses, names, values, keys and bytes are hidden. p shows them again.")
		return
	}
	a.say(warning, "Everything is shown again.")
}

// alias returns the name of a device while privacy is on: a number in the order in
// which devices appeared.
func (m *model) alias(id lightssl.DeviceID) Safe {
	for i := range m.sessions {
		if s := &m.sessions[i]; s.Known {
			m.number(s.Device)
		}
	}
	return Safe(fmt.Sprintf("device %d", m.number(id)))
}

func (m *model) number(id lightssl.DeviceID) int {
	if m.aliases == nil {
		m.aliases = make(map[lightssl.DeviceID]int)
	}
	if m.aliases[id] == 0 {
		m.aliases[id] = len(m.aliases) + 1
	}
	return m.aliases[id]
}

// shortName returns a short name of a device.
func (m *model) shortName(id lightssl.DeviceID) Safe {
	if m.private {
		return m.alias(id)
	}
	return shortID(id)
}

// longName returns the whole ID of a device.
func (m *model) longName(id lightssl.DeviceID) Safe {
	if m.private {
		return m.alias(id)
	}
	return Safe(id.String())
}

// devices groups the sessions by device.
func (m *model) devices() []*device {
	devices := devicesOf(m.sessions)
	for _, d := range devices {
		if m.private && d.known {
			d.alias = m.alias(d.id)
		}
	}
	return devices
}

// scopeLabel names what the lists are narrowed to, "" if that is nothing.
func (m *model) scopeLabel() Safe {
	if m.private && m.scope.known {
		return m.alias(m.scope.device)
	}
	return m.scope.label
}

// hide returns text, or that it is hidden.
func (m *model) hide(text Safe) Safe {
	if m.private && text != "" {
		return masked
	}
	return text
}

// addr returns an address.
func (m *model) addr(a netip.AddrPort) Safe { return m.hide(addr(a)) }

// dissect explains an event byte by byte, as far as that may be shown.
func (m *model) dissect(e *decode.Event) []decode.Layer {
	layers := decode.Dissect(e)
	if m.private {
		return decode.Mask(layers)
	}
	return layers
}
