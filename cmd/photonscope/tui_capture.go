package main

import (
	"fmt"
	"iter"
	"os"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// saveCapture writes events as a recording, with what people wrote at them and the
// secrets that open it beside it. Without a name it finds one. Nothing that is
// there is overwritten, and what could not be written whole is removed.
func (f *screenFiles) saveCapture(name string, events iter.Seq[*decode.Event]) (written string, err error) {
	c, err := f.createCapture(name)
	if err != nil {
		return "", err
	}
	keyLog := c.name + keyLogBeside
	hadKeyLog := fileExists(keyLog)
	unkept := writeEvents(c, events)
	if err := c.close(); err != nil {
		os.Remove(c.name)
		if !hadKeyLog {
			os.Remove(keyLog) // there may be none
		}
		return "", err
	}
	written = c.name
	if c.keyLog != nil {
		written += ", and the secrets that open it to " + keyLog
	}
	if unkept > 0 {
		written += fmt.Sprintf("; %s at gaps and cut ends are not in it", count(unkept, "comment"))
	}
	return written, nil
}

// createCapture creates the file of a capture.
func (f *screenFiles) createCapture(name string) (*conversion, error) {
	if name != "" {
		return newConversion(f.app, name)
	}
	const usual = "sessions.pcapng"
	for path := range numbered(usual) {
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		return newConversion(f.app, path)
	}
	return nil, tooMany(usual)
}

// writeEvents writes what events show of their streams. It returns how many notes
// a capture has no packet for.
func writeEvents(c *conversion, events iter.Seq[*decode.Event]) (unkept int) {
	p := newPipeline(nil, nobody{}) // the events are decoded
	p.record, p.onEvent = c, c.secrets
	begun := make(map[stream.ConnID]bool)
	one := make([]decode.Event, 1)
	for e := range events {
		if _, opened := e.Body.(*decode.Opened); !opened && !begun[e.Conn.ID] {
			c.Items([]stream.Item{&stream.Opened{At: e.At, Conn: *e.Conn, Joined: true}}) // its beginning is not held any more
		}
		begun[e.Conn.ID] = true
		if it := e.Item(); it != nil {
			c.Items([]stream.Item{it})
		}
		if e.Note != nil && !hasPacket(e) {
			unkept++
		}
		one[0] = *e
		p.show(one)
		p.keepMessages()
	}
	p.finish()
	return unkept
}

// hasPacket reports whether some packet of a recording stands for the event.
func hasPacket(e *decode.Event) bool {
	switch b := e.Body.(type) {
	case *decode.Opened:
		return true
	case *decode.Closed:
		return b.How != stream.Cut
	}
	return e.Raw != nil
}
