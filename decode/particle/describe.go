package particle

import "github.com/photonscope/photonscope/decode/field"

// maxDescribed bounds the parts of a description that get a field of their own.
// No device has that many; what follows is shown as it is.
const maxDescribed = 1024

// description cuts a description into its values and what joins them.
func (p *payload) description() {
	b := p.left()
	if len(b) == 0 {
		return
	}
	if b[0] != '{' && b[0] != '"' {
		p.bytes(&defDescBinary, len(b))
		return
	}
	d := descriptionFields{b: b, offset: p.m.PayloadStart}
	walkDescription(b, d.add)
	d.close(len(b))
	p.take(&defDescription, len(b), field.Value{})
	p.dst[len(p.dst)-1].Fields = d.fields
}

// descriptionFields collects the fields of a description.
type descriptionFields struct {
	b      []byte
	offset int // of b in the message
	fields []field.Field
	at     int // where the last field ended
	module int // index of the module that is open, plus 1
	count  int
	known  bool // the platform
}

// add is called for every part in order.
func (d *descriptionFields) add(part described) bool {
	switch part.what {
	case moduleStart:
		d.syntax(part.start)
		d.fields = append(d.fields, field.Field{Def: &defModule, Start: d.offset + part.start})
		d.module = len(d.fields)
	case moduleEnd:
		d.close(part.end)
	default:
		if part.end > part.start {
			d.syntax(part.start)
			d.leaf(part)
		}
	}
	d.count++
	return d.count < maxDescribed
}

// list is where fields go: the module that is open, or the description.
func (d *descriptionFields) list() *[]field.Field {
	if d.module > 0 {
		return &d.fields[d.module-1].Fields
	}
	return &d.fields
}

// syntax appends what lies before the next part.
func (d *descriptionFields) syntax(end int) {
	if end > d.at {
		list := d.list()
		*list = append(*list, field.Field{Def: &defDescSyntax, Value: field.TextOf(d.b[d.at:end]), Start: d.offset + d.at, End: d.offset + end})
		d.at = end
	}
}

// close ends the module that is open, if there is one.
func (d *descriptionFields) close(end int) {
	d.syntax(end)
	if d.module > 0 {
		d.fields[d.module-1].End = d.offset + end
		d.module = 0
	}
}

func (d *descriptionFields) leaf(part described) {
	value := d.b[part.start:part.end]
	f := field.Field{Def: partDef(part), Value: field.TextOf(value), Start: d.offset + part.start, End: d.offset + part.end}
	switch part.what {
	case variableType:
		t := varTypeOf(value)
		f.Value = field.WordOf(t.String())
	case platformID:
		n, ok := decimal(value)
		if !ok || d.known {
			f.Def = &defDescHardware
			break
		}
		d.known, f.Value, f.Note = true, field.UintOf(n), platforms[n]
	case moduleValue, dependencyValue:
		f.Note = moduleWords[string(part.key)+"="+string(value)]
	}
	list := d.list()
	*list = append(*list, f)
	d.at = part.end
}

// partDef returns the Def of a part.
func partDef(part described) *field.Def {
	switch part.what {
	case functionName:
		return &defDescFunction
	case variableName:
		return &defDescVariable
	case variableType:
		return &defDescVarType
	case platformID:
		return &defDescPlatform
	case moduleValue:
		if def := moduleDefs[string(part.key)]; def != nil {
			return def
		}
		return &defModOther
	case dependencyValue:
		if def := dependencyDefs[string(part.key)]; def != nil {
			return def
		}
		return &defModOther
	}
	return &defDescHardware
}

var moduleDefs = map[string]*field.Def{
	"s": &defModSize, "l": &defModStore, "vc": &defModChecked, "vv": &defModResult,
	"u": &defModHash, "f": &defModFunction, "n": &defModIndex, "v": &defModVersion,
}

var dependencyDefs = map[string]*field.Def{"f": &defDepFunction, "n": &defDepIndex, "v": &defDepVersion}

// moduleWords are the letters of modules in words
// (particle-iot/device-os@v2.3.1:system/src/system_info.cpp).
var moduleWords = map[string]string{
	"l=m": "main", "l=b": "backup", "l=f": "factory", "l=t": "scratch",
	"f=n": "none", "f=r": "resource", "f=b": "bootloader", "f=m": "monolithic", "f=s": "system part", "f=u": "application",
}

// decimal reads a small number.
func decimal(b []byte) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}
