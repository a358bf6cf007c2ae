package rules

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store/filter"
)

// Rule is one line. It does not change once it is parsed.
type Rule struct {
	File string
	Line int    // from 1; 0: it is from no file
	Text string // as it was written

	selection
	action action
	filter string
}

// String names the rule as reports do.
func (r *Rule) String() string {
	if r.Line == 0 {
		return r.Text
	}
	return fmt.Sprintf("%s:%d %s", r.File, r.Line, r.Text)
}

// AnyMode reports whether the rule acts without reading messages, so that a
// session need not be spliced.
func (r *Rule) AnyMode() bool {
	f, ok := r.action.(*fault)
	return ok && r.filter == "" && (f.info.Toxic || f.info.record != nil && f.info.kind != "credentials")
}

// selection is which of the messages that match a rule acts on, counted in each
// session by itself.
type selection struct {
	from        stream.Direction
	directed    bool // from holds
	skip, count int  // let so many pass first; then act on so many, 0: on all
	every       int  // act on each n-th, 0 is 1
	probability float64
	seed        uint64
}

// action is what a rule does to a message, a record or a connection. An action
// that has to do with only one of these ignores the others.
type action interface{ act(*passage) }

// MaxRules bounds a file.
const MaxRules = 1000

// Parse reads rules, one a line, whose filters may name those of names. An error is
// an [*Error].
func Parse(file, text string, names map[string]string) (all []*Rule, err error) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		r, wrong := parseLine(line, names)
		if wrong == nil && len(all) == MaxRules {
			wrong = &Error{Column: 1, Width: 1, Reason: fmt.Sprintf("there are more than %d rules", MaxRules)}
		}
		if wrong != nil {
			wrong.File, wrong.Line, wrong.Text = file, i+1, line
			return nil, wrong
		}
		if r != nil {
			r.File, r.Line = file, i+1
			all = append(all, r)
		}
	}
	return all, nil
}

// One reads a single rule that stands in no file.
func One(text string, names map[string]string) (*Rule, error) {
	all, err := Parse("rule", text, names)
	if err == nil && len(all) != 1 {
		err = &Error{File: "rule", Line: 1, Column: 1, Width: 1, Text: text, Reason: "one rule expected"}
	}
	if err != nil {
		return nil, err
	}
	all[0].Line = 0
	return all[0], nil
}

// actions make what a rule does of its words.
var actions = map[string]func(*Rule, []word) (action, *Error){
	"hold":   newHold,
	"drop":   newDrop,
	"edit":   newEdit,
	"inject": newInject,
	"fault":  newFault,
	"repair": newRepair,
}

func parseLine(line string, names map[string]string) (*Rule, *Error) {
	words, expr, at, err := split(line)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		if at > 0 {
			return nil, &Error{Column: 1, Width: 4, Reason: "an action stands first: hold, drop, edit, inject, fault or repair"}
		}
		return nil, nil
	}
	r := &Rule{Text: strings.TrimSpace(line), filter: expr, selection: selection{probability: 1}}
	make, ok := actions[words[0].name]
	if !ok || words[0].assigned {
		return nil, words[0].bad("%q is no action: hold, drop, edit, inject, fault or repair", words[0].name)
	}
	rest, err := r.selection.take(words[1:])
	if err != nil {
		return nil, err
	}
	if at > 0 || expr != "" {
		f, err := compile(expr, names)
		if err != nil {
			return nil, filterError(err, at)
		}
		if long := f.Expansion(); long != "" {
			r.filter = long // names may mean something else tomorrow
		}
	}
	if r.action, err = make(r, append(words[:1:1], rest...)); err != nil {
		return nil, err
	}
	return r, nil
}

// filterError moves the place of an error from the filter to the line.
func filterError(err error, at int) *Error {
	var where *filter.Error
	if errors.As(err, &where) {
		return &Error{Column: at + where.Offset + 1, Width: max(1, where.End-where.Offset), Reason: where.Reason}
	}
	return &Error{Column: at + 1, Width: 1, Reason: err.Error()}
}

// compile refuses what cannot be known of a message that has just come.
func compile(expr string, names map[string]string) (*filter.Filter, error) {
	f, err := filter.Parse(expr, names)
	if err != nil {
		return nil, err
	}
	if f.NeedsLater() {
		return nil, errors.New("whether a message will be answered is not known when it passes")
	}
	if strings.Contains(f.String(), "photon.session") {
		return nil, errors.New("photon.session is a number that the display gives; ask for photon.device_id")
	}
	return f, nil
}

// take reads the settings that every rule may have, and returns the others.
func (s *selection) take(words []word) (rest []word, err *Error) {
	for _, w := range words {
		switch {
		case !w.assigned:
			rest = append(rest, w)
		case w.name == "from" || w.name == "stream":
			s.from, s.directed, err = w.direction()
		case w.name == "count":
			s.count, err = w.number(1)
		case w.name == "skip":
			s.skip, err = w.number(0)
		case w.name == "every":
			s.every, err = w.number(1)
		case w.name == "probability" || w.name == "toxicity":
			var e error
			if s.probability, e = strconv.ParseFloat(w.value, 64); e != nil || !(s.probability >= 0 && s.probability <= 1) {
				err = w.badValue("a probability is a number from 0 to 1")
			}
		case w.name == "seed":
			n, e := strconv.ParseUint(w.value, 0, 64)
			if s.seed = n; e != nil {
				err = w.badValue("a seed is a number")
			}
		default:
			rest = append(rest, w)
		}
		if err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// direction reads who sends. Toxiproxy's words for it are understood.
func (w word) direction() (stream.Direction, bool, *Error) {
	switch w.value {
	case "device", "upstream":
		return stream.FromDevice, true, nil
	case "cloud", "downstream":
		return stream.FromCloud, true, nil
	}
	return 0, false, w.badValue("%s= is device or cloud", w.name)
}

func (w word) number(least int) (int, *Error) {
	n, err := strconv.ParseInt(w.value, 10, 32)
	if err != nil || int(n) < least {
		return 0, w.badValue("%s= is a number from %d", w.name, least)
	}
	return int(n), nil
}

// duration reads 1500ms, 2s, or a number of the given unit.
func (w word) duration(unit time.Duration) (time.Duration, *Error) {
	d, err := time.ParseDuration(w.value)
	if err != nil {
		var n int64
		n, err = strconv.ParseInt(w.value, 10, 32)
		d = time.Duration(n) * unit
	}
	if err != nil || d < 0 || d > time.Hour {
		return 0, w.badValue("%s= is a time up to an hour, such as 250ms or 4.1s", w.name)
	}
	return d, nil
}

// counter is one rule in one session.
type counter struct {
	*Rule
	filter *filter.Filter // nil: every message
	rand   *rand.Rand
	seen   int
	acted  int
}

func (r *Rule) start(session uint64) *counter {
	c := &counter{Rule: r, rand: rand.New(rand.NewPCG(r.seed, session))}
	if r.filter != "" {
		c.filter, _ = compile(r.filter, nil) // it was checked
	}
	return c
}

// wants reports whether the rule acts on a message, and counts it. A nil event is
// a record or a connection, for rules without a filter.
func (c *counter) wants(from stream.Direction, e *decode.Event) bool {
	if c.directed && from != c.from || c.count > 0 && c.acted >= c.count {
		return false
	}
	if c.filter != nil && (e == nil || !c.filter.Match(e)) {
		return false
	}
	return c.elect()
}

// elect decides on one that matches.
func (c *counter) elect() bool {
	c.seen++
	n := c.seen - c.skip
	if n <= 0 || c.every > 1 && n%c.every != 0 || c.count > 0 && c.acted >= c.count {
		return false
	}
	if c.probability < 1 && c.rand.Float64() >= c.probability {
		return false
	}
	c.acted++
	return true
}
