package sim

import "sync"

// received is a frame that was read: the message in it, or all decrypted bytes
// and lightssl.ErrPadding, or nothing and lightssl.ErrLength.
type received struct {
	plain []byte
	err   error
}

// inboxLimit bounds what may lie unanswered, in bytes.
const inboxLimit = 4 << 20

// inbox is the queue between a link's reader and its owner.
type inbox struct {
	ready chan struct{} // holds a value when there is something new
	mu    sync.Mutex
	queue []received
	size  int
	err   error
}

func (b *inbox) put(r received) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size += len(r.plain) + 64; b.size > inboxLimit {
		return errFlood
	}
	b.queue = append(b.queue, r)
	b.wake()
	return nil
}

func (b *inbox) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
	b.wake()
}

func (b *inbox) wake() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// take returns all that came, and the error that ended the reader if it has
// ended.
func (b *inbox) take() ([]received, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q := b.queue
	b.queue, b.size = nil, 0
	return q, b.err
}

// putBack returns what was taken and not served.
func (b *inbox) putBack(q []received, end error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queue = append(q, b.queue...)
	if len(b.queue) > 0 || end != nil {
		b.wake()
	}
}
