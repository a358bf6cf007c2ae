package captures

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// flowMap finds a flow by its key. Go's own map would keep the keys once more,
// far from the flows, so that each packet waited for two places in memory where
// one does: this one keeps hashes, all of which fit the processor's cache. It is
// open addressing with linear probing, and at most half full. The hash is
// another in every run, so that no capture can be made to collide.
type flowMap struct {
	seed  [5]uint64
	slots []flowSlot // as many as a power of two
	n     int
}

// flowSlot is empty if it has no flow.
type flowSlot struct {
	flow *flow
	hash uint32
}

const leastSlots = 64

func (m *flowMap) init() {
	m.slots = make([]flowSlot, leastSlots)
	for i := range m.seed {
		m.seed[i] = rand.Uint64()
	}
}

func (m *flowMap) len() int { return m.n }

// hash is a product of sums with secret numbers: a fraction of the work of
// maphash.Comparable, which does not know the key's shape.
func (m *flowMap) hash(k *flowKey) uint32 {
	low := mix(k.addr[0][1]^m.seed[0], k.addr[1][1]^m.seed[1])
	high := mix(k.addr[0][0]^m.seed[2], k.addr[1][0]^m.seed[3])
	return uint32(mix(low^(uint64(k.ports[0])<<32|uint64(k.ports[1])), high^m.seed[4]))
}

// mix joins the halves of a product.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

// get returns the flow with a key, or nil.
func (m *flowMap) get(k *flowKey) *flow {
	hash, mask := m.hash(k), uint32(len(m.slots)-1)
	for i := hash & mask; m.slots[i].flow != nil; i = (i + 1) & mask {
		if s := &m.slots[i]; s.hash == hash && s.flow.key.is(k) {
			return s.flow
		}
	}
	return nil
}

// put adds a flow whose key is not there.
func (m *flowMap) put(f *flow) {
	if m.n++; 2*m.n > len(m.slots) {
		old := m.slots
		m.slots = make([]flowSlot, 2*len(old))
		for _, s := range old {
			if s.flow != nil {
				m.place(s)
			}
		}
	}
	m.place(flowSlot{f, m.hash(&f.key)})
}

func (m *flowMap) place(s flowSlot) {
	mask := uint32(len(m.slots) - 1)
	i := s.hash & mask
	for m.slots[i].flow != nil {
		i = (i + 1) & mask
	}
	m.slots[i] = s
}

// remove takes a flow out that is there. Those behind it that it had pushed on
// move up.
func (m *flowMap) remove(f *flow) {
	mask := uint32(len(m.slots) - 1)
	i := m.hash(&f.key) & mask
	for m.slots[i].flow != f {
		i = (i + 1) & mask
	}
	for j := (i + 1) & mask; m.slots[j].flow != nil; j = (j + 1) & mask {
		if home := m.slots[j].hash & mask; (j-home)&mask >= (j-i)&mask {
			m.slots[i] = m.slots[j]
			i = j
		}
	}
	m.slots[i] = flowSlot{}
	m.n--
}

// all calls yield for every flow, in no order.
func (m *flowMap) all(yield func(*flow) bool) {
	for i := range m.slots {
		if f := m.slots[i].flow; f != nil && !yield(f) {
			return
		}
	}
}

// idleness tells which flow has had no packet for longest. To keep the flows in
// that order would touch three of them for each packet. Instead they are sorted
// once the table is full: of the flows in the list, those that had no packet since
// come before all others, and the list serves until none of these is left.
type idleness struct{ list []idleFlow }

type idleFlow struct {
	flow *flow
	seen uint64
}

// next returns the flow in the map, which is not empty, that was idle for longest.
func (d *idleness) next(m *flowMap) *flow {
	for {
		for len(d.list) > 0 {
			first := d.list[0]
			d.list[0] = idleFlow{}
			d.list = d.list[1:]
			if first.flow.seen == first.seen && m.get(&first.flow.key) == first.flow {
				return first.flow
			}
		}
		for f := range m.all {
			d.list = append(d.list, idleFlow{f, f.seen})
		}
		slices.SortFunc(d.list, func(a, b idleFlow) int { return cmp.Compare(a.seen, b.seen) })
	}
}
