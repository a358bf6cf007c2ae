package captures

import (
	"errors"
	"fmt"
	"io"

	"github.com/photonscope/photonscope/decode/stream"
)

// File is a regular file that a [Recorder] owns from its first byte; an
// *os.File that was not opened for appending is one.
type File interface {
	io.WriterAt
	Truncate(size int64) error
}

// Alerts are told what becomes of a recording while it runs, each time in words
// that can follow "recording: ".
// They are called by whoever records, on the traffic's path, or by the
// goroutine of a [Spooler]: they must not block and not record. Nil: nobody.
type Alerts struct {
	Alarm   func(text string) // something is wrong; sessions go on
	Cleared func(text string) // it is over; the text says what is missing, if anything
}

func (a Alerts) alarm(format string, args ...any) {
	if a.Alarm != nil {
		a.Alarm(fmt.Sprintf(format, args...))
	}
}

func (a Alerts) cleared(format string, args ...any) {
	if a.Cleared != nil {
		a.Cleared(fmt.Sprintf(format, args...))
	}
}

// SpillLimit is how many bytes of recording wait in memory for a full disk or a
// slow reader before packets are left out.
const SpillLimit = 64 << 20

// maxPause is how many calls pass at most between two attempts to write to a
// file that refuses.
const maxPause = 64

// Recorder writes what happens to a regular file. Each call's packets are in the
// file, in one write, when the call returns: record first, then forward, and a
// program that is killed has recorded all that a peer received. The file ends at
// the end of a block at every moment but within that one write, and [Read]
// accepts a file that ends anywhere.
//
// When the file takes no more (disk full, file size limit), the file is cut
// back to the last whole block and the recording goes on in memory, to be
// written when there is room: nothing is missing then, up to [SpillLimit]. Beyond
// it packets are left out and counted, and the file says where and how many
// bytes: reading it back gives a [stream.Gap] of that length.
//
// A Recorder is not safe for concurrent use. Its order of calls is the order of
// the recording.
type Recorder struct {
	file   File
	alerts Alerts
	omit   omitter
	size   int64 // bytes of whole blocks in the file
	torn   bool  // there may be bytes beyond size
	buf    []byte
	spill  spill
	limit  int   // of spill, in bytes
	full   bool  // the alarm for a spill at its limit was given
	err    error // why the last write failed; nil: recording to the file
	pause  int   // the last number of calls between attempts
	left   int   // calls until the next attempt
}

// NewRecorder starts a recording at the beginning of f, which is empty. app is
// the program's name and version, for the file's header.
func NewRecorder(f File, app string, a Alerts) (*Recorder, error) {
	r := &Recorder{file: f, alerts: a, omit: newOmitter(app), limit: SpillLimit}
	r.buf = r.omit.enc.AppendHeader(nil)
	if err := r.write(r.buf); err != nil {
		return nil, fmt.Errorf("captures: begin recording: %w", err)
	}
	return r, nil
}

// Items records what happened. It keeps nothing of items.
func (r *Recorder) Items(items []stream.Item) {
	r.buf = r.buf[:0]
	for _, it := range items {
		r.buf = r.omit.appendItem(r.buf, it, r.room())
	}
	r.record()
}

// Messages records decrypted messages, for other tools. It keeps nothing of them.
func (r *Recorder) Messages(all []Message) {
	r.buf = r.buf[:0]
	for i := range all {
		r.buf = r.omit.appendMessage(r.buf, &all[i], r.room())
	}
	r.record()
}

// room says how many bytes the current call may still add.
func (r *Recorder) room() room {
	if r.err == nil {
		return room{r.limit, r.limit}
	}
	held := r.spill.bytes + len(r.buf)
	return room{r.limit - held, r.limit + r.limit/reserve - held}
}

// record writes the blocks of the current call, or keeps them for later.
func (r *Recorder) record() {
	if r.err == nil {
		if len(r.buf) == 0 || r.write(r.buf) == nil {
			return
		}
		r.left = 1
		r.alerts.alarm("the file takes no more: %v; sessions go on, and up to %d MiB wait in memory", r.err, r.limit>>20)
	}
	r.spill.add(r.buf)
	if r.omit.leaving && !r.full {
		r.full = true
		r.alerts.alarm("the memory for it is full as well: packets are left out until the file can be written again (%v)", r.err)
	}
	if r.left > 0 {
		r.left--
		return
	}
	r.Retry()
}

// Retry writes what waits in memory, if the file takes it. Recording calls do
// so on their own from time to time; a program whose sessions may fall silent
// calls it as well, about once a second.
func (r *Recorder) Retry() {
	if r.err == nil {
		return
	}
	r.pause = min(2*r.pause+1, maxPause)
	r.left = r.pause
	for r.spill.bytes > 0 {
		if r.write(r.spill.first()) != nil {
			return
		}
		r.spill.pop()
	}
	r.buf = r.omit.appendPending(r.buf[:0])
	if r.write(r.buf) != nil {
		r.spill.add(r.buf)
		return
	}
	r.pause, r.left, r.full, r.omit.leaving = 0, 0, false, false
	r.alerts.cleared("the file is written again; %s", r.omit.lost)
}

// write appends whole blocks to the file in one write, or leaves the file as it
// was and says why in r.err as well.
func (r *Recorder) write(blocks []byte) error {
	if r.torn {
		if r.err = r.file.Truncate(r.size); r.err != nil {
			return r.err
		}
		r.torn = false
	}
	n, err := r.file.WriteAt(blocks, r.size)
	if err == nil && n < len(blocks) {
		err = io.ErrShortWrite
	}
	r.err = err
	if err == nil {
		r.size += int64(n)
		return nil
	}
	r.torn = r.file.Truncate(r.size) != nil
	return err
}

// Close writes what waits in memory and reports what the recording lacks, nil
// if nothing. It does not close the file.
func (r *Recorder) Close() error {
	r.Retry()
	switch {
	case r.err != nil:
		return fmt.Errorf("captures: the last %d bytes of the recording could not be written (%w); before them, %s", r.spill.bytes, r.err, r.omit.lost)
	case r.omit.lost != (Lost{}):
		return errors.New("captures: " + r.omit.lost.String())
	}
	return nil
}
