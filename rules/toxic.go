package rules

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// toxics are those of toxiproxy 2.12 (README.md there): same names, same settings,
// same units where a number has none. upstream is from=device, downstream
// from=cloud and the default; toxicity is probability, decided once for each
// connection. With a filter one begins with the first message that matches.
var toxics = []FaultInfo{
	{Name: "latency", Toxic: true, From: stream.FromCloud, Takes: []Setting{inMilliseconds("latency"), inMilliseconds("jitter")},
		Means: "adds latency +/- jitter to all data"},
	{Name: "bandwidth", Toxic: true, From: stream.FromCloud, Takes: []Setting{{Name: "rate"}},
		Means: "limits the connection to rate KB/s"},
	{Name: "slow_close", Toxic: true, From: stream.FromCloud, Takes: []Setting{inMilliseconds("delay")},
		Means: "delays the close until delay has passed"},
	{Name: "timeout", Toxic: true, From: stream.FromCloud, Takes: []Setting{inMilliseconds("timeout")},
		Means: "lets no data through, and closes after timeout; 0 never closes"},
	{Name: "reset_peer", Toxic: true, From: stream.FromCloud, Takes: []Setting{inMilliseconds("timeout")},
		Means: "resets the connections, at once or after timeout"},
	{Name: "slicer", Toxic: true, From: stream.FromCloud, Takes: []Setting{{Name: "average_size", Default: 1, Least: 1}, {Name: "size_variation"}, {Name: "delay", Unit: time.Microsecond}},
		Means: "cuts data into pieces of average_size +/- size_variation bytes, delay apart"},
	{Name: "limit_data", Toxic: true, From: stream.FromCloud, Takes: []Setting{{Name: "bytes"}},
		Means: "closes the connection when so many bytes have passed"},
}

func inMilliseconds(name string) Setting { return Setting{Name: name, Unit: time.Millisecond} }

// line writes one direction of a session, disturbed. Until a toxic is armed it
// writes at once; then what is written waits in a queue, and a goroutine takes it
// from there in order, until the connection closes.
type line struct {
	net.Conn
	session *session
	from    stream.Direction
	leaves  func([]byte) bool // reports what leaves, and whether it may; nil: nobody is told

	mu      sync.Mutex
	marks   []mark
	written int
	toxics  []*counter
	queue   chan packet // nil until a toxic is armed
	closed  bool
	over    chan struct{} // closed with the connection
	failed  error         // of the goroutine's last write
}

// mark is what happens once so many bytes have been written.
type mark struct {
	at int
	do func()
}

// packet is what one Write was given, or the end of what is written.
type packet struct {
	at  time.Time
	b   []byte
	end bool
}

// queued bounds what waits, as toxiproxy does; then Write waits.
const queued = 1024

func newLine(s *session, from stream.Direction, conn net.Conn) *line {
	l := &line{Conn: conn, session: s, from: from, over: make(chan struct{})}
	for _, c := range s.rules {
		if f, ok := c.action.(*fault); ok && f.info.Toxic && c.Rule.filter == "" && c.wants(from, nil) {
			l.arm(c)
		}
	}
	return l
}

// OnLeave implements proxy.Late: the recording has what left, and when.
func (l *line) OnLeave(leaves func([]byte) bool) { l.leaves = leaves }

// arm begins a toxic.
func (l *line) arm(c *counter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.toxics {
		if t == c {
			return
		}
	}
	l.toxics = append(l.toxics, c)
	e := l.session.engine
	e.report("connection %d: disturbed from now on (%s)", l.session.conn.ID, c.Rule)
	if l.queue == nil && !l.closed {
		l.queue = make(chan packet, queued)
		e.lines.Go(l.run)
	}
}

func (l *line) mark(n int, do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.marks = append(l.marks, mark{n, do})
}

// due returns what is to happen behind n more bytes, or nil.
func (l *line) due(n int) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written += n
	if len(l.marks) == 0 || l.written < l.marks[0].at {
		return nil
	}
	do := l.marks[0].do
	l.marks = l.marks[1:]
	return do
}

// Write implements io.Writer. What waits in the queue counts as written.
func (l *line) Write(b []byte) (int, error) {
	l.mu.Lock()
	q, err := l.queue, l.failed
	l.mu.Unlock()
	if err != nil {
		return 0, err
	}
	if q == nil {
		return l.writeNow(b)
	}
	return len(b), l.enqueue(q, packet{at: time.Now(), b: append([]byte(nil), b...)})
}

func (l *line) enqueue(q chan packet, p packet) error {
	select {
	case q <- p:
		return nil
	case <-l.over:
		return net.ErrClosed
	}
}

// writeNow writes, and does what is due behind that.
func (l *line) writeNow(b []byte) (int, error) {
	if l.leaves != nil && !l.leaves(b) {
		return 0, net.ErrClosed
	}
	n, err := l.Conn.Write(b)
	if do := l.due(n); do != nil && err == nil {
		do()
	}
	return n, err
}

// CloseWrite passes a FIN on, behind what waits.
func (l *line) CloseWrite() error {
	l.mu.Lock()
	q := l.queue
	l.mu.Unlock()
	if q != nil {
		return l.enqueue(q, packet{at: time.Now(), end: true})
	}
	return l.closeWriteNow()
}

func (l *line) closeWriteNow() error {
	if l.leaves != nil && !l.leaves(nil) {
		return net.ErrClosed
	}
	if half, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.New("no half-close")
}

// SetLinger makes the next Close a reset.
func (l *line) SetLinger(seconds int) error {
	if c, ok := l.Conn.(interface{ SetLinger(int) error }); ok {
		return c.SetLinger(seconds)
	}
	return errors.New("no reset")
}

// end ends the session, or where no hook has seen it yet this connection.
func (l *line) end(reset bool) {
	ps := l.session.owner()
	switch {
	case ps == nil && reset:
		l.SetLinger(0)
		fallthrough
	case ps == nil:
		l.Conn.Close()
	case reset:
		ps.Reset(l.from)
	default:
		ps.End(l.from)
		ps.End(l.from.Opposite())
	}
}

// Close closes the connection; what still waits is lost with it.
func (l *line) Close() error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.over)
	}
	l.mu.Unlock()
	return l.Conn.Close()
}
