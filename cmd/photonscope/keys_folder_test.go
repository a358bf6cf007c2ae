package main

import (
	"bytes"
	"crypto/rsa"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
)

func TestNamesAndSizesGiveRoles(t *testing.T) {
	b := newBench(t)
	dir := b.mkdir("keys")
	below := b.mkdir("keys/devices")
	own, imp := deviceKeyOnce(), otherDeviceKeyOnce()
	b.write(dir, "default_key.pem", lightssl.MarshalPrivatePEM(serverKeyOnce()), 0o600)
	b.write(dir, "default_key.pub.pem", lightssl.MarshalPublicPEM(&serverKeyOnce().PublicKey), 0o644)
	b.write(below, id1+".der", lightssl.MarshalPrivateDER(own), 0o600)
	b.write(dir, id1+".impersonation.pem", lightssl.MarshalPrivatePEM(imp), 0o600)
	b.write(dir, id1+".impersonation.pub.pem", lightssl.MarshalPublicPEM(&imp.PublicKey), 0o600)
	b.write(dir, id1+".original.pub.pem", lightssl.MarshalPublicPEM(&own.PublicKey), 0o600)
	b.write(dir, id1+".registered.json", []byte("[]"), 0o600)
	b.write(dir, "README", []byte("nothing"), 0o644)
	keys, said, err := b.load(dir)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := lightssl.ParseDeviceID(id1)
	other, _ := lightssl.ParseDeviceID(id2)
	if !keys.ServerKey.Equal(serverKeyOnce()) || !keys.CloudPublic.Equal(&serverKeyOnce().PublicKey) {
		t.Error("the server's key was not recognised")
	}
	if !keys.DeviceKey(id).Equal(own) || !keys.Impersonation(id).Equal(imp) {
		t.Error("the device's keys were mistaken")
	}
	if keys.DeviceKey(other) != nil || keys.Impersonation(other) != nil {
		t.Error("another device was given this one's keys")
	}
	if keys.Folder != dir {
		t.Errorf("learnt keys go to %s, not to the folder given", keys.Folder)
	}
	if want := "key folder: 1 file skipped, no keys: " + filepath.Join(dir, "README") + "\n"; said != want {
		t.Errorf("said %q, want %q", said, want)
	}
}

func TestLearntKeysGoToTheDefaultFolderUnlessOneIsGiven(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"/data/photonscope/keys":                 {"XDG_DATA_HOME": "/data", "HOME": "/home/me"},
		"/home/me/.local/share/photonscope/keys": {"XDG_DATA_HOME": "relative", "HOME": "/home/me"},
		"":                                       {},
	} {
		if got := defaultKeyFolder(func(k string) string { return env[k] }); got != name {
			t.Errorf("%v: %q, want %q", env, got, name)
		}
	}
}

func TestRoleInFrontForcesTheRole(t *testing.T) {
	b := newBench(t)
	path := b.write(b.home, "some.pem", lightssl.MarshalPrivatePEM(deviceKeyOnce()), 0o600)
	keys, _, err := b.load("impersonation:" + path)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := lightssl.ParseDeviceID(id1)
	if keys.DeviceKey(id) != nil || !keys.Impersonation(id).Equal(deviceKeyOnce()) {
		t.Error("a nameless impersonation key stands for any device")
	}
	_, _, err = b.load("server:" + path)
	wantExit(t, err, exitUsage, "key "+path+": it has 1024 bits; a server key has 2048")
	server := b.write(b.home, "server.pem", lightssl.MarshalPrivatePEM(serverKeyOnce()), 0o600)
	_, _, err = b.load("impersonation:" + server)
	wantExit(t, err, exitUsage, "key "+server+": it has 2048 bits; an impersonation key has 1024")
}

func TestSplicingTakesTheDevicesOwnKeyOnlyOnDemand(t *testing.T) {
	b := newBench(t)
	path := b.write(b.home, id1+".der", lightssl.MarshalPrivateDER(deviceKeyOnce()), 0o600)
	keys, _, err := b.load(path)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := lightssl.ParseDeviceID(id1)
	if keys.spliceKey(false) != nil {
		t.Error("a device key alone made the proxy splice")
	}
	if f := keys.spliceKey(true); f == nil || !f(id).Equal(deviceKeyOnce()) {
		t.Error("--mode splice did not find the device's own key")
	}
}

func TestRetiredKeysStandForNobody(t *testing.T) {
	b := newBench(t)
	path := b.write(b.home, id1+".retired.pem", lightssl.MarshalPrivatePEM(deviceKeyOnce()), 0o600)
	keys, _, err := b.load(path)
	if err != nil {
		t.Fatal(err)
	}
	if keys.spliceKey(true) != nil {
		t.Error("a retired key made the proxy splice")
	}
	if len(keys.Ring.Devices(lightssl.ImpersonationRole)) != 1 {
		t.Error("a retired key opens recordings no more")
	}
}

func TestEveryUnusableKeyFileGetsOneSentence(t *testing.T) {
	b := newBench(t)
	dir := b.mkdir("keys")
	whole := lightssl.MarshalPrivatePEM(deviceKeyOnce())
	encrypted := []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n")
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, says, hint string }{
		{b.write(dir, "empty.pem", nil, 0o600), "the key file is empty", ""},
		{b.write(dir, "cut.pem", whole[:400], 0o600), "a PEM file that is cut off or damaged", "copy it whole"},
		{b.write(dir, "cut.der", lightssl.MarshalPrivateDER(deviceKeyOnce())[:300], 0o600), "", ""},
		{b.write(dir, "ec.pem", ecKeyPEM(t), 0o600), "an elliptic curve key", "RSA"},
		{b.write(dir, "locked.pem", encrypted, 0o600), "a private key protected by a password", "openssl rsa"},
		{b.write(dir, "text.pem", []byte("hello"), 0o600), "neither PEM nor DER", ""},
		{b.write(dir, "big.pem", bytes.Repeat([]byte{'x'}, lightssl.MaxKeyFileLen+1), 0o600), "too many for a key", ""},
		{b.write(dir, "huge.pem", bytes.Repeat([]byte{'x'}, maxKeyLog+1), 0o600), "it is larger than 16 MiB", "itself"},
		{pipe, "it is not a regular file", ""},
		{filepath.Join(dir, "none.pem"), "there is no such file", "path"},
		{filepath.Join(dir, "loop"), "it cannot be read", ""},
		{filepath.Join(dir, "text.pem", "below"), "it cannot be read: not a directory", ""},
	} {
		_, said, err := b.load(c.path)
		wantExit(t, err, exitUsage, "key "+c.path+": ", c.says)
		if err != nil && (strings.Contains(err.Error(), "\n") || said != "") {
			t.Errorf("%s: more than one sentence: %q, %q", c.path, err, said)
		}
		wantIn(t, hintOf(err), c.hint)
		if hintOf(err) == "" {
			t.Errorf("%s: nothing says what to do", c.path)
		}
	}
	if _, said, err := b.load(dir); err != nil || !strings.Contains(said, "files skipped, no keys: ") {
		t.Errorf("a folder of them: err %v, said %q", err, said)
	}
	_, _, err := b.load("device:")
	wantExit(t, err, exitUsage, "names no file")
}

func TestUnreadableKeyIsNamed(t *testing.T) {
	if os.Geteuid() == 0 {
		// Nothing is unreadable for root: the sentence alone is tested.
		wantExit(t, keyPathError("k.pem", plainReason(&os.PathError{Op: "open", Path: "k.pem", Err: syscall.EACCES})), exitUsage, "key k.pem: you may not read it")
		return
	}
	b := newBench(t)
	path := b.write(b.home, "k.pem", lightssl.MarshalPrivatePEM(deviceKeyOnce()), 0)
	_, _, err := b.load(path)
	wantExit(t, err, exitUsage, "key "+path+": you may not read it")
}

func TestSecretsThatOthersReadAreWarnedAboutOnce(t *testing.T) {
	b := newBench(t)
	dir := b.mkdir("my keys")
	private := b.write(dir, "a.pem", lightssl.MarshalPrivatePEM(deviceKeyOnce()), 0o644)
	group := b.write(dir, "b.der", lightssl.MarshalPrivateDER(otherDeviceKeyOnce()), 0o640)
	log := b.write(dir, "c.keylog", lightssl.AppendKeyLog(nil, lightssl.NewNonce(), lightssl.NewCredentials()), 0o604)
	b.write(dir, "d.pub.pem", lightssl.MarshalPublicPEM(&deviceKeyOnce().PublicKey), 0o644)
	_, said, err := b.load(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := "others on this computer can read these secrets; to stop that: chmod 600 '" + private + "' '" + group + "' '" + log + "'\n"
	if said != want {
		t.Errorf("said %q, want %q", said, want)
	}
}

func TestManySecretsAreNamedByTheirFolders(t *testing.T) {
	got := tighten([]string{"keys/a.pem", "keys/b.pem", "my keys/c.pem", "keys/d.pem"})
	if want := "chmod -R go= keys 'my keys'"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestKeyLogsAreFollowed(t *testing.T) {
	b := newBench(t)
	n1, n2, n3 := lightssl.NewNonce(), lightssl.NewNonce(), lightssl.NewNonce()
	c := lightssl.NewCredentials()
	line := func(n lightssl.Nonce) []byte { return lightssl.AppendKeyLog(nil, n, c) }
	path := b.write(b.home, "s.keylog", append(line(n1), bytes.TrimSpace(line(n2))...), 0o600)
	keys, said, err := b.load(path)
	if err != nil || said != "" {
		t.Fatalf("err %v, said %q", err, said)
	}
	has := func(n lightssl.Nonce) bool { _, ok := keys.Ring.Session(n); return ok }
	if !has(n1) || !has(n2) {
		t.Error("the last line counts without its end, too")
	}
	var complaints []string
	say := func(format string, args ...any) { complaints = append(complaints, format) }
	third := line(n3)
	appendTo(t, path, append([]byte("\n"), third[:50]...))
	keys.readMore(say)
	if has(n3) {
		t.Error("half a line opened a session")
	}
	appendTo(t, path, third[50:])
	keys.readMore(say)
	if !has(n3) {
		t.Error("an appended line was not read")
	}
	n4 := lightssl.NewNonce()
	b.write(b.home, "s.keylog", line(n4), 0o600)
	keys.readMore(say)
	if !has(n4) {
		t.Error("a log begun anew was not read from its beginning")
	}
	os.Remove(path)
	keys.readMore(say)
	if len(complaints) > 0 {
		t.Errorf("complained: %q", complaints)
	}
	appendTo(t, path, []byte("PHOTON_SESSION xyz\n"))
	keys.readMore(say)
	if len(complaints) != 1 {
		t.Errorf("a bad line: %q", complaints)
	}
}

func TestEmptyKeyLogWaitsForItsFirstSession(t *testing.T) {
	b := newBench(t)
	path := b.write(b.home, "live.keylog", nil, 0o600)
	keys, _, err := b.load(path)
	if err != nil {
		t.Fatal(err)
	}
	n := lightssl.NewNonce()
	appendTo(t, path, lightssl.AppendKeyLog(nil, n, lightssl.NewCredentials()))
	keys.readMore(func(string, ...any) {})
	if _, ok := keys.Ring.Session(n); !ok {
		t.Error("its first session was not read")
	}
}

func appendTo(t *testing.T, path string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
}

// wantExit fails unless err ends the program with this code and says all this.
func wantExit(t *testing.T, err error, code int, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %q", parts)
		return
	}
	if got := codeOf(err); got != code {
		t.Errorf("exit code %d, want %d: %v", got, code, err)
	}
	wantIn(t, err.Error(), parts...)
}

func TestLearntKeysAreKeptApart(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077, 0o777} {
		underUmask(mask, func() { learnTwice(t) })
	}
}

func learnTwice(t *testing.T) {
	b := newBench(t)
	os.Chmod(b.home, 0o700)
	keys, _, err := b.load()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := lightssl.ParseDeviceID(id1)
	note, err := keys.SaveLearnt(id, lightssl.MarshalPublicDER(&deviceKeyOnce().PublicKey))
	first := filepath.Join(b.keyFolder(), id1+".pub.pem")
	if err != nil || note != "device "+id1+": its public key is kept as "+first {
		t.Errorf("note %q, err %v", note, err)
	}
	for range 2 {
		note, err = keys.SaveLearnt(id, lightssl.MarshalPublicDER(&deviceKeyOnce().PublicKey))
		if note != "" || err != nil {
			t.Errorf("a known key: note %q, err %v", note, err)
		}
		keys, _, _ = b.load() // the next run
	}
	note, err = keys.SaveLearnt(id, lightssl.MarshalPublicDER(&otherDeviceKeyOnce().PublicKey))
	second := filepath.Join(b.keyFolder(), id1+".pub.2.pem")
	if err != nil {
		t.Fatal(err)
	}
	wantIn(t, note, "another public key than before", second, first)
	wantFile(t, first, lightssl.MarshalPublicPEM(&deviceKeyOnce().PublicKey))
	wantFile(t, second, lightssl.MarshalPublicPEM(&otherDeviceKeyOnce().PublicKey))
	for dir := b.keyFolder(); dir != b.home; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
	}
}

func wantFile(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %q, %v", path, got, err)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode() != 0o600 {
		t.Errorf("%s has mode %v", path, info.Mode())
	}
}

func TestOnlySoundForeignKeysAreLearnt(t *testing.T) {
	b := newBench(t)
	imp := b.write(b.home, "imp.pem", lightssl.MarshalPrivatePEM(otherDeviceKeyOnce()), 0o600)
	keys, _, err := b.load("impersonation:" + imp)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := lightssl.ParseDeviceID(id1)
	for name, der := range map[string][]byte{
		"our own impersonation key": lightssl.MarshalPublicDER(&otherDeviceKeyOnce().PublicKey),
		"garbage":                   bytes.Repeat([]byte{0xff}, lightssl.DeviceKeyLen),
		"nothing":                   nil,
	} {
		if note, err := keys.SaveLearnt(id, der); note != "" || err != nil {
			t.Errorf("%s: note %q, err %v", name, note, err)
		}
	}
	if _, err := os.Stat(b.keyFolder()); err == nil {
		t.Error("something was kept")
	}
}

func TestLinksInTheKeyFolderAreNotFollowed(t *testing.T) {
	b := newBench(t)
	if err := os.MkdirAll(b.keyFolder(), 0o700); err != nil {
		t.Fatal(err)
	}
	victim := b.write(b.home, "victim", []byte("precious"), 0o600)
	if err := os.Symlink(victim, filepath.Join(b.keyFolder(), id1+".pub.pem")); err != nil {
		t.Fatal(err)
	}
	keys, _, _ := b.load()
	id, _ := lightssl.ParseDeviceID(id1)
	note, err := keys.SaveLearnt(id, lightssl.MarshalPublicDER(&deviceKeyOnce().PublicKey))
	if err != nil || !strings.Contains(note, id1+".pub.2.pem") {
		t.Errorf("note %q, err %v", note, err)
	}
	wantFile(t, victim, []byte("precious"))
}

func TestOneDeviceCannotFillTheDisk(t *testing.T) {
	b := newBench(t)
	keys, _, _ := b.load()
	id, _ := lightssl.ParseDeviceID(id1)
	var last error
	for i := range maxKept + 2 {
		pub := rsa.PublicKey{N: deviceKeyOnce().N, E: 3 + 2*i} // other bytes, quickly made
		_, last = keys.SaveLearnt(id, lightssl.MarshalPublicDER(&pub))
	}
	if files := snapshot(t, b.keyFolder()); len(files) != maxKept || last == nil {
		t.Errorf("%d files were made, the last error is %v", len(files), last)
	}
}
