package diagnose

import (
	"fmt"
	"hash/fnv"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/sim"
)

// everyCase yields each staged cause with a firmware that has it.
func everyCase(each func(c *staged, p *sim.Profile)) {
	for i := range staging {
		each(&staging[i], &sim.LightSSL231)
	}
	for i := range rhythmic {
		each(&rhythmic[i], &sim.LightSSL231)
	}
	for i := range older {
		each(&older[i], &sim.Legacy049)
	}
	for i := range newer {
		each(&newer[i], &sim.LightSSL231)
	}
}

// played plays a staged cause, the same way every time.
func (c *staged) played(t *testing.T, p *sim.Profile, change func(*scene)) []decode.Event {
	s := c.scene(t, p, change)
	return s.diagnosed(c.options(s))
}

func (c *staged) scene(t *testing.T, p *sim.Profile, change func(*scene)) *scene {
	h := fnv.New64()
	fmt.Fprint(h, c.id, c.name, p.Name)
	cryptotest.SetGlobalRandom(t, h.Sum64())
	s := newScene(t, p)
	if change != nil {
		change(s)
	}
	c.play(s)
	return s
}

func (c *staged) options(s *scene) Options {
	if c.opt == nil {
		return Options{}
	}
	return c.opt(s)
}

func TestEveryCauseIsFoundFirstAndOnItsBytes(t *testing.T) {
	everyCase(func(c *staged, p *sim.Profile) {
		t.Run(c.id+" "+c.name, func(t *testing.T) {
			found := c.played(t, p, nil)
			if len(found) == 0 {
				t.Fatal("nothing found")
			}
			f := found[0].Body.(*decode.Finding)
			if f.ID != c.id || f.Confidence != c.sure {
				t.Errorf("%s %s: %s, not %s %s", f.ID, f.Confidence, f.Title, c.id, c.sure)
			}
			if got := spans(f); got != c.evidence {
				t.Errorf("rests on %q, not on %q", got, c.evidence)
			}
			for _, other := range found[1:] {
				if o := other.Body.(*decode.Finding); o.Confidence == Certain {
					t.Errorf("then, falsely certain, %s: %s", o.ID, o.Title)
				}
			}
		})
	})
}

// spans are the bytes that a finding rests on, without what merely ended.
func spans(f *decode.Finding) string {
	var list []string
	for _, v := range f.Evidence {
		if v.Layer != "" {
			list = append(list, fmt.Sprintf("%s %s %d-%d", v.Name, v.Layer, v.Start, v.End))
		}
	}
	return strings.Join(list, ", ")
}

func TestTheStopwatchMarksWhatCameTooLate(t *testing.T) {
	var reports []Report
	for i := range staging {
		if c := &staging[i]; c.name == "late-hello" {
			s := c.scene(t, &sim.LightSSL231, nil)
			s.diagnosed(Options{Report: func(r Report) { reports = append(reports, r) }})
		}
	}
	if len(reports) != 1 || reports[0].Online || reports[0].Found != 1 {
		t.Fatalf("%+v", reports)
	}
	for _, lap := range reports[0].Stages {
		if !lap.Done || lap.Late() != (lap.Stage == StageOnline) {
			t.Errorf("stage %s: done %v, late %v after %v", lap.Stage, lap.Done, lap.Late(), lap.Took)
		}
	}
}

func TestTheDeviceWaitsLongerAfterEachFiveFailures(t *testing.T) {
	for n, want := range map[int]string{1: "1s", 5: "1s", 6: "2s", 11: "4s", 36: "2m8s", 1000: "2m8s"} {
		if got := backoff(n).String(); got != want {
			t.Errorf("after failure %d: %s, want %s", n, got, want)
		}
	}
}
