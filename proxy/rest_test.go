package proxy

import (
	"net"
	"regexp"
	"runtime"
	"slices"
	"testing"
	"time"
)

// halfGoroutines are the numbers of the goroutines that relay.
func halfGoroutines() (numbers []string) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, m := range regexp.MustCompile(`(?s)goroutine (\d+) [^\n]*:\n(.*?)(\n\n|$)`).FindAllSubmatch(stacks, -1) {
		if regexp.MustCompile(`\(\*half\)\.relay`).Match(m[2]) {
			numbers = append(numbers, string(m[1]))
		}
	}
	slices.Sort(numbers)
	return numbers
}

func TestSilentHalvesGoOnInFreshGoroutines(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.start()
		device, cloud := b.online()
		talk := func() {
			t.Helper()
			f := frame(48)
			write(t, device, f)
			equal(t, "from the device", read(t, cloud, len(f)), f)
			write(t, cloud, f)
			equal(t, "from the cloud", read(t, device, len(f)), f)
		}
		talk()
		busy := halfGoroutines()
		time.Sleep(3 * restAfter)
		first := halfGoroutines()
		if len(busy) != 2 || len(first) != 2 || first[0] == busy[0] || first[1] == busy[1] {
			t.Errorf("goroutines %v, and after a silence %v", busy, first)
		}
		time.Sleep(time.Hour)
		if still := halfGoroutines(); !slices.Equal(still, first) {
			t.Errorf("silent goroutines %v became %v", first, still)
		}
		talk()
		device.Close()
		readAll(t, cloud)
		cloud.Close()
	})
}

// Whatever comes just when a half is woken passes whole, in pieces as well.
func TestWhatComesWhileAHalfIsWokenPasses(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.start()
		device, cloud := b.online()
		for ms := -5; ms <= 5; ms++ {
			f := frame(48)
			for _, cut := range []int{len(f), 1, 20} { // the rest comes when the half may be woken
				write(t, device, f[:cut])
				time.Sleep(restAfter + time.Duration(ms)*time.Millisecond)
				if cut < len(f) {
					write(t, device, f[cut:])
				}
				equal(t, "from the device", read(t, cloud, len(f)), f)
				write(t, cloud, f)
				equal(t, "from the cloud", read(t, device, len(f)), f)
				time.Sleep(restAfter + time.Duration(ms)*time.Millisecond)
			}
		}
		device.Close()
		readAll(t, cloud)
		cloud.Close()
	})
}

// deadlines counts the read deadlines of a connection.
type deadlines struct {
	net.Conn
	n int
}

func (d *deadlines) SetReadDeadline(time.Time) error { d.n++; return nil }

// A half that has ended waits for a reset, which a deadline would end.
func TestOnlyHalvesThatMayBeWokenAre(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Session)
		woken  int
		silent bool
	}{
		{"silent", func(*Session) {}, 2, true},
		{"speaks", func(s *Session) { s.lastRead.Store(2) }, 0, false},
		{"fresh", func(s *Session) { s.halves[0].stack.Store(shallow) }, 1, true},
		{"half closed", func(s *Session) { s.ended[1] = true }, 1, true},
		{"refused", func(s *Session) { s.refused = true }, 0, true},
		{"draining", func(s *Session) { s.draining = true }, 0, true},
		{"over", func(s *Session) { s.over = true }, 0, true},
	} {
		s, conn := new(Session), new(deadlines)
		for i := range s.halves {
			s.halves[i].in.conn = conn
			s.halves[i].stack.Store(deep)
		}
		c.change(s)
		if silent := s.rest(1); silent != c.silent || conn.n != c.woken {
			t.Errorf("%s: silent %v, %d woken", c.name, silent, conn.n)
		}
	}
}
