package main

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// firstFindings are the causes that each fault of the demo is told as first, ""
// where a device and a cloud live with it.
var firstFindings = map[string]string{
	"wrong-server-key": "PH-01", "unknown-device": "PH-08", "pkcs8-key": "PH-10",

	"short-nonce": "PH-38", "drop-after-nonce": "PH-39", "http": "PH-14",
	"corrupt-hmac": "PH-24", "wrong-signing-key": "PH-24", "stale-device-key": "PH-09",
	"cut-credentials": "PH-39", "drop-after-credentials": "PH-19",
	"late-hello": "PH-22", "no-hello": "PH-22", "swallow-ping": "PH-25",
	"corrupt-chunk": "PH-32", "drop-chunk": "PH-32", "reset-at-chunk": "PH-32",
	"garbage-frame": "PH-44", "zero-frame": "PH-44", "odd-frame": "PH-44", "long-frame": "PH-44", "bad-padding": "PH-44",
	"duplicate-ack": "",

	"split-identity": "", "corrupt-identity": "PH-01", "cut-identity": "PH-21",
	"http-request": "PH-40", "tls-client": "PH-40", "leave-after-credentials": "PH-12",
	"skip-id": "PH-25", "device-garbage-frame": "PH-44", "device-reset": "",
}

// The faults last as long as in real life, up to 25 s, so all happen at once.
func TestEveryFaultOfTheDemoIsFoundOnTheWire(t *testing.T) {
	var all sync.WaitGroup
	starting := make(chan struct{}, 2) // handshakes at once: time matters in what follows
	for _, r := range rehearsals() {
		want, ok := firstFindings[r.name]
		if !ok {
			t.Errorf("fault %s is not tested", r.name)
		}
		starting <- struct{}{}
		time.AfterFunc(300*time.Millisecond, func() { <-starting })
		all.Go(func() {
			out, errs, code := runApp(t, nil, "demo", "--fault", r.name, "-T", "ndjson")
			if code != exitOK {
				t.Errorf("%s: exit %d: %s", r.name, code, errs)
				return
			}
			got := ""
			for _, e := range printed(t, out) {
				if e.str("type") == "finding" && got == "" {
					got = e.str("photon.finding")
				}
			}
			if got != want {
				t.Errorf("%s: first finding %q, want %q", r.name, got, want)
			}
			if !strings.Contains(errs, "the device's session is over: ") {
				t.Errorf("%s: how it ended is not told: %s", r.name, errs)
			}
		})
	}
	all.Wait()
}

func TestTheDemoListsItsFaultsAndRefusesOthers(t *testing.T) {
	out, _, code := runApp(t, nil, "demo", "--fault", "list")
	if code != exitOK || strings.Count(out, "\n") != len(rehearsals()) || !strings.Contains(out, "late-hello=5s ") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	for _, wrong := range []string{"none-such", "http=1", "late-hello=soon", "wrong-server-key=1"} {
		_, errs, code := runApp(t, nil, "demo", "--fault", wrong)
		if code != exitUsage || !strings.Contains(errs, "hint: photonscope demo --fault list") {
			t.Errorf("%s: exit %d: %s", wrong, code, errs)
		}
	}
}
