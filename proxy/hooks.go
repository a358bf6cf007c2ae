package proxy

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Hooks may alter one session. Every field may be nil. What no hook changes is
// forwarded verbatim. Record and Frame run on the goroutine that relays the
// direction: while one blocks, that direction waits, and no other. What they are
// given is valid only during the call.
type Hooks struct {
	// Record is given each handshake record as it is about to leave, after the
	// splice. If changed, what it returns leaves in its place, each slice in a
	// write of its own: nothing, parts, or other bytes altogether.
	Record func(*Session, Record) (out [][]byte, changed bool)

	// Frame is given each frame of a spliced session. If changed, out leaves in
	// its place: any number of frames, none included. From the first change of a
	// direction on every frame of it is sealed anew, because its cipher chain is
	// another; before that bytes pass as they came.
	Frame func(*Session, Frame) (out []Out, changed bool)

	// Renumber keeps message IDs consecutive where Frame drops messages, and where
	// it or Inject add some, and translates acknowledgements back. What acknowledges
	// an added message ends here.
	Renumber bool

	// Transport wraps the connection of a leg, to disturb it below everything else.
	// If it keeps the methods CloseWrite and SetLinger of a TCP connection, half-close
	// and reset still pass. What writes later than it is told to is a [Late].
	Transport func(stream.Leg, net.Conn) net.Conn
}

// Late is a connection of Transport whose bytes may leave after Write has returned,
// in other pieces, or not at all. Tap is told what leaves when it does.
type Late interface {
	net.Conn

	// OnLeave sets what is to be called before bytes leave, and with nil before a FIN
	// does. If it returns false they must not: the session is over.
	OnLeave(leaves func([]byte) bool)
}

// Record is a handshake record on its way.
type Record struct {
	From  stream.Direction
	Kind  string // "nonce", "identity" or "credentials"
	Bytes []byte // as it is about to leave
}

// Frame is a frame on its way.
type Frame struct {
	From  stream.Direction
	Wire  []byte // as it came, length bytes included
	Plain []byte // the message; all decrypted bytes if the padding is wrong; nil if it cannot be decrypted
	Err   error  // lightssl.ErrPadding or lightssl.ErrLength
}

// Out is something to send in a session.
type Out struct {
	Form  Form
	Bytes []byte
	Added bool // not what came, but put beside it; Inject sets it
}

// Form says what is still to be done to the bytes of an Out.
type Form uint8

// The forms, from well-formed to anything at all.
const (
	Message Form = iota // a message: pad, seal, frame
	Blocks              // padded already, or wrongly on purpose: seal and frame; a positive multiple of 16 bytes
	Wire                // send as it is, whatever it is
	Abort               // send nothing, and then reset both connections; of Frame only
)

// Errors of Inject.
var (
	ErrSealed = errors.New("proxy: the session's credentials are not known")
	ErrOver   = errors.New("proxy: the session is over in that direction")
)

// wrap lets the transport hook wrap both connections.
func (s *Session) wrap() {
	if s.hooks == nil || s.hooks.Transport == nil {
		return
	}
	for _, d := range stream.Directions {
		sink := &s.legs[d.Opposite()]
		sink.conn = s.hooks.Transport(sink.info.Leg, sink.conn)
		if late, ok := sink.conn.(Late); ok {
			s.late[d] = true
			late.OnLeave(func(b []byte) bool { return s.leaves(d, b) })
		}
	}
}

// leaves reports what a late connection lets go of now: bytes of a direction, or
// its FIN if there are none. It returns false if that must not leave any more.
func (s *Session) leaves(d stream.Direction, b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case b == nil && s.over: // it was reported, and the connection is about to close
		return true
	case b == nil:
		s.tellFIN(d)
		return true
	case s.over || s.refused:
		return false
	}
	s.tap(&stream.Segment{At: time.Now(), Conn: s.legs[d.Opposite()].info.ID, From: d, Data: b})
	return true
}

// tellFIN reports a FIN that waited for what goes before it. The caller holds mu.
func (s *Session) tellFIN(d stream.Direction) {
	if s.finDue[d] {
		s.finDue[d] = false
		s.tap(&stream.Closed{At: time.Now(), Conn: s.legs[d.Opposite()].info.ID, From: d, How: stream.Fin})
	}
}

// Credentials returns the session's credentials, and false while or if they are
// not known: only those of spliced sessions ever are, and only if there are Hooks.
func (s *Session) Credentials() (lightssl.Credentials, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.creds == nil {
		return lightssl.Credentials{}, false
	}
	return *s.creds, true
}

// Hold reports that a frame has come, which else is told together with what leaves for
// it. The Frame hook calls it before it waits: the session may end meanwhile.
func (s *Session) Hold(f Frame) {
	h := &s.halves[f.From]
	h.held = true
	h.reportOnly(h.last, f.Wire)
}

// Done is closed when the session is over. It is nil without Hooks.
func (s *Session) Done() <-chan struct{} { return s.done }

// Reset ends the session as if the sender of from had reset its connection. A
// hook may call it.
func (s *Session) Reset(from stream.Direction) { s.abort(from) }

// End ends a direction as if its sender had closed it. A hook may call it.
func (s *Session) End(from stream.Direction) { s.finish(from) }

func (s *Session) setCredentials(c lightssl.Credentials, device lightssl.DeviceID) {
	if s.hooks == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.creds, s.device = &c, device
}

// Device returns the device's ID once there are Credentials.
func (s *Session) Device() lightssl.DeviceID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.device
}

// Inject sends frames as if from had sent them, all in one write, between two
// frames of that direction or while the Frame hook holds one. It may be called
// at any time from any goroutine but not from within Tap. The error is
// [ErrSealed], [ErrOver], or says what about out cannot be sent.
func (s *Session) Inject(from stream.Direction, out ...Out) error {
	creds, ok := s.Credentials()
	if !ok {
		return ErrSealed
	}
	if err := check(out); err != nil {
		return err
	}
	h := &s.halves[from]
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.hooks.Renumber {
		out = slices.Clone(out)
		for i := range out {
			out[i].Added = true
		}
		out, _ = s.numbers.pass(Frame{From: from}, out, true)
	}
	wire := h.mod.seal(creds, out)
	if h.send(time.Now(), nil, wire) != goingOn {
		return ErrOver
	}
	return nil
}

// sendRecord lets a handshake record leave, as the hook wants it.
func (h *half) sendRecord(at time.Time, p piece, in, out []byte) ending {
	s := h.s
	if s.hooks == nil || s.hooks.Record == nil {
		return h.send(at, in, out)
	}
	parts, changed := s.hooks.Record(s, Record{From: h.dir, Kind: p.String(), Bytes: out})
	if !changed {
		return h.send(at, in, out)
	}
	end := h.send(at, in, nil)
	for _, part := range parts {
		if end != goingOn {
			break
		}
		end = h.send(time.Now(), nil, part)
	}
	return end
}

// alteration is the cipher state of a direction that hooks may alter. The half's
// goroutine owns opener and plain, the half's lock guards the rest.
type alteration struct {
	opener *lightssl.Cipher
	plain  []byte

	sealer *lightssl.Cipher // nil until the first change
	head   []byte           // the first block of the last frame sent, nil before one was
	out    []byte
}

// altering reports whether frames are looked at one by one.
func (h *half) altering() bool { return h.mod != nil }

// alter passes one frame through the hook.
func (h *half) alter(at time.Time, wire []byte) ending {
	s, m := h.s, h.mod
	creds, ok := s.Credentials()
	if !ok { // an observed session
		return h.send(at, wire, wire)
	}
	f := h.open(creds, wire)
	var out []Out
	var changed bool
	in := wire
	if h.held = false; s.hooks.Frame != nil {
		out, changed = s.hooks.Frame(s, f)
	}
	if h.held {
		in, at = nil, time.Now()
	}
	if err := check(out); err != nil {
		s.notify(HookFailed, "%s: a frame from the %s was dropped, because what replaces it cannot be sent: %v", s, h.dir, err)
		out, changed = nil, true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.hooks.Renumber {
		out, changed = s.numbers.pass(f, out, changed)
	}
	switch {
	case !changed && m.sealer == nil:
		m.sent(wire)
		return h.send(at, in, wire)
	case !changed:
		out = again(f)
	}
	end := h.send(at, in, m.seal(creds, out))
	if end == goingOn && slices.ContainsFunc(out, func(o Out) bool { return o.Form == Abort }) {
		return aborted
	}
	return end
}

// open decrypts a frame as its receiver would.
func (h *half) open(creds lightssl.Credentials, wire []byte) Frame {
	m := h.mod
	if m.opener == nil {
		m.opener = lightssl.NewCipher(creds)
	}
	f := Frame{From: h.dir, Wire: wire}
	m.plain, f.Err = m.opener.Open(m.plain[:0], wire[lightssl.FrameHeaderLen:])
	if f.Err != lightssl.ErrLength {
		f.Plain = m.plain
	}
	return f
}

// again is a frame that nobody changed: what could be opened is sealed anew, bad
// padding and all, the rest goes as it came.
func again(f Frame) []Out {
	switch f.Err {
	case nil:
		return []Out{{Form: Message, Bytes: f.Plain}}
	case lightssl.ErrPadding:
		return []Out{{Form: Blocks, Bytes: f.Plain}}
	}
	return []Out{{Form: Wire, Bytes: f.Wire}}
}

// sent notes the head of a frame that has left: the next one's IV.
func (m *alteration) sent(wire []byte) {
	if n := len(wire) - lightssl.FrameHeaderLen; n < lightssl.BlockLen || n%lightssl.BlockLen != 0 {
		return // no cipher has made it, so none goes on from it
	}
	head := wire[lightssl.FrameHeaderLen:][:lightssl.BlockLen]
	m.head = append(m.head[:0], head...)
	if m.sealer != nil {
		m.sealer.SetHead(head)
	}
}

// seal returns the bytes of out, which were checked, from now on in a cipher chain
// of our own. The result is valid until the next call.
func (m *alteration) seal(creds lightssl.Credentials, out []Out) []byte {
	if m.sealer == nil {
		m.sealer = lightssl.NewCipher(creds)
		if m.head != nil {
			m.sealer.SetHead(m.head)
		}
	}
	m.out = m.out[:0]
	for _, o := range out {
		m.append(o)
	}
	return m.out
}

func (m *alteration) append(o Out) {
	switch o.Form {
	case Message:
		m.out = m.sealer.AppendSealedFrame(m.out, o.Bytes)
	case Blocks:
		n := len(o.Bytes)
		m.out = append(m.out, byte(n>>8), byte(n))
		m.out = m.sealer.SealRaw(m.out, o.Bytes)
	default:
		m.out = append(m.out, o.Bytes...)
		m.sent(o.Bytes)
	}
}

// check says what of out cannot be sent.
func check(out []Out) error {
	for _, o := range out {
		if err := o.check(); err != nil {
			return err
		}
	}
	return nil
}

// check says why an Out cannot be sent.
func (o Out) check() error {
	const longest = lightssl.MaxFrameBody / lightssl.BlockLen * lightssl.BlockLen
	switch n := len(o.Bytes); {
	case o.Form == Message && n >= longest:
		return fmt.Errorf("proxy: a message of %d bytes, at most %d fit into a frame", n, longest-1)
	case o.Form == Blocks && (n == 0 || n > longest || n%lightssl.BlockLen != 0):
		return fmt.Errorf("proxy: blocks of %d bytes, a positive multiple of %d up to %d expected", n, lightssl.BlockLen, longest)
	}
	return nil
}
