package decode

import (
	"math/rand/v2"
	"testing"
)

// Events whose memory is used again say the same, as long as they are looked at
// before.
func TestRecyclingIsInvisible(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for _, name := range vectorNames {
		items := loadVectors(t, name).items(t)
		keys := vectorKeys(t)
		for round := range 20 {
			if round > 0 {
				items = damage(rng, cutItems(rng, items, 600), round)
			}
			want := render(decodeAll(keys, items))
			d, got := NewDecoder(keys), ""
			for _, it := range items {
				got += render(d.Feed(nil, it))
				d.recycle()
			}
			if got += render(d.Finish(nil)); got != want {
				t.Fatalf("%s, round %d: other events\n%s", name, round, firstDifference(got, want))
			}
		}
	}
}
