package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
)

func newExportKeysCommand(a *app) *cobra.Command {
	x := new(export)
	x.app = a
	showSecrets := false
	cmd := x.register(&cobra.Command{
		Use:   "keys [flags] FILE...|-",
		Short: "Write the keys that a capture reveals",
		Long: `Prints the public key of each device, as announced in an identity that a
server's private key opens, in PEM. With --show-secrets also the credentials of
each session that could be opened, as lines of a key log: they open that session
for whoever has them.

With -o FOLDER the keys go to files, DEVICE_ID.pub.pem and sessions.keylog, the
owner's alone and never overwritten; another key of the same device is kept
beside the first.`,
		Example: `  photonscope export keys -k default_key.pem session.pcapng
  photonscope export keys -k my.der --show-secrets old.pcapng > old.keylog`,
	}, "`folder` for one file each; without, all is printed", func() collector {
		return &keyCollector{x: x, showSecrets: showSecrets, known: make(map[announcedKey]bool), told: make(map[lightssl.KeyLogEntry]bool)}
	})
	cmd.Flags().BoolVar(&showSecrets, "show-secrets", false, "also write session credentials, as a key log")
	return cmd
}

// announcedKey is a device and what it says its public key is, DER.
type announcedKey struct {
	device lightssl.DeviceID
	key    string
}

// keyCollector collects keys.
type keyCollector struct {
	x           *export
	showSecrets bool
	known       map[announcedKey]bool
	told        map[lightssl.KeyLogEntry]bool
	log         []byte // for the file
}

// event implements collector.
func (c *keyCollector) event(e *decode.Event) {
	switch b := e.Body.(type) {
	case *decode.Identity:
		k := announcedKey{b.Identity.Device, string(b.Identity.Key)}
		if b.Opened && len(k.key) > 0 && !c.known[k] {
			c.known[k] = true
			c.device(b.Identity)
		}
	case *decode.Credentials:
		entry := lightssl.KeyLogEntry{Nonce: b.Nonce, HasNonce: b.HasNonce, Credentials: b.Credentials}
		if b.Opened && !c.told[entry] {
			c.told[entry] = true
			c.session(entry)
		}
	}
}

// device writes a device's public key.
func (c *keyCollector) device(id lightssl.Identity) {
	pub, err := id.PublicKey()
	if err != nil {
		c.x.app.say("device %s announces a key that is none: %v", id.Device, err)
		return
	}
	pem := lightssl.MarshalPublicPEM(pub)
	if c.x.folder == "" {
		c.x.line(fmt.Appendf(nil, "# device %s\n%s", id.Device, pem[:len(pem)-1]))
		return
	}
	if err := c.keep(id.Device.String(), pem); err != nil && c.x.failed == nil {
		c.x.failed = &exitError{exitFailure, err, ""}
	}
}

// keep writes a key file beside earlier ones of the same device.
func (c *keyCollector) keep(device string, pem []byte) error {
	dir, err := openDir(c.x.folder)
	if err != nil {
		return err
	}
	defer dir.close()
	name, isNew, err := dir.keep(device+learntBase, pemExt, pem)
	if err != nil {
		return fmt.Errorf("keep the public key of device %s: %w", device, err)
	}
	how := "is there already"
	if isNew {
		how = "public key of device " + device
	}
	c.x.line(fmt.Appendf(nil, "%s  %s", dir.file(name), how))
	return nil
}

// session writes the credentials of a session, if they may be shown.
func (c *keyCollector) session(entry lightssl.KeyLogEntry) {
	switch {
	case !c.showSecrets:
	case c.x.folder != "":
		c.log = entry.Append(c.log)
	default:
		line := entry.Append(nil)
		c.x.line(line[:len(line)-1])
	}
}

// done implements collector.
func (c *keyCollector) done() {
	if len(c.log) > 0 {
		if path, ok := c.x.file("sessions.keylog", c.log); ok {
			c.x.line(fmt.Appendf(nil, "%s  credentials of %s", path, count(len(c.told), "session")))
		}
	}
	switch {
	case len(c.known) == 0 && len(c.told) == 0:
		c.x.nothing("key")
	case len(c.told) > 0 && !c.showSecrets:
		c.x.app.say("%s could be opened; --show-secrets writes the credentials, as a key log", count(len(c.told), "session"))
	}
}
