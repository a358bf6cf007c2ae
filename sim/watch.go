package sim

import (
	"context"
	"sync"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
)

// watches are those who wait for messages.
type watches struct {
	mu  sync.Mutex
	all []*watch
}

// watch is one of them. What matches is copied to c; if c is full it is lost.
type watch struct {
	match func(*coap.Message) bool
	c     chan coap.Message
}

func (w *watches) add(size int, match func(*coap.Message) bool) *watch {
	x := &watch{match, make(chan coap.Message, size)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, x)
	return x
}

func (w *watches) remove(x *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, y := range w.all {
		if x == y {
			w.all = append(w.all[:i:i], w.all[i+1:]...)
			return
		}
	}
}

func (w *watches) offer(m *coap.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range w.all {
		if x.match(m) {
			select {
			case x.c <- *m:
			default:
			}
		}
	}
}

// await returns the next message of a watch, within a limit. What the session has
// served before it ended counts.
func (l *link) await(ctx context.Context, w *watch, limit time.Duration) (m coap.Message, err error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case m := <-w.c:
		return m, nil
	case <-timer.C:
		err = ErrTimeout
	case <-l.over:
		err = ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	select {
	case m := <-w.c:
		return m, nil
	default:
		return m, err
	}
}
