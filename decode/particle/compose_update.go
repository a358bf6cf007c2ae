package particle

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/photonscope/photonscope/decode/coap"
)

// UpdateFast is the flag by which a firmware update in fast mode is offered, and
// accepted.
const UpdateFast = 0x01

// UpdateBody is the content of an UpdateBegin. All numbers travel big endian.
type UpdateBody struct {
	Flags       byte
	ChunkSize   uint16 // bytes
	FileSize    uint32 // bytes
	Destination byte   // 0 firmware, 1 system, 128 application slot
	Address     uint32
}

// ComposeUpdateBegin returns the cloud's announcement of a firmware update. Nil
// means no payload: the device then assumes size 0 and defaults.
func ComposeUpdateBegin(id uint16, token []byte, u *UpdateBody) coap.Message {
	return updateBegin(id, token, 'u', u)
}

// ComposeSaveBegin is ComposeUpdateBegin for the resource s, which devices treat
// alike and no Node server uses.
func ComposeSaveBegin(id uint16, token []byte, u *UpdateBody) coap.Message {
	return updateBegin(id, token, 's', u)
}

func updateBegin(id uint16, token []byte, resource byte, u *UpdateBody) coap.Message {
	m := compose(template{coap.Confirmable, coap.POST, resource}, id, token)
	if u != nil {
		be := binary.BigEndian
		m.Payload = be.AppendUint16([]byte{u.Flags}, u.ChunkSize)
		m.Payload = append(be.AppendUint32(m.Payload, u.FileSize), u.Destination)
		m.Payload = be.AppendUint32(m.Payload, u.Address)
	}
	return m
}

// ComposeUpdateReady returns the device's readiness for the update that token
// began, with the flags it accepts. A Spark Core sends no flags.
func ComposeUpdateReady(id uint16, token []byte, flags byte) coap.Message {
	return ComposeNonReply(coap.Changed, id, token, []byte{flags})
}

// ChunkCRC returns the checksum of a chunk's data: CRC-32 (IEEE).
func ChunkCRC(data []byte) uint32 { return crc32.ChecksumIEEE(data) }

// ChunkBody is a part of a firmware image.
type ChunkBody struct {
	CRC   uint32 // of Data: ChunkCRC, unless it is to fail
	Index int    // in fast mode; negative: none, the device counts
	Data  []byte
}

// ComposeChunk returns a chunk.
func ComposeChunk(id uint16, token []byte, c ChunkBody) coap.Message {
	be := binary.BigEndian
	m := withOption(compose(template{coap.Confirmable, coap.POST, 'c'}, id, token), coap.URIQuery, be.AppendUint32(nil, c.CRC))
	if c.Index >= 0 {
		m = withOption(m, coap.URIQuery, be.AppendUint16(nil, uint16(c.Index)))
	}
	m.Payload = c.Data
	return m
}

// ComposeUpdateDone returns the end of an update: from the cloud confirmable and
// with a token, from a device of the older stack, once the last missing chunk has
// come, neither.
func ComposeUpdateDone(t coap.Type, id uint16, token []byte) coap.Message {
	return compose(template{t, coap.PUT, 'u'}, id, token)
}

// ComposeChunkMissed returns a device's list of chunks it has not: confirmable
// before Device OS 2.0, not since.
func ComposeChunkMissed(t coap.Type, id uint16, indices []uint16) coap.Message {
	m := compose(template{t, coap.GET, 'c'}, id, nil)
	for _, i := range indices {
		m.Payload = binary.BigEndian.AppendUint16(m.Payload, i)
	}
	return m
}

// ComposeUpdateAbort returns the end of an update that failed; only Brewskey
// knows it.
func ComposeUpdateAbort(id uint16) coap.Message {
	return ComposeNonReply(coap.BadRequest, id, nil, nil)
}
