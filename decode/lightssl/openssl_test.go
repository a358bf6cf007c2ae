package lightssl_test

import (
	"bytes"
	"crypto/rsa"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// The openssl command is a second opinion on every operation, and the source of
// the keys that people really have.

// openssl runs the command with b on its standard input and returns what it
// writes. Without the command the test is skipped, or fails where all peers
// are required.
func openssl(t *testing.T, b []byte, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("PHOTONSCOPE_INTEROP") == "require" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	cmd := exec.Command(path, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(b), &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.Bytes()
}

// inFile writes b to a file for a command to read.
func inFile(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pkeyutl does one RSA operation with PKCS #1 v1.5.
func pkeyutl(t *testing.T, op string, key []byte, in []byte, more ...string) []byte {
	args := append([]string{"pkeyutl", op, "-inkey", inFile(t, key), "-pkeyopt", "rsa_padding_mode:pkcs1"}, more...)
	return openssl(t, in, args...)
}

func TestOpenSSLAgreesOnTheIdentity(t *testing.T) {
	server := serverKey(t)
	id := testIdentity(t)
	plain := AppendIdentity(nil, id)
	theirs := pkeyutl(t, "-encrypt", MarshalPublicPEM(&server.PublicKey), plain, "-pubin")
	if got, err := OpenIdentity(theirs, server); err != nil || !bytes.Equal(AppendIdentity(nil, got), plain) {
		t.Errorf("we open %v, %v", got, err)
	}
	if _, ok := AdmitIdentity(theirs, id.Nonce, server); !ok {
		t.Error("we do not admit it")
	}
	ours, err := SealIdentity(id, &server.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if got := pkeyutl(t, "-decrypt", MarshalPrivatePEM(server), ours); !bytes.Equal(got, plain) {
		t.Errorf("openssl opens %x", got)
	}
}

func TestOpenSSLAgreesOnTheCredentials(t *testing.T) {
	server, device := serverKey(t), deviceKey(t)
	creds := NewCredentials()
	sealed := pkeyutl(t, "-encrypt", MarshalPublicPEM(&device.PublicKey), creds[:], "-pubin")
	sig := pkeyutl(t, "-sign", MarshalPrivatePEM(server), opensslMAC(t, creds, sealed))
	if c, err := OpenCredentials(append(sealed, sig...), device, &server.PublicKey); err != nil || c != creds {
		t.Errorf("we open: %t, %v", c == creds, err)
	}
	ours, err := SealCredentials(creds, &device.PublicKey, server)
	if err != nil {
		t.Fatal(err)
	}
	if got := pkeyutl(t, "-decrypt", MarshalPrivatePEM(device), ours[:SealedCredentialsLen]); !bytes.Equal(got, creds[:]) {
		t.Error("openssl opens other credentials")
	}
	recovered := pkeyutl(t, "-verifyrecover", MarshalPublicPEM(&server.PublicKey), ours[SealedCredentialsLen:], "-pubin")
	if want := opensslMAC(t, creds, ours[:SealedCredentialsLen]); !bytes.Equal(recovered, want) {
		t.Errorf("openssl recovers %x, want %x", recovered, want)
	}
}

func opensslMAC(t *testing.T, c Credentials, sealed []byte) []byte {
	return openssl(t, sealed, "dgst", "-sha1", "-mac", "HMAC", "-macopt", "hexkey:"+hex.EncodeToString(c[:]), "-binary")
}

func TestOpenSSLAgreesOnTheFrames(t *testing.T) {
	c := NewCredentials()
	seal, open := NewCipher(c), NewCipher(c)
	for _, n := range []int{1, 15, 16, 17, 700} {
		message := bytes.Repeat([]byte{byte(n)}, n)
		iv := seal.IV()
		args := []string{"enc", "-aes-128-cbc", "-K", hex.EncodeToString(c.Key()), "-iv", hex.EncodeToString(iv[:])}
		theirs := openssl(t, message, args...)
		if ours := seal.Seal(nil, message); !bytes.Equal(ours, theirs) {
			t.Errorf("%d bytes: %x, openssl has %x", n, ours, theirs)
		}
		if got, err := open.Open(nil, theirs); err != nil || !bytes.Equal(got, message) {
			t.Errorf("%d bytes: we open %x, %v", n, got, err)
		}
	}
}

func TestOpenSSLReadsTheKeysWeWrite(t *testing.T) {
	k, err := GenerateDeviceKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckDeviceKey(k); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		key  []byte
		args []string
	}{
		"private PEM": {MarshalPrivatePEM(k), []string{"rsa", "-check", "-pubout", "-outform", "DER"}},
		"private DER": {MarshalPrivateDER(k), []string{"rsa", "-inform", "DER", "-check", "-pubout", "-outform", "DER"}},
		"public PEM":  {MarshalPublicPEM(&k.PublicKey), []string{"rsa", "-pubin", "-pubout", "-outform", "DER"}},
		"public DER":  {MarshalPublicDER(&k.PublicKey), []string{"rsa", "-pubin", "-inform", "DER", "-pubout", "-outform", "DER"}},
	} {
		if got := openssl(t, c.key, c.args...); !bytes.HasSuffix(got, MarshalPublicDER(&k.PublicKey)) {
			t.Errorf("%s: openssl reads %x", name, got)
		}
	}
	want := hex.EncodeToString(openssl(t, MarshalPublicDER(&k.PublicKey), "dgst", "-sha256", "-binary")[:8])
	if got := Fingerprint(&k.PublicKey); got != want {
		t.Errorf("fingerprint %s, openssl has %s", got, want)
	}
}

func TestWeReadTheKeysThatOpenSSLWrites(t *testing.T) {
	for _, k := range []*rsa.PrivateKey{serverKey(t), deviceKey(t)} {
		pem := MarshalPrivatePEM(k)
		for container, args := range map[string][]string{
			"PEM, PKCS #1":              {"rsa", "-traditional"},
			"PEM, PKCS #8":              {"pkcs8", "-topk8", "-nocrypt"},
			"DER, PKCS #1":              {"rsa", "-traditional", "-outform", "DER"},
			"DER, PKCS #8":              {"pkcs8", "-topk8", "-nocrypt", "-outform", "DER"},
			"PEM, SubjectPublicKeyInfo": {"rsa", "-pubout"},
			"DER, SubjectPublicKeyInfo": {"rsa", "-pubout", "-outform", "DER"},
			"PEM, PKCS #1 public":       {"rsa", "-RSAPublicKey_out"},
			"DER, PKCS #1 public":       {"rsa", "-RSAPublicKey_out", "-outform", "DER"},
		} {
			got, err := ParseKey(openssl(t, pem, args...))
			if err != nil || got.Container != container || !got.Public.Equal(&k.PublicKey) {
				t.Errorf("%s: got %v, %v", container, got, err)
			}
		}
		withText, err := ParseKey(openssl(t, pem, "rsa", "-traditional", "-text"))
		if err != nil || !withText.Private.Equal(k) {
			t.Errorf("with text in front: %v, %v", withText, err)
		}
	}
}

func TestForeignKeysThatOpenSSLWritesAreNamed(t *testing.T) {
	server := MarshalPrivatePEM(serverKey(t))
	ec := openssl(t, nil, "ecparam", "-name", "prime256v1", "-genkey")
	dsa := openssl(t, openssl(t, nil, "dsaparam", "1024"), "gendsa", "-out", "/dev/stdout", "/dev/stdin")
	key := inFile(t, server)
	cert := openssl(t, nil, "req", "-x509", "-key", key, "-subj", "/CN=x", "-days", "1")
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"password, PKCS #1":   {openssl(t, server, "rsa", "-traditional", "-aes128", "-passout", "pass:secret"), "password"},
		"password, PKCS #8":   {openssl(t, server, "pkcs8", "-topk8", "-passout", "pass:secret"), "password"},
		"password, DER":       {openssl(t, server, "pkcs8", "-topk8", "-passout", "pass:secret", "-outform", "DER"), "password"},
		"EC with parameters":  {ec, "elliptic curve"},
		"EC, DER":             {openssl(t, ec, "ec", "-outform", "DER"), "elliptic curve"},
		"EC, PKCS #8":         {openssl(t, ec, "pkcs8", "-topk8", "-nocrypt", "-outform", "DER"), "elliptic curve"},
		"EC, public":          {openssl(t, ec, "ec", "-pubout"), "elliptic curve"},
		"Ed25519":             {openssl(t, nil, "genpkey", "-algorithm", "ed25519"), "Ed25519"},
		"X25519, DER":         {openssl(t, nil, "genpkey", "-algorithm", "x25519", "-outform", "DER"), "Ed25519"},
		"DSA":                 {dsa, "DSA"},
		"DSA, DER":            {openssl(t, dsa, "dsa", "-outform", "DER"), "DSA"},
		"DSA, PKCS #8":        {openssl(t, dsa, "pkcs8", "-topk8", "-nocrypt"), "DSA"},
		"certificate":         {cert, "certificate"},
		"certificate, DER":    {openssl(t, cert, "x509", "-outform", "DER"), "certificate"},
		"certificate request": {openssl(t, nil, "req", "-new", "-key", key, "-subj", "/CN=x"), "certificate"},
		"PKCS #12":            {openssl(t, append(server, cert...), "pkcs12", "-export", "-passout", "pass:x"), "PKCS #12"},
		"RSA-PSS":             {openssl(t, nil, "genpkey", "-algorithm", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:1024"), "another algorithm"},
		"512 bits":            {openssl(t, nil, "genrsa", "512"), "of 512 bits"},
		"3072 bits":           {openssl(t, nil, "genrsa", "3072"), "of 3072 bits"},
		"exponent 3":          {openssl(t, nil, "genrsa", "-3", "1024"), "exponent"},
		"parameters":          {openssl(t, nil, "dhparam", "-dsaparam", "512"), "DH PARAMETERS"},
	} {
		wantKeyError(t, name, c.b, c.want)
	}
}
