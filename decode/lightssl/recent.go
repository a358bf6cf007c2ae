package lightssl

// recent is a map of bounded size: beyond it a new entry takes the place of the
// oldest. The zero value is ready.
type recent[K comparable, V any] struct {
	values map[K]V
	order  []K // by age; a ring once it is full
	oldest int
}

func (r *recent[K, V]) get(k K) (V, bool) {
	v, ok := r.values[k]
	return v, ok
}

// put sets the value of k in a map of at most limit entries, the same limit
// every time.
func (r *recent[K, V]) put(k K, v V, limit int) {
	if _, ok := r.values[k]; ok {
		r.values[k] = v
		return
	}
	if r.values == nil {
		r.values = make(map[K]V)
	}
	if len(r.order) < limit {
		r.order = append(r.order, k)
	} else {
		delete(r.values, r.order[r.oldest])
		r.order[r.oldest] = k
		r.oldest = (r.oldest + 1) % limit
	}
	r.values[k] = v
}
