package decode

import (
	"net/netip"
	"slices"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/stream"
)

// Printer turns events into NDJSON, text and field values. Its zero value is
// ready and masks secrets. It reuses its buffers, so it is not safe for
// concurrent use.
type Printer struct {
	ShowSecrets bool // print AES keys, IVs and salts instead of "[secret]"
	Private     bool // print Masked instead of what may tell whose device it is, what is named and what is said
	Colour      bool // AppendLine and AppendTree colour the title of a line for a terminal

	msg   coap.Message
	kind  []field.Field // scratch: the kind's own fields
	flat  []field.Field // scratch: the same, flat
	clock clock

	told sealing // what the last line about sealed bytes said

	visit func(*field.Def, field.Value) // takes the values of the event at hand
	json  jsonLine
}

// Each calls visit for the event's fields, but type and time, as one flat list:
// the envelope first, then the wire, CoAP, and the kind's own. Grouping fields are
// left out; the values of a field that occurs several times follow each other.
// Values share the event's bytes.
func (p *Printer) Each(e *Event, visit func(*field.Def, field.Value)) {
	p.visit = visit
	if p.Private {
		p.visit = func(def *field.Def, v field.Value) {
			if !isHarmless(def.Key) {
				v = field.WordOf(Masked)
			}
			visit(def, v)
		}
	}
	p.add(&defSession, field.UintOf(uint64(e.Session)))
	if !aboutFiles(e) {
		p.add(&defLeg, field.WordOf(e.Conn.Leg.String()))
	}
	p.note(e.Note)
	switch b := e.Body.(type) {
	case *Opened:
		p.end(&defDeviceEnd, e.Conn.Device)
		p.end(&defCloudEnd, e.Conn.Cloud)
	case *Nonce:
		p.add(&defNonce, field.BytesOf(b.Nonce[:]))
		p.common(e)
	case *Identity:
		p.identity(e, b)
	case *Credentials:
		p.credentials(e, b)
	case *Message:
		p.message(e, b)
	case *Sealed:
		p.common(e)
		p.word(&defReason, b.Reason)
	case *Malformed:
		p.malformed(e, b)
	case *Gap:
		p.common(e)
		if b.Len > 0 {
			p.add(&defGap, field.UintOf(uint64(b.Len)))
		}
	case *Closed:
		p.common(e)
		p.word(&defClose, b.How.String())
	case *Finding:
		p.finding(e, b)
	}
}

// aboutFiles reports whether an event is a finding about key files: no session has
// the number 0, so it is on no leg and nobody sent it.
func aboutFiles(e *Event) bool {
	_, finding := e.Body.(*Finding)
	return finding && e.Session == 0
}

func (p *Printer) finding(e *Event, b *Finding) {
	if !aboutFiles(e) {
		p.common(e)
	}
	p.word(&defFinding, b.ID)
	p.word(&defTitle, b.Title)
	p.word(&defSure, b.Confidence)
	for i := range b.Evidence {
		p.add(&defEvidence, field.WordOf(b.Evidence[i].String()))
	}
	for _, s := range b.RuledOut {
		p.add(&defRuledOut, field.WordOf(s))
	}
	p.word(&defShows, b.Device)
	for _, s := range b.Remedy {
		p.add(&defRemedy, field.WordOf(s))
	}
	p.word(&defRepair, b.Repair)
	if b.Withdrawn {
		p.add(&defWithdrawn, field.BoolOf(true))
	}
}

func (p *Printer) add(def *field.Def, v field.Value) { p.visit(def, v) }

// end adds the address of a connection's end, if it is known.
func (p *Printer) end(def *field.Def, a netip.AddrPort) {
	if a.IsValid() {
		p.add(def, field.WordOf(a.String()))
	}
}

// word adds text of ours, unless it is empty: absent rather than empty.
func (p *Printer) word(def *field.Def, s string) {
	if s != "" {
		p.add(def, field.WordOf(s))
	}
}

// note adds what people wrote at the event.
func (p *Printer) note(n *stream.Note) {
	if n == nil {
		return
	}
	if n.Mark != "" {
		p.add(&defMark, field.TextOf([]byte(n.Mark)))
	}
	if n.Comment != "" {
		p.add(&defComment, field.TextOf([]byte(n.Comment)))
	}
}

// common adds what every event about bytes has.
func (p *Printer) common(e *Event) {
	p.add(&defDir, field.WordOf(e.From.String()))
	if e.Altered {
		p.add(&defAltered, field.BoolOf(true))
	}
	if e.Known {
		p.add(&defDeviceID, field.BytesOf(e.Device[:]))
	}
	if e.Raw != nil {
		p.add(&defFrameWire, field.BytesOf(e.Raw))
	}
}

func (p *Printer) identity(e *Event, b *Identity) {
	if b.HasNonce {
		p.add(&defNonce, field.BytesOf(b.Nonce[:]))
	}
	p.common(e)
	p.add(&defOpened, field.BoolOf(b.Opened))
	p.word(&defReason, b.Reason)
	if !b.Opened {
		return
	}
	p.add(&defPlain, field.BytesOf(b.Plain))
	p.add(&defIDNonceOK, field.BoolOf(b.NonceOK))
	if len(b.Identity.Key) > 0 {
		p.add(&defIDKey, field.BytesOf(b.Identity.Key))
	}
}

func (p *Printer) credentials(e *Event, b *Credentials) {
	p.common(e)
	p.add(&defOpened, field.BoolOf(b.Opened))
	p.word(&defReason, b.Reason)
	if !b.Opened {
		return
	}
	p.word(&defSource, b.Source)
	p.word(&defSigOK, b.Signature)
	p.add(&defKey, field.SecretOf(b.Credentials.Key()))
	p.add(&defIV, field.SecretOf(b.Credentials.IV()))
	if b.Credentials.HasSalt() {
		p.add(&defSalt, field.SecretOf(b.Credentials.Salt()))
	}
}

func (p *Printer) message(e *Event, b *Message) {
	p.common(e)
	p.add(&defPlain, field.BytesOf(b.Plain))
	p.word(&defMsg, b.Meaning.Kind.String())
	if b.Meaning.HasRTT {
		p.add(&defRTT, field.FloatOf(b.Meaning.RTT.Seconds()))
	}
	p.msg.Parse(b.Plain) // was parsed once, so it parses
	p.coap(&p.msg)
	p.kind = b.Meaning.AppendFields(p.kind[:0], &p.msg)
	p.kindFields(p.kind)
}

func (p *Printer) malformed(e *Event, b *Malformed) {
	p.common(e)
	if b.Plain != nil {
		p.add(&defPlain, field.BytesOf(b.Plain))
	}
	p.word(&defReason, b.Reason)
	p.word(&defLayer, b.Layer)
	p.add(&defOffset, field.UintOf(uint64(b.Offset)))
}

func (p *Printer) coap(m *coap.Message) {
	p.add(&defCoapType, field.UintOf(uint64(m.Type)))
	p.add(&defCoapCode, field.UintOf(uint64(m.Code)))
	p.add(&defCoapMID, field.UintOf(uint64(m.ID)))
	if len(m.Token) > 0 {
		p.add(&defCoapToken, field.BytesOf(m.Token))
	}
	p.options(m)
	if len(m.Payload) > 0 {
		p.add(&defCoapPayload, field.BytesOf(m.Payload))
	}
}

func (p *Printer) options(m *coap.Message) {
	for i := range m.Options {
		o := &m.Options[i]
		def := optionDef(o.Number)
		if i > 0 && !def.Many && m.Options[i-1].Number == o.Number {
			def = unknownDef(o.Number)
		}
		p.add(def, optionValue(def, o.Value))
	}
}

// kindFields adds the kind's own fields that have a name and a value, parents
// before children. A field that occurs several times is brought together at its
// first place.
func (p *Printer) kindFields(fields []field.Field) {
	if p.plainList(fields) {
		return
	}
	p.flat = flatten(p.flat[:0], fields)
	for i, f := range p.flat {
		if !f.Many {
			p.add(f.Def, f.Value)
		} else if indexDef(p.flat, f.Def) == i {
			p.all(f.Def, p.flat[i:])
		}
	}
}

// plainList adds the fields of the commonest kinds, which neither nest nor
// repeat. It reports false, having done nothing, if these do.
func (p *Printer) plainList(fields []field.Field) bool {
	for i := range fields {
		if f := &fields[i]; f.Many || len(f.Fields) > 0 {
			return false
		}
	}
	for i := range fields {
		if f := &fields[i]; f.Key != "" && f.Value.Type() != field.None {
			p.add(f.Def, f.Value)
		}
	}
	return true
}

// all adds every value of one field.
func (p *Printer) all(def *field.Def, fields []field.Field) {
	for i := range fields {
		if fields[i].Def == def {
			p.add(def, fields[i].Value)
		}
	}
}

func indexDef(fields []field.Field, def *field.Def) int {
	for i := range fields {
		if fields[i].Def == def {
			return i
		}
	}
	return -1
}

// flatten appends the fields of a tree that have a name and a value.
func flatten(dst, fields []field.Field) []field.Field {
	for i := range fields {
		f := &fields[i]
		if f.Key != "" && f.Value.Type() != field.None {
			dst = append(dst, *f)
		}
		dst = flatten(dst, f.Fields)
	}
	return dst
}

// Lookup appends to dst the values of the event's fields with the given key,
// in order. It finds those that only the tree shows as well.
func (p *Printer) Lookup(dst []field.Value, e *Event, key string) []field.Value {
	switch key {
	case defType.Key:
		return append(dst, field.WordOf(e.Body.Name()))
	case defTime.Key:
		return append(dst, field.WordOf(string(p.clock.append(nil, e.At))))
	}
	p.Each(e, func(def *field.Def, v field.Value) {
		if def.Key == key {
			dst = append(dst, v)
		}
	})
	if !slices.Contains(treeKeys, key) {
		return dst
	}
	values := LookupTree(dst, e, key)
	if p.Private && !isHarmless(key) {
		for i := range values[len(dst):] {
			values[len(dst)+i] = field.WordOf(Masked)
		}
	}
	return values
}

// treeKeys are the keys of the fields that only the tree shows.
var treeKeys = onlyInTree()

func onlyInTree() (keys []string) {
	listed := make(map[string]bool)
	for _, name := range EventTypes {
		always, sometimes := EventFields(name)
		for _, d := range slices.Concat(always, sometimes) {
			listed[d.Key] = true
		}
	}
	for _, d := range Fields() {
		if !listed[d.Key] {
			keys = append(keys, d.Key)
		}
	}
	return keys
}

// LookupTree appends to dst the values of the fields with the given key in the
// event's layers ([Dissect]), in order. It makes the layers for that.
func LookupTree(dst []field.Value, e *Event, key string) []field.Value {
	for _, layer := range Dissect(e) {
		dst = appendTree(dst, layer.Fields, key)
	}
	return dst
}

func appendTree(dst []field.Value, tree []field.Field, key string) []field.Value {
	for i := range tree {
		if f := &tree[i]; f.Key == key && f.Value.Type() != field.None {
			dst = append(dst, f.Value)
		}
		dst = appendTree(dst, tree[i].Fields, key)
	}
	return dst
}

// arrow shows who sent an event's bytes.
func arrow(from stream.Direction) string {
	if from == stream.FromCloud {
		return "←"
	}
	return "→"
}
