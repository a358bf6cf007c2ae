package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

func newExportFirmwareCommand(a *app) *cobra.Command {
	x := &export{folder: "."}
	x.app = a
	return x.register(&cobra.Command{
		Use:   "firmware [flags] FILE...|-",
		Short: "Write the firmware images that were sent over the air",
		Long: `Puts the chunks of each firmware update together, checks the CRC-32 of every
chunk, and writes each complete image to DEVICE_ID-NUMBER.bin, or, if no server
key says which device it was, to session-SESSION-NUMBER.bin. Of an incomplete
image it says how many chunks are missing.

Of each image it says what kind of module it is, for which platform, where it
belongs in flash, whether its CRC-32 is right, and if a Photon would refuse it,
why. It is written all the same.`,
		Example: `  photonscope export firmware -k keys/ session.pcapng`,
	}, "`folder` to write to", func() collector {
		return &imageCollector{x: x, sessions: make(map[uint32]*imageSession)}
	})
}

// imageCollector follows the firmware updates of captures.
type imageCollector struct {
	x          *export
	sessions   map[uint32]*imageSession
	msg        coap.Message
	printer    decode.Printer
	values     []field.Value
	written    int
	incomplete int
}

// imageSession is one session's conversation, followed a second time for its
// transfers.
type imageSession struct {
	conv     particle.Conversation
	origin   string
	platform int // of the device, negative if its Hello was not seen
	at       *particle.Transfer
	closed   int // directions
}

// event implements collector.
func (c *imageCollector) event(e *decode.Event) {
	s := c.sessions[e.Session]
	if s == nil {
		s = &imageSession{platform: -1}
		c.sessions[e.Session] = s
	}
	s.origin = origin(e)
	switch b := e.Body.(type) {
	case *decode.Closed:
		if s.closed++; s.closed == len(stream.Directions) || b.How == stream.Reset {
			c.finish(s)
			delete(c.sessions, e.Session) // with its chunks
		}
	case *decode.Message:
		c.message(s, e, b)
	}
}

func (c *imageCollector) message(s *imageSession, e *decode.Event, m *decode.Message) {
	if m.Meaning.Kind == particle.KindHello {
		c.values = c.printer.Lookup(c.values[:0], e, "photon.hello.platform_id")
		for _, v := range c.values {
			s.platform = int(v.Uint())
		}
	}
	if c.msg.Parse(m.Plain) != nil {
		return
	}
	s.conv.Next(e.From, e.At, &c.msg)
	if t := s.conv.Transfer(); t != s.at {
		c.finish(s)
		s.at = t
	}
}

// finish writes the session's last transfer.
func (c *imageCollector) finish(s *imageSession) {
	if s.at == nil {
		return
	}
	image, complete := s.at.Image()
	if !complete {
		c.incomplete++
		c.x.app.say("%s: an update of %d bytes is incomplete: %d of %d chunks passed, %d with a wrong CRC-32; nothing was written", s.origin, s.at.Size, s.at.Received(), s.at.Total(), s.at.Wrong)
		return
	}
	c.written++
	path, ok := c.x.file(fmt.Sprintf("%s-%d.bin", s.origin, c.written), image)
	if ok {
		c.x.line(fmt.Appendf(nil, "%s  %d bytes in %d chunks, every chunk's CRC-32 is right; %s", path, len(image), s.at.Total(), verdict(image, s.platform)))
	}
}

// verdict says what an image is, and whether the device takes it.
func verdict(image []byte, platform int) string {
	m, ok := particle.ParseModule(image)
	if !ok {
		return "not a module: a Photon refuses it, since it does not begin with a module's header"
	}
	faults := m.Faults(len(image), platform)
	if len(faults) > 0 {
		return fmt.Sprintf("%v; a Photon refuses it: %s", &m, strings.Join(faults, "; "))
	}
	return fmt.Sprintf("%v, its CRC-32 %08x is right", &m, m.Stored)
}

// done implements collector.
func (c *imageCollector) done() {
	for _, s := range inOrder(c.sessions) {
		c.finish(s)
	}
	if c.written == 0 && c.incomplete == 0 {
		c.x.nothing("firmware update")
	}
}
