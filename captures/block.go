package captures

import (
	"encoding/binary"
	"time"
)

// beginBlock appends the front of a block and returns where it begins.
func beginBlock(dst []byte, kind uint32) ([]byte, int) {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, kind)
	return append(dst, 0, 0, 0, 0), start
}

// endBlock completes the block that begins at start.
func endBlock(dst []byte, start int) []byte {
	n := uint32(len(dst) - start + 4)
	binary.LittleEndian.PutUint32(dst[start+4:], n)
	return binary.LittleEndian.AppendUint32(dst, n)
}

// WholeBlocks returns the length of the whole blocks at the front of b, which an
// [Encoder] appended, perhaps cut anywhere. A file that took no more is valid if it
// ends there.
func WholeBlocks(b []byte) (n int) {
	for len(b)-n >= blockFrame {
		size := int(binary.LittleEndian.Uint32(b[n+4:]))
		if size < blockFrame || size > len(b)-n {
			break
		}
		n += size
	}
	return n
}

// appendSection appends a section header.
func appendSection(dst []byte, app string) []byte {
	dst, start := beginBlock(dst, blockSection)
	dst = binary.LittleEndian.AppendUint32(dst, byteOrderMagic)
	dst = append(dst, 1, 0, 0, 0)                                     // version 1.0
	dst = append(dst, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) // as long as the file is
	if app != "" {
		dst = appendOption(dst, optAppl, app[:min(len(app), 255)])
		dst = appendOption(dst, optEnd, "")
	}
	return endBlock(dst, start)
}

// appendInterface appends an interface of raw IP with times in ns.
func appendInterface(dst []byte, name string) []byte {
	dst, start := beginBlock(dst, blockInterface)
	dst = append(dst, linkRaw, 0, 0, 0, 0, 0, 0, 0) // whole packets, whatever their length
	dst = appendOption(dst, optName, name)
	dst = appendOption(dst, optTimeRes, "\x09")
	dst = appendOption(dst, optEnd, "")
	return endBlock(dst, start)
}

func appendOption[T string | []byte](dst []byte, code uint16, value T) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, code)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(value)))
	return pad(append(dst, value...), len(value))
}

// pad appends what n bytes lack to a multiple of 4.
func pad(dst []byte, n int) []byte { return append(dst, make([]byte, padded(n)-n)...) }

// appendTime appends ns since 1970 in two halves; earlier times become 0.
func appendTime(dst []byte, at time.Time) []byte {
	ns := max(at.UnixNano(), 0)
	if at.IsZero() {
		ns = 0
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(ns>>32))
	return binary.LittleEndian.AppendUint32(dst, uint32(ns))
}
