package ui

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// Choice is something that the start page offers.
type Choice struct {
	Key  rune
	Name string
	Does string
	Note string // what was found here for it, or what to type; may be foreign text
	Run  func() // what Enter does, when the screen has closed; nil: it only tells
}

// start is the page of a program that was told nothing: what it can do.
type start struct {
	*tview.Box
	app     *app
	choices []Choice
	sel     int
}

func newStart(a *app) *start {
	return &start{Box: tview.NewBox(), app: a, choices: a.opt.Choices}
}

func (s *start) name() Safe { return "Start" }

func (s *start) place() place { return inStart }

func (s *start) panes() []pane { return []pane{s} }

func (s *start) context() Safe { return "" }

func (s *start) refresh() {}

// do implements view and pane.
func (s *start) do(act action) bool {
	switch act {
	case actUp, actDown:
		n := len(s.choices)
		s.sel = (s.sel + map[action]int{actUp: n - 1, actDown: 1}[act]) % max(n, 1)
	case actOpen:
		s.choose()
	default:
		return false
	}
	return true
}

// key chooses by letter.
func (s *start) key(r rune) bool {
	for i, c := range s.choices {
		if c.Key == r {
			s.sel = i
			s.choose()
			return true
		}
	}
	return false
}

func (s *start) choose() {
	if s.sel >= len(s.choices) {
		return
	}
	c := s.choices[s.sel]
	if c.Run == nil {
		s.app.say(normal, "q leaves this page; then "+s.app.model.hide(clean(c.Note)))
		return
	}
	c.Run()
	s.app.do(actQuit)
}

func (s *start) clicked(_, y int) bool {
	_, top, _, h := s.GetRect()
	if i := (y - top - startTop) / s.step(h); y >= top+startTop && i < len(s.choices) {
		s.sel = i
	}
	return true
}

const startTop = 2

// step is how many lines a choice has: two, if all have room for what was found.
func (s *start) step(h int) int {
	if startTop+2*len(s.choices) > h {
		return 1
	}
	return 2
}

func (s *start) draw(c canvas, _ class, _ pane) { c.put(s) }

// Draw implements tview.Primitive.
func (s *start) Draw(screen tcell.Screen) {
	c := boxCanvas(s.Box, screen, s.app.look)
	c.text(1, 0, "A window into the Particle Photon's cloud connection.", normal)
	step := s.step(c.h)
	for i, choice := range s.choices {
		y := startTop + step*i
		r := normal
		if i == s.sel {
			c.text(1, y, "►", strong)
			r = strong
		}
		x := c.text(3, y, Safe(choice.Key), strong)
		x = c.text(x+2, y, padded(Safe(choice.Name), 11), r)
		c.text(x, y, Safe(choice.Does), normal)
		if step > 1 {
			c.text(x, y+1, s.app.model.hide(clean(choice.Note)), quiet)
		}
	}
}
