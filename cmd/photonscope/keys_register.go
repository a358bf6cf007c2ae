package main

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"io/fs"
	"slices"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/lightssl"
)

func newRegisterCommand(k *keysCommand) *cobra.Command {
	var serverKeys, style string
	cmd := &cobra.Command{
		Use:   "register ID... [--server-keys FOLDER]",
		Short: "Make the server take photonscope for these devices",
		Long: `Makes an impersonation key for each device, keeps the public key that the server
has now, and puts the impersonation key's in its place. The proxy can then
splice; until "keys restore" the device reaches that server only through it.

Without --server-keys nothing is put anywhere: the key is made, and the command
that registers it through the server's own interface is printed.`,
		Example: `  photonscope keys register 3a14210004473432333230bd --server-keys core_keys
  photonscope keys register 3a14210004473432333230bd \
      --server-keys /srv/keys --style brewskey`,
		Args: takes(1, manyArgs, "the IDs of the devices to register"),
		RunE: func(_ *cobra.Command, args []string) error {
			ids, err := parseIDs(args)
			if err != nil {
				return err
			}
			return k.register(ids, serverKeys, style)
		},
	}
	cmd.Flags().StringVar(&serverKeys, "server-keys", "", "`folder` that the server keeps its devices' public keys in")
	cmd.Flags().StringVar(&style, "style", "", "the server: spark or brewskey (default: as the folder's name tells)")
	return cmd
}

func (k *keysCommand) register(ids []lightssl.DeviceID, serverKeys, styleName string) error {
	if serverKeys == "" {
		return k.prepare(ids)
	}
	path, style, err := findServerFolder(serverKeys, styleName)
	if err != nil {
		return err
	}
	ours, err := k.keyFolder()
	if err != nil {
		return err
	}
	defer ours.close()
	server, err := openDir(path)
	if err != nil {
		return fileError("server key folder "+path, err, "name another folder")
	}
	defer server.close()
	if sameFolder(ours, server) {
		return usageError("--folder FOLDER or --server-keys FOLDER", "%s cannot be both the server's key folder and photonscope's", path)
	}
	return k.forEach(ids, func(id lightssl.DeviceID) error {
		return k.registerOne(id, ours, server, style)
	})
}

// sameFolder reports whether two folders are one.
func sameFolder(a, b *keyDir) bool {
	x, errA := a.root.Stat(".")
	y, errB := b.root.Stat(".")
	return errA == nil && errB == nil && sameFile(x, y)
}

// prepare makes impersonation keys and says how to register them by hand.
func (k *keysCommand) prepare(ids []lightssl.DeviceID) error {
	ours, err := k.keyFolder()
	if err != nil {
		return err
	}
	defer ours.close()
	return k.forEach(ids, func(id lightssl.DeviceID) error {
		if _, err := impersonationKey(ours, id); err != nil {
			return err
		}
		k.print("device %s: the impersonation key is %s; no server knows it yet", id, ours.file(id.String()+impersonationExt))
		k.print("  to register it: particle keys send %s %s", id, quote(ours.file(id.String()+announceExt)))
		k.print("  or add --server-keys FOLDER, the folder that the server keeps its devices' public keys in")
		return nil
	})
}

// registerOne puts one device's impersonation key into the server's folder. What
// is needed to go back is on disk before anything changes there.
func (k *keysCommand) registerOne(id lightssl.DeviceID, ours, server *keyDir, style serverStyle) error {
	key, err := impersonationKey(ours, id)
	if err != nil {
		return err
	}
	name, pem := publicKeyName(id), lightssl.MarshalPublicPEM(&key.PublicKey)
	place := server.file(name)
	have, info, err := server.read(name)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fileError(place, err, "name the server's own key folder")
	case err == nil && holdsKey(have, &key.PublicKey):
		k.print("device %s: %s has the impersonation key already", id, place)
		return k.sayBefore(id, ours, server, style)
	}
	there := err == nil
	r := registration{Folder: server.path, Style: style.name}
	if there {
		if r.Original, _, err = ours.keep(id.String()+originalBase, pemExt, have); err != nil {
			return fileError(ours.path, err, "use --folder FOLDER")
		}
	}
	if err := remember(ours, id, r); err != nil {
		return err
	}
	if err := server.replace(name, pem, placedAs(server, info)); err != nil {
		return fileError(place, err, "register through the server's interface: particle keys send "+id.String()+" "+quote(ours.file(id.String()+announceExt)))
	}
	if there {
		k.print("device %s: the server has photonscope's key now, %s; the one before is kept as %s", id, place, ours.file(r.Original))
	} else {
		k.print("device %s: the server has photonscope's key now, %s; it had none before", id, place)
	}
	k.sayHow(id, ours, style)
	return nil
}

// sayBefore prints what to do about a key that was there already: put there by
// us, or through the server's interface, and then nobody here knows what it
// replaced.
func (k *keysCommand) sayBefore(id lightssl.DeviceID, ours, server *keyDir, style serverStyle) error {
	list, err := registrations(ours, id)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(r registration) bool { return r.Folder == server.path }) {
		k.sayHow(id, ours, style)
		return nil
	}
	k.print("  it was not put there from this key folder, so restore cannot undo it; to go back once the device has been seen: particle keys send %s %s", id, quote(ours.file(id.String()+learntBase+pemExt)))
	return nil
}

// sayHow prints what to do next.
func (k *keysCommand) sayHow(id lightssl.DeviceID, ours *keyDir, style serverStyle) {
	k.print("  %s", style.takes)
	k.print("  from now on the device reaches this server only through photonscope proxy; to go back: photonscope keys restore %s", id)
	k.print("  the same through the server's interface: particle keys send %s %s", id, quote(ours.file(id.String()+announceExt)))
}

// placedAs says whose a file in the server's folder is to be: as the one it
// replaces, or a new one like its folder.
func placedAs(server *keyDir, replaced fs.FileInfo) owner {
	if replaced != nil {
		return ownerOf(replaced, replaced.Mode().Perm())
	}
	folder, err := server.root.Stat(".")
	if err != nil {
		return owner{}
	}
	return ownerOf(folder, privateMode)
}

// holdsKey reports whether the content of a file is this public key, however
// it is written.
func holdsKey(content []byte, pub *rsa.PublicKey) bool {
	have, err := lightssl.ParseKey(content)
	return err == nil && have.Public.Equal(pub)
}

// impersonationKey returns the device's impersonation key: the one in the
// folder, one retired earlier, or a new one. Its public half lies beside it
// afterwards.
func impersonationKey(ours *keyDir, id lightssl.DeviceID) (*rsa.PrivateKey, error) {
	name := id.String() + impersonationExt
	key, err := readPrivate(ours, name)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = newImpersonationKey(ours, id, name)
	}
	if err != nil {
		return nil, err
	}
	public := id.String() + announceExt
	pem := lightssl.MarshalPublicPEM(&key.PublicKey)
	if have, _, err := ours.read(public); err == nil && bytes.Equal(have, pem) {
		return key, nil
	}
	if err := ours.replace(public, pem, owner{}); err != nil {
		return nil, fileError(ours.file(public), err, "use --folder FOLDER")
	}
	return key, nil
}

func newImpersonationKey(ours *keyDir, id lightssl.DeviceID, name string) (*rsa.PrivateKey, error) {
	retired := id.String() + retiredExt
	key, err := readPrivate(ours, retired)
	switch {
	case err == nil:
		err = ours.root.Rename(retired, name)
	case errors.Is(err, fs.ErrNotExist):
		if key, err = lightssl.GenerateDeviceKey(); err != nil {
			return nil, failure("", "%w", err)
		}
		err = ours.create(name, lightssl.MarshalPrivatePEM(key))
	default:
		return nil, err
	}
	if err != nil {
		return nil, fileError(ours.file(name), err, "use --folder FOLDER")
	}
	return key, nil
}

// readPrivate reads a private key of ours. fs.ErrNotExist: there is no such file.
func readPrivate(dir *keyDir, name string) (*rsa.PrivateKey, error) {
	b, _, err := dir.read(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fs.ErrNotExist
		}
		return nil, fileError(dir.file(name), err, "use --folder FOLDER")
	}
	key, err := lightssl.ParseKey(b)
	var bad *lightssl.KeyError
	switch {
	case errors.As(err, &bad):
		return nil, usageError("move it away to have a new one made, or: "+bad.Do, "key %s: %s", dir.file(name), bad.What)
	case key.Private == nil:
		return nil, usageError("move it away to have a new one made", "key %s: is a public key; the private one is needed", dir.file(name))
	}
	return key.Private, nil
}
