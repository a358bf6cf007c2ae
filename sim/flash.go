package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
)

// Flash is a firmware update: what is sent, and how.
type Flash struct {
	Image       []byte
	Fast        bool // chunks back to back, those missed once more at the end
	ChunkSize   int  // bytes; 0: 512
	Destination byte // 0 firmware, 1 system, 128 application slot
	Address     uint32
	Save        bool          // begin by the resource s, which no server uses
	Pause       time.Duration // between chunks
	Bare        bool          // begin without saying what comes, as spark-protocol's last try does; never fast
}

// FlashResult is how an update went.
type FlashResult struct {
	Reply   []byte   // what the device said to the end: JSON or nothing
	Missed  []uint16 // chunks it asked for again, in fast mode
	Refused int      // chunks whose CRC it found wrong, in normal mode
}

// What bounds the patience with a device that does not get its chunks.
const (
	chunkTries  = 5
	missedTurns = 20
)

// errIncomplete is an update that does not come to an end.
var errIncomplete = errors.New("sim: flash: the device still misses chunks")

// Flash updates the device's firmware. The error is [ErrRefusal] if the device
// does not want it.
func (s *CloudSession) Flash(ctx context.Context, f Flash) (r FlashResult, err error) {
	f.ChunkSize = orElse(f.ChunkSize, chunkSize)
	ready, err := s.beginFlash(ctx, f)
	if err != nil {
		return r, err
	}
	missed := s.watches.add(4, func(m *coap.Message) bool { return m.Code == coap.GET && m.Path() == 'c' })
	defer s.watches.remove(missed)
	f.Fast = f.Fast && len(ready.Payload) == 1 && ready.Payload[0]&particle.UpdateFast != 0
	for i := range f.chunks() {
		if err := s.sendChunk(ctx, f, i, &r); err != nil {
			return r, err
		}
	}
	return r, s.endFlash(ctx, f, missed, &r)
}

func (f *Flash) chunks() int { return (len(f.Image) + f.ChunkSize - 1) / f.ChunkSize }

func (s *CloudSession) beginFlash(ctx context.Context, f Flash) (coap.Message, error) {
	body := &particle.UpdateBody{
		ChunkSize: uint16(f.ChunkSize), FileSize: uint32(len(f.Image)), Destination: f.Destination, Address: f.Address,
	}
	if f.Fast {
		body.Flags = particle.UpdateFast
	}
	if f.Bare {
		body = nil
	}
	compose := particle.ComposeUpdateBegin
	if f.Save {
		compose = particle.ComposeSaveBegin
	}
	return s.request(ctx, "flash", func(token []byte) coap.Message { return compose(0, token, body) })
}

// sendChunk sends one chunk, the last one filled with zeros as the servers do.
// In normal mode it waits for the device's verdict and repeats a chunk that was
// damaged.
func (s *CloudSession) sendChunk(ctx context.Context, f Flash, i int, r *FlashResult) error {
	data := make([]byte, f.ChunkSize)
	copy(data, f.Image[i*f.ChunkSize:])
	chunk := particle.ChunkBody{CRC: particle.ChunkCRC(data), Index: i, Data: data}
	if err := pause(ctx, f.Pause); err != nil {
		return err
	}
	if f.Fast {
		return s.send(particle.ComposeChunk(0, s.nextToken(), chunk))
	}
	chunk.Index = -1
	for range chunkTries {
		_, err := s.request(ctx, fmt.Sprintf("chunk %d", i), func(token []byte) coap.Message {
			return particle.ComposeChunk(0, token, chunk)
		})
		if !errors.Is(err, ErrRefusal) {
			return err
		}
		r.Refused++
	}
	return errIncomplete
}

// endFlash says that all is sent, and sends what the device misses until it has
// everything.
func (s *CloudSession) endFlash(ctx context.Context, f Flash, missed *watch, r *FlashResult) error {
	for range missedTurns {
		m, err := s.request(ctx, "end of the flash", func(token []byte) coap.Message {
			return particle.ComposeUpdateDone(coap.Confirmable, 0, token)
		})
		if err == nil {
			r.Reply = m.Payload
			return nil
		}
		if !errors.Is(err, ErrRefusal) || !f.Fast {
			return err
		}
		list, err := s.await(ctx, missed)
		if err != nil {
			return fmt.Errorf("sim: missed chunks: %w", err)
		}
		for p := list.Payload; len(p) >= 2; p = p[2:] {
			i := be.Uint16(p)
			r.Missed = append(r.Missed, i)
			if int(i) >= f.chunks() {
				continue
			}
			if err := s.sendChunk(ctx, f, int(i), r); err != nil {
				return err
			}
		}
	}
	return errIncomplete
}

// pause waits, or returns the context's error.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
