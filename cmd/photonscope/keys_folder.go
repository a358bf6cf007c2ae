package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// The names of files in a key folder. Each begins with the device's ID.
const (
	learntBase       = ".pub"                   // + .pem: the device's own public key, learnt from its handshake
	originalBase     = ".original.pub"          // + .pem: what the server had before we registered
	impersonationExt = ".impersonation.pem"     // our key that stands for the device at its server
	announceExt      = ".impersonation.pub.pem" // its public half, to be sent to a server
	retiredExt       = ".retired.pem"           // an impersonation key no server knows any more
	registeredExt    = ".registered.json"       // where it is registered
	pemExt           = ".pem"
)

// keyFile is one key that was found.
type keyFile struct {
	path      string
	key       lightssl.Key
	role      lightssl.Role
	forced    bool // the user named the role
	retired   bool // opens recordings, stands for nobody
	hasDevice bool // device is known from the file's name
	device    lightssl.DeviceID
	mode      fs.FileMode
}

// loadKeys reads the keys and key logs that args name, each a file or a folder
// with or without a role in front.
func loadKeys(a *app, args []string) (*keySet, error) {
	l := keyLoader{set: &keySet{Ring: new(lightssl.Keyring)}, home: a.getenv("HOME")}
	if a.stdin != nil {
		l.stdin = a.stdin
	}
	for _, arg := range args {
		if err := l.argument(arg); err != nil {
			return nil, err
		}
	}
	if l.set.Folder == "" {
		l.set.Folder = defaultKeyFolder(a.getenv)
	}
	l.set.choose()
	l.notes = append(l.notes, l.set.brokenPairs()...)
	l.report(a)
	return l.set, nil
}

// defaultKeyFolder is where keys are kept when nobody says otherwise, "" if the
// surroundings name no home.
func defaultKeyFolder(getenv func(string) string) string {
	if data := getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "photonscope", "keys")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "share", "photonscope", "keys")
	}
	return ""
}

// withKeyFolder adds the default key folder, where "keys register" keeps its
// keys, to the arguments of a proxy that name no folder.
func withKeyFolder(a *app, args []string) []string {
	for _, arg := range args {
		if _, path := splitRole(arg, a.getenv("HOME")); isFolder(path) {
			return args
		}
	}
	if folder := defaultKeyFolder(a.getenv); folder != "" && isFolder(folder) {
		return append(slices.Clone(args), folder)
	}
	return args
}

// keyLoader collects keys, and what a person should know about them.
type keyLoader struct {
	set     *keySet
	home    string
	stdin   io.Reader // nil: there is none
	skipped []string  // what folders hold besides keys
	loose   []string  // secrets that others can read
	notes   []string
}

// argument reads one value of -k.
func (l *keyLoader) argument(arg string) error {
	role, path := splitRole(arg, l.home)
	if path == "" {
		return usageError("-k FILE or -k FOLDER", "-k %q names no file", arg)
	}
	if path == "-" {
		return l.standardInput(role)
	}
	info, err := os.Stat(path)
	if err != nil {
		return keyPathError(path, plainReason(err))
	}
	if info.IsDir() {
		return l.folder(path, role)
	}
	why := l.file(path, role)
	if why == nil {
		return nil
	}
	return keyPathError(path, why)
}

// splitRole takes the role off the front of an argument. A shell leaves ~ alone
// behind a role, so that it is put in its place here.
func splitRole(arg, home string) (lightssl.Role, string) {
	for _, role := range []lightssl.Role{lightssl.ServerRole, lightssl.DeviceRole, lightssl.ImpersonationRole} {
		if path, ok := strings.CutPrefix(arg, role.String()+":"); ok {
			if below, ok := strings.CutPrefix(path, "~/"); ok && home != "" {
				path = filepath.Join(home, below)
			}
			return role, path
		}
	}
	return lightssl.AnyRole, arg
}

// folder reads every file of a folder and of the folders directly in it, as a
// server's data folder has them.
func (l *keyLoader) folder(path string, role lightssl.Role) error {
	if l.set.Folder == "" {
		l.set.Folder = path
	}
	names, left, err := keyFileNames(path)
	if err != nil {
		return keyPathError(path, plainReason(err))
	}
	if left > 0 {
		l.notes = append(l.notes, "key folder: "+leftOut(path, left))
	}
	for _, name := range names {
		if err := l.file(name, role); err != nil {
			l.skipped = append(l.skipped, name)
			if errors.Is(err, errNoRights) {
				l.notes = append(l.notes, fmt.Sprintf("key folder: %s: %v", name, err))
			}
		}
	}
	return nil
}

// maxFolderFiles bounds what a folder named by mistake costs.
const maxFolderFiles = 4096

// keyFileNames returns the files of a folder and of the folders directly in it
// that may be keys, by name, and how many beyond maxFolderFiles are left out.
func keyFileNames(path string) (names []string, left int, err error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, 0, err
	}
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		if !isFolder(name) {
			names = appendKeyName(names, name)
			continue
		}
		below, err := os.ReadDir(name)
		if err != nil {
			continue
		}
		for _, b := range below {
			if file := filepath.Join(name, b.Name()); !isFolder(file) {
				names = appendKeyName(names, file)
			}
		}
	}
	looked := min(len(names), maxFolderFiles)
	return names[:looked], len(names) - looked, nil
}

// leftOut says that a folder holds more files than are looked at.
func leftOut(path string, n int) string {
	return fmt.Sprintf("%s: %s left out, only the first %d by name are looked at", path, count(n, "file"), maxFolderFiles)
}

// appendKeyName appends a path unless its name says that it is not meant to be
// read as a key: hidden, or our own list.
func appendKeyName(names []string, path string) []string {
	if base := filepath.Base(path); strings.HasPrefix(base, ".") || strings.HasSuffix(base, registeredExt) {
		return names
	}
	return append(names, path)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// file reads one key or key log. Its error continues a sentence that begins
// with the path.
func (l *keyLoader) file(path string, role lightssl.Role) error {
	b, mode, err := readBounded(path, maxKeyLog)
	if err != nil {
		return err
	}
	return l.content(path, b, mode, role)
}

// isKeyLog reports whether a file is a key log, or will be one: that of a proxy is
// empty until the first session.
func isKeyLog(path string, b []byte) bool {
	return lightssl.IsKeyLog(b) || len(b) == 0 && strings.HasSuffix(path, keyLogBeside)
}

// content takes what a file holds.
func (l *keyLoader) content(path string, b []byte, mode fs.FileMode, role lightssl.Role) error {
	if isKeyLog(path, b) {
		l.note(path, mode, true)
		l.set.follow(path, b, func(text string) { l.notes = append(l.notes, text) })
		return nil
	}
	if e, ok := bareSession(b); ok {
		l.note(path, mode, true)
		l.set.Ring.AddEntry(e)
		return nil
	}
	f, err := parseKeyFile(path, b, role)
	if err != nil {
		return err
	}
	f.mode = mode
	if f.forced && !f.fits() {
		return fmt.Errorf("has %d bits; %s has %d", f.key.Public.N.BitLen(), aKey(role), roleBits(role))
	}
	l.note(path, mode, f.key.Private != nil)
	l.set.add(f)
	return nil
}

// note remembers a secret that others than its owner can read.
func (l *keyLoader) note(path string, mode fs.FileMode, secret bool) {
	if secret && mode.Perm()&0o077 != 0 {
		l.loose = append(l.loose, path)
	}
}

// parseKeyFile reads the key that a file holds. Only a role that the user names
// is no guess.
func parseKeyFile(path string, content []byte, role lightssl.Role) (keyFile, error) {
	key, err := lightssl.ParseKey(content)
	if err != nil {
		return keyFile{}, err
	}
	f := keyFile{path: path, key: key}
	f.classify(role)
	return f, nil
}

// classify finds role and device: from what the user says, else from the name,
// else from the size.
func (f *keyFile) classify(role lightssl.Role) {
	name := filepath.Base(f.path)
	if id, _, ok := cutDeviceID(name); ok {
		f.device, f.hasDevice = id, true
	}
	f.retired = strings.HasSuffix(name, retiredExt)
	switch {
	case role != lightssl.AnyRole:
		f.role, f.forced = role, true
	case f.retired, strings.HasSuffix(name, impersonationExt), strings.HasSuffix(name, announceExt):
		f.role = lightssl.ImpersonationRole
	default:
		f.role = f.key.Role()
	}
}

// cutDeviceID splits a file name into the device ID it begins with and the rest.
func cutDeviceID(name string) (lightssl.DeviceID, string, bool) {
	const digits = 2 * lightssl.DeviceIDLen
	if len(name) <= digits || name[digits] != '.' && name[digits] != '_' && name[digits] != '-' {
		return lightssl.DeviceID{}, "", false
	}
	id, err := lightssl.ParseDeviceID(name[:digits])
	return id, name[digits:], err == nil
}

func (f *keyFile) fits() bool { return f.key.Public.N.BitLen() == roleBits(f.role) }

func roleBits(r lightssl.Role) int {
	if r == lightssl.ServerRole {
		return 2048
	}
	return 1024
}

// aKey names one key of a role.
func aKey(r lightssl.Role) string {
	if r == lightssl.ImpersonationRole {
		return "an impersonation key"
	}
	return "a " + r.String() + " key"
}

// report says what a person should know about the keys, each thing once.
func (l *keyLoader) report(a *app) {
	for _, note := range l.notes {
		a.say("%s", note)
	}
	if n := len(l.skipped); n > 0 {
		a.say("key folder: %s skipped, no keys: %s", count(n, "file"), someOf(l.skipped, 3))
	}
	if len(l.loose) > 0 {
		a.say("others on this computer can read these secrets; to stop that: %s", tighten(l.loose))
	}
}

// tighten returns the command that keeps others from reading files, or where
// they are many, anything in their folders.
func tighten(paths []string) string {
	const few = 3
	if len(paths) <= few {
		return "chmod 600 " + quoteAll(paths)
	}
	folders := make(map[string]bool)
	for _, path := range paths {
		folders[filepath.Dir(path)] = true
	}
	return "chmod -R go= " + quoteAll(slices.Sorted(maps.Keys(folders)))
}

// keyPathError is what the user gets for a key they named.
func keyPathError(path string, why error) error {
	var bad *lightssl.KeyError
	switch {
	case errors.As(why, &bad):
		return usageError(bad.Do, "key %s: %s", path, bad.What)
	case errors.Is(why, errMissing):
		return usageError("check the path", "key %s: there is no such file", path)
	case errors.Is(why, errNoRights):
		return usageError("give yourself the right to read it, or make a copy you may read", "key %s: you may not read it", path)
	case errors.Is(why, errTooBig):
		return usageError("name the key file or key log itself", "key %s: it %v", path, why)
	}
	return usageError("name a key file, a key log, or a folder of them", "key %s: it %v", path, why)
}
