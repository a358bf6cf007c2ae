package captures

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// Every link type that can be stripped is one that is read, and no other.
func TestLinkTypesThatAreNotReadAreCounted(t *testing.T) {
	for link := range 300 {
		header := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}
		file := binary.LittleEndian.AppendUint32(header, uint32(link))
		for range 3 {
			file = append(file, make([]byte, 8)...)
			file = append(append(file, 40, 0, 0, 0, 40, 0, 0, 0), make([]byte, 40)...)
		}
		var stats Stats
		for _, err := range Read(bytes.NewReader(file), ReadOptions{Stats: &stats}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		want := 3
		if LinkType(link).read() {
			want = 0
		} else if _, first := strip(uint16(link), make([]byte, 40)); first != atNothing {
			t.Errorf("link type %d is read", link)
		}
		if stats.UnknownLink != want || want > 0 && stats.FirstUnknown != LinkType(link) {
			t.Errorf("link type %d: %d packets of link type %v are unknown, want %d", link, stats.UnknownLink, stats.FirstUnknown, want)
		}
	}
}
