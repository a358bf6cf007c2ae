package sim

import (
	"errors"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
)

// errRestart ends the session of a device that starts its new firmware.
var errRestart = errors.New("sim: the device restarts")

// update is a firmware image on its way to the device.
type update struct {
	fast      bool
	chunkSize int
	limit     int // bytes
	size      int // announced, 0 if it was not
	image     []byte
	have      []bool // by chunk
	next      int    // the chunk that comes next, in normal mode
	asked     bool   // for chunks missed
	askAgain  time.Time
}

// updateBodyLen is the length of an UpdateBegin's payload.
const updateBodyLen = 12

// maxChunks is one more than the chunks of an update can be.
const maxChunks = 65535

func (s *DeviceSession) beginUpdate(m *coap.Message) error {
	u := &update{chunkSize: s.device.chunkSize(), limit: s.device.maxBinary()}
	if p := m.Payload; len(p) >= updateBodyLen {
		u.fast = p[0]&particle.UpdateFast != 0
		u.chunkSize = orElse(int(be.Uint16(p[1:])), u.chunkSize)
		u.size = int(min(be.Uint32(p[3:]), uint32(u.limit)+1))
	}
	chunks := (u.size + u.chunkSize - 1) / u.chunkSize
	if s.device.RefuseUpdates || u.size > u.limit || chunks >= maxChunks {
		return s.refuseUpdate(m)
	}
	u.image, u.have = make([]byte, u.size), make([]bool, chunks)
	s.update = u
	if err := s.ack(m); err != nil {
		return err
	}
	var flags byte
	if u.fast {
		flags = particle.UpdateFast
	}
	return s.send(particle.ComposeUpdateReady(0, s.tokenOf(m), flags))
}

func (s *DeviceSession) refuseUpdate(m *coap.Message) error {
	var token []byte
	code := coap.Code(s.profile.RefusesWith)
	if code == coap.ServiceUnavailable {
		token = s.tokenOf(m)
	}
	return s.reply(particle.ComposeAckReply(code, m.ID, token, nil))
}

// chunk stores a chunk whose CRC is right. In fast mode newer firmware answers
// nothing, and nobody answers a bad one.
func (s *DeviceSession) chunk(m *coap.Message) error {
	u := s.update
	crc, index, fast := chunkQueries(m)
	good := u != nil && crc == particle.ChunkCRC(m.Payload)
	if good {
		if !fast {
			index = u.next
			u.next++
		}
		u.store(index, m.Payload)
	}
	if fast && (!s.profile.ChunkAcksInFast || !good) {
		return s.completed()
	}
	if err := s.ack(m); err != nil {
		return err
	}
	code := coap.Changed
	if !good {
		code = coap.BadRequest
	}
	if err := s.send(particle.ComposeNonReply(code, 0, s.tokenOf(m), nil)); err != nil {
		return err
	}
	return s.completed()
}

// chunkQueries returns what a chunk says about itself.
func chunkQueries(m *coap.Message) (crc uint32, index int, fast bool) {
	var q [][]byte
	for _, o := range m.Options {
		if o.Number == coap.URIQuery {
			q = append(q, o.Value)
		}
	}
	if len(q) > 0 && len(q[0]) == 4 {
		crc = be.Uint32(q[0])
	}
	if len(q) > 1 && len(q[1]) == 2 {
		return crc, int(be.Uint16(q[1])), true
	}
	return crc, 0, false
}

// store puts a chunk in its place, cut at the image's end: servers fill the last
// one with zeros.
func (u *update) store(index int, data []byte) {
	at := index * u.chunkSize
	if u.size == 0 { // not announced: it grows up to the limit
		if end := at + len(data); end > len(u.image) && end <= u.limit {
			u.image = append(u.image, make([]byte, end-len(u.image))...)
		}
	}
	for u.size == 0 && index >= len(u.have) && at < len(u.image) {
		u.have = append(u.have, false)
	}
	if index < len(u.have) {
		copy(u.image[at:], data)
		u.have[index] = true
	}
}

// missing returns the chunks that have not come, at most n.
func (u *update) missing(n int) (list []uint16) {
	for i, have := range u.have {
		if !have && len(list) < n {
			list = append(list, uint16(i))
		}
	}
	return list
}

// completed is the end of a repeat: the older stack says that it has the last
// missing chunk.
func (s *DeviceSession) completed() error {
	u := s.update
	if u == nil || !u.asked || len(u.missing(1)) > 0 {
		return nil
	}
	u.asked = false
	if !s.profile.RepeatsMissed {
		return nil
	}
	return s.send(particle.ComposeUpdateDone(coap.NonConfirmable, 0, nil))
}

func (s *DeviceSession) updateDone(m *coap.Message) error {
	u := s.update
	if u == nil || len(u.missing(1)) > 0 {
		if err := s.reply(particle.ComposeAckReply(coap.BadRequest, m.ID, s.tokenOf(m), nil)); err != nil || u == nil {
			return err
		}
		return s.askMissed()
	}
	var verdict []byte
	if s.profile.UpdateReplyJSON {
		verdict = []byte(`{"r":0}`)
	}
	if err := s.reply(particle.ComposeAckReply(coap.Changed, m.ID, s.tokenOf(m), verdict)); err != nil {
		return err
	}
	s.update = nil
	if s.device.Image != nil && s.device.Image(u.image) {
		return nil
	}
	return errRestart
}

// askMissed asks for the chunks that are missing.
func (s *DeviceSession) askMissed() error {
	u, p := s.update, s.profile
	u.asked, u.askAgain = true, time.Now().Add(missedAgain)
	t := coap.NonConfirmable
	if p.MissedIsCON {
		t = coap.Confirmable
	}
	return s.send(particle.ComposeChunkMissed(t, 0, u.missing(p.MissedAtOnce)))
}
