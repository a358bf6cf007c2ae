package decode

import (
	"math/rand/v2"
	"testing"

	"github.com/photonscope/photonscope/decode/stream"
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
			both := onBothLegs(items)
			want := render(decodeAll(keys, both))
			d, got := NewDecoder(keys), ""
			var memories [2]Memory
			var before []Event
			for i, it := range both {
				d.Into(&memories[i%2])
				events := d.Feed(nil, it)
				got += render(before) // they lie in the other one
				before = events
			}
			got += render(before)
			if got += render(d.Finish(nil)); got != want {
				t.Fatalf("%s, round %d: other events\n%s", name, round, firstDifference(got, want))
			}
		}
	}
}

// onBothLegs returns the items of a proxied pair that carries what a connection
// does: each item on one leg, then on the other.
func onBothLegs(items []stream.Item) (both []stream.Item) {
	for _, it := range items {
		first, second := stream.Clone(it), stream.Clone(it)
		switch it := second.(type) {
		case *stream.Opened:
			first.(*stream.Opened).Conn.Leg = stream.DeviceLeg
			it.Conn.Leg, it.Conn.ID, it.Conn.Pair = stream.CloudLeg, 2, it.Conn.ID
		case *stream.Segment:
			it.Conn = 2
		case *stream.Gap:
			it.Conn = 2
		case *stream.Closed:
			it.Conn = 2
		}
		both = append(both, first, second)
	}
	return both
}
