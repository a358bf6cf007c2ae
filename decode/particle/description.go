package particle

// A description is JSON of a fixed schema (protocol.md section 5.4):
//
//	{"f":["name",...],"v":{"name":type,...},"p":6,<hardware strings>,"m":[module,...]}
//	module = {"s":..,"l":"..","vc":..,"vv":..,["u":"..",]"f":"..","n":"..","v":..,"d":[{"f":..,"n":"..","v":..},...]}
//
// Firmware cuts it where its buffer ends, and further blocks of it begin
// anywhere, so it is read by hand: token by token, as far as it goes, with the
// place of everything that means something.

// describedWhat is what a part of a description is.
type describedWhat uint8

const (
	functionName describedWhat = iota
	variableName
	variableType
	platformID
	hardwareString // any other value of the outermost object
	moduleStart    // the brace that opens a module
	moduleEnd      // the brace that closes it
	moduleValue    // a value of a module, by its key
	dependencyValue
)

// described is a part of a description. For texts it is what the quotes hold.
type described struct {
	what       describedWhat
	start, end int
	key        []byte // of the value, if it is one of an object
}

// maxDepth is deeper than any description is.
const maxDepth = 16

// walker reads a description.
type walker struct {
	b     []byte
	at    int
	depth int
	open  [maxDepth]byte   // '{' or '['
	keys  [maxDepth][]byte // the key at hand in each object, or under which an array stands
	isKey bool             // the next text is a key
	visit func(described) bool
}

// walkDescription calls visit for every part of a description that means
// something, in order, until visit returns false or the text is no JSON any more.
func walkDescription(b []byte, visit func(described) bool) {
	w := walker{b: b, visit: visit}
	for w.step() {
	}
}

// step reads one token. It reports whether to go on.
func (w *walker) step() bool {
	if w.at >= len(w.b) {
		return false
	}
	switch c := w.b[w.at]; c {
	case ' ', '\t', '\r', '\n', ':':
		w.at++
	case ',':
		w.isKey = w.depth > 0 && w.open[w.depth-1] == '{'
		w.at++
	case '{', '[':
		return w.enter(c)
	case '}', ']':
		return w.leave()
	case '"':
		return w.text()
	default:
		return w.literal()
	}
	return true
}

func (w *walker) enter(c byte) bool {
	if w.depth == maxDepth {
		return false
	}
	w.open[w.depth] = c
	w.keys[w.depth] = nil
	w.depth++
	w.isKey = c == '{'
	w.at++
	return !w.inModule() || w.visit(described{what: moduleStart, start: w.at - 1, end: w.at})
}

func (w *walker) leave() bool {
	if w.depth == 0 {
		return false
	}
	module := w.inModule()
	w.depth--
	w.isKey = false
	w.at++
	return !module || w.visit(described{what: moduleEnd, start: w.at - 1, end: w.at})
}

// inModule reports whether the innermost object is a module.
func (w *walker) inModule() bool {
	return w.depth == 3 && w.open[0] == '{' && w.open[1] == '[' && w.open[2] == '{' && string(w.keys[0]) == "m"
}

func (w *walker) text() bool {
	start := w.at + 1
	end := start
	for end < len(w.b) && w.b[end] != '"' {
		if w.b[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(w.b) {
		return false
	}
	w.at = end + 1
	if w.isKey {
		w.isKey = false
		w.keys[w.depth-1] = w.b[start:end]
		return !w.within("v") || w.visit(described{what: variableName, start: start, end: end})
	}
	return w.value(start, end)
}

// literal reads a number, true, false or null.
func (w *walker) literal() bool {
	start := w.at
	for w.at < len(w.b) && isLiteral(w.b[w.at]) {
		w.at++
	}
	return w.at > start && w.at < len(w.b) && w.value(start, w.at)
}

func isLiteral(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E'
}

// within reports whether the innermost object or array stands in the outermost
// object under the key.
func (w *walker) within(key string) bool {
	return w.depth == 2 && w.open[0] == '{' && string(w.keys[0]) == key
}

// value visits a text or literal that is a value.
func (w *walker) value(start, end int) bool {
	d := described{start: start, end: end}
	if w.depth > 0 {
		d.key = w.keys[w.depth-1]
	}
	switch {
	case w.depth == 1 && w.open[0] == '{' && string(d.key) == "p":
		d.what = platformID
	case w.depth == 1 && w.open[0] == '{':
		d.what = hardwareString
	case w.within("f") && w.open[1] == '[':
		d.what = functionName
	case w.within("v") && w.open[1] == '{':
		d.what = variableType
	case w.inModule():
		d.what = moduleValue
	case w.depth == 5 && string(w.keys[0]) == "m" && string(w.keys[2]) == "d" && w.open[4] == '{':
		d.what = dependencyValue
	default:
		return true
	}
	return w.visit(d)
}
