package rules

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// anyMessage makes a message of any shape: each kind has its code, options and
// payload from among these.
func anyMessage(r *rand.Rand) *coap.Message {
	some := func(most int) []byte {
		b := make([]byte, r.IntN(most+1))
		for i := range b {
			b[i] = byte(r.Uint32())
			if r.IntN(3) > 0 {
				b[i] = ` "\#=abcwhenhex:`[r.IntN(16)]
			}
		}
		return b
	}
	m := &coap.Message{Type: coap.Type(r.IntN(4)), Code: []coap.Code{coap.Empty, coap.GET, coap.POST, coap.PUT, coap.Content, coap.BadRequest}[r.IntN(6)],
		ID: uint16(r.Uint32()), Token: some(8)}
	for _, number := range []uint16{coap.URIPath, coap.URIPath, coap.MaxAge, coap.URIQuery, 2048} {
		if r.IntN(2) == 0 {
			m.Options = append(m.Options, coap.Option{Number: number, Value: some(20)})
		}
	}
	if r.IntN(4) > 0 {
		m.Marker, m.Payload = true, some(40)
	}
	return m
}

// aChunk is a piece of firmware with its CRC.
func aChunk(r *rand.Rand) *coap.Message {
	m := anyMessage(r)
	m.Code, m.Marker, m.Payload = coap.POST, true, []byte{byte(r.Uint32()), 2, 3, 4}
	crc := binary.BigEndian.AppendUint32(nil, particle.ChunkCRC(m.Payload))
	m.Options = []coap.Option{{Number: coap.URIPath, Value: []byte("c")}, {Number: coap.URIQuery, Value: crc}, {Number: coap.URIQuery, Value: []byte{0, 7}}}
	return m
}

// altered is a copy with one part changed, added or taken away.
func altered(r *rand.Rand, m *coap.Message) []byte {
	c, other := *m, anyMessage(r)
	c.Options = slices.Clone(m.Options)
	switch r.IntN(7) {
	case 0:
		c.Payload, c.Marker = other.Payload, other.Marker
	case 1:
		c.Token = other.Token
	case 2:
		c.Options = other.Options
	case 3:
		if n := len(c.Options); n > 0 {
			c.Options[r.IntN(n)].Value = []byte("new")
		}
	case 4:
		c.Type, c.ID = other.Type, other.ID
	case 5:
		return other.Append(nil)
	default:
		return []byte{byte(r.Uint32()), 7}
	}
	return c.Append(nil)
}

// What a person made of a message can be had as a rule that does the same.
func TestARuleMadeOfAnEditDoesTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	byParts := 0
	for range 20_000 {
		m := anyMessage(r)
		if r.IntN(4) == 0 {
			m = aChunk(r)
		}
		before := m.Append(nil)
		after := altered(r, m)
		if got, err := Edit(before, Settings(before, after)); err != nil || !bytes.Equal(got, after) {
			t.Fatalf("%x by %q becomes %x, %v, want %x", before, Settings(before, after), got, err, after)
		}
		if bytes.Equal(before, after) {
			continue
		}
		const filter = `photon.msg == "event" && coap.mid == 7`
		text := EditRule(before, after, stream.FromCloud, filter)
		rule, err := One(text, nil)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		e := rule.action.(*edit)
		if got, err := e.apply(before); err != nil || !bytes.Equal(got, after) {
			t.Fatalf("%q makes %x of %x, %v, want %x", text, got, before, err, after)
		}
		if rule.filter != filter || rule.from != stream.FromCloud || !rule.directed {
			t.Fatalf("%q is read as %+v", text, rule)
		}
		if e.settings != nil {
			byParts++
		}
	}
	if byParts < 8_000 {
		t.Errorf("only %d rules name parts", byParts)
	}
}

// A rule names what was changed and nothing else; the CRC of a chunk follows.
func TestSettingsNameWhatDiffers(t *testing.T) {
	chunk := aChunk(rand.New(rand.NewPCG(3, 4)))
	before := chunk.Append(nil)
	changed, err := Edit(before, "payload=hex:09090909")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name          string
		before, after []byte
		want          string
	}{
		{"nothing", before, before, ""},
		{"chunk", before, changed, "payload=hex:09090909"},
		{"bytes", []byte{1}, []byte{2, 3}, "hex=0203"},
	} {
		if got := Settings(c.before, c.after); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	whole := bytes.Clone(before)
	copy(whole[len(whole)-4:], "\x09\x09\x09\x09")
	if got := Mend(before, whole); !bytes.Equal(got, changed) {
		t.Errorf("%x is mended to %x, want %x", whole, got, changed)
	}
	if got := Mend([]byte{1}, whole); !bytes.Equal(got, whole) {
		t.Errorf("what was made of no chunk is mended: %x", got)
	}
	if bytes.Contains(changed, chunk.Options[1].Value) {
		t.Error("the CRC is that of the old payload")
	}
	if _, err := Compose("type=CON code=GET mid=1 when x"); err == nil {
		t.Error("a message has a filter")
	}
}
