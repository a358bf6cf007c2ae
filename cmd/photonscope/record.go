package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode/stream"
)

// recorder keeps a session in a pcapng file or sends it down a pipe. The
// pipeline's lock orders its calls.
type recorder struct {
	sink interface {
		Items([]stream.Item)
		Messages([]captures.Message)
		Close() error
	}
	file *os.File // nil: standard output, which is not ours to close

	stop    chan struct{} // ends retry
	stopped sync.WaitGroup
}

// openRecorder starts the recording of -w. An existing file is not touched: a
// capture is evidence. Anything that is no regular file is written by a goroutine
// of its own, since it may block.
func openRecorder(a *app, path string, lock sync.Locker, say func(string, ...any)) (*recorder, error) {
	alerts := captures.Alerts{
		Alarm:   func(text string) { say("recording: %s", text) },
		Cleared: func(text string) { say("recording: %s", text) },
	}
	if path == "-" {
		return &recorder{sink: captures.NewSpooler(a.stdout, "photonscope "+version(), alerts)}, nil
	}
	f, err := createRecording(path)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return &recorder{sink: captures.NewSpooler(f, "photonscope "+version(), alerts), file: f}, nil
	}
	file, err := captures.NewRecorder(f, "photonscope "+version(), alerts)
	if err != nil {
		f.Close()
		return nil, &exitError{exitFailure, fmt.Errorf("record to %s: %w", path, unwrapPath(err)), roomHint}
	}
	r := &recorder{sink: file, file: f, stop: make(chan struct{})}
	r.stopped.Go(func() { r.retry(file, lock) })
	return r, nil
}

// createRecording creates the file of -w, for the owner alone. A pipe or an
// empty file that is there already is opened: neither holds anything to lose.
func createRecording(path string) (*os.File, error) {
	how := os.O_CREATE | os.O_EXCL
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		how = 0
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeCharDevice) != 0 {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, usageError("", "record to %s: %v", path, unwrapPath(err))
		}
		return f, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|how, 0o600)
	switch {
	case isFolder(path):
		return nil, usageError("-w "+filepath.Join(path, "session.pcapng"), "record to %s: it is a folder", path)
	case os.IsExist(err):
		return nil, usageError("another name, or move the file away", "record to %s: there is a file already, and a recording is never overwritten", path)
	case err != nil:
		return nil, usageError("a path in a folder that you may write to", "record to %s: %v", path, unwrapPath(err))
	}
	return f, f.Chmod(0o600)
}

// retry writes what waits for room on the disk even if the sessions are silent.
func (r *recorder) retry(file *captures.Recorder, lock sync.Locker) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-tick.C:
			lock.Lock()
			file.Retry()
			lock.Unlock()
		}
	}
}

// Items implements recording.
func (r *recorder) Items(items []stream.Item) { r.sink.Items(items) }

// Messages implements recording.
func (r *recorder) Messages(all []captures.Message) { r.sink.Messages(all) }

// discard ends a recording of nothing and leaves no file.
func (r *recorder) discard() {
	_ = r.Close() // there is nothing to lose
	if r.stop != nil {
		_ = os.Remove(r.file.Name()) // else it stays, with nothing in it
	}
}

// Close ends the recording and reports what it lacks.
func (r *recorder) Close() error {
	if r.stop != nil {
		close(r.stop)
		r.stopped.Wait()
	}
	err := r.sink.Close()
	if r.file != nil {
		if closeErr := r.file.Close(); err == nil {
			err = closeErr
		}
	}
	return err
}
