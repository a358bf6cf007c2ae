package diagnose

import (
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

const (
	lastReset   = "spark/device/last_reset" // the event in which a device tells, once after each start, what made it restart
	minRestarts = 3                         // in a row, each with a session behind it
)

// faultyResets are reasons for a restart that nobody wants, as devices name them
// (docs/protocol.md section 5.6), and what they mean.
var faultyResets = []struct{ reason, means string }{
	{"watchdog", "its watchdog resets it: the application hangs"},
	{"panic", "its firmware crashes"},
	{"power_brownout", "its supply voltage breaks down"},
	{"update_timeout", "it waits in vain for the rest of a firmware update"},
}

// saysWhyItRestarted takes the event lastReset.
func (l *leg) saysWhyItRestarted(e *decode.Event, c *coap.Message, m mark) {
	l.talk.restarted = true
	if !l.known {
		return
	}
	dev := remembered(l.d.devices, l.device)
	if l.double { // its old session was open because it had no time to close it
		dev.doubles--
		l.double = false
	}
	i := faultyReset(c.Payload)
	if i < 0 || l.lost(stream.FromDevice) {
		dev.restarts = nil
		return
	}
	v := m.shows(decode.Plain, int(m.plain)-len(c.Payload), int(m.plain), "why it has restarted: "+quoted(c.Payload))
	v.Session = l.session
	dev.restarts = append(dev.restarts, v)
	if n := len(dev.restarts); n >= minRestarts {
		dev.restarts = dev.restarts[n-minRestarts:]
		l.find(e, draft{id: "PH-54", sure: Certain, title: "the device restarts between its sessions: " + faultyResets[i].means, evidence: dev.restarts})
	}
}

// faultyReset returns which of faultyResets a device names, or -1.
func faultyReset(reason []byte) int {
	for i := range faultyResets {
		if strings.HasPrefix(string(reason), faultyResets[i].reason) {
			return i
		}
	}
	return -1
}
