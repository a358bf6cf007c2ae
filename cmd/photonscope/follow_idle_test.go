package main

import (
	"context"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A pipe that is followed has been caught up with when nothing came for a while, and
// not before.
func TestAPipeIsCaughtUpWithWhenItIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var idle atomic.Bool
		out, in := io.Pipe()
		i := newInterruptible(ctx, out, io.EOF, &idle)
		ended := make(chan error)
		go func() { _, err := io.Copy(io.Discard, i); ended <- err }()
		for range 5 {
			in.Write([]byte("x"))
			time.Sleep(followEvery / 2)
			synctest.Wait()
			if idle.Load() {
				t.Fatal("caught up with while bytes come")
			}
		}
		time.Sleep(followEvery)
		synctest.Wait()
		if !idle.Load() {
			t.Error("still loading when nothing comes")
		}
		cancel()
		in.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
