package main

import (
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
)

func TestSeveralServerKeysNeedAChoice(t *testing.T) {
	b := newBench(t)
	dir := b.mkdir("keys")
	one := b.write(dir, "a.pem", lightssl.MarshalPrivatePEM(serverKeyOnce()), 0o600)
	b.write(dir, "a-again.der", lightssl.MarshalPrivateDER(serverKeyOnce()), 0o600)
	keys, said, err := b.load(dir)
	if err != nil || keys.ServerKey == nil || said != "" {
		t.Fatalf("one key in two forms is one key; err %v, said %q", err, said)
	}
	b.write(dir, "b.pem", lightssl.MarshalPrivatePEM(otherServerKeyOnce()), 0o600)
	keys, said, err = b.load(dir)
	if err != nil || keys.ServerKey != nil || said != "" {
		t.Fatalf("two keys: captures are tried with both, in silence; err %v, said %q", err, said)
	}
	b.errOut.Reset()
	keys.sayRivals(b.app())
	wantIn(t, b.errOut.String(), "2 different private server keys", "-k server:"+dir+"/a")
	keys, said, err = b.load(dir, "server:"+one)
	if err != nil || said != "" || !keys.ServerKey.Equal(serverKeyOnce()) {
		t.Errorf("the key named with server: was not chosen; err %v, said %q", err, said)
	}
	if n := len(keys.Ring.Servers()); n != 2 {
		t.Errorf("%d server keys try captures, want 2", n)
	}
}

func TestOnlyAProxyNeedsAChoiceOfServerKeys(t *testing.T) {
	b := newBench(t)
	dir := b.mkdir("keys")
	b.write(dir, "a.pem", lightssl.MarshalPrivatePEM(serverKeyOnce()), 0o600)
	b.write(dir, "b.pem", lightssl.MarshalPrivatePEM(otherServerKeyOnce()), 0o600)
	capture := b.write(b.home, "empty.pcap", nil, 0o600)
	for command, want := range map[string]bool{"read": false, "proxy": true} {
		_, _, said := b.run(command, "-k", dir, capture)
		if got := strings.Contains(said, "different private server keys"); got != want {
			t.Errorf("%s said %q", command, said)
		}
	}
}

func TestServerKeyPairThatDoesNotMatchIsNamed(t *testing.T) {
	b := newBench(t)
	dir := b.mkdir("keys")
	private := b.write(dir, "default_key.pem", lightssl.MarshalPrivatePEM(serverKeyOnce()), 0o600)
	public := b.write(dir, "default_key.pub.pem", lightssl.MarshalPublicPEM(&otherServerKeyOnce().PublicKey), 0o644)
	want := public + " is not the public half of " + private + ": a device that holds it refuses a server with that key; " +
		"to make it anew: openssl rsa -in " + private + " -pubout -out " + public + "\n"
	for _, args := range [][]string{{dir}, {private, public}} {
		if keys, said, err := b.load(args...); err != nil || said != want || !keys.ServerKey.Equal(serverKeyOnce()) {
			t.Errorf("-k %v: err %v, said %q, want %q", args, err, said, want)
		}
	}
	b.write(dir, "default_key.pub.pem", lightssl.MarshalPublicPEM(&serverKeyOnce().PublicKey), 0o644)
	b.write(dir, "other.pub.pem", lightssl.MarshalPublicPEM(&otherServerKeyOnce().PublicKey), 0o644)
	if _, said, err := b.load(dir); err != nil || said != "" {
		t.Errorf("a pair that matches, and a stranger's public key: err %v, said %q", err, said)
	}
}

func TestTildeBehindARoleIsTheHomeFolder(t *testing.T) {
	b := newBench(t)
	b.write(b.home, "default_key.pem", lightssl.MarshalPrivatePEM(serverKeyOnce()), 0o600)
	keys, _, err := b.load("server:~/default_key.pem")
	if err != nil || !keys.ServerKey.Equal(serverKeyOnce()) {
		t.Errorf("err %v", err)
	}
}
