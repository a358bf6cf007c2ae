package lightssl_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

func hexOf(b byte, n int) string { return strings.Repeat(fmt.Sprintf("%02x", b), n) }

func TestALineReadsBackAsItWasWritten(t *testing.T) {
	salted := testCredentials(1)
	bare := salted
	clear(bare.Salt())
	for want, e := range map[string]KeyLogEntry{
		"PHOTON_SESSION " + hexOf(7, 40) + " " + hex.EncodeToString(salted[:]) + "\n": {Nonce(bytes.Repeat([]byte{7}, 40)), true, salted},
		"PHOTON_SESSION " + hexOf(7, 40) + " " + hex.EncodeToString(bare[:32]) + "\n": {Nonce(bytes.Repeat([]byte{7}, 40)), true, bare},
		"PHOTON_SESSION - " + hex.EncodeToString(salted[:]) + "\n":                    {Credentials: salted},
		"PHOTON_SESSION - " + hex.EncodeToString(bare[:32]) + "\n":                    {Credentials: bare},
	} {
		line := e.Append([]byte("before"))
		if string(line) != "before"+want {
			t.Errorf("wrote %q, want %q", line, want)
		}
		if got, ok, err := ParseKeyLogLine([]byte(want)); got != e || !ok || err != nil {
			t.Errorf("%q: %t, %t, %v", want, got == e, ok, err)
		}
		if e.HasNonce && string(AppendKeyLog(nil, e.Nonce, e.Credentials)) != want {
			t.Errorf("AppendKeyLog wrote otherwise")
		}
	}
}

func TestLinesAreReadWithToleranceAndSkippedIfNotOurs(t *testing.T) {
	n, c := hexOf(1, 40), hexOf(2, 40)
	for line, want := range map[string]bool{
		"PHOTON_SESSION " + n + " " + c + "\r\n":                          true,
		"  PHOTON_SESSION\t" + n + "  " + c + " ":                         true,
		"PHOTON_SESSION " + strings.ToUpper(n) + " " + strings.ToUpper(c): true,
		"":                                  false,
		"\r\n":                              false,
		"# PHOTON_SESSION " + n + " " + c:   false,
		"#":                                 false,
		"CLIENT_RANDOM " + n + " " + c:      false,
		"PHOTON_SESSIONS " + n + " " + c:    false,
		"photon_session " + n + " " + c:     false,
		"SOMETHING \x00\xff\x1b else there": false,
	} {
		if _, ok, err := ParseKeyLogLine([]byte(line)); ok != want || err != nil {
			t.Errorf("%q: %t, %v", line, ok, err)
		}
	}
}

// badLines are lines of ours that cannot be read.
func badLines() map[string]string {
	n, c := hexOf(0xa1, 40), hexOf(0xb2, 40)
	return map[string]string{
		"label alone":       "PHOTON_SESSION",
		"nonce alone":       "PHOTON_SESSION " + n,
		"four fields":       "PHOTON_SESSION " + n + " " + c + " x",
		"short nonce":       "PHOTON_SESSION " + n[:78] + " " + c,
		"odd nonce":         "PHOTON_SESSION " + n[:79] + " " + c,
		"nonce of no hex":   "PHOTON_SESSION " + n[:79] + "g " + c,
		"short secret":      "PHOTON_SESSION " + n + " " + c[:62],
		"secret in between": "PHOTON_SESSION " + n + " " + c[:72],
		"secret of no hex":  "PHOTON_SESSION - " + c[:79] + "x",
		"bare of no hex":    "PHOTON_SESSION - " + c[:63] + "x",
	}
}

func TestBadLinesAreNamedWithoutTheirContent(t *testing.T) {
	for name, line := range badLines() {
		e, ok, err := ParseKeyLogLine([]byte(line))
		if ok || err == nil || e != (KeyLogEntry{}) {
			t.Errorf("%s: %t, %v", name, ok, err)
			continue
		}
		if strings.Contains(err.Error(), "b2b2") || strings.Contains(err.Error(), "a1a1") {
			t.Errorf("%s: shows the line: %v", name, err)
		}
	}
}

func TestAScannerReadsTheSameHoweverTheLogArrives(t *testing.T) {
	var log []byte
	log = append(log, "\xef\xbb\xbf# written by hand\r\n\r\nOTHER_LABEL 00 11\n"...)
	for i := range 20 {
		log = AppendKeyLog(log, Nonce{byte(i)}, testCredentials(byte(i)))
		log = KeyLogEntry{Credentials: testCredentials(byte(100 + i))}.Append(log)
	}
	log = append(log, "PHOTON_SESSION - 00\n"...)
	log = append(log, strings.Repeat("x", 3*MaxKeyLogLine)+"\n"...)
	log = append(log, "PHOTON_SESSION - "+hexOf(9, 32)...) // no line end yet
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		ring := new(Keyring)
		s := NewKeyLogScanner(ring)
		var errs []error
		for _, piece := range randomPieces(r, log) {
			errs = append(errs, s.Feed(piece)...)
		}
		if got := ring.Counts(); got.Sessions != 20 || got.Loose != 20 || s.Added() != 40 {
			t.Fatalf("%+v, %d added", got, s.Added())
		}
		if len(errs) != 2 || !strings.HasPrefix(errs[0].Error(), "line 44: ") || !strings.HasPrefix(errs[1].Error(), "line 45: ") {
			t.Fatalf("errors %v", errs)
		}
		if errs := s.Flush(); errs != nil || ring.Counts().Loose != 21 {
			t.Fatalf("flush: %v, %+v", errs, ring.Counts())
		}
		if errs := s.Flush(); errs != nil {
			t.Fatalf("second flush: %v", errs)
		}
	}
}

func TestAScannerFollowsALogThatGrows(t *testing.T) {
	ring := new(Keyring)
	s := NewKeyLogScanner(ring)
	line := AppendKeyLog(nil, Nonce{1}, testCredentials(1))
	s.Feed(line[:100])
	if ring.Generation() != 0 {
		t.Error("half a line took effect")
	}
	s.Feed(line[100:])
	if c, ok := ring.Session(Nonce{1}); !ok || c != testCredentials(1) {
		t.Error("the whole line did not")
	}
}

func TestAKeyLogIsToldFromAKey(t *testing.T) {
	line := string(AppendKeyLog(nil, Nonce{}, testCredentials(1)))
	for text, want := range map[string]bool{
		line:                                    true,
		"\xef\xbb\xbf" + line:                   true,
		strings.ReplaceAll(line, " ", "\t"):     true,
		"# mine\n\n" + line:                     true,
		"CLIENT_RANDOM 00 00\n" + line:          true,
		"# nothing yet\n":                       true,
		"#":                                     true,
		"":                                      false,
		"\n\n":                                  false,
		string(MarshalPrivatePEM(deviceKey(t))): false,
		"# note\n" + string(MarshalPublicPEM(&deviceKey(t).PublicKey)): false,
		string(MarshalPrivateDER(deviceKey(t))):                        false,
	} {
		if got := IsKeyLog([]byte(text)); got != want {
			t.Errorf("%.30q: %t", text, got)
		}
	}
}
