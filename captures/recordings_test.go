package captures

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/photonscope/photonscope/decode/stream"
)

// checked is what an independent program found in one TCP stream of a recording.
type checked struct {
	Endpoints [2]netip.AddrPort // device, cloud
	Bytes     [2]int
	Nonce     string
}

// recordings yields each genuine recording with what it holds.
func recordings(t *testing.T, each func(t *testing.T, capture []byte, want []checked)) {
	t.Helper()
	reports, err := filepath.Glob("testdata/recordings/*/check.json")
	if err != nil || len(reports) < 5 {
		t.Fatalf("%d recordings: %v", len(reports), err)
	}
	for _, report := range reports {
		text, err := os.ReadFile(report)
		if err != nil {
			t.Fatal(err)
		}
		var files map[string][]checked
		if err := json.Unmarshal(text, &files); err != nil {
			t.Fatal(err)
		}
		for name, want := range files {
			path := filepath.Join(filepath.Dir(report), name)
			capture, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(path, func(t *testing.T) { each(t, capture, want) })
		}
	}
}

func TestRecordingsOfGenuineDevicesComeApartIntoTheirStreams(t *testing.T) {
	recordings(t, func(t *testing.T, capture []byte, want []checked) {
		got := gather(t, bytes.NewReader(capture))
		if len(got) != len(want) {
			t.Fatalf("%d connections, want %d", len(got), len(want))
		}
		for _, w := range want {
			c := byNonce(got, w.Nonce)
			if c == nil {
				t.Errorf("no connection with nonce %s", w.Nonce)
				continue
			}
			if c.conn.Device != w.Endpoints[0] || c.conn.Cloud != w.Endpoints[1] || c.conn.Leg != stream.Tapped {
				t.Errorf("ends %v and %v, want %v", c.conn.Device, c.conn.Cloud, w.Endpoints)
			}
			if sizes := [2]int{len(c.bytes[0]), len(c.bytes[1])}; sizes != w.Bytes || c.gaps != 0 {
				t.Errorf("%v bytes and %d gaps, want %v bytes", sizes, c.gaps, w.Bytes)
			}
			if len(c.closes) == 0 {
				t.Error("never closed")
			}
		}
	})
}
