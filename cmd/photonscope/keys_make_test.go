package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
)

func TestGeneratedDeviceKeysSuitAPhoton(t *testing.T) {
	for _, mask := range []int{0, 0o077} {
		underUmask(mask, func() {
			b := newBench(t)
			out := b.ok("keys", "generate", "--device", id1)
			der := filepath.Join(b.keyFolder(), id1+".der")
			wantIn(t, out, "particle keys load "+der, "particle keys send "+id1+" "+filepath.Join(b.keyFolder(), id1+".pub.pem"))
			content, err := os.ReadFile(der)
			if err != nil {
				t.Fatal(err)
			}
			key, err := lightssl.ParseKey(content)
			if err != nil || lightssl.CheckDeviceKey(key.Private) != nil {
				t.Errorf("%v, %v", key, err)
			}
			wantFile(t, filepath.Join(b.keyFolder(), id1+".pem"), lightssl.MarshalPrivatePEM(key.Private))
			wantFile(t, filepath.Join(b.keyFolder(), id1+".pub.pem"), lightssl.MarshalPublicPEM(key.Public))
			wantPrivate(t, b.keyFolder())
		})
	}
}

func TestGeneratedServerKeysAreNamedAsServersNameThem(t *testing.T) {
	b := newBench(t)
	dir := b.mkdir("out")
	b.ok("keys", "generate", "--server", "--out", dir)
	keys, _, err := b.load(dir)
	if err != nil || keys.ServerKey == nil {
		t.Fatalf("no server key: %v", err)
	}
	wantFile(t, filepath.Join(dir, "default_key.pem"), lightssl.MarshalPrivatePEM(keys.ServerKey))
	wantFile(t, filepath.Join(dir, "default_key.pub.pem"), lightssl.MarshalPublicPEM(&keys.ServerKey.PublicKey))
	wantFile(t, filepath.Join(dir, "default_key.der"), lightssl.MarshalPublicDER(&keys.ServerKey.PublicKey))
}

func TestGenerateNeverOverwrites(t *testing.T) {
	b := newBench(t)
	dir := b.mkdir("out")
	b.write(dir, id1+".pub.pem", []byte("mine"), 0o600)
	before := snapshot(t, dir)
	code, _, errOut := b.run("keys", "generate", "--device", id1, "--out", dir)
	if code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	wantIn(t, errOut, filepath.Join(dir, id1+".pub.pem")+" is there already", "hint: ")
	wantSame(t, snapshot(t, dir), before)

	os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "default_key.pem"))
	if code, _, _ := b.run("keys", "generate", "--server", "--out", dir); code != exitUsage {
		t.Errorf("through a dangling link: exit code %d", code)
	}
	if _, err := os.Stat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("wrote through a link")
	}
}

func TestGenerateNeedsToKnowWhatFor(t *testing.T) {
	b := newBench(t)
	for _, args := range [][]string{{}, {"--server", "--device", id1}, {"--device", "photon"}} {
		code, _, errOut := b.run(append([]string{"keys", "generate"}, args...)...)
		if code != exitUsage || !strings.Contains(errOut, "hint: ") {
			t.Errorf("%v: exit %d, %q", args, code, errOut)
		}
	}
}

func TestExportFormsAreTheSameKey(t *testing.T) {
	b := newBench(t)
	pub := &deviceKeyOnce().PublicKey
	dir := b.mkdir("keys")
	b.write(dir, id1+".der", lightssl.MarshalPrivateDER(deviceKeyOnce()), 0o600)
	export := func(args ...string) string {
		return b.ok(append([]string{"keys", "export", id1, "-k", dir}, args...)...)
	}
	if got := export(); got != string(lightssl.MarshalPublicPEM(pub)) {
		t.Errorf("pem: %q", got)
	}
	if got := export("--as", "der", "--out", "-"); got != string(lightssl.MarshalPublicDER(pub)) {
		t.Errorf("der: %x", got)
	}
	file := filepath.Join(b.home, "d.der")
	export("--as", "der", "--out", file)
	wantFile(t, file, lightssl.MarshalPublicDER(pub))
	for style, folder := range map[string]string{"spark": "core_keys", "brewskey": "deviceKeys"} {
		server := b.mkdir(folder)
		out := export("--as", style, "--out", server)
		wantFile(t, filepath.Join(server, id1+".pub.pem"), lightssl.MarshalPublicPEM(pub))
		wantIn(t, out, folder)
		wantIn(t, export("--as", style, "--out", server), "holds this key already")
	}
	t.Chdir(b.home)
	export("--as", "spark")
	wantFile(t, filepath.Join(b.home, id1+".pub.pem"), lightssl.MarshalPublicPEM(pub))
}

func TestExportPrefersWhatTheDeviceAnnounced(t *testing.T) {
	b := newBench(t)
	keys, _, _ := b.load()
	id, _ := lightssl.ParseDeviceID(id1)
	keys.SaveLearnt(id, lightssl.MarshalPublicDER(&deviceKeyOnce().PublicKey))
	b.write(b.keyFolder(), id1+".impersonation.pem", lightssl.MarshalPrivatePEM(otherDeviceKeyOnce()), 0o600)
	b.write(b.keyFolder(), id1+".original.pub.pem", lightssl.MarshalPublicPEM(&otherDeviceKeyOnce().PublicKey), 0o600)
	if got := b.ok("keys", "export", id1); got != string(lightssl.MarshalPublicPEM(&deviceKeyOnce().PublicKey)) {
		t.Errorf("exported %q", got)
	}
	if b.errOut.Len() > 0 {
		t.Errorf("said %q", b.errOut.String())
	}
	b.write(b.keyFolder(), id1+".der", lightssl.MarshalPrivateDER(otherDeviceKeyOnce()), 0o600)
	if got := b.ok("keys", "export", id1); got != string(lightssl.MarshalPublicPEM(&deviceKeyOnce().PublicKey)) {
		t.Errorf("exported %q", got)
	}
	wantIn(t, b.errOut.String(), "more than one key of device "+id1)
}

func TestExportRefusals(t *testing.T) {
	b := newBench(t)
	code, _, errOut := b.run("keys", "export", id1)
	if code != exitFailure {
		t.Errorf("exit code %d", code)
	}
	wantIn(t, errOut, "no public key of device "+id1, "hint: it is learnt when the device connects")
	b.write(b.keyFolder(), id1+".pub.pem", lightssl.MarshalPublicPEM(&deviceKeyOnce().PublicKey), 0o600)
	taken := b.write(b.home, "taken", []byte("mine"), 0o600)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{id1, "--as", "jwk"}, "--as jwk means nothing"},
		{[]string{"x"}, "is no device ID"},
		{[]string{id1, "--out", taken}, taken + " is there already"},
		{[]string{id1, "--out", filepath.Join(b.home, "none", "file")}, "does not exist"},
	} {
		code, _, errOut := b.run(append([]string{"keys", "export"}, c.args...)...)
		if code != exitUsage || !strings.Contains(errOut, "hint: ") {
			t.Errorf("%v: exit %d, %q", c.args, code, errOut)
		}
		wantIn(t, errOut, c.says)
	}
	wantFile(t, taken, []byte("mine"))
}

func TestInspectSaysWhatFilesHold(t *testing.T) {
	b := newBench(t)
	dir := b.mkdir("keys")
	print := lightssl.Fingerprint(&deviceKeyOnce().PublicKey)
	slot := append(lightssl.MarshalPrivateDER(deviceKeyOnce()), bytes.Repeat([]byte{0xff}, 4)...)
	b.write(dir, id1+".der", slot, 0o600)
	b.write(dir, id1+".pub.pem", lightssl.MarshalPublicPEM(&deviceKeyOnce().PublicKey), 0o644)
	b.write(dir, "s.pem", lightssl.MarshalPrivatePEM(serverKeyOnce()), 0o644)
	b.write(dir, "k.keylog", lightssl.AppendKeyLog(nil, lightssl.NewNonce(), lightssl.NewCredentials()), 0o600)
	b.write(dir, "notes", []byte("\x1b[31mred"), 0o600)
	out := b.ok("keys", "inspect", dir)
	for _, want := range [][]string{
		{id1 + ".der: device private key, RSA 1024", "fingerprint " + print, "device " + id1, "usable"},
		{id1 + ".pub.pem: device public key", "fingerprint " + print},
		{"s.pem: server private key, RSA 2048", "chmod 600"},
		{"k.keylog: key log, 1 session, 0 lines unreadable"},
		{"notes: no key: neither PEM nor DER"},
	} {
		line := lineWith(out, want[0])
		wantIn(t, line, want...)
	}
	if n := strings.Count(out, "\n"); n != 5 {
		t.Errorf("%d lines:\n%s", n, out)
	}
	code, _, errOut := b.run("keys", "inspect", filepath.Join(dir, "notes"))
	if code != exitUsage {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

func TestHostileFileNamesCannotWriteToTheTerminal(t *testing.T) {
	b := newBench(t)
	dir := b.mkdir("keys")
	b.write(dir, "a\x1b]0;owned\x07\u202e.pem", lightssl.MarshalPrivatePEM(deviceKeyOnce()), 0o644)
	out := b.ok("keys", "inspect", dir)
	_, said, err := b.load(dir)
	if err != nil || said == "" {
		t.Fatalf("err %v, said %q", err, said)
	}
	for _, text := range []string{out, said} {
		if strings.ContainsAny(text, "\x1b\x07\u202e") {
			t.Errorf("raw: %q", text)
		}
	}
}
