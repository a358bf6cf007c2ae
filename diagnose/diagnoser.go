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
	near    []place           // of some of them, by the low bits of their numbers
	told    map[uint32]causes // by session: once is enough, though two legs may show one
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
	key      keyPrint       // of the key announced last
	nonce    lightssl.Nonce // of the session that is open
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
		opt: opt, legs: make(map[stream.ConnID]*leg), told: make(map[uint32]causes),
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

// place is where a connection is found without asking the map.
type place struct {
	id  stream.ConnID
	leg *leg
}

// legOf returns the connection of an event, nil if it is not known.
func (d *Diagnoser) legOf(e *decode.Event) *leg {
	id := e.Conn.ID
	if n := len(d.near); n > 0 {
		if p := &d.near[int(id)&(n-1)]; p.id == id && p.leg != nil {
			return p.leg
		}
	}
	l := d.legs[id]
	if l == nil {
		if _, opened := e.Body.(*decode.Opened); !opened {
			return nil
		}
		l = newLeg(d, e)
		d.legs[id] = l
	}
	if len(d.near) < len(d.legs) {
		d.near = make([]place, max(8, 2*len(d.near)))
	}
	d.near[int(id)&(len(d.near)-1)] = place{id, l}
	return l
}

// forget drops a connection that is over, and with the last one of a session what
// was told of it.
func (d *Diagnoser) forget(l *leg) {
	delete(d.legs, l.conn.ID)
	if p := &d.near[int(l.conn.ID)&(len(d.near)-1)]; p.leg == l {
		*p = place{}
	}
	if dev := d.devices[l.device]; dev != nil && dev.open == l {
		dev.open = nil
	}
	if o := l.other(); o != nil && o.session == l.session {
		return
	}
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
