package particle

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

// A firmware image for a Photon is a module. It says of itself, little endian,
// at its beginning, or behind the table of interrupt vectors if it begins with
// one (particle-iot/device-os@v2.3.1:dynalib/inc/module_info.h and
// platform/MCU/STM32F2xx/SPARK_Firmware_Driver/src/flash_mal.c):
//
//	0  4  address of its first byte in flash
//	4  4  address behind its last byte, where its CRC-32 stands, big endian
//	8  2  reserved, flags
//	10 2  version
//	12 2  platform
//	14 1  function
//	15 1  index
//	16 4  a module that it needs: function, index, version (2)
//	20 4  another one
const (
	moduleHeaderLen = 24
	vectorsLen      = 0x184      // of the STM32F2 in a Photon
	stackMask       = 0x2ff10000 // of the first vector, the initial stack pointer,
	stackInRAM      = 0x20000000 // which is in RAM
)

// Module is what a firmware image says of itself.
type Module struct {
	Start, End uint32 // addresses in flash: of the first byte, and behind the last one
	Version    uint16
	Platform   uint16 // 6 Photon, 8 P1
	Function   ModuleFunction
	Index      uint8
	Needs      [2]ModuleNeed // Function 0: none

	HasCRC           bool // the image is long enough to hold the CRC-32
	Stored, Computed uint32
}

// ModuleNeed is a module that another one needs.
type ModuleNeed struct {
	Function ModuleFunction
	Index    uint8
	Version  uint16 // the least
}

// ModuleFunction is what a module is for.
type ModuleFunction uint8

var moduleFunctions = [...]string{"no module", "resource", "bootloader", "monolithic firmware", "system part", "application", "settings"}

// String returns the function in words.
func (f ModuleFunction) String() string {
	if int(f) < len(moduleFunctions) {
		return moduleFunctions[f]
	}
	return fmt.Sprintf("function %d", uint8(f))
}

// ParseModule finds the header of an image. ok is false if there is none: the
// image is too short, or what stands at its place makes no sense.
func ParseModule(image []byte) (m Module, ok bool) {
	at := 0
	if len(image) >= 4 && binary.LittleEndian.Uint32(image)&stackMask == stackInRAM {
		at = vectorsLen
	}
	if len(image) < at+moduleHeaderLen {
		return Module{}, false
	}
	b := image[at:]
	m = Module{
		Start: binary.LittleEndian.Uint32(b), End: binary.LittleEndian.Uint32(b[4:]),
		Version: binary.LittleEndian.Uint16(b[10:]), Platform: binary.LittleEndian.Uint16(b[12:]),
		Function: ModuleFunction(b[14]), Index: b[15],
		Needs: [2]ModuleNeed{moduleNeed(b[16:]), moduleNeed(b[20:])},
	}
	if m.Function == 0 || int(m.Function) >= len(moduleFunctions) || m.End <= m.Start {
		return Module{}, false
	}
	if size := int64(m.End - m.Start); size+crc32.Size <= int64(len(image)) {
		m.HasCRC = true
		m.Stored, m.Computed = binary.BigEndian.Uint32(image[size:]), crc32.ChecksumIEEE(image[:size])
	}
	return m, true
}

func moduleNeed(b []byte) ModuleNeed {
	return ModuleNeed{ModuleFunction(b[0]), b[1], binary.LittleEndian.Uint16(b[2:])}
}

// Size returns the bytes of the module, its CRC-32 included.
func (m *Module) Size() int64 { return int64(m.End) - int64(m.Start) + crc32.Size }

// String says what the module is.
func (m *Module) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %d version %d for platform %d", m.Function, m.Index, m.Version, m.Platform)
	if name := platforms[uint64(m.Platform)]; name != "" {
		fmt.Fprintf(&b, " (%s)", name)
	}
	fmt.Fprintf(&b, ", %08x to %08x", m.Start, m.End)
	for i, n := range m.Needs {
		if n.Function != 0 {
			fmt.Fprintf(&b, ", %s %v %d version %d", [...]string{"needs", "and"}[i], n.Function, n.Index, n.Version)
		}
	}
	return b.String()
}

// region is where a Photon and a P1 keep a module.
type region struct {
	function   ModuleFunction
	index      uint8
	start, end uint32
}

// regions are from particle-iot/device-os@v2.3.1:hal/src/photon/ota_module_bounds.c.
var regions = [...]region{
	{2, 0, 0x08000000, 0x08004000},
	{3, 0, 0x08020000, 0x08080000},
	{4, 1, 0x08020000, 0x08060000},
	{4, 2, 0x08060000, 0x080a0000},
	{5, 1, 0x080a0000, 0x080c0000},
}

const (
	photonPlatform = 6
	p1Platform     = 8
)

// Faults returns why a device refuses the module, or would not run it: nothing
// if it fits. size is that of the image it came in, platform that of the device,
// negative if it is not known.
func (m *Module) Faults(size, platform int) []string {
	var faults []string
	if platform >= 0 && platform != int(m.Platform) {
		faults = append(faults, fmt.Sprintf("the device is platform %d", platform))
	}
	switch {
	case !m.HasCRC:
		faults = append(faults, fmt.Sprintf("it says that it has %d bytes, and the image has %d", m.Size(), size))
	case m.Stored != m.Computed:
		faults = append(faults, fmt.Sprintf("its CRC-32 is %08x and should be %08x", m.Stored, m.Computed))
	}
	if m.Platform == photonPlatform || m.Platform == p1Platform {
		faults = append(faults, m.misplaced()...)
	}
	return faults
}

// misplaced says that the module's addresses are not those of its kind.
func (m *Module) misplaced() []string {
	for _, r := range regions {
		if r.function != m.Function || r.index != m.Index {
			continue
		}
		if m.Start != r.start || m.End > r.end {
			return []string{fmt.Sprintf("%v %d belongs at %08x to %08x", m.Function, m.Index, r.start, r.end)}
		}
		return nil
	}
	return []string{fmt.Sprintf("a Photon has no %v %d", m.Function, m.Index)}
}
