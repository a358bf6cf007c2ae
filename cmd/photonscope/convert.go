package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// conversion writes what is read from captures as a recording of ours: the
// connections put together, on the interfaces of their legs, each decrypted
// message behind the packet that completed it, and beside the file the key log
// that opens it. It implements recording.
type conversion struct {
	app     *app
	name    string
	w       io.Writer
	file    *os.File    // nil: standard output
	isNew   bool        // a regular file that was empty before
	keyLog  *keyLogFile // nil: nothing was opened so far
	choice  *choice     // nil: everything is kept
	encoder *captures.Encoder
	buf     []byte
	written int64 // whole blocks
	failed  error

	connections, messages int
}

// nobody is a sink for events that are not printed.
type nobody struct{}

func (nobody) event(*decode.Event) {}
func (nobody) flush()              {}
func (nobody) holding() bool       { return false }

// asksForOutput reports whether a command line that has -w says how to print
// events as well. Without, nothing is printed.
func asksForOutput(cmd *cobra.Command) bool {
	for _, name := range []string{"T", "e", "v", "Y"} {
		if f := cmd.Flags().ShorthandLookup(name); f != nil && f.Changed {
			return true
		}
	}
	return false
}

// writeAtOnce is how much of a recording is collected for one write.
const writeAtOnce = 256 << 10

// roomHint is what to do about a recording that cannot be written.
const roomHint = "a folder on a disk with room"

// newConversion starts the recording of read -w.
func newConversion(a *app, path string) (*conversion, error) {
	c := &conversion{app: a, name: path, w: a.stdout, encoder: captures.NewEncoder()}
	c.encoder.App = "photonscope " + version()
	if path != "-" {
		f, err := createRecording(path)
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		c.w, c.file, c.isNew = f, f, err == nil && info.Mode().IsRegular()
	}
	c.buf = c.encoder.AppendHeader(nil)
	return c, nil
}

// Items implements recording.
func (c *conversion) Items(items []stream.Item) {
	for _, it := range items {
		if !c.choice.keeps(connectionOf(it)) {
			continue
		}
		if _, ok := it.(*stream.Opened); ok {
			c.connections++
		}
		c.buf = c.encoder.AppendItem(c.buf, it)
	}
	c.writeIfMuch()
}

// Messages implements recording.
func (c *conversion) Messages(all []captures.Message) {
	for _, m := range all {
		c.buf = c.encoder.AppendMessage(c.buf, m)
	}
	c.messages += len(all)
	c.writeIfMuch()
}

// secrets keeps what opens the session of an event.
func (c *conversion) secrets(e *decode.Event) {
	b, ok := e.Body.(*decode.Credentials)
	if !ok || !b.Opened || !c.isNew || c.failed != nil || !c.choice.keeps(e.Conn.ID) {
		return
	}
	if c.keyLog == nil {
		if c.keyLog, c.failed = openKeyLogFile(c.name + keyLogBeside); c.failed != nil {
			return
		}
	}
	c.failed = c.keyLog.add(lightssl.KeyLogEntry{Nonce: b.Nonce, HasNonce: b.HasNonce, Credentials: b.Credentials})
}

func (c *conversion) writeIfMuch() {
	if len(c.buf) >= writeAtOnce {
		c.flush()
	}
}

// flush writes what was collected. A file that takes no more is cut back to its
// last whole block.
func (c *conversion) flush() {
	if c.failed != nil || len(c.buf) == 0 {
		return
	}
	n, err := c.w.Write(c.buf)
	c.written += int64(captures.WholeBlocks(c.buf[:n]))
	if c.failed = err; err != nil && c.isNew {
		_ = c.file.Truncate(c.written) // else it ends inside a block, which readers say
	}
	c.buf = c.buf[:0]
}

// close ends the recording and says what became of it.
func (c *conversion) close() error {
	c.flush()
	if c.keyLog != nil {
		c.keyLog.close()
	}
	if c.file != nil {
		if err := c.file.Close(); c.failed == nil {
			c.failed = err
		}
	}
	if c.failed != nil && c.isNew && c.written == 0 {
		_ = os.Remove(c.name) // an empty file would be no capture
	}
	var exit *exitError
	switch {
	case c.failed == nil, c.file == nil && errors.Is(c.failed, syscall.EPIPE):
		return nil
	case errors.As(c.failed, &exit):
		return exit
	}
	return &exitError{exitFailure, fmt.Errorf("record to %s: %w", c.name, unwrapPath(c.failed)), roomHint}
}

// discard leaves no file behind of a recording that holds nothing.
func (c *conversion) discard() {
	if c.isNew {
		_ = c.file.Close()
		_ = os.Remove(c.name) // else it stays, with nothing in it
	}
}

// summary says what the recording holds.
func (c *conversion) summary() string {
	text := fmt.Sprintf("%s: %s, %s decrypted", c.name, count(c.connections, "connection"), count(c.messages, "message"))
	if c.keyLog != nil {
		text += "; the secrets that open them are in " + c.keyLog.path
	}
	return text
}
