package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// choice is what read -w --only keeps: the sessions in which some event matches,
// whole, since without its handshake and its earlier frames nothing of a session
// can be opened. Of their decrypted messages those that match are kept, which the
// pipeline sees to. A session is written from its first packet on, so which ones
// match is found out before: captures are read twice.
type choice struct {
	matching *matching
	matched  map[uint32]bool          // sessions
	sessions map[stream.ConnID]uint32 // of the connections
}

// event implements sink: each event once.
func (c *choice) event(e *decode.Event) { c.matching.pass(e, c.match) }

func (c *choice) match(e *decode.Event) { c.matched[e.Session] = true }

// flush implements sink.
func (c *choice) flush() {}

// keeps reports whether a connection belongs to a session that matches. A nil
// choice keeps all.
func (c *choice) keeps(id stream.ConnID) bool { return c == nil || c.matched[c.sessions[id]] }

// checkOnly refuses --only where it cannot be.
func (r *reading) checkOnly() error {
	switch {
	case r.only.expr == "":
		return nil
	case r.write == "":
		return usageError("-Y chooses what is printed", "--only chooses what -w writes, and there is no -w")
	case r.follow:
		return usageError("follow with -w, and choose from the recording later", "--only needs all of a capture first, and --follow never has it")
	}
	var err error
	r.only.filter, err = r.app.parseFilter("--only", r.only.expr)
	return err
}

// choose reads the captures a first time, to find the sessions that match. What
// is wrong with them is said the second time.
func (r *reading) choose(ctx context.Context) error {
	if err := r.loadKeys(); err != nil {
		return err
	}
	if err := r.spoolPipes(ctx); err != nil {
		return err
	}
	quiet := *r.app
	quiet.stderr = io.Discard
	first := &reading{sourceFlags: r.sourceFlags, app: &quiet, names: r.names, quiet: true, keySet: r.keySet, spooled: r.spooled}
	r.choice = &choice{matching: quiet.newMatching(&r.only, true), matched: make(map[uint32]bool), sessions: make(map[stream.ConnID]uint32)}
	first.choice = r.choice
	err := first.into(ctx, r.choice)
	r.choice.matching.finish(r.choice.match)
	var exit *exitError
	if errors.As(err, &exit) && exit.code == exitFailure {
		return nil
	}
	return err
}

// spoolPipes copies what can be read only once into files without a name.
func (r *reading) spoolPipes(ctx context.Context) error {
	r.spooled = make(map[string]*os.File)
	for _, name := range r.names {
		info, err := os.Stat(name)
		if name != "-" && (err != nil || info.Mode().IsRegular() || info.IsDir()) {
			continue // opening it says what is wrong
		}
		if err := r.spool(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) spool(ctx context.Context, name string) error {
	if err := r.checkNames(); err != nil {
		return err
	}
	in := new(inputs)
	defer in.close()
	from, err := r.openOne(ctx, in, name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "photonscope-*.pcap")
	if err != nil {
		return &exitError{exitFailure, err, ""}
	}
	r.spooled[name] = f
	_, err = io.Copy(f, from)
	switch {
	case errors.Is(err, context.Canceled):
		return &exitError{exitInterrupted, errors.New("interrupted before the end of the capture"), ""}
	case err != nil:
		return &exitError{exitFailure, fmt.Errorf("%s: copy it to %s, to read it twice: %w", sourceName(name), f.Name(), unwrapPath(err)), ""}
	}
	return nil
}

// forgetSpooled removes the copies of pipes.
func (r *reading) forgetSpooled() {
	for _, f := range r.spooled {
		f.Close()
		_ = os.Remove(f.Name()) // it lies in the folder for temporary files
	}
}

// connectionOf returns the connection of an item.
func connectionOf(it stream.Item) stream.ConnID {
	switch it := it.(type) {
	case *stream.Opened:
		return it.Conn.ID
	case *stream.Segment:
		return it.Conn
	case *stream.Gap:
		return it.Conn
	case *stream.Closed:
		return it.Conn
	}
	return 0
}
