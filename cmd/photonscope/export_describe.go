package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

func newExportDescribeCommand(a *app) *cobra.Command {
	x := new(export)
	x.app = a
	return x.register(&cobra.Command{
		Use:   "describe [flags] FILE...|-",
		Short: "Write what devices say about themselves",
		Long: `Prints one JSON object a line for each session in which the device described
itself: time, session, device, and the description (describe), its parts and
blocks put together: functions (f), variables (v), platform (p), modules (m).

With -o FOLDER each description goes to a file of its own,
DEVICE_ID-describe-SESSION.json, the owner's alone and never overwritten.`,
		Example: `  photonscope export describe session.pcapng | jq '.describe.f'`,
	}, "`folder` for one file each; without, all is printed", func() collector {
		return &describeCollector{x: x, sessions: make(map[uint32]*describeSession)}
	})
}

// describeCollector puts descriptions together.
type describeCollector struct {
	x        *export
	sessions map[uint32]*describeSession
	msg      coap.Message
	found    int
}

// describeSession is what was described in one session.
type describeSession struct {
	origin, device string // device: "" if it is not known
	number         uint32
	at             time.Time
	whole          map[string]any
	blocks         map[string]*blocks // by tag or flags
	closed         int
}

// blocks is a description that comes in pieces (RFC 7959).
type blocks struct {
	text []byte
	next uint32
}

// maxDescription bounds what is kept of one: a device has a few KiB.
const (
	maxDescription = 256 << 10
	maxBlockwise   = 8 // descriptions in pieces at a time
)

// event implements collector.
func (c *describeCollector) event(e *decode.Event) {
	s := c.sessions[e.Session]
	if s == nil {
		s = &describeSession{number: e.Session}
		c.sessions[e.Session] = s
	}
	s.origin = origin(e)
	if e.Known {
		s.device = e.Device.String()
	}
	switch b := e.Body.(type) {
	case *decode.Closed:
		if s.closed++; s.closed == len(stream.Directions) || b.How == stream.Reset {
			c.finish(s)
			delete(c.sessions, e.Session)
		}
	case *decode.Message:
		switch b.Meaning.Kind {
		case particle.KindDescribeReply, particle.KindDescribePost, particle.KindDescribeBlock:
			if e.From == stream.FromDevice && c.msg.Parse(b.Plain) == nil {
				s.at = e.At
				s.part(&c.msg)
			}
		}
	}
}

// part takes one message of a description.
func (s *describeSession) part(m *coap.Message) {
	var block particle.BlockBody
	key := m.Code.String() // with the tag of a reply, or the flags of a post
	inBlocks := false
	for _, o := range m.Options {
		switch o.Number {
		case coap.Block1, coap.Block2:
			block, inBlocks = particle.ParseBlock(o.Value)
		case coap.ETag, coap.URIQuery:
			key += " " + string(o.Value)
		}
	}
	if !inBlocks {
		s.add(m.Payload)
		return
	}
	b := s.blocks[key]
	if block.Number == 0 {
		if s.blocks == nil || len(s.blocks) >= maxBlockwise {
			s.blocks = make(map[string]*blocks)
		}
		b = new(blocks)
		s.blocks[key] = b
	}
	if b == nil || block.Number != b.next || len(b.text) > maxDescription {
		return // a block before this one is missing, or it is a repetition
	}
	b.text, b.next = append(b.text, m.Payload...), b.next+1
	if !block.More {
		s.add(b.text)
		delete(s.blocks, key)
	}
}

// add takes a description, or that of the system or of the application, whose
// members are joined.
func (s *describeSession) add(text []byte) {
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if len(text) > maxDescription || d.Decode(&members) != nil {
		return
	}
	if s.whole == nil {
		s.whole = make(map[string]any)
	}
	maps.Copy(s.whole, members)
}

// finish writes the description of a session.
func (c *describeCollector) finish(s *describeSession) {
	if s.whole == nil {
		if !s.at.IsZero() {
			c.x.app.say("%s: the description is not complete, or no JSON", s.origin)
		}
		return
	}
	c.found++
	text := appendValue(nil, s.whole)
	if c.x.folder != "" {
		if path, ok := c.x.file(fmt.Sprintf("%s-describe-%d.json", s.origin, s.number), append(text, '\n')); ok {
			c.x.line([]byte(path))
		}
		return
	}
	line := s.at.UTC().AppendFormat([]byte(`{"time":"`), time.RFC3339Nano)
	line = strconv.AppendUint(append(line, `","photon.session":`...), uint64(s.number), 10)
	if s.device != "" {
		line = append(line, `,"photon.device_id":"`+s.device+`"`...)
	}
	line = append(append(line, `,"describe":`...), text...)
	c.x.line(append(line, '}'))
}

// done implements collector.
func (c *describeCollector) done() {
	for _, s := range inOrder(c.sessions) {
		c.finish(s)
	}
	if c.found == 0 {
		c.x.nothing("description")
	}
}

// appendValue appends a JSON value of the wire, with its texts escaped as ours
// are, so that a terminal may show it.
func appendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return field.AppendJSONString(dst, v)
	case json.Number:
		return append(dst, v...)
	case bool:
		return strconv.AppendBool(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, element)
		}
		return append(dst, ']')
	case map[string]any:
		dst = append(dst, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(field.AppendJSONString(dst, key), ':')
			dst = appendValue(dst, v[key])
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}
