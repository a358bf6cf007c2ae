package diagnose

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim"
	"github.com/photonscope/photonscope/sim/memnet"
)

// wiretap collects what passes on a connection in memory.
type wiretap struct {
	mu    sync.Mutex
	items []stream.Item
	over  [2]bool
}

func (w *wiretap) add(it stream.Item) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c, ok := it.(*stream.Closed); ok {
		if w.over[c.From] {
			return
		}
		w.over[c.From] = true
	}
	w.items = append(w.items, stream.Clone(it))
}

// tapped is one end of a connection whose writes are seen.
type tapped struct {
	*memnet.Conn
	w    *wiretap
	from stream.Direction
}

func (c *tapped) Write(b []byte) (int, error) {
	c.w.add(&stream.Segment{At: time.Now(), Conn: 1, From: c.from, Data: b})
	return c.Conn.Write(b)
}

func (c *tapped) CloseWrite() error {
	c.w.add(&stream.Closed{At: time.Now(), Conn: 1, From: c.from})
	return c.Conn.CloseWrite()
}

func (c *tapped) Close() error {
	c.w.add(&stream.Closed{At: time.Now(), Conn: 1, From: c.from})
	return c.Conn.Close()
}

// session runs one session of a simulated device and cloud, for a while, and
// returns what passed.
func session(t *testing.T, d *sim.Device, c *sim.Cloud, length time.Duration) (items []stream.Item, keys *lightssl.Keyring) {
	keys = new(lightssl.Keyring)
	k := sim.ServerKey()
	keys.AddKey(lightssl.Key{Private: k, Public: &k.PublicKey}, lightssl.ServerRole)
	dk := sim.DeviceKey(0)
	keys.AddKey(lightssl.Key{Private: dk, Public: &dk.PublicKey}, lightssl.DeviceRole)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()
		w := new(wiretap)
		addr := [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.10:49152"), netip.MustParseAddrPort("192.0.2.1:5683")}
		a, b := memnet.Pipe(addr[0], addr[1])
		w.add(&stream.Opened{At: time.Now(), Conn: stream.Conn{ID: 1, Device: addr[0], Cloud: addr[1]}})
		device, cloud := net.Conn(&tapped{a, w, dev}), net.Conn(&tapped{b, w, cld})
		var both sync.WaitGroup
		both.Go(func() {
			c.ServeConn(ctx, cloud)
			cloud.Close()
		})
		d.Run(ctx, device)
		if ctx.Err() == nil { // it left by itself; else the test has cut it off
			device.Close()
		}
		both.Wait()
		items = w.items
	})
	if length > 0 && len(items) > 0 {
		items = withoutEndAt(items, length)
	}
	return items, keys
}

// withoutEndAt drops the closings that the end of the test's time made: a capture
// would just end.
func withoutEndAt(items []stream.Item, length time.Duration) []stream.Item {
	start := items[0].(*stream.Opened).At
	return slices.DeleteFunc(items, func(it stream.Item) bool {
		c, ok := it.(*stream.Closed)
		return ok && c.At.Sub(start) >= length
	})
}

func TestHealthySessionsOfEveryFirmwareAndServerGiveNothing(t *testing.T) {
	for _, p := range sim.Profiles {
		for _, style := range sim.Styles {
			if style.DescribeLimit > 0 && p.Name == sim.LightSSL331.Name {
				continue // they cannot live together: PH-30, below
			}
			t.Run(p.Name+" "+style.Name, func(t *testing.T) {
				c := &sim.Cloud{Style: style, Handle: func(ctx context.Context, s *sim.CloudSession) error {
					if _, err := s.Describe(ctx, particle.DescribeSystem|particle.DescribeApplication); err != nil {
						return err
					}
					_, err := s.Flash(ctx, sim.Flash{Image: make([]byte, 3000), Fast: true})
					return err
				}}
				d := &sim.Device{Profile: &p, Image: func([]byte) bool { return true }, Handle: func(ctx context.Context, s *sim.DeviceSession) error {
					return s.Publish(particle.EventBody{Name: "lab/tick", Data: []byte("1"), Private: true})
				}}
				items, keys := session(t, d, c, 100*time.Second)
				for _, e := range findings(items, Options{Keys: keys}) {
					f := e.Body.(*decode.Finding)
					if p.Legacy && style.Name == sim.Spark.Name && f.ID == "PH-45" {
						continue // such sessions are not healthy
					}
					t.Errorf("%s %s: %s: %v", f.ID, f.Confidence, f.Title, f.Evidence)
				}
			})
		}
	}
}

// What each fault of the simulator comes to.
var faults = []struct {
	fault   string
	profile *sim.Profile
	first   string
}{
	{"short-nonce=39", &sim.LightSSL231, "PH-38"},
	{"drop-after-nonce", &sim.LightSSL231, "PH-39"},
	{"http", &sim.LightSSL231, "PH-14"},
	{"corrupt-hmac", &sim.LightSSL231, "PH-24"},
	{"wrong-signing-key", &sim.LightSSL231, "PH-24"},
	{"stale-device-key", &sim.LightSSL231, "PH-09"},
	{"cut-credentials=200", &sim.LightSSL231, "PH-39"},
	{"drop-after-credentials", &sim.LightSSL231, "PH-19"},
	{"late-hello=3s", &sim.LightSSL231, ""},
	{"late-hello=3s", &sim.Legacy049, "PH-22"},
	{"late-hello=5s", &sim.LightSSL231, "PH-22"},
	{"no-hello", &sim.LightSSL152, "PH-22"},
	{"swallow-ping=0", &sim.LightSSL331, "PH-25"},
	{"garbage-frame", &sim.LightSSL231, "PH-44"},
	{"garbage-frame", &sim.Legacy049, "PH-44"},
	{"zero-frame", &sim.LightSSL231, "PH-44"},
	{"odd-frame", &sim.LightSSL231, "PH-44"},
	{"long-frame", &sim.LightSSL231, "PH-44"},
	{"bad-padding", &sim.LightSSL231, "PH-44"},
	{"duplicate-ack", &sim.LightSSL231, ""},
	{"split-identity", &sim.LightSSL231, ""},
	{"corrupt-identity", &sim.LightSSL231, "PH-01"},
	{"cut-identity=255", &sim.LightSSL231, "PH-21"},
	{"http-request", &sim.LightSSL231, "PH-40"},
	{"tls-client", &sim.LightSSL231, "PH-40"},
	{"leave-after-credentials", &sim.LightSSL231, "PH-12"},
	{"skip-id=3", &sim.LightSSL231, "PH-25"},
	{"device-garbage-frame", &sim.LightSSL231, "PH-44"},
	{"device-reset=4", &sim.LightSSL231, ""},
}

func TestEveryFaultOfTheSimulatorIsFound(t *testing.T) {
	tested := map[string]bool{"corrupt-chunk": true, "drop-chunk": true, "reset-at-chunk": true} // below
	for _, c := range faults {
		t.Run(c.fault+" with "+c.profile.Name, func(t *testing.T) {
			f, err := sim.ParseFault(c.fault)
			if err != nil {
				t.Fatal(err)
			}
			tested[f.Name] = true
			d, cloud := &sim.Device{Profile: c.profile}, &sim.Cloud{CheckIDs: true}
			if i := slices.IndexFunc(sim.FaultKinds, func(k sim.FaultKind) bool { return k.Name == f.Name }); sim.FaultKinds[i].By == dev {
				d.Faults = []sim.Fault{f}
			} else {
				cloud.Faults = []sim.Fault{f}
			}
			items, keys := session(t, d, cloud, 100*time.Second)
			wantFirst(t, findings(items, Options{Keys: keys}), c.first)
		})
	}
	for _, k := range sim.FaultKinds {
		if !tested[k.Name] {
			t.Errorf("fault %s is not tested", k.Name)
		}
	}
}

func wantFirst(t *testing.T, found []decode.Event, id string) {
	t.Helper()
	got := ""
	if len(found) > 0 {
		f := found[0].Body.(*decode.Finding)
		got = f.ID
		t.Logf("%s %s: %s %v", f.ID, f.Confidence, f.Title, f.Evidence)
	}
	if got != id {
		t.Errorf("first %q, not %q", got, id)
	}
}

func TestFaultsOfUpdatesAreFound(t *testing.T) {
	for _, c := range []struct {
		fault string
		fast  bool
		first string
	}{
		{"corrupt-chunk=1", true, "PH-32"},
		{"corrupt-chunk=1", false, "PH-32"},
		{"drop-chunk=2", true, ""}, // the device asks for it, and gets it
		{"reset-at-chunk=1", true, "PH-32"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			f, err := sim.ParseFault(c.fault)
			if err != nil {
				t.Fatal(err)
			}
			d := &sim.Device{Image: func([]byte) bool { return true }}
			cloud := &sim.Cloud{Faults: []sim.Fault{f}, Handle: func(ctx context.Context, s *sim.CloudSession) error {
				_, err := s.Flash(ctx, sim.Flash{Image: make([]byte, 3000), Fast: c.fast})
				return err
			}}
			items, keys := session(t, d, cloud, 100*time.Second)
			wantFirst(t, findings(items, Options{Keys: keys}), c.first)
		})
	}
}

func TestTooNewFirmwareIsNamedWithItsRepair(t *testing.T) {
	d := &sim.Device{Profile: &sim.LightSSL331}
	items, keys := session(t, d, &sim.Cloud{Style: sim.Brewskey}, 100*time.Second)
	found := findings(items, Options{Keys: keys})
	wantFirst(t, found, "PH-30")
	if len(found) > 0 && found[0].Body.(*decode.Finding).Repair != "describe-flags" {
		t.Error("without its repair")
	}
}
