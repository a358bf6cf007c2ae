package particle

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// wire feeds messages to a conversation as they would travel.
type wire struct {
	t  testing.TB
	c  Conversation
	at time.Time
	m  coap.Message
	id [2]uint16
}

func newWire(t testing.TB) *wire { return &wire{t: t, at: time.Unix(1700000000, 0)} }

// send lets one side send a message, under its next ID unless it is an
// acknowledgement.
func (w *wire) send(from stream.Direction, m coap.Message) Meaning {
	w.t.Helper()
	if m.Type != coap.Acknowledgement {
		w.id[from]++
		m.ID = w.id[from]
	}
	b := m.Append(nil)
	if err := w.m.Parse(b); err != nil {
		w.t.Fatal(err)
	}
	w.at = w.at.Add(time.Millisecond)
	g := w.c.Next(from, w.at, &w.m)
	checkPartition(w.t, g.AppendFields(nil, &w.m), &w.m, b)
	return g
}

func option(number uint16, value ...byte) coap.Option {
	return coap.Option{Number: number, Value: value}
}

func beginMessage(size uint32, chunk uint16, fast byte) coap.Message {
	p := []byte{fast}
	p = binary.BigEndian.AppendUint16(p, chunk)
	p = binary.BigEndian.AppendUint32(p, size)
	p = append(p, 0, 0, 0, 0, 0)
	return coap.Message{Code: coap.POST, Token: []byte{1}, Options: []coap.Option{option(coap.URIPath, 'u')}, Payload: p}
}

func chunkMessage(data []byte, index int, fast bool) coap.Message {
	m := coap.Message{Code: coap.POST, Token: []byte{byte(index + 2)}, Payload: data,
		Options: []coap.Option{option(coap.URIPath, 'c'), option(coap.URIQuery, binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))...)}}
	if fast {
		m.Options = append(m.Options, option(coap.URIQuery, byte(index>>8), byte(index)))
	}
	return m
}

// firmware makes an image and its chunks, the last one filled with zeros.
func firmware(size, chunk int) (image []byte, chunks [][]byte) {
	r := rand.New(rand.NewPCG(1, 2))
	image = make([]byte, size)
	for i := range image {
		image[i] = byte(r.UintN(256))
	}
	binary.BigEndian.PutUint32(image[size-4:], crc32.ChecksumIEEE(image[:size-4]))
	for rest := image; len(rest) > 0; {
		n := min(chunk, len(rest))
		chunks = append(chunks, append(bytes.Clone(rest[:n]), make([]byte, chunk-n)...))
		rest = rest[n:]
	}
	return image, chunks
}

func TestAFastTransferWithLossEndsInTheWholeImage(t *testing.T) {
	w := newWire(t)
	image, chunks := firmware(20000, 512)
	w.send(stream.FromCloud, beginMessage(20000, 512, 1))
	w.send(stream.FromDevice, coap.Message{Type: coap.Acknowledgement, ID: 1})
	w.send(stream.FromDevice, coap.Message{Type: coap.NonConfirmable, Code: coap.Changed, Token: []byte{1}, Payload: []byte{1}})
	unsent := []int{3, 17, 39} // the cloud itself leaves these out
	for i, data := range chunks {
		if slices.Contains(unsent, i) {
			continue
		}
		g := w.send(stream.FromCloud, chunkMessage(data, i, true))
		if g.Kind != KindChunk || !g.Update.CRCOK || int(g.Update.Index) != i || g.Update.Total != 40 {
			t.Fatalf("chunk %d: %+v", i, g)
		}
	}
	u := w.c.Transfer()
	if got := u.Missing(); !slices.Equal(got, []uint32{3, 17, 39}) || !u.Fast || u.Received() != 37 {
		t.Errorf("missing %v, received %d, fast %v", got, u.Received(), u.Fast)
	}
	if part, complete := u.Image(); complete || !bytes.Equal(part, image[:3*512]) {
		t.Errorf("an incomplete image of %d bytes, complete %v", len(part), complete)
	}

	// The device lost a chunk more than the cloud left out.
	w.send(stream.FromCloud, coap.Message{Code: coap.PUT, Token: []byte{99}, Options: []coap.Option{option(coap.URIPath, 'u')}})
	g := w.send(stream.FromDevice, coap.Message{Type: coap.Acknowledgement, Code: coap.BadRequest, ID: w.id[stream.FromCloud], Token: []byte{99}})
	if g.Kind != KindUpdateIncomplete || u.Over() {
		t.Errorf("%v, over %v", g.Kind, u.Over())
	}
	g = w.send(stream.FromDevice, coap.Message{Code: coap.GET, Options: []coap.Option{option(coap.URIPath, 'c')}, Payload: []byte{0, 3, 0, 5, 0, 17, 0, 39}})
	if g.Kind != KindChunkMissed || g.Update.Received != 36 || !slices.Equal(u.Missing(), []uint32{3, 5, 17, 39}) || u.Asked != 4 {
		t.Errorf("%+v, missing %v, asked %d", g, u.Missing(), u.Asked)
	}
	for n, i := range []int{39, 5, 3, 17} {
		g := w.send(stream.FromCloud, chunkMessage(chunks[i], i, true))
		if g.Update.Received != uint32(37+n) || g.Update.Repeated != (i == 5) {
			t.Errorf("chunk %d: %+v", i, g.Update)
		}
	}
	g = w.send(stream.FromDevice, coap.Message{Type: coap.NonConfirmable, Code: coap.PUT, Options: []coap.Option{option(coap.URIPath, 'u')}})
	got, complete := u.Image()
	if g.Kind != KindUpdateDone || !u.Over() || !u.Confirmed || !complete || !bytes.Equal(got, image) || g.Update.Percent() != 100 {
		t.Errorf("%v: %d bytes, complete %v, %+v", g.Kind, len(got), complete, g.Update)
	}
}

func TestAChunkWithAWrongCRCIsCountedAgainUnderItsIndex(t *testing.T) {
	w := newWire(t)
	image, chunks := firmware(700, 256)
	w.send(stream.FromCloud, beginMessage(700, 256, 0))
	bad := chunkMessage(chunks[1], 1, false)
	bad.Payload = append(bytes.Clone(bad.Payload[:255]), ^bad.Payload[255])
	for n, m := range []coap.Message{chunkMessage(chunks[0], 0, false), bad, chunkMessage(chunks[1], 1, false), chunkMessage(chunks[2], 2, false)} {
		g := w.send(stream.FromCloud, m)
		if want := []uint32{0, 1, 1, 2}[n]; g.Update.Index != want || g.Update.CRCOK != (n != 1) {
			t.Errorf("chunk %d: %+v", n, g.Update)
		}
		code := coap.Changed
		if n == 1 {
			code = coap.BadRequest
		}
		g = w.send(stream.FromDevice, coap.Message{Type: coap.NonConfirmable, Code: code, Token: m.Token})
		if want := map[coap.Code]Kind{coap.Changed: KindChunkReceived, coap.BadRequest: KindChunkRefused}[code]; g.Kind != want || !g.HasRTT {
			t.Errorf("reply %d is %v", n, g.Kind)
		}
	}
	u := w.c.Transfer()
	if got, complete := u.Image(); !complete || !bytes.Equal(got, image) || u.Wrong != 1 || u.Sent != 4 {
		t.Errorf("%d bytes, complete %v, %d wrong of %d", len(got), complete, u.Wrong, u.Sent)
	}
}

// A chunk that is whole here and refused by the device was damaged behind this
// place; the cloud sends it again.
func TestAChunkThatTheDeviceRefusesIsCountedAgainUnderItsIndex(t *testing.T) {
	w := newWire(t)
	image, chunks := firmware(700, 256)
	w.send(stream.FromCloud, beginMessage(700, 256, 0))
	for n, i := range []int{0, 1, 1, 2} {
		m := chunkMessage(chunks[i], i, false)
		m.Token = []byte{byte(0x30 + n)}
		if g := w.send(stream.FromCloud, m); g.Update.Index != uint32(i) {
			t.Errorf("chunk %d is taken for %d", i, g.Update.Index)
		}
		code := coap.Changed
		if n == 1 {
			code = coap.BadRequest
		}
		w.send(stream.FromDevice, coap.Message{Type: coap.NonConfirmable, Code: code, Token: m.Token})
	}
	u := w.c.Transfer()
	if got, complete := u.Image(); !complete || !bytes.Equal(got, image) || u.Repeated != 1 {
		t.Errorf("%d bytes, complete %v, %d repeated", len(got), complete, u.Repeated)
	}
}

func TestARepeatedOfferIsTheSameTransfer(t *testing.T) {
	w := newWire(t)
	_, chunks := firmware(256, 256)
	w.send(stream.FromCloud, beginMessage(256, 256, 0))
	w.send(stream.FromCloud, beginMessage(256, 256, 0))
	w.send(stream.FromCloud, coap.Message{Code: coap.POST, Token: []byte{1}, Options: []coap.Option{option(coap.URIPath, 'u')}})
	u := w.c.Transfer()
	if w.c.updates != 1 || u.Attempts != 3 || u.Size != 256 {
		t.Errorf("%d transfers, %+v", w.c.updates, u)
	}
	w.send(stream.FromCloud, chunkMessage(chunks[0], 0, false))
	w.send(stream.FromCloud, beginMessage(512, 256, 0))
	if w.c.updates != 2 || w.c.Transfer() == u || w.c.Transfer().Size != 512 {
		t.Errorf("%d transfers", w.c.updates)
	}
}

func TestChunksWithoutAnOfferAreKept(t *testing.T) {
	w := newWire(t)
	image, chunks := firmware(512, 256)
	for i, data := range chunks {
		w.send(stream.FromCloud, chunkMessage(data, i, true))
	}
	got, complete := w.c.Transfer().Image()
	if !bytes.Equal(got, image) || complete || w.c.Transfer().Announced {
		t.Errorf("%d bytes, complete %v", len(got), complete)
	}
}

// A size that was announced costs nothing; what arrives is kept up to a bound.
func TestALyingOfferCostsNothing(t *testing.T) {
	w := newWire(t)
	grown := testing.AllocsPerRun(1, func() { w.send(stream.FromCloud, beginMessage(1<<32-1, 1, 1)) })
	if grown > 50 {
		t.Errorf("%v allocations", grown)
	}
	if total := w.c.Transfer().Total(); total != 1<<32-1 {
		t.Errorf("%d chunks", total)
	}
	if n := len(w.c.Transfer().Missing()); n != maxChunks {
		t.Errorf("%d missing chunks are listed", n)
	}
	data := make([]byte, 60000)
	for i := range 100 {
		w.send(stream.FromCloud, chunkMessage(data, i*600, true))
	}
	u := w.c.Transfer()
	if len(u.data) > maxImage || u.Unkept == 0 || u.Sent != 100 {
		t.Errorf("%d bytes kept, %d chunks not", len(u.data), u.Unkept)
	}
}
