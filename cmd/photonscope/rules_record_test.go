package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/interop"
	"github.com/photonscope/photonscope/sim"
)

// Both versions of an edited message are shown and recorded, the second one
// marked; Wireshark opens the recording.
func TestBothVersionsOfAMessageAreShownAndRecorded(t *testing.T) {
	needTshark(t)
	everyServer(t, func(t *testing.T, kind realServer, server *interop.Server) {
		keys := spliceKeys(t, kind.name, server)
		file := filepath.Join(t.TempDir(), "edited.pcapng")
		proxy := startProxy(t, slices.Concat(keys, []string{"-w", file, "--rules", rulesFile(t, meddlingRules), server.Addr})...)
		v := newVisit(t, kind, server, proxy, &sim.LightSSL231)
		v.meddledFromDevice()
		live := proxy.end()
		out, errs, code := runApp(t, nil, slices.Concat([]string{"read", "-T", "ndjson"}, keys, []string{file})...)
		if code != exitOK {
			t.Fatalf("read: exit %d: %s", code, errs)
		}
		for name, list := range map[string][]event{"live": live, "recorded": events(t, out)} {
			var versions []string
			for _, e := range list {
				if e.str("photon.event.name") == "test/edit" {
					versions = append(versions, e.str("photon.leg")+" "+e.str("photon.event.data"))
					if altered := e["photon.altered"] == true; altered != (e.str("photon.leg") == "cloud") {
						t.Errorf("%s: altered is %v on the %s leg", name, e["photon.altered"], e.str("photon.leg"))
					}
				}
			}
			if got := strings.Join(versions, ", "); got != "device original, cloud edited" {
				t.Errorf("%s: %s", name, got)
			}
		}
		text, _, _ := runApp(t, nil, slices.Concat([]string{"read", "-T", "text"}, keys, []string{file})...)
		if !strings.Contains(text, "altered") {
			t.Errorf("the text does not mark what was altered:\n%s", text)
		}
		coap := string(tshark(t, file, "-Y", `frame.interface_name == "photon-coap" && coap.opt.uri_path contains "edit"`, "-T", "fields", "-e", "coap.payload", "-e", "frame.comment"))
		if lines := strings.Split(strings.TrimSpace(coap), "\n"); len(lines) != 2 || strings.Contains(lines[0], "altered") || !strings.Contains(lines[1], "altered") {
			t.Errorf("photon-coap has\n%s", coap)
		}
		checkLegsByTshark(t, file)
	})
}
