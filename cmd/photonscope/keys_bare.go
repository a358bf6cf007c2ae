package main

import (
	"bytes"
	"errors"
	"io"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// A secret never stands on a command line, where every user of the computer can
// read it. Who has one session's credentials only, from a server's log or a
// debugger, puts them into a file or hands them to standard input, -k -:
//
//	[NONCE:]CREDENTIALS
//
// in hex digits, as many as in a key log.

// bareSession reads credentials that are the whole content of a file.
func bareSession(b []byte) (lightssl.KeyLogEntry, bool) {
	nonce, credentials, named := bytes.Cut(bytes.TrimSpace(b), []byte(":"))
	if !named {
		nonce, credentials = []byte("-"), nonce
	}
	if len(nonce)+len(credentials) > lightssl.MaxKeyLogLine {
		return lightssl.KeyLogEntry{}, false
	}
	line := bytes.Join([][]byte{[]byte("PHOTON_SESSION"), nonce, credentials}, []byte(" "))
	e, ok, err := lightssl.ParseKeyLogLine(line)
	return e, ok && err == nil
}

// onStandardInput is the path of -k -, in sentences.
const onStandardInput = "standard input"

// standardInput reads a key, a key log or credentials from standard input.
func (l *keyLoader) standardInput(role lightssl.Role) error {
	if l.stdin == nil {
		return usageError("-k FILE", "-k -: there is no standard input")
	}
	b, err := io.ReadAll(io.LimitReader(l.stdin, maxKeyLog+1))
	if err == nil && len(b) > maxKeyLog {
		err = errTooBig
	}
	if err == nil && len(b) == 0 {
		err = errors.New("is empty")
	}
	if err == nil {
		err = l.content(onStandardInput, b, privateMode, role)
	}
	if err != nil {
		return keyPathError(onStandardInput, err)
	}
	return nil
}
