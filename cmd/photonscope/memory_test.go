package main

import (
	"runtime/debug"
	"testing"
	"time"
)

// gcPercent sets what the environment would, for one test.
func gcPercent(t *testing.T, percent int) {
	t.Helper()
	before := debug.SetGCPercent(percent)
	t.Cleanup(func() { debug.SetGCPercent(before) })
}

// pace is what the runtime is told now.
func pace() int {
	percent := debug.SetGCPercent(defaultPercent)
	debug.SetGCPercent(percent)
	return percent
}

func TestMemoryIsGivenBackWhenSessionsFallSilentOrNeverDo(t *testing.T) {
	gcPercent(t, defaultPercent)
	start := time.Unix(1_800_000_000, 0)
	m := newMemory(start)
	at := func(after time.Duration, some, opened bool) (given bool) {
		before := m.given
		m.traffic(start.Add(after), some, opened)
		return m.given != before
	}
	for _, step := range []struct {
		name         string
		after        time.Duration
		some, opened bool
		given        bool
	}{
		{"nothing happened yet", 5 * time.Second, false, false, false},
		{"the first traffic, long after the start", 6 * time.Second, true, true, true},
		{"more of it", 6*time.Second + 100*time.Millisecond, true, false, false},
		{"silence, too short", 7 * time.Second, false, false, false},
		{"silence", 7*time.Second + 100*time.Millisecond, false, false, true},
		{"silence goes on", 60 * time.Second, false, false, false},
		{"traffic again", 61 * time.Second, true, false, true},
		{"without a pause", 62 * time.Second, true, false, false},
		{"without a pause for long", 63 * time.Second, true, false, true},
	} {
		if given := at(step.after, step.some, step.opened); given != step.given {
			t.Errorf("%s: memory given back: %v, want %v", step.name, given, step.given)
		}
	}
}

func TestCollectionsAreSparingWhileSessionsOpenAndSeldomWhileTheyTalk(t *testing.T) {
	gcPercent(t, defaultPercent)
	start := time.Unix(1_800_000_000, 0)
	m := newMemory(start)
	if got := pace(); got != leastPercent {
		t.Errorf("begins with %d %%, want %d", got, leastPercent)
	}
	for _, step := range []struct {
		name         string
		after        time.Duration
		some, opened bool
		generous     bool
	}{
		{"sessions open", 10 * time.Millisecond, true, true, false},
		{"others may come yet", 200 * time.Millisecond, true, false, false},
		{"they talk", 300 * time.Millisecond, true, false, true},
		{"another opens", 400 * time.Millisecond, true, true, false},
		{"they talk again", 700 * time.Millisecond, true, false, true},
		{"they fall silent", 1800 * time.Millisecond, false, false, false},
	} {
		m.traffic(start.Add(step.after), step.some, step.opened)
		if m.generous != step.generous {
			t.Errorf("%s: generous: %v, want %v", step.name, m.generous, step.generous)
		}
		if got := pace(); (got >= defaultPercent) != step.generous && got != defaultPercent {
			t.Errorf("%s: %d %% of garbage", step.name, got)
		}
	}
}

func TestGOGCOfTheUserStays(t *testing.T) {
	for _, percent := range []int{50, 400, -1} {
		gcPercent(t, percent)
		start := time.Unix(1_800_000_000, 0)
		m := newMemory(start)
		m.traffic(start.Add(time.Second), true, false)
		m.traffic(start.Add(5*time.Second), false, false)
		if got := pace(); got != percent {
			t.Errorf("GOGC %d became %d", percent, got)
		}
	}
}

func TestPercentOfWhatIsInUse(t *testing.T) {
	for _, test := range []struct {
		inUse    uint64
		generous bool
		want     int
	}{
		{1 << 20, false, defaultPercent}, // never more often than without us
		{4 << 20, false, defaultPercent},
		{8 << 20, false, 50},
		{1 << 30, false, leastPercent},
		{1 << 10, true, mostPercent},
		{4 << 20, true, 400},
		{16 << 20, true, defaultPercent},
		{1 << 30, true, defaultPercent},
	} {
		if got := percentOf(test.inUse, test.generous); got != test.want {
			t.Errorf("%d bytes in use, generous %v: %d %%, want %d", test.inUse, test.generous, got, test.want)
		}
	}
}
