package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// serverFolder makes a server's folder in which device 1 has a key, written as
// no program of ours would, and others have theirs.
func (b *bench) serverFolder(name string) string {
	b.t.Helper()
	dir := b.mkdir(name)
	pem := lightssl.MarshalPublicPEM(&deviceKeyOnce().PublicKey)
	b.write(dir, id1+".pub.pem", bytes.ReplaceAll(pem, []byte("\n"), []byte("\r\n")), 0o644)
	b.write(dir, id1+".json", []byte("{}"), 0o600)
	b.write(dir, "541a6f0666785749315512d1.pub.pem", pem, 0o640)
	return dir
}

func TestRegisterThenRestoreGivesBackTheSameFolder(t *testing.T) {
	for _, mask := range []int{0, 0o077} {
		for _, server := range []struct{ folder, named string }{
			{"spark/core_keys", "spark/core_keys"},
			{"spark/core_keys", "spark"},
			{"bw/data/deviceKeys", "bw"},
			{"bw/data/deviceKeys", "bw/data"},
		} {
			underUmask(mask, func() {
				b := newBench(t)
				dir := b.serverFolder(server.folder)
				before := snapshot(t, dir)
				b.ok("keys", "register", id1, strings.ToUpper(id2), "--server-keys", filepath.Join(b.home, server.named))
				wantRegistered(b, dir)
				b.ok("keys", "restore", id1, id2)
				wantSame(t, snapshot(t, dir), before)
				wantPrivate(t, b.keyFolder())
			})
		}
	}
}

// wantRegistered fails unless both devices' impersonation keys are in the
// server's folder, readable as what they replaced was, and load as such.
func wantRegistered(b *bench, dir string) {
	b.t.Helper()
	keys, said, err := b.load(b.keyFolder())
	if err != nil || said != "" {
		b.t.Fatalf("load: %v, said %q", err, said)
	}
	for _, id := range []string{id1, id2} {
		parsed, _ := lightssl.ParseDeviceID(id)
		key := keys.Impersonation(parsed)
		if key == nil || lightssl.CheckDeviceKey(key) != nil {
			b.t.Fatalf("device %s has no usable impersonation key", id)
		}
		got, err := os.ReadFile(filepath.Join(dir, id+".pub.pem"))
		if err != nil || !bytes.Equal(got, lightssl.MarshalPublicPEM(&key.PublicKey)) {
			b.t.Errorf("the server has %q for device %s (%v)", got, id, err)
		}
	}
	for name, want := range map[string]fs.FileMode{id1: 0o644, id2: 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name+".pub.pem")); err != nil || info.Mode() != want {
			b.t.Errorf("%s: mode %v, want %v (%v)", name, info.Mode(), want, err)
		}
	}
	wantPrivate(b.t, b.keyFolder())
}

// wantPrivate fails unless a folder and all its files are for their owner alone
// and nothing temporary is left.
func wantPrivate(t *testing.T, dir string) {
	t.Helper()
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%s: %v, %v", dir, info, err)
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, _ := e.Info(); info.Mode() != 0o600 || strings.HasSuffix(e.Name(), ".tmp") {
			t.Errorf("%s is left with mode %v", e.Name(), info.Mode())
		}
	}
}

func TestRegisterTwiceIsRegisterOnce(t *testing.T) {
	b := newBench(t)
	dir := b.serverFolder("core_keys")
	b.ok("keys", "register", id1, "--server-keys", dir)
	server, ours := snapshot(t, dir), snapshot(t, b.keyFolder())
	out := b.ok("keys", "register", id1, "--server-keys", dir)
	wantIn(t, out, "has the impersonation key already", "keys restore "+id1)
	wantSame(t, snapshot(t, dir), server)
	wantSame(t, snapshot(t, b.keyFolder()), ours)
}

func TestRegisterSaysWhatToDoNext(t *testing.T) {
	b := newBench(t)
	spark, bw := b.serverFolder("core_keys"), b.serverFolder("deviceKeys")
	out := b.ok("keys", "register", id1, "--server-keys", spark)
	wantIn(t, out,
		"the one before is kept as "+filepath.Join(b.keyFolder(), id1+".original.pub.pem"),
		"at the device's next connection",
		"photonscope keys restore "+id1,
		"particle keys send "+id1+" "+filepath.Join(b.keyFolder(), id1+".impersonation.pub.pem"))
	out = b.ok("keys", "register", id2, "--server-keys", bw)
	wantIn(t, out, "it had none before", "restart the server")
}

func TestRegisterWithoutFolderPrintsTheOtherWay(t *testing.T) {
	b := newBench(t)
	out := b.ok("keys", "register", id1)
	public := filepath.Join(b.keyFolder(), id1+".impersonation.pub.pem")
	wantIn(t, out, "no server knows it yet", "particle keys send "+id1+" "+public)
	if _, err := os.Stat(public); err != nil {
		t.Error(err)
	}
}

func TestTwoServersAreRestoredEach(t *testing.T) {
	b := newBench(t)
	spark, bw := b.serverFolder("core_keys"), b.serverFolder("deviceKeys")
	b.write(bw, id1+".pub.pem", lightssl.MarshalPublicPEM(&otherDeviceKeyOnce().PublicKey), 0o600)
	before, beforeBW := snapshot(t, spark), snapshot(t, bw)
	b.ok("keys", "register", id1, "--server-keys", spark)
	b.ok("keys", "register", id1, "--server-keys", bw)
	b.ok("keys", "restore", id1)
	wantSame(t, snapshot(t, spark), before)
	wantSame(t, snapshot(t, bw), beforeBW)
}

func TestAfterRestoreTheKeyRetiresAndComesBack(t *testing.T) {
	b := newBench(t)
	dir := b.serverFolder("core_keys")
	id, _ := lightssl.ParseDeviceID(id1)
	b.ok("keys", "register", id1, "--server-keys", dir)
	keys, _, _ := b.load(b.keyFolder())
	first := keys.Impersonation(id)
	b.ok("keys", "restore", id1)
	if keys, _, _ = b.load(b.keyFolder()); keys.spliceKey(false) != nil {
		t.Error("the proxy would splice with a key that the server no longer knows")
	}
	b.ok("keys", "register", id1, "--server-keys", dir)
	if keys, _, _ = b.load(b.keyFolder()); !keys.Impersonation(id).Equal(first) {
		t.Error("another key was made where one was retired")
	}
}

func TestRestoreLeavesAChangedFileAlone(t *testing.T) {
	b := newBench(t)
	dir := b.serverFolder("core_keys")
	place := filepath.Join(dir, id1+".pub.pem")
	b.ok("keys", "register", id1, "--server-keys", dir)
	changed := lightssl.MarshalPublicPEM(&otherDeviceKeyOnce().PublicKey)
	b.write(dir, id1+".pub.pem", changed, 0o600)
	code, _, errOut := b.run("keys", "restore", id1)
	if code != exitFailure {
		t.Errorf("exit code %d", code)
	}
	original := filepath.Join(b.keyFolder(), id1+".original.pub.pem")
	wantIn(t, errOut, place+" has been changed since it was registered, and is left alone", "cp "+original+" "+place)
	wantFile(t, place, changed)

	os.Remove(place)
	code, _, errOut = b.run("keys", "restore", id1)
	if code != exitFailure {
		t.Errorf("exit code %d", code)
	}
	wantIn(t, errOut, place+" has been removed since")

	b.ok("keys", "register", id1, "--server-keys", dir) // there is none now
	b.ok("keys", "restore", id1)
	if _, err := os.Stat(place); err == nil {
		t.Error("restore after the second register did not go back to no file")
	}
}

func TestRestoreByHandCounts(t *testing.T) {
	b := newBench(t)
	dir := b.serverFolder("core_keys")
	before := snapshot(t, dir)
	b.ok("keys", "register", id1, id2, "--server-keys", dir)
	original, err := os.ReadFile(filepath.Join(b.keyFolder(), id1+".original.pub.pem"))
	if err != nil {
		t.Fatal(err)
	}
	b.write(dir, id1+".pub.pem", original, 0o644)
	os.Remove(filepath.Join(dir, id2+".pub.pem"))
	out := b.ok("keys", "restore", id1, id2)
	wantIn(t, out, "is as it was already", "is gone already, as it was before")
	wantSame(t, snapshot(t, dir), before)
}

func TestRestoreCutShortCanBeRepeated(t *testing.T) {
	b := newBench(t)
	dir := b.serverFolder("core_keys")
	before := snapshot(t, dir)
	b.ok("keys", "register", id1, "--server-keys", dir)
	f := func(ext string) string { return filepath.Join(b.keyFolder(), id1+ext) }
	if err := os.Rename(f(".impersonation.pem"), f(".retired.pem")); err != nil {
		t.Fatal(err)
	}
	b.ok("keys", "restore", id1)
	wantSame(t, snapshot(t, dir), before)
	if files := snapshot(t, b.keyFolder()); len(files) != 1 {
		t.Errorf("left: %v", files)
	}
}

func TestKeyPutThereByOthersIsNotClaimed(t *testing.T) {
	b := newBench(t)
	dir := b.serverFolder("core_keys")
	b.ok("keys", "register", id1)
	public, _ := os.ReadFile(filepath.Join(b.keyFolder(), id1+".impersonation.pub.pem"))
	b.write(dir, id1+".pub.pem", public, 0o644) // particle keys send
	out := b.ok("keys", "register", id1, "--server-keys", dir)
	wantIn(t, out, "it was not put there from this key folder", "particle keys send "+id1)
	code, _, errOut := b.run("keys", "restore", id1)
	if code != exitFailure {
		t.Errorf("exit code %d", code)
	}
	wantIn(t, errOut, "there is nothing to restore")
}

func TestRegisterRefusals(t *testing.T) {
	b := newBench(t)
	plain, core := b.mkdir("keys"), b.serverFolder("core_keys")
	file := b.write(b.home, "file", nil, 0o600)
	linked := b.mkdir("linked/core_keys")
	victim := b.write(b.home, "victim.pem", []byte("precious"), 0o600)
	os.Symlink(victim, filepath.Join(linked, id1+".pub.pem"))
	os.Symlink(id1+".json", filepath.Join(linked, id2+".pub.pem"))
	b.write(linked, id1+".json", []byte("precious"), 0o600)
	asDir := b.mkdir("asdir/core_keys")
	b.mkdir("asdir/core_keys/" + id1 + ".pub.pem")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"../../etc/passwd"}, `"../../etc/passwd" is no device ID`},
		{[]string{id1 + "0"}, "24 hex digits"},
		{[]string{id1[:22] + "/."}, "24 hex digits"},
		{[]string{id1, "--server-keys", plain}, "its name does not tell which server"},
		{[]string{id1, "--server-keys", core, "--style", "mosquitto"}, "--style mosquitto means nothing"},
		{[]string{id1, "--server-keys", filepath.Join(b.home, "none")}, "does not exist"},
		{[]string{id1, "--server-keys", file}, "is a file, not a folder"},
		{[]string{id1, "--server-keys", core, "--folder", core}, "cannot be both"},
		{[]string{id1, "--folder", filepath.Join(file, "below")}, "a part of this path is a file"},
		{[]string{id1, "--server-keys", linked}, "is a symbolic link"},
		{[]string{id2, "--server-keys", linked}, "is a symbolic link"},
		{[]string{id1, "--server-keys", asDir}, "is not a regular file"},
	} {
		code, out, errOut := b.run(append([]string{"keys", "register"}, c.args...)...)
		if code == exitOK || !strings.Contains(errOut, "hint: ") {
			t.Errorf("%v: exit %d, %q, %q", c.args, code, out, errOut)
		}
		wantIn(t, errOut, c.says)
	}
	wantFile(t, victim, []byte("precious"))
	wantFile(t, filepath.Join(linked, id1+".json"), []byte("precious"))
}

func TestOneFailingDeviceDoesNotStopTheOthers(t *testing.T) {
	b := newBench(t)
	dir := b.serverFolder("core_keys")
	b.mkdir("core_keys/" + id1 + ".pub.pem.d")
	os.Remove(filepath.Join(dir, id1+".pub.pem"))
	b.mkdir("core_keys/" + id1 + ".pub.pem")
	code, out, errOut := b.run("keys", "register", id1, id2, "--server-keys", dir)
	if code == exitOK {
		t.Error("exit code 0")
	}
	wantIn(t, errOut, "device "+id1)
	wantIn(t, out, "device "+id2+": the server has photonscope's key now")
}

func TestDamagedRegistrationsAreNamed(t *testing.T) {
	for _, content := range []string{"{", `[{"folder":"/x","original":"../../etc/passwd"}]`, `[{"folder":"relative"}]`} {
		b := newBench(t)
		dir := b.serverFolder("core_keys")
		b.ok("keys", "register", id1, "--server-keys", dir)
		path := b.write(b.keyFolder(), id1+".registered.json", []byte(content), 0o600)
		code, _, errOut := b.run("keys", "restore", id1)
		if code != exitFailure {
			t.Errorf("exit code %d", code)
		}
		wantIn(t, errOut, path+": is damaged", "hint: repair or remove it")
	}
}

func TestDamagedImpersonationKeyIsNotReplaced(t *testing.T) {
	b := newBench(t)
	b.ok("keys", "register", id1)
	path := b.write(b.keyFolder(), id1+".impersonation.pem", []byte("x"), 0o600)
	code, _, errOut := b.run("keys", "register", id1)
	if code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	wantIn(t, errOut, "key "+path+": neither PEM nor DER", "hint: move it away")
	wantFile(t, path, []byte("x"))
}
