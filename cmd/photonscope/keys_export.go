package main

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// keyForms are the values of --as.
const keyForms = "pem, der, spark, brewskey"

func newKeyExportCommand(k *keysCommand) *cobra.Command {
	var form, out string
	cmd := &cobra.Command{
		Use:   "export ID [--as FORM] [--out FILE|FOLDER|-]",
		Short: "Write a device's public key as a server or tool wants it",
		Long: `Writes the public key of a device: the one learnt from its handshake, else the
public half of a private key in the key folder.

  pem, der  SubjectPublicKeyInfo; goes to standard output without --out
  spark     <ID>.pub.pem for spark-protocol's folder core_keys
  brewskey  <ID>.pub.pem for @brewskey/spark-protocol's folder data/deviceKeys`,
		Example: `  photonscope keys export 3a14210004473432333230bd --as spark --out core_keys
  photonscope keys export 3a14210004473432333230bd --as der --out device.pub.der`,
		Args: takes(1, 1, "one device ID"),
		RunE: func(_ *cobra.Command, args []string) error {
			ids, err := parseIDs(args)
			if err != nil {
				return err
			}
			return k.export(ids[0], form, out)
		},
	}
	cmd.Flags().StringVar(&form, "as", "pem", "`form`: "+keyForms)
	cmd.Flags().StringVar(&out, "out", "", "`file` or folder to write to, - for standard output")
	return cmd
}

func (k *keysCommand) export(id lightssl.DeviceID, form, out string) error {
	style, styled := findStyle(form)
	if !styled && form != "pem" && form != "der" {
		return usageError("one of: "+keyForms, "--as %s means nothing", form)
	}
	dir, err := k.keyFolder()
	if err != nil {
		return err
	}
	defer dir.close()
	pub, err := k.publicKey(dir.path, id)
	if err != nil {
		return err
	}
	content := lightssl.MarshalPublicPEM(pub)
	name := publicKeyName(id)
	if form == "der" {
		content, name = lightssl.MarshalPublicDER(pub), id.String()+".pub.der"
	}
	switch {
	case out == "" && styled:
		out = "."
	case out == "":
		out = "-"
	}
	if out == "-" {
		return k.exportToStdout(content, form)
	}
	if isFolder(out) {
		out = filepath.Join(out, name)
	}
	if err := k.exportToFile(content, out); err != nil {
		return err
	}
	if styled {
		k.print("  it belongs into the server's folder %s; %s", style.folder, style.takes)
	}
	return nil
}

func (k *keysCommand) exportToStdout(content []byte, form string) error {
	if form == "der" && isTerminal(k.stdout) {
		return usageError("--out FILE", "DER is binary and would upset the terminal")
	}
	if _, err := k.stdout.Write(content); err != nil {
		return failure("", "write the key: %w", bareError(err))
	}
	return nil
}

func (k *keysCommand) exportToFile(content []byte, path string) error {
	dir, err := openDir(filepath.Dir(path))
	if err != nil {
		return fileError("folder "+filepath.Dir(path), err, "name a folder that exists")
	}
	defer dir.close()
	name := filepath.Base(path)
	have, _, err := dir.read(name)
	switch {
	case err == nil && bytes.Equal(have, content):
		k.print("%s holds this key already", path)
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return usageError("move it away first, or use another --out", "%s is there already, and a key is never overwritten", path)
	}
	if err := dir.createAs(name, content, placedAs(dir, nil)); err != nil {
		return fileError(path, err, "use another --out")
	}
	k.print("wrote %s", path)
	return nil
}

// publicKey finds the public key of a device in the key folder: the latest one
// learnt, else the public half of its private key.
func (k *keysCommand) publicKey(folder string, id lightssl.DeviceID) (*rsa.PublicKey, error) {
	names, _, err := keyFileNames(folder)
	if err != nil {
		return nil, fileError("key folder "+folder, err, "use --folder FOLDER")
	}
	var learnt, private []datedKey
	for _, name := range names {
		f, ok := readDeviceKey(name, id)
		switch {
		case !ok:
		case f.key.Private != nil:
			private = append(private, f)
		default:
			learnt = append(learnt, f)
		}
	}
	found := append(newestFirst(learnt), private...)
	if len(found) == 0 {
		return nil, failure("it is learnt when the device connects through photonscope proxy with the server's private key (-k); or use --folder FOLDER",
			"no public key of device %s in %s", id, folder)
	}
	for _, other := range found[1:] {
		if !other.key.Public.Equal(found[0].key.Public) {
			k.say("more than one key of device %s is known: this is %s, another is %s", id, found[0].path, other.path)
			break
		}
	}
	return found[0].key.Public, nil
}

// datedKey is a key file and the time it was written.
type datedKey struct {
	keyFile
	written time.Time
}

func newestFirst(keys []datedKey) []datedKey {
	slices.SortStableFunc(keys, func(a, b datedKey) int { return b.written.Compare(a.written) })
	return keys
}

// readDeviceKey reads a file if its name says that it holds this device's own
// key: neither ours in its place nor what a server had.
func readDeviceKey(path string, id lightssl.DeviceID) (datedKey, bool) {
	name := filepath.Base(path)
	device, rest, ok := cutDeviceID(name)
	if !ok || device != id || strings.HasPrefix(rest, originalBase) {
		return datedKey{}, false
	}
	b, _, err := readBounded(path, maxKeyFile)
	if err != nil {
		return datedKey{}, false
	}
	f, err := parseKeyFile(path, b, lightssl.AnyRole)
	if err != nil {
		return datedKey{}, false
	}
	info, err := os.Stat(path)
	if err != nil || f.role != lightssl.DeviceRole {
		return datedKey{}, false
	}
	return datedKey{f, info.ModTime()}, true
}
