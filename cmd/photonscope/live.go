package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// liveFlags are those of every command that makes sessions.
type liveFlags struct {
	keys   []string
	record string
	keyLog string
	log    logFlags
}

func (f *liveFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.keys, "key", "k", nil, keyFlagHelp)
	cmd.Flags().StringVarP(&f.record, "write", "w", "", "record to a pcapng `file`, or - for standard output; the key log is written beside it")
	cmd.Flags().StringVar(&f.keyLog, "keylog", "", "append session secrets to this `file` (also PHOTONKEYLOGFILE)")
	f.log.register(cmd)
}

// live is a running source of sessions: its pipeline and what is kept of it.
// The proxy's goroutines call only pipe.tap and the keyring; everything else
// happens on the consumer's goroutine.
type live struct {
	app      *app
	keys     *keySet
	pipe     *pipeline
	out      *output
	recorder *recorder // nil: not recording
	keyLogs  []*keyLogFile
	log      *log
	notes    notes
	screen   *tui // that shows the events; nil: they are printed
}

// newLive opens what a live source writes to.
func (a *app) newLive(f *liveFlags, o *outputFlags, keys *keySet) (*live, error) {
	log, err := f.log.open(a, o.quiet)
	if err != nil {
		return nil, err
	}
	l := &live{app: a, keys: keys, log: log, screen: o.screen}
	printTo := a.stdout
	if f.record == "-" {
		printTo = a.stderr // the recording has standard output
	}
	var to sink
	to, l.out = a.printOf(printTo, o)
	l.pipe = newPipeline(keys.Ring, to)
	l.pipe.alarm = func(text string) { l.alarm("%s", text) }
	l.pipe.onEvent = l.keep
	if o.screen != nil {
		o.screen.expect(keys, nil)
	} else {
		l.pipe.doctor = keys.doctor()
	}
	l.pipe.bothLegs = o.legs == "both" || o.screen != nil
	if f.record != "" {
		r, err := openRecorder(a, f.record, &l.pipe.tapMu, l.alarm)
		if err != nil {
			return nil, err
		}
		l.recorder = r
		l.pipe.record = r
	}
	if err := l.openKeyLogs(f); err != nil {
		if l.recorder != nil {
			l.recorder.discard()
		}
		return nil, err
	}
	return l, nil
}

// openKeyLogs opens the files that session secrets go to: the one named by
// flag or environment, and the one beside the recording.
func (l *live) openKeyLogs(f *liveFlags) error {
	paths := []string{f.keyLog}
	if f.keyLog == "" {
		paths[0] = l.app.getenv("PHOTONKEYLOGFILE")
	}
	if f.record != "" && f.record != "-" {
		paths = append(paths, f.record+".keylog")
	}
	for _, path := range paths {
		if path == "" {
			continue
		}
		k, err := openKeyLogFile(path)
		if err != nil {
			return err
		}
		l.keyLogs = append(l.keyLogs, k)
	}
	return nil
}

// keep takes from the events what outlives them: the device's public key and
// the session's secrets.
func (l *live) keep(e *decode.Event) {
	switch b := e.Body.(type) {
	case *decode.Identity:
		if b.Opened && len(b.Identity.Key) > 0 && e.Conn.Leg == stream.DeviceLeg {
			l.learn(b.Identity)
		}
	case *decode.Credentials:
		if b.Opened && b.HasNonce {
			for _, k := range l.keyLogs {
				if err := k.add(lightssl.KeyLogEntry{Nonce: b.Nonce, HasNonce: true, Credentials: b.Credentials}); err != nil {
					l.alarm("%v", err)
				}
			}
		}
	}
}

func (l *live) learn(id lightssl.Identity) {
	note, err := l.keys.SaveLearnt(id.Device, id.Key)
	if err != nil {
		l.say("keep the public key of device %s: %v", id.Device, err)
	} else if note != "" {
		l.inform("%s", note)
	}
}

// say leaves a note of something to look at, from any goroutine, without waiting:
// a stopped terminal must not hold up a session.
func (l *live) say(format string, args ...any) {
	l.notes.add(slog.LevelWarn, fmt.Sprintf(format, args...))
}

// inform leaves a note of how things go on.
func (l *live) inform(format string, args ...any) {
	l.notes.add(slog.LevelInfo, fmt.Sprintf(format, args...))
}

// alarm leaves a note of something that is lost.
func (l *live) alarm(format string, args ...any) {
	l.notes.add(slog.LevelError, fmt.Sprintf(format, args...))
	if l.screen != nil {
		l.screen.log.Alarm()
	}
}

// serve runs a source until ctx ends or it fails, and prints and records what
// it brings. A closed terminal or pipe ends printing, never a session.
func (l *live) serve(ctx context.Context, run func(context.Context) error, source string) error {
	signal.Ignore(syscall.SIGPIPE)
	if l.screen != nil {
		l.screen.begin() // now it knows all that it may do
	}
	printed := l.notes.start(l.log.print)
	defer l.log.close()
	defer printed()
	drain, stopDrain := context.WithCancel(context.WithoutCancel(ctx))
	var consumer sync.WaitGroup
	consumer.Go(func() {
		l.out.header(source)
		l.pipe.run(drain)
	})
	consumer.Go(func() { followKeyLogs(drain, l.keys, l.say) })
	err := run(ctx)
	stopDrain()
	consumer.Wait()
	return l.close(err)
}

// close ends recording and printing and says what is missing.
func (l *live) close(err error) error {
	reason := ""
	if n := l.pipe.queue.missed(); n > 0 {
		reason = fmt.Sprintf("%d bytes were too much to show at the time", n)
		l.say("%s; a recording has them", reason)
	}
	if l.recorder != nil {
		if lost := l.recorder.Close(); lost != nil && err == nil {
			err = &exitError{exitFailure, errors.New("record: " + inWords(lost)), hintForLost(lost)}
		}
	}
	for _, k := range l.keyLogs {
		k.close()
	}
	if err != nil {
		reason = err.Error()
	}
	l.out.close(err == nil && reason == "", reason)
	if err == nil {
		err = l.out.show.unmatched()
	}
	return err
}

// hintForLost says what to do about a recording that lacks something: a full disk has
// a remedy, a program that read it from a pipe and went away has none.
func hintForLost(lost error) string {
	if errors.Is(lost, syscall.ENOSPC) {
		return roomHint
	}
	return ""
}

// keyLogFile is a key log that is written.
type keyLogFile struct {
	path string
	f    *os.File
	seen map[lightssl.KeyLogEntry]bool
}

func openKeyLogFile(path string) (*keyLogFile, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
		return nil, usageError("the path of the file itself", "key log %s is a link: secrets are not written through links", path)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, usageError("a path in a folder that you may write to", "key log %s: %v", path, unwrapPath(err))
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		f.Chmod(0o600)
	}
	return &keyLogFile{path: path, f: f, seen: make(map[lightssl.KeyLogEntry]bool)}, nil
}

// add writes the line of a session, once, in one write.
func (k *keyLogFile) add(e lightssl.KeyLogEntry) error {
	if k.seen[e] {
		return nil
	}
	k.seen[e] = true
	if n, err := k.f.Write(e.Append(nil)); err != nil {
		k.cut(n)
		return fmt.Errorf("key log %s: %w", k.path, unwrapPath(err))
	}
	return nil
}

// cut takes a part of a line away again, which would be no line.
func (k *keyLogFile) cut(n int) {
	if end, err := k.f.Seek(0, io.SeekEnd); err == nil && n > 0 {
		_ = k.f.Truncate(end - int64(n)) // else readers say so
	}
}

func (k *keyLogFile) close() { k.f.Close() }

// followKeyLogs reads what others append to the key logs given with -k, until
// ctx ends.
func followKeyLogs(ctx context.Context, keys *keySet, say func(string, ...any)) {
	nowAndThen(ctx, func() { keys.readMore(say) })
}

// nowAndThen looks for keys that come late a few times a second, until ctx ends.
func nowAndThen(ctx context.Context, look func()) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			look()
		}
	}
}
