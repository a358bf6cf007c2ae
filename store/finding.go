package store

import (
	"encoding/binary"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

func appendFinding(b []byte, f *decode.Finding) []byte {
	for _, s := range []string{f.ID, f.Title, f.Confidence, f.Device, f.Repair} {
		b = appendString(b, s)
	}
	b = appendStrings(appendStrings(b, f.RuledOut), f.Remedy)
	b = binary.AppendUvarint(b, uint64(len(f.Evidence)))
	for i := range f.Evidence {
		v := &f.Evidence[i]
		b = binary.AppendUvarint(b, uint64(v.Session))
		b = binary.AppendVarint(b, int64(v.Event))
		b = appendWide(append(b, byte(v.From)), v.At, true)
		b = binary.AppendVarint(binary.AppendVarint(b, int64(v.Start)), int64(v.End))
		b = appendString(appendString(appendString(b, v.Name), v.Layer), v.Shows)
	}
	return b
}

func finding(b *cursor) *decode.Finding {
	f := &decode.Finding{ID: b.string(), Title: b.string(), Confidence: b.string(), Device: b.string(), Repair: b.string()}
	f.RuledOut, f.Remedy = b.strings(), b.strings()
	for range b.uint() {
		v := decode.Evidence{Session: uint32(b.uint()), Event: int(b.int()), From: stream.Direction(b.byte())}
		seconds := b.int()
		v.At = time.Unix(seconds, int64(b.uint())).UTC()
		v.Start, v.End = int(b.int()), int(b.int())
		v.Name, v.Layer, v.Shows = b.string(), b.string(), b.string()
		f.Evidence = append(f.Evidence, v)
	}
	return f
}

func appendStrings(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendString(b, s)
	}
	return b
}

func (c *cursor) strings() (list []string) {
	for range c.uint() {
		list = append(list, c.string())
	}
	return list
}
