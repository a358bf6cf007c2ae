package ui

import (
	"fmt"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/store"
)

// device is a device with all its sessions, the last one last. A connection that
// never said who it is counts as a device of its own.
type device struct {
	id       lightssl.DeviceID
	known    bool
	alias    Safe // shown instead of the ID, "" if that is shown
	sessions []*store.Session
}

// devicesOf groups sessions by device, in order of appearance.
func devicesOf(sessions []store.Session) []*device {
	var devices []*device
	index := make(map[lightssl.DeviceID]*device)
	for i := range sessions {
		s := &sessions[i]
		d := index[s.Device]
		if !s.Known || d == nil {
			d = &device{id: s.Device, known: s.Known}
			devices = append(devices, d)
			if s.Known {
				index[s.Device] = d
			}
		}
		d.sessions = append(d.sessions, s)
	}
	return devices
}

// devicesText counts devices, and beside them the sessions that never said whose they
// are.
func devicesText(devices []*device) Safe {
	known := 0
	for _, d := range devices {
		if d.known {
			known++
		}
	}
	text := plural(known, "device")
	switch unknown := len(devices) - known; {
	case unknown == 0:
		return text
	case known == 0:
		return plural(unknown, "session") + ", ID unknown"
	default:
		return joined(text, Safe(fmt.Sprint(unknown))+" unknown")
	}
}

// latest returns the session that stands for the device now.
func (d *device) latest() *store.Session { return d.sessions[len(d.sessions)-1] }

// label returns a short name of the device.
func (d *device) label() Safe {
	if !d.known {
		return Safe(fmt.Sprintf("session %d", d.latest().Number))
	}
	if d.alias != "" {
		return d.alias
	}
	return shortID(d.id)
}

// shortID returns the beginning and the end of an ID: the middle is nearly the
// same on all devices.
func shortID(id lightssl.DeviceID) Safe {
	s := id.String()
	return Safe(s[:6] + "…" + s[len(s)-6:])
}

// stage is where a session is.
type stage struct {
	sign Safe
	text Safe
	role role
	on   bool // online: up counts
}

// stepNames name the steps of a handshake, in order.
var stepNames = [store.Steps]Safe{"connect", "nonce", "identity", "credentials", "hello", "hello back"}

// handshakeSteps is how many steps a session has to take after it is connected.
const handshakeSteps = store.Steps - 1

// failedSign is that of a session that ended before it was online.
const failedSign = "✗"

// stageOf says where a session is.
func stageOf(s *store.Session) stage {
	l := s.Main()
	step := l.Step()
	online := step == store.StepHelloReply || l.Sealed > 0 && step == store.StepCredentials
	where := Safe(fmt.Sprintf("%d/%d %s", int(step), handshakeSteps, stepNames[step]))
	switch over := l.Over(); {
	case online && !over && !l.Opened && l.Sealed > 0:
		return stage{"●", "SEALED", warning, true}
	case online && !over:
		return stage{"●", "ONLINE", good, true}
	case online:
		return stage{"○", "CLOSED", quiet, true}
	case over:
		return stage{failedSign, where, bad, false}
	}
	return stage{"◐", where, warning, false}
}

// up returns how long a session was or is online.
func up(s *store.Session, now time.Time) time.Duration {
	l := s.Main()
	began := l.Steps[l.Step()].At
	if !l.Over() && now.After(l.Last) {
		return now.Sub(began)
	}
	return l.Last.Sub(began)
}

// failures returns how many of the latest sessions in succession did not get online.
func (d *device) failures() int {
	n := 0
	for i := len(d.sessions) - 1; i >= 0; i-- {
		if st := stageOf(d.sessions[i]); st.on || st.sign != failedSign {
			break
		}
		n++
	}
	return n
}

// messages returns how many messages the device and its cloud sent, sealed ones
// included.
func (d *device) messages() (n int) {
	for _, s := range d.sessions {
		l := s.Main()
		n += l.Messages[0] + l.Messages[1] + l.Sealed
	}
	return n
}
