package decode

import (
	"sort"
	"strconv"

	"github.com/photonscope/photonscope/decode/field"
)

// Summary counts what a source held. It becomes the last line of NDJSON.
type Summary struct {
	events   map[string]int
	kinds    map[string]int
	sessions map[uint32]bool
	opened   map[uint32]bool // sessions with at least one message
	total    int
}

// Add counts one event.
func (s *Summary) Add(e *Event) {
	if s.events == nil {
		s.events, s.kinds = make(map[string]int), make(map[string]int)
		s.sessions, s.opened = make(map[uint32]bool), make(map[uint32]bool)
	}
	s.total++
	s.events[e.Body.Name()]++
	s.sessions[e.Session] = true
	if m, ok := e.Body.(*Message); ok {
		s.kinds[m.Meaning.Kind.String()]++
		s.opened[e.Session] = true
	}
}

// Events returns how many events of a type were counted.
func (s *Summary) Events(name string) int { return s.events[name] }

// Sessions returns the number of sessions, and of those that could be opened.
func (s *Summary) Sessions() (all, opened int) { return len(s.sessions), len(s.opened) }

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
	dst = appendCounts(append(dst, `,"events":`...), s.events)
	dst = appendCounts(append(dst, `,"messages":`...), s.kinds)
	return append(dst, "}\n"...)
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
