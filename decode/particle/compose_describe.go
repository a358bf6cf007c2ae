package particle

import (
	"encoding/binary"
	"strconv"

	"github.com/photonscope/photonscope/decode/coap"
)

// Bits of the flags of a Describe request or post: which parts are meant.
const (
	DescribeSystem      = 0x01
	DescribeApplication = 0x02
	DescribeMetrics     = 0x04
)

// ComposeDescribeRequest returns the cloud's question for a description. Flags 0
// means no query, as both Node servers send it: system and application. Device OS
// 3.3 and later refuses that.
func ComposeDescribeRequest(id uint16, token []byte, flags byte) coap.Message {
	m := compose(template{coap.Confirmable, coap.GET, 'd'}, id, token)
	if flags != 0 {
		m = withOption(m, coap.URIQuery, []byte{flags})
	}
	return m
}

// DescribePart is a description or a block of one.
type DescribePart struct {
	Flags   byte       // which parts are described; in a post only
	Tag     []byte     // the same for every block of a description; in a reply only
	Block   *BlockBody // nil: it is whole
	Payload []byte
}

// ComposeDescribePost returns a description that a device sends unasked (Device
// OS 2.0 and later; with a token since 3.3).
func ComposeDescribePost(id uint16, token []byte, p DescribePart) coap.Message {
	m := compose(template{coap.Confirmable, coap.POST, 'd'}, id, token)
	m = withOption(m, coap.URIQuery, []byte{p.Flags})
	if p.Block != nil {
		m = withOption(m, coap.Block1, p.Block.Value())
	}
	m.Payload = p.Payload
	return m
}

// ComposeDescribeReply returns a description that was asked for, in a message of
// its own (Device OS 2.0 and later; in blocks since 3.3).
func ComposeDescribeReply(id uint16, token []byte, p DescribePart) coap.Message {
	m := ComposeConReply(coap.Content, id, token, p.Payload)
	if p.Block != nil {
		m = withOption(m, coap.ETag, p.Tag)
		m = withOption(m, coap.Block2, p.Block.Value())
	}
	return m
}

// ComposeBlockRequest is ComposeDescribeRequest for one block.
func ComposeBlockRequest(id uint16, token []byte, flags byte, block BlockBody) coap.Message {
	return withOption(ComposeDescribeRequest(id, token, flags), coap.Block2, block.Value())
}

// BlockBody is the value of a Block1 or Block2 option (RFC 7959 section 2.2).
type BlockBody struct {
	Number uint32
	More   bool
	Size   byte // the exponent: 5 means 512 bytes, as on a Photon
}

// Value returns the option's value.
func (b BlockBody) Value() []byte {
	v := b.Number<<4 | uint32(b.Size&7)
	if b.More {
		v |= 8
	}
	return shortUint(v)
}

// ParseBlock reads the value of a Block1 or Block2 option; ok is false if it is
// longer than RFC 7959 allows.
func ParseBlock(value []byte) (b BlockBody, ok bool) {
	if len(value) > 3 {
		return b, false
	}
	v := uint32(0)
	for _, x := range value {
		v = v<<8 | uint32(x)
	}
	return BlockBody{Number: v >> 4, More: v&8 != 0, Size: byte(v & 7)}, true
}

// DescribeBody is what a device says about itself, in the order of its firmware.
type DescribeBody struct {
	Functions  []string
	Variables  []DescribeVariable
	PlatformID int
	Hardware   string // further members of the object, such as `"imei":"…"`, or nothing
	Modules    []DescribeModule
}

// DescribeVariable is a variable's name and type: 1 bool, 2 int, 4 string, 9
// double.
type DescribeVariable struct {
	Name string
	Type int
}

// DescribeModule is one module of the firmware.
type DescribeModule struct {
	Size       int
	Location   byte // m main, b backup, f factory, t scratch
	Checked    int  // which checks were made
	Valid      int  // which of them passed
	UUID       string
	Function   byte // n none, r resource, b bootloader, m monolithic, s system, u user
	Index      int
	Version    int
	Depends    []DescribeDependency
	DummyEntry bool // close each dependency with "_":"", as 0.4.x does
}

// DescribeDependency is a module that another needs.
type DescribeDependency struct {
	Function byte
	Index    int
	Version  int
}

// AppendJSON appends the description as firmware writes it, the parts that flags
// name. The application comes first, except from Device OS 3.x (systemFirst).
func (d DescribeBody) AppendJSON(dst []byte, flags byte, systemFirst bool) []byte {
	parts := []func([]byte) []byte{}
	if flags&DescribeApplication != 0 {
		parts = append(parts, d.appendApplication)
	}
	if flags&DescribeSystem != 0 {
		parts = append(parts, d.appendSystem)
	}
	if systemFirst && len(parts) == 2 {
		parts[0], parts[1] = parts[1], parts[0]
	}
	dst = append(dst, '{')
	for i, part := range parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = part(dst)
	}
	return append(dst, '}')
}

func (d DescribeBody) appendApplication(dst []byte) []byte {
	dst = append(dst, `"f":[`...)
	for i, f := range d.Functions {
		dst = appendQuoted(appendComma(dst, i), f)
	}
	dst = append(dst, `],"v":{`...)
	for i, v := range d.Variables {
		dst = appendQuoted(appendComma(dst, i), v.Name)
		dst = strconv.AppendInt(append(dst, ':'), int64(v.Type), 10)
	}
	return append(dst, '}')
}

func (d DescribeBody) appendSystem(dst []byte) []byte {
	dst = append(dst, `"p":`...)
	dst = strconv.AppendInt(dst, int64(d.PlatformID), 10)
	if d.Hardware != "" {
		dst = append(append(dst, ','), d.Hardware...)
	}
	dst = append(dst, `,"m":[`...)
	for i, m := range d.Modules {
		dst = m.append(appendComma(dst, i))
	}
	return append(dst, ']')
}

func (m DescribeModule) append(dst []byte) []byte {
	dst = append(dst, `{"s":`...)
	dst = strconv.AppendInt(dst, int64(m.Size), 10)
	dst = append(append(append(dst, `,"l":"`...), m.Location), `","vc":`...)
	dst = strconv.AppendInt(dst, int64(m.Checked), 10)
	dst = strconv.AppendInt(append(dst, `,"vv":`...), int64(m.Valid), 10)
	if m.UUID != "" {
		dst = appendQuoted(append(dst, `,"u":`...), m.UUID)
	}
	dst = appendFunction(append(dst, ','), m.Function, m.Index, m.Version)
	dst = append(dst, `,"d":[`...)
	for i, d := range m.Depends {
		dst = appendFunction(append(appendComma(dst, i), '{'), d.Function, d.Index, d.Version)
		if m.DummyEntry {
			dst = append(dst, `,"_":""`...)
		}
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}

func appendFunction(dst []byte, function byte, index, version int) []byte {
	dst = append(append(append(dst, `"f":"`...), function), `","n":"`...)
	dst = strconv.AppendInt(dst, int64(index), 10)
	dst = append(dst, `","v":`...)
	return strconv.AppendInt(dst, int64(version), 10)
}

// appendQuoted quotes a name as firmware does: not escaping anything.
func appendQuoted(dst []byte, s string) []byte {
	return append(append(append(dst, '"'), s...), '"')
}

func appendComma(dst []byte, i int) []byte {
	if i == 0 {
		return dst
	}
	return append(dst, ',')
}

// MetricBody is one value of a metrics description. Bit 15 of the ID says that
// the value is an error code.
type MetricBody struct {
	ID    uint16
	Value uint32
}

// AppendMetrics appends a metrics description: a zero byte for "binary", its kind
// 4, the sizes of an ID (2) and a value (4), and the pairs, all little endian
// (particle-iot/device-os@v2.3.1:system/src/system_info.cpp).
func AppendMetrics(dst []byte, metrics []MetricBody) []byte {
	le := binary.LittleEndian
	dst = append(dst, 0, DescribeMetrics, 0, 2, 0, 4, 0)
	for _, m := range metrics {
		dst = le.AppendUint32(le.AppendUint16(dst, m.ID), m.Value)
	}
	return dst
}
