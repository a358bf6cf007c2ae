package main

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// SaveLearnt keeps the public key that a device announced, DER, in the key
// folder. It is safe for concurrent use. The note is for a person, "" if there is nothing new. A device that
// announces another key than before has both kept.
func (s *keySet) SaveLearnt(id lightssl.DeviceID, der []byte) (note string, err error) {
	if s.forget || s.isOurs(der) || !s.isNew(id, der) {
		return "", nil
	}
	announced := lightssl.Identity{Device: id, Key: der}
	pub, err := announced.PublicKey()
	if err != nil {
		return "", nil // damaged: the identity event shows it
	}
	if s.Folder == "" {
		return "", errors.New("no key folder: neither -k FOLDER nor XDG_DATA_HOME nor HOME is given")
	}
	dir, err := makeDir(s.Folder)
	if err != nil {
		return "", err
	}
	defer dir.close()
	base := id.String() + learntBase
	name, isNew, err := dir.keep(base, pemExt, lightssl.MarshalPublicPEM(pub))
	switch {
	case err != nil || !isNew:
		return "", err
	case name != base+pemExt:
		return fmt.Sprintf("device %s announces another public key than before: kept as %s, the earlier one is still %s", id, dir.file(name), dir.file(base+pemExt)), nil
	}
	return fmt.Sprintf("device %s: its public key is kept as %s", id, dir.file(name)), nil
}

// isNew reports whether a device announced this key for the first time in this
// run. Files are looked at only then, and for so many keys and no more:
// strangers must not fill the disk.
func (s *keySet) isNew(id lightssl.DeviceID, der []byte) bool {
	s.learntMu.Lock()
	defer s.learntMu.Unlock()
	k := learnt{id, sha256.Sum256(der)}
	if s.learnt[k] || len(s.learnt) >= maxLearnt {
		return false
	}
	if s.learnt == nil {
		s.learnt = make(map[learnt]bool)
	}
	s.learnt[k] = true
	return true
}

// learnt is a key that a device announced.
type learnt struct {
	device lightssl.DeviceID
	key    [sha256.Size]byte
}

const maxLearnt = 1024

// isOurs reports whether the announced key is one that we put in a device's
// place: on the cloud leg, not the device's own.
func (s *keySet) isOurs(der []byte) bool {
	announced, err := x509.ParsePKIXPublicKey(der)
	pub, ok := announced.(*rsa.PublicKey)
	if err != nil || !ok {
		return false
	}
	for _, f := range s.files {
		if f.role == lightssl.ImpersonationRole && f.key.Public.Equal(pub) {
			return true
		}
	}
	return false
}

// keyLogTail is a key log that may still grow.
type keyLogTail struct {
	path    string
	scanner *lightssl.KeyLogScanner
	info    os.FileInfo // as of the last look; nil: not there
	read    int64       // bytes
	failed  bool        // the reason has been said
}

// follow takes the content of a key log and remembers to look for more.
func (s *keySet) follow(path string, content []byte, say func(string)) {
	t := &keyLogTail{path: path, scanner: lightssl.NewKeyLogScanner(s.Ring)}
	t.info, _ = os.Stat(path)
	s.logs = append(s.logs, t)
	s.feed(t, content, func(format string, args ...any) { say(fmt.Sprintf(format, args...)) })
}

// await looks for a key log that is not there yet.
func (s *keySet) await(path string) {
	s.logs = append(s.logs, &keyLogTail{path: path, scanner: lightssl.NewKeyLogScanner(s.Ring)})
}

// feed reads more of a key log. A last line without its end counts already: its
// writer may have ended there.
func (s *keySet) feed(t *keyLogTail, b []byte, say func(string, ...any)) {
	t.read += int64(len(b))
	for i, err := range t.scanner.Feed(b) {
		if i == maxLogErrors {
			say("key log %s: more lines like this", t.path)
			break
		}
		say("key log %s: %v", t.path, err)
	}
	last := b[lastLine(b):]
	if e, ok, err := lightssl.ParseKeyLogLine(last); ok && err == nil {
		s.Ring.AddEntry(e)
	}
}

const maxLogErrors = 3

// lastLine returns where the unfinished last line begins.
func lastLine(b []byte) int {
	for i := len(b); i > 0; i-- {
		if b[i-1] == '\n' {
			return i
		}
	}
	return 0
}

// readMore reads what others have appended to the key logs since. A log that
// became shorter or another file is read from its beginning.
func (s *keySet) readMore(say func(string, ...any)) {
	for _, t := range s.logs {
		b, err := t.more(s.Ring)
		if err == nil {
			t.failed = false
			if len(b) > 0 {
				if s.settle != nil {
					s.settle()
				}
				s.feed(t, b, say)
			}
			continue
		}
		if !t.failed {
			t.failed = true
			say("key log %s %v; it is read no further", t.path, err)
		}
	}
}

// more returns the bytes that were added.
func (t *keyLogTail) more(ring *lightssl.Keyring) ([]byte, error) {
	info, err := os.Stat(t.path)
	if err != nil {
		return nil, nil // being replaced: it comes back, or stays away
	}
	if t.info == nil || !os.SameFile(info, t.info) || info.Size() < t.read {
		t.scanner, t.read = lightssl.NewKeyLogScanner(ring), 0
	}
	t.info = info
	if info.Size() == t.read {
		return nil, nil
	}
	if info.Size() > maxKeyLog {
		return nil, errTooBig
	}
	f, err := os.Open(t.path)
	if err != nil {
		return nil, plainReason(err)
	}
	defer f.Close()
	b := make([]byte, info.Size()-t.read)
	n, err := f.ReadAt(b, t.read)
	if err != nil && err != io.EOF {
		return nil, plainReason(err)
	}
	return b[:n], nil
}
