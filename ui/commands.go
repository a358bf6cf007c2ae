package ui

import (
	"slices"
	"strings"
)

// command is what : runs by its name, and the palette finds by a word.
type command struct {
	name string
	args Safe // what may follow, "" if nothing
	help Safe
	run  func(a *app, arg string) (trouble Safe)

	words []string // what follows is one of these; nil: anything
}

// commands returns all: what keys do, and what has no key.
func commands() []command {
	all := slices.Clone(ownCommands)
	for _, b := range bindings {
		if b.in&(inDialog|inExplain|inHeld|inPrompt|inStart) == b.in || steps[b.do] || slices.ContainsFunc(all, func(c command) bool { return c.name == string(b.do) }) {
			continue
		}
		act := b.do
		all = append(all, command{name: string(act), help: b.help, run: func(a *app, _ string) Safe { a.run(act); return "" }})
	}
	slices.SortStableFunc(all, func(a, b command) int { return strings.Compare(a.name, b.name) })
	return all
}

// steps are what a key does sooner than its name is typed.
var steps = map[action]bool{
	actUp: true, actDown: true, actLeft: true, actRight: true, actTop: true, actBottom: true,
	actPageUp: true, actPageDown: true, actHalfUp: true, actHalfDown: true,
	actEscape: true, actCommand: true, actPalette: true,
}

// ownCommands are those without a key.
var ownCommands = []command{
	{"theme", "ansi, dark, light or mono", "choose the colours", setTheme, []string{"ansi", "dark", "light", "mono"}},
	{"filter", "EXPRESSION", "show only what matches; nothing behind it shows everything", applyFilter, nil},
	{"filter-save", "NAME", "give the filter a name that filters can use", saveFilter, nil},
	{"seek", "SECONDS", "go to what happened so long after the beginning", seekTo, nil},
	{"legs", "both or device", "of a proxied pair show both legs, or each message once", setLegs, []string{"both", "device"}},
	{"columns", "NAME,NAME… or default", "choose the columns of the list of messages; nothing behind it asks", setColumns, usualColumns()},
	{"write", "FILE", "write the sessions of the events shown to a new capture, with marks and comments; w for short", writeCapture, nil},
	{"go", "NUMBER", "go to the event with this number", goToNumber, nil},
	{"inject", "TEMPLATE", "put a message into the selected session: call led on, ping, publish NAME DATA", injectTemplate, nil},
	{"finding", "", "go to the next finding: why a session failed", goToFinding, nil},
}

func setTheme(a *app, arg string) Safe {
	t, err := ParseTheme(arg)
	if err != nil {
		return clean(err.Error())
	}
	*a.look = *newLook(t, a.look.ascii)
	return ""
}

// runCommand runs a line such as "theme dark". It returns what is wrong with it.
func (a *app) runCommand(text string) Safe {
	name, arg, _ := strings.Cut(strings.TrimSpace(text), " ")
	if name == "w" {
		name = string(actWrite)
	}
	for _, c := range commands() {
		if c.name != name {
			continue
		}
		if arg = strings.TrimSpace(arg); arg != "" && c.args == "" {
			return Safe(name) + " takes nothing behind it"
		}
		return c.run(a, arg)
	}
	if near := nearest(name); near != "" {
		return "no command " + clean(name) + "; did you mean " + Safe(near) + "?"
	}
	return "no command " + clean(name) + "; Tab lists them"
}

// nearest returns the command that best fits what was typed, or its beginning, or "".
func nearest(name string) string {
	best, at := 0, ""
	for ; at == "" && len(name) > 1; name = name[:len(name)-1] {
		for _, c := range commands() {
			if score := fuzzy(name, c.name); score > best {
				best, at = score, c.name
			}
		}
	}
	return at
}

// fuzzy returns how well the characters of a pattern, in order, are found in a
// text: 0 if they are not. Runs of them and beginnings of words count more.
func fuzzy(pattern, text string) int {
	score, run, at := 1, 0, 0
	low := strings.ToLower(text)
	for _, r := range strings.ToLower(pattern) {
		i := strings.IndexRune(low[at:], r)
		if i < 0 {
			return 0
		}
		if run++; i > 0 {
			run = 1
		}
		if at+i == 0 || strings.ContainsRune(" -.", rune(low[at+i-1])) {
			score += 5
		}
		score += run
		at += i + len(string(r))
	}
	return score
}

// newCommandLine opens the prompt for commands.
func newCommandLine(a *app) *prompt {
	p := &prompt{app: a, sign: ":", history: &a.commandHistory, keys: "Tab complete  ↑ history  Enter run  Esc cancel"}
	p.complete = func(text string, at int) []candidate {
		if name, arg, behind := strings.Cut(text, " "); behind {
			return argumentsOf(name, arg)
		}
		var list []candidate
		for _, c := range commands() {
			if strings.HasPrefix(c.name, text) && text != c.name {
				list = append(list, c.candidate())
			}
		}
		return list
	}
	p.check = func(text string) (Safe, role) {
		name, _, _ := strings.Cut(text, " ")
		for _, c := range commands() {
			if c.name == name {
				return c.candidate().help, quiet
			}
		}
		return "", quiet
	}
	p.accept = func(text string) bool {
		p.close() // or it, and not the view, would be asked to do what is named
		return text == "" || a.accepted(a.runCommand(text))
	}
	p.update()
	return p
}

// argumentsOf returns what may stand behind a command that takes one of some words.
func argumentsOf(name, begun string) (list []candidate) {
	for _, c := range commands() {
		if c.name != name {
			continue
		}
		for _, word := range c.words {
			if strings.HasPrefix(word, begun) && word != begun {
				list = append(list, candidate{text: word, from: len(name) + 1})
			}
		}
	}
	return list
}

// accepted says what is wrong, if anything is.
func (a *app) accepted(trouble Safe) bool {
	if trouble != "" {
		a.say(bad, trouble)
	}
	return true
}

func (c command) candidate() candidate {
	help := c.help
	if c.args != "" {
		help = c.args + ": " + help
	}
	return candidate{text: c.name, help: help}
}

// wholeWord is how much more a text counts that stands in a command as it is, and
// not with other characters between.
const wholeWord = 1000

// score returns how well a command fits what was typed, 0 if it does not.
func (c command) score(text string) int {
	about := strings.ToLower(string(c.candidate().help))
	score := max(2*fuzzy(text, c.name), fuzzy(text, about))
	if low := strings.ToLower(text); strings.Contains(c.name, low) {
		score += 2 * wholeWord
	} else if strings.Contains(about, low) {
		score += wholeWord
	}
	return score
}

// newPalette opens the prompt that finds commands by any word of theirs.
func newPalette(a *app) *prompt {
	p := &prompt{app: a, sign: "find a command: ", keys: "type a word  Tab next  Enter run  Esc cancel"}
	p.complete = func(text string, _ int) []candidate {
		type hit struct {
			candidate
			score int
		}
		var hits []hit
		for _, c := range commands() {
			if score := c.score(text); score > 0 {
				hits = append(hits, hit{c.candidate(), score})
			}
		}
		slices.SortStableFunc(hits, func(a, b hit) int { return b.score - a.score })
		list := make([]candidate, len(hits))
		for i := range hits {
			list[i] = hits[i].candidate
		}
		return list
	}
	p.accept = func(text string) bool {
		if len(p.list) == 0 {
			a.say(warning, "No command has this word.")
			return false
		}
		name := p.list[max(p.chosen, 0)].text
		p.close()
		for _, c := range commands() {
			if c.name == name && c.args != "" { // what follows is yet to be said
				line := newCommandLine(a)
				line.line.set(name + " ")
				line.update()
				a.open(line)
				return true
			}
		}
		return a.accepted(a.runCommand(name))
	}
	p.cycles = true
	p.update()
	return p
}
