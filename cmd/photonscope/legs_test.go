package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
)

// messagesOf counts a run's events of a type by the leg they were seen on.
func messagesOf(list []event, kind string) map[string]int {
	n := map[string]int{}
	for _, e := range list {
		if e.str("type") == kind {
			n[e.str("photon.leg")]++
		}
	}
	return n
}

// Without the key log, a spliced recording shows each message once, as live, with the
// key of either leg.
func TestASplicedRecordingWithoutKeyLogShowsEachMessageOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.pcapng")
	live := ways[0].run(t, simSpliceKeys(t), "--legs", "device", "-w", file)
	recording, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	alone := writeKey(t, "alone.pcapng", recording) // no key log beside it
	key := writeKey(t, "any.pem", lightssl.MarshalPrivatePEM(sim.ImpersonationKey()))
	for _, keys := range [][]string{
		{"-k", "impersonation:" + key},
		{"-k", "impersonation:" + key, "-k", "server:" + serverKeyFile(t)},
		{"-k", "device:" + deviceKeyFile(t)},
	} {
		for legs, both := range map[string]bool{"device": false, "both": true} {
			out, errs, code := runApp(t, nil, flatten([]any{"read", "-T", "ndjson", "--legs", legs, keys, alone})...)
			if code != exitOK {
				t.Fatalf("%q: exit %d: %s", keys, code, errs)
			}
			got, want := events(t, out), messagesOf(live, "message")
			if both {
				want["cloud"] = want["device"]
			}
			if n := messagesOf(got, "message"); n["device"] != want["device"] || n["cloud"] != want["cloud"] || n["device"] == 0 {
				t.Errorf("%q, legs %s: messages by leg %v, want %v", keys, legs, n, want)
			}
			if n := messagesOf(got, "sealed"); len(n) > 0 {
				t.Errorf("%q, legs %s: sealed frames by leg %v", keys, legs, n)
			}
			shared := 0
			for _, e := range got {
				if e.str("type") == "credentials" && e.str("photon.credentials.source") == "other leg" {
					shared++
				}
			}
			if shared != len(sim.Profiles) && (both || keys[1] == "impersonation:"+key) {
				t.Errorf("%q, legs %s: %d credentials are from the other leg, want %d", keys, legs, shared, len(sim.Profiles))
			}
		}
	}
}
