package diagnose

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
)

// Whatever a capture holds, a diagnosis ends, and each of its findings names a
// cause of the catalogue, evidence inside the bytes it is about, and a remedy.
func TestFindingsOfDamagedCapturesAreWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	everyCase(func(c *staged, p *sim.Profile) {
		s := c.scene(t, p, nil)
		opt := c.options(s)
		opt.Keys = &s.keys
		for range 10 {
			for _, e := range findings(damaged(r, s.items), opt) {
				checkWhole(t, c, e.Body.(*decode.Finding))
			}
		}
	})
}

// damaged drops, doubles, cuts, changes and delays some of the items.
func damaged(r *rand.Rand, items []stream.Item) (list []stream.Item) {
	for _, it := range items {
		it = stream.Clone(it)
		seg, ok := it.(*stream.Segment)
		if _, opened := it.(*stream.Opened); opened || r.IntN(4) > 0 {
			list = append(list, it)
			continue
		}
		switch n := r.IntN(6); {
		case n == 0:
			continue
		case n == 1:
			list = append(list, it)
		case !ok:
		case n == 2:
			seg.Data = seg.Data[:r.IntN(len(seg.Data)+1)]
		case n == 3 && len(seg.Data) > 0:
			seg.Data[r.IntN(len(seg.Data))] ^= byte(1 + r.IntN(255))
		case n == 4:
			list = append(list, &stream.Gap{At: seg.At, Conn: seg.Conn, From: seg.From, Len: len(seg.Data)})
			continue
		default:
			seg.At = seg.At.Add(time.Duration(r.Int64N(int64(40 * time.Second))))
		}
		list = append(list, it)
	}
	return list
}

func checkWhole(t *testing.T, c *staged, f *decode.Finding) {
	t.Helper()
	if Find(f.ID) == nil || f.Title == "" || f.Device == "" || len(f.Remedy) == 0 || len(f.Evidence) == 0 {
		t.Errorf("%s %s: not whole: %+v", c.id, c.name, f)
	}
	for _, v := range f.Evidence {
		if v.Event < 1 || v.Name == "" || v.Shows == "" || v.Layer != "" && (v.Start < 0 || v.End <= v.Start) {
			t.Errorf("%s %s: evidence of %s: %+v", c.id, c.name, f.ID, v)
		}
	}
}
