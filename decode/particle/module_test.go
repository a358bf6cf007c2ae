package particle

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strings"
	"testing"
)

// module makes an image of a header and so many bytes in all.
func module(header string, at, size int) []byte {
	b := make([]byte, size)
	head, err := hex.DecodeString(strings.ReplaceAll(header, " ", ""))
	if err != nil {
		panic(err)
	}
	copy(b[at:], head)
	body := b[:size-crc32.Size]
	return binary.BigEndian.AppendUint32(body, crc32.ChecksumIEEE(body))
}

// An application of 1000 bytes for a Photon: 080a0000 to 080a03e4.
const application = "00000a08 e4030a08 0000 0600 0600 05 01 04 02 bd04 00000000"

func TestAModuleSaysWhatItIs(t *testing.T) {
	image := module(application, 0, 1000)
	m, ok := ParseModule(image)
	want := "application 1 version 6 for platform 6 (Photon), 080a0000 to 080a03e4, needs system part 2 version 1213"
	if !ok || m.String() != want || m.Size() != 1000 || len(m.Faults(len(image), 6)) > 0 {
		t.Errorf("%v %v %d, faults %v", ok, m.String(), m.Size(), m.Faults(len(image), 6))
	}
	// Behind vectors, the first of which is the stack pointer.
	image = module("00000208 88130208 0000 fd08 0600 04 01 02 00 6500 00000000", vectorsLen, 5004)
	copy(image, []byte{0, 0, 2, 0x20})
	binary.BigEndian.PutUint32(image[5000:], crc32.ChecksumIEEE(image[:5000]))
	m, ok = ParseModule(image)
	if !ok || m.Function.String() != "system part" || len(m.Faults(len(image), -1)) > 0 {
		t.Errorf("%v %v, faults %v", ok, m.String(), m.Faults(len(image), -1))
	}
}

func TestAModuleThatDoesNotFitSaysWhy(t *testing.T) {
	changed := bytes.Clone(module(application, 0, 1000))
	changed[500] ^= 1
	for want, c := range map[string]struct {
		image    []byte
		platform int
	}{
		"the device is platform 10": {module(application, 0, 1000), 10},
		"its CRC-32 is":             {changed, 6},
		"it says that it has 1000 bytes, and the image has 900": {module(application, 0, 900), 6},
		"application 1 belongs at 080a0000 to 080c0000":         {module(strings.Replace(application, "00000a08", "00000908", 1), 0, 66_536), 6},
		"a Photon has no application 2":                         {module(strings.Replace(application, "05 01 04", "05 02 04", 1), 0, 1000), -1},
	} {
		m, ok := ParseModule(c.image)
		faults := m.Faults(len(c.image), c.platform)
		if !ok || len(faults) != 1 || !strings.HasPrefix(faults[0], want) {
			t.Errorf("%v, faults %q, want %q", ok, faults, want)
		}
	}
}

func TestBytesThatAreNoModuleAreNotTakenForOne(t *testing.T) {
	none := [][]byte{nil, make([]byte, 23), make([]byte, 1000), bytes.Repeat([]byte{0xff}, 1000), []byte(strings.Repeat("text", 100)), {0, 0, 2, 0x20}}
	for _, image := range none {
		if m, ok := ParseModule(image); ok {
			t.Errorf("%d bytes are %v", len(image), m)
		}
	}
}
