package terminal

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// Four hundred sizes, one after the other, and the screen is what a new program
// shows at the last.
func TestAStormOfSizes(t *testing.T) {
	s := start(t, 80, 24, "demo")
	s.wait("ENDED")
	rng := rand.New(rand.NewPCG(4, 2))
	for range 400 {
		s.resize(1+rng.IntN(300), 1+rng.IntN(100))
	}
	s.resize(80, 24)
	s.keys("1")
	s.wait("DEVICE")
	s.settle()
	if text := s.text(); strings.Count(text, "\n") > 24 || !strings.HasPrefix(text, " [1 Sessions]") {
		t.Errorf("after the storm:\n%s", text)
	}
	s.keys("\x03")
	if code := s.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.checkRestored()
	checkSequences(t, s.output())
}

// Where nothing fits a word is said.
func TestATinyTerminalGetsAWord(t *testing.T) {
	s := start(t, 20, 4, "demo")
	s.settle()
	if strings.TrimSpace(s.text()) == "" {
		t.Error("nothing is said")
	}
	s.resize(80, 24)
	s.wait(firstLine)
	s.keys("\x03")
	s.end()
	s.checkRestored()
}
