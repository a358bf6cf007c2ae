package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

// pipeOf is a standard input that holds some bytes.
func pipeOf(t *testing.T, b []byte) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer w.Close()
		io.Copy(w, bytes.NewReader(b)) // fails where nobody reads
	}()
	t.Cleanup(func() { r.Close() })
	return r
}

// opened counts the messages of a run over the growing recording.
func opened(t *testing.T, stdin *os.File, args ...string) int {
	t.Helper()
	out, errs, code := runApp(t, stdin, append([]string{"read", "-q", "-T", "ndjson"}, append(args, growing)...)...)
	if code != exitOK {
		t.Fatalf("%v: exit %d: %s", args, code, errs)
	}
	return strings.Count(out, `"type":"message"`)
}

func TestOneSessionsCredentialsOpenItByHand(t *testing.T) {
	line := strings.Fields(string(keyLogOf(t, growing)))
	nonce, credentials := line[1], line[2]
	want := opened(t, nil, "-k", writeKey(t, "one.keylog", []byte(strings.Join(line[:3], " "))))
	if want == 0 {
		t.Fatal("the key log line opens nothing")
	}
	for _, text := range []string{
		nonce + ":" + credentials, nonce + ":" + credentials[:64], credentials + "\n", "  " + strings.ToUpper(credentials) + "\r\n",
	} {
		if got := opened(t, nil, "-k", writeKey(t, "bare.txt", []byte(text))); got < want-1 || got > want {
			t.Errorf("%d characters by hand in a file open %d messages, want %d", len(text), got, want)
		}
		if got := opened(t, pipeOf(t, []byte(text)), "-k", "-"); got < want-1 || got > want {
			t.Errorf("%d characters by hand on standard input open %d messages, want %d", len(text), got, want)
		}
	}
	for _, text := range []string{credentials[1:], nonce[1:] + ":" + credentials, nonce + ":", ""} {
		out, errs, code := runApp(t, pipeOf(t, []byte(text)), "read", "-k", "-", growing)
		if code != exitUsage || out != "" {
			t.Errorf("%d characters: exit %d, %s", len(text), code, out)
		}
		oneSentence(t, errs, "key standard input")
		if strings.Contains(errs, credentials[:20]) {
			t.Errorf("the sentence tells the secret: %s", errs)
		}
	}
}

func TestStandardInputIsReadOnce(t *testing.T) {
	_, errs, code := runApp(t, pipeOf(t, nil), "read", "-k", "-", "-")
	if code != exitUsage {
		t.Errorf("exit %d", code)
	}
	oneSentence(t, errs, "both want standard input")
}
