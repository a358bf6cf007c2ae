package diagnose

import (
	"bytes"
	"fmt"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// update is a firmware update over the air, as far as a finding may rest on it.
type update struct {
	conv       *particle.Conversation // of the update's messages alone; nil: there is none
	begun      mark
	chunk      mark // the last one
	count      int  // chunks
	index      uint32
	total      uint32
	incomplete mark // the device's word that chunks are missing, if nothing came after it
	done       bool // the cloud has said so, and the device not otherwise
}

// runs reports whether an update has begun of which the end was not seen.
func (u *update) runs() bool { return u != nil && u.conv != nil && !u.done }

// isOfUpdate reports whether messages of a kind belong to an update.
func isOfUpdate(k particle.Kind) bool {
	switch k {
	case particle.KindUpdateBegin, particle.KindSaveBegin, particle.KindUpdateReady, particle.KindUpdateRefused,
		particle.KindChunk, particle.KindChunkMissed, particle.KindUpdateDone, particle.KindUpdateIncomplete,
		particle.KindUpdateDoneReply, particle.KindUpdateDoneAck:
		return true
	}
	return false
}

// message takes a message of an update.
func (u *update) message(l *leg, e *decode.Event, c *coap.Message, m mark) {
	g := &e.Body.(*decode.Message).Meaning
	switch g.Kind {
	case particle.KindUpdateBegin, particle.KindSaveBegin:
		*u = update{conv: new(particle.Conversation), begun: m}
	case particle.KindUpdateReady, particle.KindChunkMissed:
		u.incomplete = mark{}
	case particle.KindUpdateRefused:
		l.find(e, draft{id: "PH-47", sure: Certain, evidence: []decode.Evidence{m.showsPlain("the answer to the update's beginning: " + c.Code.String())}})
		*u = update{}
		return
	case particle.KindChunk:
		u.chunkCame(l, e, g, m)
	case particle.KindUpdateDone:
		u.done = e.From == stream.FromCloud
		u.lookAtImage(l, e, m)
	case particle.KindUpdateIncomplete:
		u.incomplete, u.done = m, false
	case particle.KindUpdateDoneReply, particle.KindUpdateDoneAck:
		u.verdict(l, e, c, m)
	}
	if u.conv != nil {
		u.conv.Next(e.From, e.At, c)
	}
}

// chunkCame counts a chunk and checks it.
func (u *update) chunkCame(l *leg, e *decode.Event, g *particle.Meaning, m mark) {
	u.chunk, u.incomplete, u.done = m, mark{}, false
	u.count++
	u.index, u.total = g.Update.Index, g.Update.Total
	if g.Update.Known && !g.Update.CRCOK {
		l.find(e, draft{id: "PH-32", sure: Certain, title: "a chunk of the firmware update is damaged", evidence: []decode.Evidence{
			m.showsPlain(fmt.Sprintf("chunk %d: its CRC-32 is not that of its data", g.Update.Index)),
		}})
	}
}

// lookAtImage reads the header of the image once all of it went by.
func (u *update) lookAtImage(l *leg, e *decode.Event, m mark) {
	if u.conv == nil || u.conv.Transfer() == nil {
		return
	}
	image, complete := u.conv.Transfer().Image()
	if !complete {
		return
	}
	module, ok := particle.ParseModule(image)
	if !ok {
		return
	}
	platform := -1
	if l.talk.platform > 0 {
		platform = int(l.talk.platform)
	}
	for _, fault := range module.Faults(len(image), platform) {
		l.find(e, draft{id: "PH-48", sure: Certain, evidence: []decode.Evidence{
			u.begun.says("the update begins"), m.says("the image is complete: " + module.String() + "; " + fault),
		}})
	}
}

// verdict takes what the device says of the image.
func (u *update) verdict(l *leg, e *decode.Event, c *coap.Message, m mark) {
	rest, ok := bytes.CutPrefix(c.Payload, []byte(`{"r":`))
	if ok && len(rest) > 0 && rest[0] != '0' {
		start := int(m.plain) - len(c.Payload)
		l.find(e, draft{id: "PH-48", sure: Likely, title: "the device does not take the firmware image", evidence: []decode.Evidence{
			m.shows(decode.Plain, start, int(m.plain), "the result of its check is not 0: "+quoted(c.Payload)),
		}})
	}
	*u = update{}
}

// broken tells of an update that ended with the session, and reports whether it
// did. A capture that ends just then lost what may have been its end.
func (u *update) broken(l *leg, e *decode.Event) bool {
	if !u.runs() || l.lost(stream.FromCloud) || l.lost(stream.FromDevice) || !u.chunk.seen() {
		return false
	}
	waited := l.end().since(u.chunk)
	if l.cut && waited < time.Second {
		return false
	}
	closes := fmt.Sprintf("the %s closes %v later", sender(l.end().from), rounded(waited))
	if waited < 0 {
		closes = fmt.Sprintf("the %s had closed %v before", sender(l.end().from), rounded(-waited))
	}
	f := draft{id: "PH-32", sure: Likely, title: "a firmware update broke off", evidence: []decode.Evidence{
		u.begun.says("the update begins"),
		u.chunk.says(fmt.Sprintf("the last chunk that went by: %d of %d", u.index+1, u.total)),
		l.end().says(closes),
	}}
	if u.incomplete.seen() {
		f.sure = Certain
		f.title = "the device misses chunks of a firmware update, and they were not sent again"
		f.evidence[1] = u.incomplete.showsPlain("the device says that chunks are missing")
	} else if within(waited, 30*time.Second) {
		f.title = "no more chunks came, and the device gave the firmware update up after 30 s"
	}
	l.find(e, f)
	return true
}
