package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

func newExportCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "export", Short: "Take out of a capture what its sessions carried",
		Example: "  photonscope export firmware -k keys/ session.pcapng",
	}
	var (
		keys   []string
		folder string
	)
	firmware := &cobra.Command{
		Use:   "firmware [flags] FILE|-",
		Short: "Write the firmware images that were sent over the air",
		Long: `Puts the chunks of each firmware update together, checks the CRC-32 of every
chunk, and writes each complete image to DEVICE_ID-NUMBER.bin, or, if no server
key says which device it was, to session-SESSION-NUMBER.bin. Of an incomplete
image it says how many chunks are missing.`,
		Example: `  photonscope export firmware -k keys/ session.pcapng`,
		Args:    takes(1, 1, "one capture, a file or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.exportFirmware(cmd.Context(), keys, folder, args[0])
		},
	}
	firmware.Flags().StringArrayVarP(&keys, "key", "k", nil, keyFlagHelp)
	firmware.Flags().StringVarP(&folder, "out", "o", ".", "`folder` to write to")
	cmd.AddCommand(firmware)
	return cmd
}

// exportFirmware writes every complete image of a capture.
func (a *app) exportFirmware(ctx context.Context, keyArgs []string, folder, name string) error {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return usageError("-o names a folder that is there", "%s is no folder", folder)
	}
	images := &imageCollector{app: a, folder: folder, sessions: make(map[uint32]*imageSession)}
	r := &reading{app: a, names: []string{name}, bothLegs: true}
	r.keys = keyArgs
	err := r.into(ctx, images)
	images.done()
	if err != nil {
		return err
	}
	if images.err == nil && images.written == 0 && images.incomplete == 0 {
		a.say("%s: no firmware update in the sessions that could be opened", name)
	}
	return images.err
}

// imageCollector follows the firmware updates of a capture.
type imageCollector struct {
	app        *app
	folder     string
	sessions   map[uint32]*imageSession
	msg        coap.Message
	written    int
	incomplete int
	err        error
}

// imageSession is one session's conversation, followed a second time for its
// transfers.
type imageSession struct {
	conv   particle.Conversation
	number uint32
	device lightssl.DeviceID
	known  bool // device is: the server's private key was there
	at     *particle.Transfer
}

// name is for files and sentences: the device's ID, or which session it was.
func (s *imageSession) name() string {
	if !s.known {
		return fmt.Sprintf("session-%d", s.number)
	}
	return s.device.String()
}

// event implements sink.
func (c *imageCollector) event(e *decode.Event) {
	if e.Conn.Leg == stream.CloudLeg {
		return
	}
	s := c.sessions[e.Session]
	if s == nil {
		s = &imageSession{number: e.Session}
		c.sessions[e.Session] = s
	}
	s.device, s.known = e.Device, e.Known
	if m, ok := e.Body.(*decode.Message); ok && c.msg.Parse(m.Plain) == nil {
		s.conv.Next(e.From, e.At, &c.msg)
		if t := s.conv.Transfer(); t != s.at {
			c.finish(s)
			s.at = t
		}
	}
}

// flush implements sink.
func (c *imageCollector) flush() {}

// finish writes the session's last transfer.
func (c *imageCollector) finish(s *imageSession) {
	if s.at == nil {
		return
	}
	image, complete := s.at.Image()
	if !complete {
		c.incomplete++
		c.app.say("%s: an update of %d bytes is incomplete: %d of %d chunks passed, %d with a wrong CRC-32; nothing was written", s.name(), s.at.Size, s.at.Received(), s.at.Total(), s.at.Wrong)
		return
	}
	c.written++
	path := filepath.Join(c.folder, fmt.Sprintf("%s-%d.bin", s.name(), c.written))
	if err := writeNew(path, image); err != nil {
		c.err = err
		return
	}
	verdict := "the image has no module CRC"
	if stored, computed, ok := s.at.ModuleCRC(); ok && stored == computed {
		verdict = fmt.Sprintf("module CRC %08x is right", stored)
	}
	fmt.Fprintf(c.app.stdout, "%s  %d bytes in %d chunks, every chunk's CRC-32 is right; %s\n", path, len(image), s.at.Total(), verdict)
}

// done writes what the sessions' last transfers were.
func (c *imageCollector) done() {
	for _, s := range c.sessions {
		c.finish(s)
	}
}

// writeNew writes a file that must not be there yet, for the owner alone.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return usageError("move it away, or name another folder: -o FOLDER", "write %s: %v", path, unwrapPath(err))
	}
	if _, err := f.Write(b); err != nil {
		f.Close()
		return &exitError{exitFailure, fmt.Errorf("write %s: %w", path, unwrapPath(err)), ""}
	}
	return f.Close()
}
