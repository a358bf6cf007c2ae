package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// registration says where a device's impersonation key was put. The file
// <id>.registered.json in the key folder holds an array of them.
type registration struct {
	Folder   string `json:"folder"`             // the server's key folder, absolute
	Style    string `json:"style"`              // the server
	Original string `json:"original,omitempty"` // file in the key folder with what was there; "": nothing was
}

func sameFile(a, b fs.FileInfo) bool { return os.SameFile(a, b) }

// registrations reads where a device is registered.
func registrations(ours *keyDir, id lightssl.DeviceID) ([]registration, error) {
	name := id.String() + registeredExt
	b, _, err := ours.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fileError(ours.file(name), err, "use --folder FOLDER")
	}
	var list []registration
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, damagedRegistration(ours.file(name), err.Error())
	}
	for _, r := range list {
		if r.Original != "" && !strings.HasPrefix(r.Original, id.String()+originalBase) || !filepath.IsAbs(r.Folder) {
			return nil, damagedRegistration(ours.file(name), "it names files that are not ours")
		}
	}
	return list, nil
}

func damagedRegistration(path, why string) error {
	return failure("repair or remove it; the servers' former keys are in the same folder", "%s: is damaged: %s", path, why)
}

// remember adds a registration, in place of one for the same folder.
func remember(ours *keyDir, id lightssl.DeviceID, r registration) error {
	list, err := registrations(ours, id)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(old registration) bool { return old.Folder == r.Folder })
	return writeRegistrations(ours, id, append(list, r))
}

func writeRegistrations(ours *keyDir, id lightssl.DeviceID, list []registration) error {
	name := id.String() + registeredExt
	b, err := json.MarshalIndent(list, "", "  ")
	if err == nil {
		err = ours.replace(name, append(b, '\n'), owner{})
	}
	if err != nil {
		return fileError(ours.file(name), err, "use --folder FOLDER")
	}
	return nil
}

func newRestoreCommand(k *keysCommand) *cobra.Command {
	return &cobra.Command{
		Use:   "restore ID...",
		Short: "Undo register: give the server back the key that it had",
		Long: `Puts back what the server's folder held before "keys register", or removes the
file where there was none. A file that somebody has changed since is left alone.`,
		Example: `  photonscope keys restore 3a14210004473432333230bd`,
		Args:    takes(1, manyArgs, "the IDs of the devices to restore"),
		RunE: func(_ *cobra.Command, args []string) error {
			ids, err := parseIDs(args)
			if err != nil {
				return err
			}
			ours, err := k.keyFolder()
			if err != nil {
				return err
			}
			defer ours.close()
			return k.forEach(ids, func(id lightssl.DeviceID) error { return k.restoreOne(id, ours) })
		},
	}
}

// restoreOne undoes every registration of one device. Those that cannot be
// undone stay remembered.
func (k *keysCommand) restoreOne(id lightssl.DeviceID, ours *keyDir) error {
	list, err := registrations(ours, id)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return failure("was another --folder used to register it?", "no registration is known in %s: there is nothing to restore", ours.path)
	}
	key, err := readPrivate(ours, id.String()+impersonationExt)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = readPrivate(ours, id.String()+retiredExt) // an earlier restore was cut short
	}
	if errors.Is(err, fs.ErrNotExist) {
		return failure("put that file back, or restore by hand from the *.original.pub.pem beside it", "%s is missing: nobody can tell whether the server still has our key", ours.file(id.String()+impersonationExt))
	}
	if err != nil {
		return err
	}
	var left []registration
	var failed error
	for _, r := range list {
		u := undo{id, ours, r, lightssl.MarshalPublicPEM(&key.PublicKey)}
		done, err := u.run()
		if err != nil {
			left, failed = append(left, r), err
			continue
		}
		k.print("device %s: %s", id, done)
		k.sayRestored(u)
	}
	if err := forgetRegistrations(ours, id, list, left); err != nil {
		return err
	}
	return failed
}

// sayRestored prints what to do next.
func (k *keysCommand) sayRestored(u undo) {
	if style, ok := findStyle(u.Style); ok {
		k.print("  %s", style.takes)
	}
	if u.Original != "" {
		k.print("  the same through the server's interface: particle keys send %s %s", u.id, quote(u.place()))
	}
}

// undo is the undoing of one registration.
type undo struct {
	id   lightssl.DeviceID
	ours *keyDir
	registration
	put []byte // what we put there
}

func (u *undo) place() string { return (&keyDir{path: u.Folder}).file(publicKeyName(u.id)) }

// run brings the server's folder back to what it was, and says what it did.
func (u *undo) run() (string, error) {
	original, err := u.original()
	if err != nil {
		return "", err
	}
	server, err := openDir(u.Folder)
	if err != nil {
		return "", fileError("server key folder "+u.Folder, err, "bring it back, or remove its entry from "+u.ours.file(u.id.String()+registeredExt))
	}
	defer server.close()
	name := publicKeyName(u.id)
	now, info, err := server.read(name)
	gone := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !gone:
		return "", fileError(u.place(), err, "look at that file")
	case gone && u.Original == "":
		return u.place() + " is gone already, as it was before", nil
	case !gone && u.Original != "" && bytes.Equal(now, original):
		return u.place() + " is as it was already", nil
	case gone || !bytes.Equal(now, u.put):
		return "", u.changed(gone)
	case u.Original == "":
		if err := server.root.Remove(name); err != nil {
			return "", fileError(u.place(), err, "remove it by hand")
		}
		return u.place() + " is removed: the server had no key for this device", nil
	}
	if err := server.replace(name, original, placedAs(server, info)); err != nil {
		return "", fileError(u.place(), err, "copy it by hand from "+u.ours.file(u.Original))
	}
	return u.place() + " is as it was before", nil
}

// original reads what the server had.
func (u *undo) original() ([]byte, error) {
	if u.Original == "" {
		return nil, nil
	}
	b, _, err := u.ours.read(u.Original)
	if err != nil {
		return nil, fileError(u.ours.file(u.Original), err, "bring back this file, which holds the server's former key")
	}
	return b, nil
}

// changed says that somebody else has been at the server's file.
func (u *undo) changed(gone bool) error {
	what, hint := "has been changed", "if it is right as it is, nothing needs to be done; to have photonscope's key there again: photonscope keys register"
	if gone {
		what = "has been removed"
	}
	if u.Original != "" {
		hint = "to have the former key all the same: cp " + quote(u.ours.file(u.Original)) + " " + quote(u.place())
	}
	return failure(hint, "%s %s since it was registered, and is left alone", u.place(), what)
}

// forgetRegistrations keeps what is left of a device's registrations. When
// nothing is, the impersonation key retires: it still opens recordings, and the
// proxy no longer tries it on a server that does not know it.
func forgetRegistrations(ours *keyDir, id lightssl.DeviceID, all, left []registration) error {
	if len(left) == len(all) {
		return nil
	}
	if len(left) > 0 {
		return writeRegistrations(ours, id, left)
	}
	err := ours.root.Rename(id.String()+impersonationExt, id.String()+retiredExt)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError(ours.file(id.String()+impersonationExt), err, "rename it by hand to "+id.String()+retiredExt)
	}
	// The list goes before the originals, so that a restore cut short can be repeated.
	obsolete := []string{id.String() + announceExt, id.String() + registeredExt}
	for _, r := range all {
		if r.Original != "" && !slices.Contains(obsolete, r.Original) {
			obsolete = append(obsolete, r.Original)
		}
	}
	for _, name := range obsolete {
		if err := ours.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fileError(ours.file(name), err, "remove it by hand")
		}
	}
	return nil
}
