package particle

import (
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// Bounds of what a transfer keeps.
const (
	maxImage  = 4 << 20 // bytes; no Photon has room for more than 1 MiB
	maxChunks = 65535   // a device refuses images of more (protocol.md section 5.8)
)

// Transfer is one firmware update: what was announced, and the chunks that the
// cloud sent. It keeps what arrived and no more, up to 4 MiB.
type Transfer struct {
	Began       time.Time
	Ended       time.Time // when the device confirmed it, or it was refused or given up; zero while it goes on
	Announced   bool      // size and chunk size were seen
	Size        uint32    // bytes of the image
	ChunkSize   uint16    // bytes of a chunk's data
	Destination uint8     // 0 firmware, 1 system, 128 application slot
	Address     uint32    // where the image goes
	Offered     bool      // the cloud offered fast transfer
	Fast        bool      // the device accepted it
	Confirmed   bool      // the device said that the image is complete
	Attempts    int       // how often the cloud began
	Sent        int       // chunks that went by, repeated and wrong ones included
	Repeated    int       // chunks that were there before
	Wrong       int       // chunks whose CRC-32 was wrong
	Unkept      int       // chunks that were not kept: beyond the image or the bounds
	Asked       int       // chunks that the device asked for again

	next  uint32           // index of the next chunk without one
	parts map[uint32]piece // by index; at most maxChunks, each with bytes of its own in data
	data  []byte
	lost  map[uint32]bool // chunks that the device misses although they went by
}

// piece is where a chunk's bytes are in Transfer.data.
type piece struct{ start, end uint32 }

// Over reports whether the transfer has ended, well or not.
func (t *Transfer) Over() bool { return !t.Ended.IsZero() }

// Total returns the number of chunks of the image, or 0 if its size was not
// announced.
func (t *Transfer) Total() uint32 {
	if t.ChunkSize == 0 {
		return 0
	}
	return uint32((uint64(t.Size) + uint64(t.ChunkSize) - 1) / uint64(t.ChunkSize))
}

// Received returns the number of chunks that went by with a right CRC-32 and
// that the device does not miss.
func (t *Transfer) Received() uint32 { return uint32(len(t.parts) - len(t.lost)) }

// Missing returns the indices of the chunks that did not go by, or that the
// device misses, in ascending order: at most 65535.
func (t *Transfer) Missing() []uint32 {
	var missing []uint32
	for i := uint32(0); i < min(t.Total(), maxChunks); i++ {
		if _, ok := t.parts[i]; !ok || t.lost[i] {
			missing = append(missing, i)
		}
	}
	return missing
}

// Image returns the image as far as its chunks went by, without the filling of
// the last one, up to the first that is missing. It is complete if none is
// missing and its size was announced.
func (t *Transfer) Image() (image []byte, complete bool) {
	for i := uint32(0); ; i++ {
		p, ok := t.parts[i]
		if !ok {
			break
		}
		image = append(image, t.data[p.start:p.end]...)
	}
	if t.Announced && uint64(len(image)) >= uint64(t.Size) {
		return image[:t.Size], t.Size > 0
	}
	return image, false
}

// begin notes an offer. Its figures are absent from the original server's last
// attempt; then those of the attempt before hold.
func (t *Transfer) begin(b []byte) {
	t.Attempts++
	if len(b) < updateBeginLen {
		return
	}
	t.Announced = true
	t.Offered = b[0]&1 != 0
	t.ChunkSize = binary.BigEndian.Uint16(b[1:])
	t.Size = binary.BigEndian.Uint32(b[3:])
	t.Destination = b[7]
	t.Address = binary.BigEndian.Uint32(b[8:])
}

// chunk notes a chunk, with its index if it has one.
func (t *Transfer) chunk(m *coap.Message) Progress {
	crc, index, indexed := chunkQuery(m)
	if !indexed {
		index = t.next
	}
	p := Progress{Known: true, Index: index, CRCOK: crc == crc32.ChecksumIEEE(m.Payload)}
	t.Sent++
	_, p.Repeated = t.parts[index]
	if p.Repeated {
		t.Repeated++
	}
	if p.CRCOK {
		t.keep(index, m.Payload, p.Repeated)
		t.next = index + 1
	} else {
		t.Wrong++
	}
	return p
}

// keep stores a chunk. One that was there before is stored anew, for the device
// does so too.
func (t *Transfer) keep(index uint32, data []byte, repeated bool) {
	delete(t.lost, index)
	if repeated {
		if p := t.parts[index]; int(p.end-p.start) == len(data) {
			copy(t.data[p.start:], data)
			return
		}
	}
	beyond := t.Announced && t.ChunkSize > 0 && index >= t.Total()
	if beyond || len(t.data)+len(data) > maxImage || len(t.parts) >= maxChunks {
		t.Unkept++
		return
	}
	if t.parts == nil {
		t.parts = make(map[uint32]piece)
	}
	start := uint32(len(t.data))
	t.data = append(t.data, data...)
	t.parts[index] = piece{start, uint32(len(t.data))}
}

// missed notes that the device asks for chunks again.
func (t *Transfer) missed(list []byte) {
	for ; len(list) >= 2; list = list[2:] {
		t.Asked++
		index := uint32(binary.BigEndian.Uint16(list))
		if _, ok := t.parts[index]; !ok {
			continue
		}
		if t.lost == nil {
			t.lost = make(map[uint32]bool)
		}
		t.lost[index] = true
	}
}

// progress fills in where the transfer stands.
func (t *Transfer) progress(p Progress) Progress {
	p.Known, p.Received, p.Total = true, t.Received(), t.Total()
	return p
}

// updateBeginLen is the length of the figures of an offer in bytes.
const updateBeginLen = 12

// chunkQuery returns the CRC-32 and the index of a chunk from its Uri-Query
// options.
func chunkQuery(m *coap.Message) (crc, index uint32, indexed bool) {
	for i, q := range queries(m) {
		switch {
		case i == 0 && len(q.Value) == 4:
			crc = binary.BigEndian.Uint32(q.Value)
		case i == 1 && len(q.Value) == 2:
			index, indexed = uint32(binary.BigEndian.Uint16(q.Value)), true
		}
	}
	return crc, index, indexed
}

// trackUpdate lets a message bear on the firmware transfer, and notes in g where
// that stands.
func (c *Conversation) trackUpdate(g *Meaning, at time.Time, m *coap.Message) {
	switch g.Kind {
	case KindUpdateBegin, KindSaveBegin:
		c.beginUpdate(at, m)
	case KindChunk:
		if c.update == nil || c.update.Over() {
			c.newUpdate(at)
		}
		g.Update = c.update.chunk(m)
		c.pending[g.From].last().ref = g.Update.Index
	}
	t := c.update
	if t == nil {
		return
	}
	switch g.Kind {
	case KindUpdateBegin, KindSaveBegin, KindChunk, KindChunkAck, KindChunkReceived, KindUpdateAck:
	case KindChunkRefused: // it was damaged behind this place, and comes again
		if g.HasRTT {
			t.next = g.Update.Index
		}
	case KindUpdateReady:
		t.Fast = len(m.Payload) > 0 && m.Payload[0]&1 != 0
	case KindChunkMissed:
		t.missed(m.Payload)
	case KindUpdateDoneReply:
		t.end(at, true)
	case KindUpdateDone:
		if g.From == stream.FromDevice {
			t.end(at, true)
		}
	case KindUpdateRefused, KindUpdateAbort:
		t.end(at, false)
	case KindUpdateIncomplete:
	default:
		return
	}
	g.Update = t.progress(g.Update)
}

func (t *Transfer) end(at time.Time, confirmed bool) {
	if !t.Over() {
		t.Ended = at
	}
	t.Confirmed = t.Confirmed || confirmed
}

// beginUpdate starts a transfer, unless the cloud only repeats its offer.
func (c *Conversation) beginUpdate(at time.Time, m *coap.Message) {
	if c.update == nil || c.update.Over() || c.update.Sent > 0 {
		c.newUpdate(at)
	}
	c.update.begin(m.Payload)
}

func (c *Conversation) newUpdate(at time.Time) {
	c.update = &Transfer{Began: at}
	c.updates++
}
