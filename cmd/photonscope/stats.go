package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

func newStatsCommand(a *app) *cobra.Command {
	s := &stats{open: make(map[uint32]*sessionFigures), devices: make(map[string]*deviceFigures)}
	s.app = a
	cmd := &cobra.Command{
		Use:   "stats [flags] FILE...|-",
		Short: "Count what captures hold, by device and kind of message",
		Long: `Prints for each device its sessions, bytes, pings without an answer and gaps,
and for each kind of message how many there were, their bytes, and how long
answers took: the least, the median, the 99th percentile and the most.

Percentiles are exact up to 512 answers of a kind, and within 0.8 % beyond. One
pass is enough, and memory does not grow with the captures: a pipe will do.
-T ndjson prints one JSON object a row (docs/stats.md).

With -Y all figures are of the events that match, and of the sessions that have
one.`,
		Example: `  photonscope stats session.pcapng
  photonscope stats -T ndjson -k keys/ day1.pcap day2.pcap.gz
  photonscope stats -Y 'photon.rtt > 0.5' session.pcapng
  zcat big.pcap.gz | photonscope stats -`,
		Args: takes(1, manyArgs, capturesHelp),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.names = args
			return s.run(cmd.Context())
		},
	}
	s.register(cmd)
	cmd.Flags().StringVarP(&s.format, "format", "T", "text", "output: text or ndjson")
	cmd.Flags().BoolVarP(&s.quiet, "quiet", "q", false, "no notes on standard error, only errors")
	cmd.Flags().StringVarP(&s.show.expr, "display-filter", "Y", "", "count only events that match this `expression`, such as 'photon.rtt > 0.5' (docs/filter.md)")
	cmd.Flags().BoolVar(&s.show.required, "require-match", false, "exit with 3 if no event matches -Y")
	return cmd
}

// stats counts the events of captures as devices see them. It is the sink of
// its own reading.
type stats struct {
	reading
	format  string
	show    filterFlags
	matches *matching                  // nil: everything is counted
	open    map[uint32]*sessionFigures // by session
	devices map[string]*deviceFigures  // by name
}

// maxDevices bounds how many devices get rows of their own. The others share
// those of "others".
const maxDevices = 1024

const (
	unknownDevice = "unknown"
	otherDevices  = "others"
)

// deviceFigures are those of one device.
type deviceFigures struct {
	name        string
	sessions    int
	opened      int // sessions with at least one message
	first, last time.Time
	connected   time.Duration // of all sessions together
	messages    uint64
	bytes       uint64 // on the wire
	pings       int
	unanswered  int // pings
	gaps        int
	gapBytes    uint64 // as far as known
	kinds       map[kindKey]*kindFigures
}

// kindKey is a kind of message, or the type of another event, and who sent it.
type kindKey struct {
	name string
	from stream.Direction
}

// kindFigures are those of one kind.
type kindFigures struct {
	count, bytes uint64
	rtt          distribution // of answers
}

// sessionFigures are those of a session that is not over: which device it is may
// not be known yet.
type sessionFigures struct {
	deviceFigures
	device lightssl.DeviceID
	known  bool
	closed int // directions
}

// event implements sink.
func (s *stats) event(e *decode.Event) {
	if e.Conn.Leg == stream.CloudLeg {
		return
	}
	if s.matches == nil {
		s.count(e)
	} else {
		s.matches.pass(e, s.count)
	}
	if b, ok := e.Body.(*decode.Closed); ok && !s.holding() {
		s.end(e.Session, b)
	}
}

// end notes that a direction of a session is over.
func (s *stats) end(session uint32, b *decode.Closed) {
	f := s.open[session]
	if f == nil {
		return
	}
	if f.closed++; b.How == stream.Reset || f.closed >= len(stream.Directions) {
		s.close(session)
	}
}

// count counts an event.
func (s *stats) count(e *decode.Event) {
	f := s.open[e.Session]
	if f == nil {
		f = &sessionFigures{deviceFigures: deviceFigures{sessions: 1, first: e.At, last: e.At, kinds: make(map[kindKey]*kindFigures)}}
		s.open[e.Session] = f
	}
	f.event(e)
}

// flush implements sink.
func (s *stats) flush() {}

// holding implements passer.
func (s *stats) holding() bool { return s.matches.holding() }

// event counts one event.
func (f *sessionFigures) event(e *decode.Event) {
	f.device, f.known = e.Device, e.Known
	if e.At.Before(f.first) {
		f.first = e.At
	}
	if e.At.After(f.last) {
		f.last = e.At
	}
	switch b := e.Body.(type) {
	case *decode.Gap:
		f.gaps++
		f.gapBytes += uint64(max(b.Len, 0))
	case *decode.Message:
		f.message(e, &b.Meaning)
	default:
		if len(e.Raw) > 0 {
			f.count(kindKey{e.Body.Name(), e.From}, e)
		}
	}
}

func (f *sessionFigures) message(e *decode.Event, m *particle.Meaning) {
	f.opened = 1
	f.messages++
	k := f.count(kindKey{m.Kind.String(), e.From}, e)
	if m.HasRTT {
		k.rtt.add(m.RTT)
	}
	switch {
	case m.Kind == particle.KindPing:
		f.pings++
		f.unanswered++
	case m.Answers == particle.KindPing && f.unanswered > 0:
		f.unanswered--
	}
}

// count counts an event that has bytes, and returns the figures of its kind.
func (f *sessionFigures) count(key kindKey, e *decode.Event) *kindFigures {
	k := f.kinds[key]
	if k == nil {
		k = new(kindFigures)
		f.kinds[key] = k
	}
	k.count++
	k.bytes += uint64(len(e.Raw))
	f.bytes += uint64(len(e.Raw))
	return k
}

// close adds a session to its device.
func (s *stats) close(number uint32) {
	f := s.open[number]
	delete(s.open, number)
	name := unknownDevice
	if f.known {
		name = f.device.String()
	}
	if s.devices[name] == nil && len(s.devices) >= maxDevices {
		name = otherDevices
	}
	d := s.devices[name]
	if d == nil {
		d = &deviceFigures{name: name, first: f.first, last: f.last, kinds: make(map[kindKey]*kindFigures)}
		s.devices[name] = d
	}
	d.add(&f.deviceFigures)
}

// add adds the figures of a session.
func (d *deviceFigures) add(f *deviceFigures) {
	d.sessions += f.sessions
	d.opened += f.opened
	if f.first.Before(d.first) {
		d.first = f.first
	}
	if f.last.After(d.last) {
		d.last = f.last
	}
	d.connected += f.last.Sub(f.first)
	d.messages += f.messages
	d.bytes += f.bytes
	d.pings += f.pings
	d.unanswered += f.unanswered
	d.gaps += f.gaps
	d.gapBytes += f.gapBytes
	for key, from := range f.kinds {
		k := d.kinds[key]
		if k == nil {
			d.kinds[key] = from
			continue
		}
		k.count += from.count
		k.bytes += from.bytes
		k.rtt.merge(&from.rtt)
	}
}

// run counts and prints. What could be read of a damaged capture is counted all
// the same.
func (s *stats) run(ctx context.Context) error {
	if s.format != "text" && s.format != "ndjson" {
		return usageError("one of: text, ndjson", "-T %s is no output format of stats", s.format)
	}
	if err := s.show.check(s.app); err != nil {
		return err
	}
	s.bothLegs = true
	s.doctor = noDoctor // findings are not counted
	s.matches = s.app.newMatching(&s.show, s.quiet)
	failed := s.into(ctx, s)
	if s.matches != nil {
		s.matches.finish(s.count)
	}
	for _, number := range slices.Sorted(maps.Keys(s.open)) {
		s.close(number)
	}
	if s.reading.pipe == nil { // nothing could be opened
		return failed
	}
	if err := s.print(failed); err != nil {
		return err
	}
	return cmp.Or(failed, s.matches.unmatched())
}
