package main

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// Files that keys are read from and written to. What is read is bounded and
// checked on the open descriptor, so that nobody can swap it in between; what
// is written appears whole or not at all, with the mode asked for whatever the
// umask, and never through a symbolic link.

const (
	maxKeyFile = lightssl.MaxKeyFileLen
	maxKeyLog  = lightssl.MaxKeyLogLen

	privateMode fs.FileMode = 0o600
	folderMode  fs.FileMode = 0o700
)

// Why a path is not read as a file.
var (
	errFolder     = errors.New("is a folder, not a file")
	errNotRegular = errors.New("is not a regular file (a pipe, socket or device)")
	errTooBig     = fmt.Errorf("is larger than %d MiB", maxKeyLog>>20)
	errNoRights   = errors.New("you may not read it")
	errMissing    = errors.New("does not exist")
)

// readBounded reads a regular file of at most limit bytes and returns its mode.
// Its errors continue a sentence that begins with the path.
func readBounded(path string, limit int64) ([]byte, fs.FileMode, error) {
	// Without O_NONBLOCK a named pipe would hold us up until somebody writes to it.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, plainReason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, 0, plainReason(err)
	case info.IsDir():
		return nil, 0, errFolder
	case !info.Mode().IsRegular():
		return nil, 0, errNotRegular
	case info.Size() > limit:
		return nil, 0, errTooBig
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, 0, plainReason(err)
	}
	if int64(len(b)) > limit {
		return nil, 0, errTooBig // it grew meanwhile
	}
	return b, info.Mode(), nil
}

// plainReason turns an error of the file system into words that follow a path.
func plainReason(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errMissing
	case errors.Is(err, fs.ErrPermission):
		return errNoRights
	}
	return fmt.Errorf("cannot be read: %w", bareError(err))
}

// bareError takes operation and path off an error of the file system, for
// sentences that name them already.
func bareError(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// keyDir is a folder that key files are kept in. Names in it are single path
// elements; no name can lead out of it.
type keyDir struct {
	path string
	root *os.Root
}

// openDir opens a folder that exists.
func openDir(path string) (*keyDir, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &keyDir{path, root}, nil
}

// makeDir opens a folder and makes it, and what is missing above it, if need be,
// for its owner alone.
func makeDir(path string) (*keyDir, error) {
	if err := mkdirAll(path); err != nil {
		return nil, err
	}
	return openDir(path)
}

func mkdirAll(path string) error {
	info, err := os.Stat(path)
	if err == nil {
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if parent := filepath.Dir(path); parent != path {
		if err := mkdirAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, folderMode); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil // another process was faster
		}
		return err
	}
	return os.Chmod(path, folderMode) // the umask may have taken the owner's own rights
}

func (d *keyDir) close() { d.root.Close() }

// file returns the path of a name in the folder, for messages.
func (d *keyDir) file(name string) string { return filepath.Join(d.path, name) }

// read returns the content of a regular file of the folder. A missing file is
// fs.ErrNotExist; a link is refused.
func (d *keyDir) read(name string) ([]byte, fs.FileInfo, error) {
	entry, err := d.root.Lstat(name)
	switch {
	case err != nil:
		return nil, nil, err
	case entry.Mode()&fs.ModeSymlink != 0:
		return nil, nil, errors.New("is a symbolic link, and those are neither followed nor replaced")
	case !entry.Mode().IsRegular():
		return nil, nil, errors.New("is not a regular file")
	}
	f, err := d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !os.SameFile(entry, info) { // a root follows links that stay inside it
		return nil, nil, errors.New("was exchanged while it was read")
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err == nil && len(b) > maxKeyFile {
		err = fmt.Errorf("is larger than %d KiB, too large for a key", maxKeyFile>>10)
	}
	return b, info, err
}

// owner says whose a new file is and who may use it. The zero value is us alone.
type owner struct {
	mode     fs.FileMode // 0: 0600
	uid, gid int
	given    bool // uid and gid count
}

// create writes a file that must not exist yet: fs.ErrExist if it does, be it a
// link. Only whole files appear.
func (d *keyDir) create(name string, content []byte) error {
	return d.createAs(name, content, owner{})
}

// createAs is create for another owner.
func (d *keyDir) createAs(name string, content []byte, o owner) error {
	temp, err := d.writeTemp(content, o)
	if err != nil {
		return err
	}
	defer d.root.Remove(temp)
	err = d.root.Link(temp, name)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return d.write(name, content, o) // a file system without hard links
	}
	return err
}

// replace writes a file in place of what has this name, atomically.
func (d *keyDir) replace(name string, content []byte, o owner) error {
	temp, err := d.writeTemp(content, o)
	if err != nil {
		return err
	}
	if err := d.root.Rename(temp, name); err != nil {
		d.root.Remove(temp)
		return err
	}
	return nil
}

// writeTemp writes a new file of a name nobody can know beforehand and returns it.
func (d *keyDir) writeTemp(content []byte, o owner) (name string, err error) {
	name = ".photonscope-" + rand.Text() + ".tmp"
	return name, d.write(name, content, o)
}

// write writes a new file and leaves nothing behind if it cannot.
func (d *keyDir) write(name string, content []byte, o owner) (err error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, privateMode)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			d.root.Remove(name)
		}
	}()
	if err = o.apply(f); err != nil {
		return err
	}
	if _, err = f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

// apply gives f to its owner. One that we may not give away, only a server's
// copy of a public key is, becomes readable for all instead, or the server
// could not read it.
func (o owner) apply(f *os.File) error {
	mode := cmp.Or(o.mode, privateMode)
	if o.given && (o.uid != os.Geteuid() || o.gid != os.Getegid()) {
		if f.Chown(o.uid, o.gid) != nil && o.uid != os.Geteuid() {
			mode |= 0o444
		}
	}
	return f.Chmod(mode)
}

// keep writes content under name, or under the first free numbered name beside
// it, unless one of them holds the same content already. It returns the name
// that holds it and whether that file is new.
func (d *keyDir) keep(base, ext string, content []byte) (name string, isNew bool, err error) {
	for i := 1; i <= maxKept; i++ {
		name = base + ext
		if i > 1 {
			name = fmt.Sprintf("%s.%d%s", base, i, ext)
		}
		have, _, err := d.read(name)
		if err == nil && bytes.Equal(have, content) {
			return name, false, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			continue // taken, if only by a link
		}
		if err = d.create(name, content); !errors.Is(err, fs.ErrExist) {
			return name, err == nil, err
		}
	}
	return "", false, fmt.Errorf("%s holds %d different files named like %s%s already", d.path, maxKept, base, ext)
}

// maxKept bounds how many different keys are kept for one device: a peer that
// announces another one every time must not fill the disk.
const maxKept = 8
