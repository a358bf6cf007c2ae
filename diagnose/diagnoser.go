package diagnose

import (
	"crypto/rsa"
	"net/netip"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Options says what a Diagnoser knows besides events. The zero value is useful.
type Options struct {
	// Keys are those that the decoder has; nil: none. They tell which server key
	// a device has sealed its identity for, and which device credentials are for.
	Keys *lightssl.Keyring

	// OnFile returns the public key that the server has on file for a device, nil
	// if it has none. Nil: the server's files are not known.
	OnFile func(lightssl.DeviceID) *rsa.PublicKey

	// Name names a key for people, such as by its file. Nil, or "": by its
	// fingerprint.
	Name func(*rsa.PublicKey) string

	// Report, if not nil, is told of each connection when it is over.
	Report func(Report)
}

// Diagnoser turns events into findings. The same events give the same findings,
// always: it has no clock. It is not safe for concurrent use.
type Diagnoser struct {
	opt     Options
	legs    map[stream.ConnID]*leg
	latest  *leg
	told    map[uint32]map[string]bool // causes by session: once is enough, though two legs may show one
	settled map[uint32]bool            // by session: something certain or likely was found, on either leg: what follows from it is not told
	devices map[lightssl.DeviceID]*device
	callers map[netip.Addr]*caller
	servers map[netip.AddrPort]*server
	out     []decode.Event
	message coap.Message // the one at hand
}

// maxKnown bounds what is remembered of past sessions: devices, callers, servers.
// Beyond it, memory of that kind starts anew.
const maxKnown = 4096

// device is what earlier sessions told of a device.
type device struct {
	modulus  string         // announced last
	accepted netip.AddrPort // the server that accepted it with that key last
	open     *leg           // a session of it that is not over
	doubles  int            // sessions that began while another was open, though it had not restarted
	rhythm   rhythm
	restarts []decode.Evidence // in a row, over something that nobody wants
}

// caller is what earlier connections from an address told.
type caller struct {
	failures int    // since it was online
	rhythm   rhythm // of connections that do not say which device they are
}

// server is what earlier connections to an address told.
type server struct {
	signer *rsa.PublicKey // signed credentials there
}

// New returns a Diagnoser.
func New(opt Options) *Diagnoser {
	if opt.Keys == nil {
		opt.Keys = new(lightssl.Keyring)
	}
	return &Diagnoser{
		opt: opt, legs: make(map[stream.ConnID]*leg), told: make(map[uint32]map[string]bool), settled: make(map[uint32]bool),
		devices: make(map[lightssl.DeviceID]*device), callers: make(map[netip.Addr]*caller), servers: make(map[netip.AddrPort]*server),
	}
}

// Feed appends to dst the findings that the next event gives rise to, as events
// with a body of type *decode.Finding.
func (d *Diagnoser) Feed(dst []decode.Event, e *decode.Event) []decode.Event {
	l := d.legOf(e)
	if l == nil {
		return dst
	}
	d.out = dst
	l.take(e)
	dst, d.out = d.out, nil
	return dst
}

// legOf returns the connection of an event, nil if it is not known.
func (d *Diagnoser) legOf(e *decode.Event) *leg {
	if d.latest != nil && d.latest.conn.ID == e.Conn.ID {
		return d.latest
	}
	l := d.legs[e.Conn.ID]
	if l == nil {
		if _, opened := e.Body.(*decode.Opened); !opened {
			return nil
		}
		l = newLeg(d, e)
		d.legs[e.Conn.ID] = l
	}
	d.latest = l
	return l
}

// forget drops a connection that is over, and with the last one of a session what
// was told of it.
func (d *Diagnoser) forget(l *leg) {
	delete(d.legs, l.conn.ID)
	if d.latest == l {
		d.latest = nil
	}
	if dev := d.devices[l.device]; dev != nil && dev.open == l {
		dev.open = nil
	}
	if o := l.other(); o != nil && o.session == l.session {
		return
	}
	delete(d.settled, l.session)
	delete(d.told, l.session)
}

// remembered returns the entry of a map of bounded size, made if there is none.
func remembered[K comparable, V any](m map[K]*V, key K) *V {
	v := m[key]
	if v == nil {
		if len(m) >= maxKnown {
			clear(m)
		}
		v = new(V)
		m[key] = v
	}
	return v
}

// name names a key for people.
func (d *Diagnoser) name(k *rsa.PublicKey) string {
	if d.opt.Name != nil {
		if name := d.opt.Name(k); name != "" {
			return name
		}
	}
	return lightssl.Fingerprint(k)
}
