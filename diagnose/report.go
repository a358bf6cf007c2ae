package diagnose

import (
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Report is a connection that is over, beside the findings about it.
type Report struct {
	Session uint32
	Conn    stream.Conn
	Device  lightssl.DeviceID
	Known   bool
	Stages  []Lap
	Online  bool   // both sides spoke after the handshake
	Unknown string // why nothing follows from how it ended, "" if something does
	Found   int    // findings
}

// Lap is how long a stage took, and how long the peers wait for it.
type Lap struct {
	Stage  Stage
	Done   bool
	Took   time.Duration // since the stage before
	Device time.Duration // the device waits so long, 0: it does not wait for this
	Server time.Duration // and the most impatient of the Node servers
}

// Late reports whether a peer does not wait so long.
func (p Lap) Late() bool {
	return p.Device > 0 && p.Took > p.Device || p.Server > 0 && p.Took > p.Server
}

// report tells of a connection that is over.
func (l *leg) report() {
	if l.d.opt.Report == nil {
		return
	}
	r := Report{Session: l.session, Conn: *l.conn, Device: l.device, Known: l.known, Stages: l.laps(), Found: l.found.count()}
	r.Online = l.frames[0] > 0 && l.frames[1] > 0 && !l.found.has(oneCause("PH-22")|oneCause("PH-43")) // with these the device leaves
	switch {
	case l.end().seen():
	case !r.Online && l.joined:
		r.Unknown = "the capture begins in the middle of it"
	default:
		r.Unknown = "the capture ends while it is under way"
	}
	l.d.opt.Report(r)
}

// laps is the stopwatch of the handshake.
func (l *leg) laps() []Lap {
	helloWait := helloWaitLightSSL
	if l.legacy() {
		helloWait = helloWaitLegacy
	}
	before := l.opened
	var laps []Lap
	for _, s := range []struct {
		stage          Stage
		mark           mark
		device, server time.Duration
	}{
		{StageNonce, l.nonce, deviceRecordWait, 0},
		{StageIdentity, l.identity, 0, serverHandshakeLimits[0]},
		{StageCredentials, l.credentials, deviceRecordWait, 0},
		{StageHello, l.hello, 0, serverHandshakeLimits[0]},
		{StageOnline, l.reply, helloWait, 0},
	} {
		lap := Lap{Stage: s.stage, Done: s.mark.seen(), Device: s.device, Server: s.server}
		if lap.Done && before.seen() {
			lap.Took = s.mark.since(before)
		}
		if lap.Done {
			before = s.mark
		}
		laps = append(laps, lap)
	}
	return laps
}
