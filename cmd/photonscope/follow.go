package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// followEvery is how long a follower waits before it looks again.
const followEvery = 100 * time.Millisecond

// follower reads a file that grows. Where the file ends it waits for more, until
// ctx ends or the file is over: its name stands for another file or for none, as
// after a rotation. What it still holds is read then. A file that was cut back
// has lost bytes that may never have been read, which is an error.
type follower struct {
	ctx      context.Context
	file     *os.File
	name     string
	say      func(string, ...any)
	read     int64
	caughtUp *atomic.Bool // it came to the end once: what is read since is news
	over     bool
}

// Read implements io.Reader. Once ctx has ended it returns io.EOF at the end of
// what is there.
func (f *follower) Read(b []byte) (int, error) {
	for {
		n, err := f.file.Read(b)
		f.read += int64(n)
		if n > 0 || err != io.EOF {
			return n, err
		}
		if f.over {
			return 0, io.EOF
		}
		f.caughtUp.Store(true)
		select {
		case <-f.ctx.Done():
			return 0, io.EOF
		case <-time.After(followEvery):
		}
		if err := f.look(); err != nil {
			return 0, err
		}
	}
}

// look finds out what became of the file.
func (f *follower) look() error {
	mine, err := f.file.Stat()
	if err != nil {
		return err
	}
	if size := mine.Size(); size < f.read {
		return fmt.Errorf("cut back to %d bytes while it was followed, after %d had been read", size, f.read)
	}
	named, err := os.Stat(f.name)
	switch {
	case os.IsNotExist(err):
		f.over = true
		f.say("%s was removed or renamed: it is read to its end and followed no further", f.name)
	case err == nil && !os.SameFile(mine, named):
		f.over = true
		f.say("%s is another file now: the earlier one is read to its end and followed no further", f.name)
	}
	return nil
}

// interruptible ends a read that waits for a pipe when ctx ends. Nothing else
// can, so it reads on a goroutine of its own, which a pipe that nobody writes to
// holds up until the program ends.
type interruptible struct {
	ctx  context.Context
	r    io.Reader
	end  error        // what Read returns then
	idle *atomic.Bool // set once it waited for bytes in vain for a while; nil: nobody asks
	buf  []byte
	got  chan readResult
	more chan struct{}
	rest []byte
	err  error
}

type readResult struct {
	n   int
	err error
}

func newInterruptible(ctx context.Context, r io.Reader, end error, idle *atomic.Bool) *interruptible {
	i := &interruptible{ctx: ctx, r: r, end: end, idle: idle, buf: make([]byte, 64<<10), got: make(chan readResult), more: make(chan struct{})}
	go i.pump()
	return i
}

func (i *interruptible) pump() {
	for {
		n, err := i.r.Read(i.buf)
		select {
		case i.got <- readResult{n, err}:
		case <-i.ctx.Done():
			return
		}
		if err != nil {
			return
		}
		select {
		case <-i.more:
		case <-i.ctx.Done():
			return
		}
	}
}

// patience ends when nothing came for a while, if that is yet to be told.
func (i *interruptible) patience() <-chan time.Time {
	if i.idle == nil || i.idle.Load() {
		return nil
	}
	return time.After(followEvery)
}

// Read implements io.Reader.
func (i *interruptible) Read(b []byte) (int, error) {
	for len(i.rest) == 0 {
		if i.err != nil {
			return 0, i.err
		}
		select {
		case res := <-i.got:
			i.rest, i.err = i.buf[:res.n], res.err
		case <-i.ctx.Done():
			i.err = i.end
		case <-i.patience():
			i.idle.Store(true)
		}
	}
	n := copy(b, i.rest)
	if i.rest = i.rest[n:]; len(i.rest) == 0 && i.err == nil {
		select {
		case i.more <- struct{}{}:
		case <-i.ctx.Done():
			i.err = i.end
		}
	}
	return n, nil
}
