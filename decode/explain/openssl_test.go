package explain

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/internal/genuine"
)

// perRecording is how many frames of a recording openssl has to open: the first
// ones, among them the first of each direction, whose IV is the session's.
const perRecording = 12

func TestOpenSSLPrintsWhatThePhotonsSaid(t *testing.T) {
	needShell(t)
	for recording, server := range recordings {
		t.Run(filepath.Dir(recording), func(t *testing.T) {
			t.Parallel()
			list := events(t, recording)
			creds := credentials(list)
			frames, opened := 0, 0
			for i := range list {
				e := &list[i]
				switch b := e.Body.(type) {
				case *decode.Identity:
					if b.Opened {
						opened++
						checkIdentity(t, keyFiles(t, server, e.Device), e, b)
					}
				case *decode.Credentials:
					if b.Opened {
						checkCredentials(t, keyFiles(t, server, e.Device), e, b)
					}
				case *decode.Message:
					if frames++; frames <= perRecording {
						checkFrame(t, e, b, creds[e.Conn.ID])
					}
				}
			}
			if strings.HasPrefix(recording, "healthy") && (opened == 0 || frames < perRecording) {
				t.Errorf("%d identities and %d frames: too few to prove anything", opened, frames)
			}
		})
	}
}

// needShell skips the test where the tools are missing, or fails it where all
// peers are required.
func needShell(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"sh", "openssl", "od"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("PHOTONSCOPE_INTEROP") == "require" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// keyFiles makes a folder with the keys under the names that the commands have.
func keyFiles(t *testing.T, server string, device lightssl.DeviceID) string {
	t.Helper()
	dir := t.TempDir()
	for name, from := range map[string]string{
		CloudKeyFile:       "keys/" + server + "-private.pem",
		CloudPublicKeyFile: "keys/" + server + "-public.pem",
		DeviceKeyFile:      "keys/devices/" + device.String() + ".pem",
	} {
		b, err := os.ReadFile(genuine.Path(t, from))
		if err != nil {
			t.Fatal(err)
		}
		if name == DeviceKeyFile { // as particle keys save writes it
			key, err := lightssl.ParseKey(b)
			if err != nil {
				t.Fatal(err)
			}
			name, b = "device.der", x509.MarshalPKCS1PrivateKey(key.Private)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sh", "-c", DeviceKeyToPEM)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", DeviceKeyToPEM, err, out)
	}
	return dir
}

// run runs a command as a user would and returns the bytes that it prints in hex,
// behind an equals sign if there is one.
func run(t *testing.T, dir string, c Command) []byte {
	t.Helper()
	cmd := exec.Command("sh", "-c", c.Line)
	cmd.Dir = dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Fatalf("%s: %v\n%s", c.Line, err, &errs)
	}
	digits := string(out)
	if at := strings.LastIndexByte(digits, '='); at >= 0 {
		digits = digits[at+1:]
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		t.Fatalf("%s printed %q", c.Line, out)
	}
	return b
}

func checkIdentity(t *testing.T, dir string, e *decode.Event, b *decode.Identity) {
	t.Helper()
	list := Commands(e, nil, false)
	if len(list) != 2 {
		t.Fatalf("%d commands", len(list))
	}
	if got := run(t, dir, list[0]); !bytes.Equal(got, b.Plain) {
		t.Errorf("the identity: openssl says %x, we %x", got, b.Plain)
	}
	block := run(t, dir, list[1])
	if len(block) != lightssl.IdentityLen || block[0] != 0 || block[1] != 2 || !bytes.HasSuffix(block, append([]byte{0}, b.Plain...)) {
		t.Errorf("the block is %x", block)
	}
}

func checkCredentials(t *testing.T, dir string, e *decode.Event, b *decode.Credentials) {
	t.Helper()
	list := Commands(e, nil, true)
	if len(list) != 3 {
		t.Fatalf("%d commands", len(list))
	}
	if got := run(t, dir, list[0]); !bytes.Equal(got, b.Credentials[:]) {
		t.Errorf("the credentials: openssl says %x", got)
	}
	signed, awaited := run(t, dir, list[1]), run(t, dir, list[2])
	blanks := Commands(e, nil, false)
	digits, err := exec.Command("sh", "-c", "cd "+dir+" && "+blanks[0].Line).Output()
	if err != nil || len(digits) != 2*len(b.Credentials)+len("\n") {
		t.Errorf("the credentials are printed as %q: %v", digits, err)
	}
	blanks[2].Line = strings.Replace(blanks[2].Line, credentialsWord, strings.TrimSpace(string(digits)), 1)
	if got := run(t, dir, blanks[2]); !bytes.Equal(got, awaited) {
		t.Errorf("with what the first command prints the last prints %x, want %x", got, awaited)
	}
	if len(signed) != 20 || bytes.Equal(signed, awaited) != (b.Signature == "verified") {
		t.Errorf("the signature is %s, but openssl says %x and %x", b.Signature, signed, awaited)
	}
	s := Subject{Event: e, Layers: decode.Dissect(e), Offset: -1}
	if got := text(Explain(s)); !strings.Contains(got, hexOf(awaited)) {
		t.Errorf("the explanation has another HMAC than openssl's %x:\n%s", awaited, got)
	}
}

func checkFrame(t *testing.T, e *decode.Event, b *decode.Message, c *lightssl.Credentials) {
	t.Helper()
	list := Commands(e, c, true)
	if len(list) != 1 {
		t.Fatalf("%d commands for a message", len(list))
	}
	if got := run(t, t.TempDir(), list[0]); !bytes.Equal(got, b.Padded) {
		t.Errorf("the message: openssl says %x, we %x", got, b.Padded)
	}
}

func TestCommandsWithoutSecretsHaveWordsInTheirPlace(t *testing.T) {
	list := events(t, "healthy-brewskey-fw2.3.1/capture.pcapng")
	creds := credentials(list)
	for i := range list {
		e := &list[i]
		for _, c := range Commands(e, creds[e.Conn.ID], false) {
			line := c.Line
			for _, w := range []string{" KEY ", " IV ", ":CREDENTIALS"} {
				if strings.Contains(line+" ", w) && !strings.Contains(needs([]Command{c}), strings.Trim(w, " :")+": ") {
					t.Errorf("nobody says what%sis in %s", w, line)
				}
			}
		}
	}
}

// Who splices has no key of the device, but one of its own in the device's place.
func TestCommandsNameTheKeyThatOpened(t *testing.T) {
	e := decode.Event{Raw: make([]byte, lightssl.CredentialsRecordLen)}
	for source, file := range map[string]string{"device key": DeviceKeyFile, "key log": DeviceKeyFile, "impersonation key": ImpersonationKeyFile} {
		e.Body = &decode.Credentials{Source: source}
		list := Commands(&e, nil, false)
		if !strings.Contains(list[0].Line, " -inkey "+file+" ") || !strings.Contains(needs(list), file+": ") {
			t.Errorf("%s: %s; %s", source, list[0].Line, needs(list))
		}
	}
}
