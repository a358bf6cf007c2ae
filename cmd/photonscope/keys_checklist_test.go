package main

import (
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
)

func TestKeysAloneListsWhatIsHereAndWhatIsMissing(t *testing.T) {
	b := newBench(t)
	t.Chdir(b.home)
	const terminate, splice, observe = "[x] terminate", "[x] splice", "[x] observe"
	out := b.ok("keys")
	wantIn(t, out, "[ ] the server's private key", "photonscope keys generate --server", "photonscope keys register", "particle keys save", "keylog-preload")
	if strings.Contains(out, "[x]") {
		t.Errorf("something is ticked where nothing is:\n%s", out)
	}
	b.write(b.home, "default_key.pem", lightssl.MarshalPrivatePEM(sim.ServerKey()), 0o600)
	if out = b.ok("keys"); !strings.Contains(out, terminate) || strings.Contains(out, splice) || strings.Contains(out, observe) {
		t.Errorf("with the server's key:\n%s", out)
	}
	b.write(b.home, sim.DeviceID(0).String()+".impersonation.pem", lightssl.MarshalPrivatePEM(sim.ImpersonationKey()), 0o600)
	wantIn(t, b.ok("keys"), terminate, splice)
	b.write(b.home, "photon.keylog", lightssl.AppendKeyLog(nil, lightssl.NewNonce(), lightssl.Credentials{1, 39: 2}), 0o600)
	wantIn(t, b.ok("keys"), terminate, splice, observe)
}
