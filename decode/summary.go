package decode

import (
	"sort"
	"strconv"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

// Summary counts what a source held. It becomes the last line of NDJSON.
type Summary struct {
	events   map[string]int // but messages, which kinds has
	kinds    [256]int       // by particle.Kind
	messages int
	sessions numbers
	opened   numbers // sessions with at least one message
}

// Add counts one event.
func (s *Summary) Add(e *Event) {
	if e.Session > 0 { // else it is about files
		s.sessions.add(e.Session)
	}
	if m, ok := e.Body.(*Message); ok {
		s.messages++
		s.kinds[m.Meaning.Kind]++
		s.opened.add(e.Session)
		return
	}
	if s.events == nil {
		s.events = make(map[string]int)
	}
	s.events[e.Body.Name()]++
}

// numbers is a set of numbers that are given in order, a bit for each.
type numbers struct {
	bits []uint64
	n    int
}

func (s *numbers) add(number uint32) {
	word, bit := int(number/64), uint64(1)<<(number%64)
	for word >= len(s.bits) {
		s.bits = append(s.bits, 0)
	}
	if s.bits[word]&bit == 0 {
		s.bits[word] |= bit
		s.n++
	}
}

// Events returns how many events of a type were counted.
func (s *Summary) Events(name string) int {
	if name == (*Message)(nil).Name() {
		return s.messages
	}
	return s.events[name]
}

// Sessions returns the number of sessions, and of those that could be opened.
func (s *Summary) Sessions() (all, opened int) { return s.sessions.n, s.opened.n }

// AppendHeader appends the first line of NDJSON: the contract, the program's
// version and the source, which may be foreign text.
func AppendHeader(dst []byte, version, source string) []byte {
	dst = append(dst, `{"schema":"`+Schema+`","type":"header","program":"photonscope","version":`...)
	dst = field.AppendJSONString(dst, version)
	dst = append(dst, `,"source":`...)
	dst = field.AppendJSONString(dst, source)
	return append(dst, "}\n"...)
}

// AppendJSON appends the last line of NDJSON. complete says that the source
// was read to its proper end; if not, reason says what happened.
func (s *Summary) AppendJSON(dst []byte, complete bool, reason string) []byte {
	all, opened := s.Sessions()
	dst = append(dst, `{"type":"summary","complete":`...)
	dst = strconv.AppendBool(dst, complete)
	if reason != "" {
		dst = append(dst, `,"reason":`...)
		dst = field.AppendJSONString(dst, reason)
	}
	dst = append(dst, `,"sessions":`...)
	dst = strconv.AppendInt(dst, int64(all), 10)
	dst = append(dst, `,"sessions_opened":`...)
	dst = strconv.AppendInt(dst, int64(opened), 10)
	dst = appendCounts(append(dst, `,"events":`...), s.eventCounts())
	dst = appendCounts(append(dst, `,"messages":`...), s.kindCounts())
	return append(dst, "}\n"...)
}

func (s *Summary) eventCounts() map[string]int {
	counts := make(map[string]int)
	for _, name := range EventTypes {
		if n := s.Events(name); n > 0 {
			counts[name] = n
		}
	}
	return counts
}

func (s *Summary) kindCounts() map[string]int {
	counts := make(map[string]int)
	for kind, n := range s.kinds {
		if n > 0 {
			counts[particle.Kind(kind).String()] = n
		}
	}
	return counts
}

// appendCounts appends a JSON object of numbers in order of its names.
func appendCounts(dst []byte, counts map[string]int) []byte {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	sort.Strings(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = field.AppendJSONString(dst, name)
		dst = append(dst, ':')
		dst = strconv.AppendInt(dst, int64(counts[name]), 10)
	}
	return append(dst, '}')
}
