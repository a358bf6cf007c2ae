package lightssl

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// A key log has one line for each session:
//
//	PHOTON_SESSION <nonce> <credentials>
//
// The nonce, 80 hex digits, travels in clear and so finds the session in a
// capture; "-" stands for a nonce the writer could not know. The credentials
// are 80 hex digits, or 64 from a writer that knows AES key and IV but not the
// salt. Lines that begin with # and lines with other labels mean nothing here.

const (
	keyLogLabel = "PHOTON_SESSION"
	noNonce     = "-"

	// MaxKeyLogLine is the longest line that is read, in bytes.
	MaxKeyLogLine = 4 << 10

	keyIVLen = 32 // of credentials without salt
)

// KeyLogEntry is one line of a key log.
type KeyLogEntry struct {
	Nonce       Nonce
	HasNonce    bool        // false: the session is not known, Nonce means nothing
	Credentials Credentials // without salt if [Credentials.HasSalt] says so
}

// Append appends the entry's line, with its line feed.
func (e KeyLogEntry) Append(dst []byte) []byte {
	dst = append(dst, keyLogLabel+" "...)
	if e.HasNonce {
		dst = hex.AppendEncode(dst, e.Nonce[:])
	} else {
		dst = append(dst, noNonce...)
	}
	dst = append(dst, ' ')
	secret := e.Credentials[:]
	if !e.Credentials.HasSalt() {
		secret = secret[:keyIVLen]
	}
	return append(hex.AppendEncode(dst, secret), '\n')
}

// AppendKeyLog appends the key log line of a session.
func AppendKeyLog(dst []byte, n Nonce, c Credentials) []byte {
	return KeyLogEntry{Nonce: n, HasNonce: true, Credentials: c}.Append(dst)
}

// ParseKeyLogLine reads one line, with or without its line end. ok is false
// for a line that holds nothing for us: empty, a comment, or of another label.
// Errors show nothing of the line.
func ParseKeyLogLine(line []byte) (e KeyLogEntry, ok bool, err error) {
	if string(label(line)) != keyLogLabel {
		return KeyLogEntry{}, false, nil
	}
	fields := bytes.Fields(line)
	if len(fields) != 3 {
		return KeyLogEntry{}, false, fmt.Errorf("lightssl: %d fields, not 3: %s NONCE CREDENTIALS", len(fields), keyLogLabel)
	}
	if string(fields[1]) != noNonce {
		e.HasNonce = true
		if !unhex(e.Nonce[:], fields[1]) {
			return KeyLogEntry{}, false, fmt.Errorf("lightssl: the nonce is neither 80 hex digits nor -, but %d characters", len(fields[1]))
		}
	}
	if !unhex(e.Credentials[:], fields[2]) && !unhex(e.Credentials[:keyIVLen], fields[2]) {
		return KeyLogEntry{}, false, fmt.Errorf("lightssl: the credentials are neither 80 nor 64 hex digits, but %d characters", len(fields[2]))
	}
	return e, true, nil
}

// label returns the first word of a line, nil if there is none.
func label(line []byte) []byte {
	for word := range bytes.FieldsSeq(line) {
		return word
	}
	return nil
}

// unhex fills dst from exactly twice as many hex digits.
func unhex(dst, digits []byte) bool {
	if len(digits) != 2*len(dst) {
		return false
	}
	_, err := hex.Decode(dst, digits)
	return err == nil
}

// IsKeyLog tells a key log from a key file: some line is of ours, or there is
// nothing but comments, as in a key log that waits for its first session. The
// content of an empty file tells nothing, and counts as no key log.
func IsKeyLog(b []byte) bool {
	comments, others := false, false
	for line := range bytes.Lines(bytes.TrimPrefix(b, byteOrderMark)) {
		word := label(line)
		switch {
		case string(word) == keyLogLabel:
			return true
		case bytes.HasPrefix(word, []byte("#")):
			comments = true
		case len(word) > 0:
			others = true
		}
	}
	return comments && !others
}

// byteOrderMark is what some editors put in front of UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// KeyLogScanner adds the sessions of a key log to a keyring. The log may come
// in any pieces, and may be a file that still grows.
type KeyLogScanner struct {
	keys  *Keyring
	part  []byte // of a line whose end has not come yet
	long  bool   // that line is too long: it is skipped
	lines int
	added int
}

// NewKeyLogScanner returns a scanner at the front of a key log.
func NewKeyLogScanner(keys *Keyring) *KeyLogScanner { return &KeyLogScanner{keys: keys} }

// Feed reads the next bytes of the log. Whole lines take effect at once. It
// returns an error for each line it could not read, with the line's number and
// nothing of its content; the other lines are read all the same.
func (s *KeyLogScanner) Feed(b []byte) []error {
	var errs []error
	for line := range bytes.Lines(b) {
		if !s.long {
			s.part = append(s.part, line[:min(len(line), MaxKeyLogLine+1)]...)
			s.long = len(s.part) > MaxKeyLogLine
		}
		if line[len(line)-1] == '\n' {
			errs = s.endLine(errs)
		}
	}
	return errs
}

// Flush reads what is left as the last line: at the end of a file that will not
// grow any more.
func (s *KeyLogScanner) Flush() []error {
	if len(s.part) == 0 {
		return nil
	}
	return s.endLine(nil)
}

// Added returns how many sessions the log held so far.
func (s *KeyLogScanner) Added() int { return s.added }

func (s *KeyLogScanner) endLine(errs []error) []error {
	s.lines++
	line, long := s.part, s.long
	if s.lines == 1 {
		line = bytes.TrimPrefix(line, byteOrderMark)
	}
	s.part, s.long = s.part[:0], false
	if long {
		return append(errs, fmt.Errorf("line %d: lightssl: longer than %d bytes", s.lines, MaxKeyLogLine))
	}
	e, ok, err := ParseKeyLogLine(line)
	switch {
	case err != nil:
		return append(errs, fmt.Errorf("line %d: %w", s.lines, err))
	case ok:
		s.added++
		s.keys.AddEntry(e)
	}
	return errs
}
