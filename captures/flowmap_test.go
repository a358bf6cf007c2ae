package captures

import (
	"math/rand/v2"
	"testing"
)

// The map holds what Go's own holds, and the idlest flow is the one whose latest
// packet is the oldest, whatever was added, touched and removed before.
func TestFlowsAreFoundAndTheIdlestIsKnown(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var m flowMap
		m.init()
		var idle idleness
		model := make(map[flowKey]*flow)
		packets := uint64(0)
		for range 3000 {
			k := flowKey{ports: [2]uint32{uint32(rng.IntN(300)), 7}}
			f := m.get(&k)
			if f != model[k] || m.len() != len(model) {
				t.Fatalf("seed %d: found %v, want %v; %d flows, want %d", seed, f, model[k], m.len(), len(model))
			}
			switch {
			case f == nil:
				f = &flow{key: k}
				m.put(f)
				model[k] = f
			case rng.IntN(4) == 0:
				m.remove(f)
				delete(model, k)
			case rng.IntN(10) == 0:
				want := f
				for _, other := range model {
					if other.seen < want.seen {
						want = other
					}
				}
				if got := idle.next(&m); got != want {
					t.Fatalf("seed %d: a flow that was idle since packet %d, want %d", seed, got.seen, want.seen)
				}
				m.remove(want)
				delete(model, want.key)
			}
			packets++
			f.seen = packets
		}
		for f := range m.all {
			if model[f.key] != f {
				t.Fatalf("seed %d: a flow too many", seed)
			}
			delete(model, f.key)
		}
		if len(model) > 0 {
			t.Fatalf("seed %d: %d flows are missing", seed, len(model))
		}
	}
}
