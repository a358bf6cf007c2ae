package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/sim"
)

// scene is a session that is recorded, and then replayed to a simulated device.
type scene struct {
	name   string
	device func() *sim.Device
	cloud  func(context.Context, *sim.CloudSession) error // what the cloud does of itself
	faults []sim.Fault                                    // what it does wrong
	style  sim.Style

	change func(*sim.Device) // after the recording
	want   string            // a divergence that the change leads to
}

// unreplayedToDevices are the kinds that no replay to a device has, and why.
var unreplayedToDevices = map[particle.Kind]string{
	particle.KindPing:     "pings are left out: they follow the silence of the live session",
	particle.KindPingAck:  "as the pings",
	particle.KindPresence: "it is a datagram of its own, and no part of a session",
}

func TestEveryKindOfMessageIsReplayedToADevice(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range deviceScenes {
		t.Run(s.name, func(t *testing.T) {
			file := s.record(t)
			for _, x := range replayTo(t, file, s.device()) {
				if x.str("type") == "diverged" {
					t.Errorf("nothing has changed, and %s", divergenceOf(x))
				}
				noteReplayed(seen, x)
			}
			if s.change == nil {
				return
			}
			d := s.device()
			s.change(d)
			var got []string
			for _, x := range divergences(replayTo(t, file, d)) {
				got = append(got, divergenceOf(x))
			}
			if !slices.Contains(got, s.want) {
				t.Errorf("changed: %q, and not %q", got, s.want)
			}
		})
	}
	checkReplayed(t, seen, unreplayedToDevices)
}

// noteReplayed notes the kind of a message that was played, or came as recorded.
func noteReplayed(seen map[string]bool, x report) {
	if _, recorded := x["number"]; recorded && (x.str("type") == "sent" || x.str("type") == "came") {
		seen[x.str("photon.msg")] = true
	}
}

// checkReplayed demands that each kind was replayed or has a reason not to be.
func checkReplayed(t *testing.T, seen map[string]bool, reasons map[particle.Kind]string) {
	t.Helper()
	for _, k := range particle.Kinds() {
		switch reason := reasons[k.Kind]; {
		case seen[k.Name] && reason != "":
			t.Errorf("%s was replayed, although %s", k.Name, reason)
		case !seen[k.Name] && reason == "":
			t.Errorf("%s was not replayed, and no reason is given", k.Name)
		}
	}
}

// divergenceOf is a divergence in one line.
func divergenceOf(x report) string {
	text := x.str("photon.msg") + " " + x.str("fault")
	fields, _ := x["fields"].([]any)
	for _, f := range fields {
		text += " " + f.(map[string]any)["field"].(string)
	}
	return text
}

// record has the scene played through the proxy, and returns what that recorded.
func (s *scene) record(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "scene.pcapng")
	failed := make(chan error, 1)
	cloud := startCloud(t, &sim.Cloud{
		Style: s.style, Faults: s.faults, Refuse: func(prefix string) bool { return prefix == "refused" },
		Handle: func(ctx context.Context, c *sim.CloudSession) error {
			err := s.cloud(ctx, c)
			failed <- err
			return err
		},
	})
	proxy := startProxy(t, slices.Concat(simSpliceKeys(t), []string{"-w", file, cloud})...)
	connectDevice(t, proxy.addr, s.device())
	if err := <-failed; err != nil {
		t.Fatalf("the cloud: %v", err)
	}
	proxy.end()
	return file
}

// replayTo replays the cloud's part to a device.
func replayTo(t *testing.T, file string, d *sim.Device) []report {
	t.Helper()
	cloud := startToDevice(t, file, "--actuate", "--on-divergence", "go-on", "--speed", "0", "--wait", "2s")
	connectDevice(t, cloud.addr, d)
	<-cloud.done
	return reports(t, cloud.out.String())
}

// firmware is a coffee machine with a profile, that a scene may change.
func firmware(p sim.Profile, change ...func(*sim.Device)) func() *sim.Device {
	return func() *sim.Device {
		d, _ := coffeeMachine(&p, make(chan string, 100))
		d.ClaimCode = "a-claim-code"
		d.Metrics = []particle.MetricBody{{ID: 1, Value: 42}}
		for _, c := range change {
			c(d)
		}
		return d
	}
}

// follows has a device follow a script.
func follows(text string) func(*sim.Device) {
	return func(d *sim.Device) { d.Handle = mustScript(text).Device }
}

func mustScript(text string) sim.Script {
	s, err := sim.ParseScript(text)
	if err != nil {
		panic(err)
	}
	return s
}

// bearing is a profile that bears an answer with the code of an error.
func bearing(p sim.Profile) sim.Profile {
	p.HangsUp = false
	return p
}

// changed changes a device's firmware.
func changed(change func(*sim.Profile)) func(*sim.Device) {
	return func(d *sim.Device) {
		p := *d.Profile
		change(&p)
		d.Profile = &p
	}
}

// manyFunctions make a description longer than one block of it.
func manyFunctions(d *sim.Device) {
	for i := range 40 {
		d.Functions[fmt.Sprintf("function-number-%02d", i)] = func(string) int32 { return 0 }
	}
}

// deviceTalk is what a device says of itself, and how it leaves.
const deviceTalk = `
send NON POST /e/coffee/ready payload "1"
send CON POST /e/coffee/alarm payload "hot"
send CON GET /e/kitchen query "u"
send CON GET /e/refused
send CON GET /t token 07
expect ACK 2.05
send CON PUT /u
expect ACK EMPTY
expect POST /e/garden/last
send CON POST /x payload "bye"
expect ACK EMPTY
drop
`

// cloudTalk is what a cloud says that no method of the simulated one does.
const cloudTalk = `
send CON POST /h
expect ACK
send CON POST /f/sing query "la" token 60
expect ACK
send NON POST /z
send NON 2.04 token ee payload "?!"
send RST EMPTY
send NON POST /e/garden/last payload "x"
`

func everyQuestion(ctx context.Context, c *sim.CloudSession) error {
	c.Describe(ctx, 0) // newer firmware refuses, as it does the next but one
	if _, err := c.Describe(ctx, particle.DescribeSystem|particle.DescribeApplication); err != nil {
		return err
	}
	c.Call(ctx, "brew", strings.Repeat("x", 640))
	if _, err := c.Call(ctx, "brew", "espresso"); err != nil {
		return err
	}
	if _, err := c.Variable(ctx, "mood"); err != nil {
		return err
	}
	c.Variable(ctx, "sugar") // there is none
	c.KeyChange()
	if err := c.Signal(ctx, true); err != nil {
		return err
	}
	return mustScript(cloudTalk).Cloud(ctx, c)
}

// flashes sends a firmware image, and then has the device leave.
func flashes(f sim.Flash) func(context.Context, *sim.CloudSession) error {
	return func(ctx context.Context, c *sim.CloudSession) error {
		f.Image = make([]byte, 1500)
		if _, err := c.Flash(ctx, f); err != nil {
			return err
		}
		return c.Close()
	}
}

// says has a cloud follow a script and leave.
func says(text string) func(context.Context, *sim.CloudSession) error {
	return func(ctx context.Context, c *sim.CloudSession) error {
		if err := mustScript(text).Cloud(ctx, c); err != nil {
			return err
		}
		return c.Close()
	}
}

var deviceScenes = []scene{
	{name: "everything 0.4.9", device: firmware(bearing(sim.Legacy049), follows(deviceTalk)), cloud: everyQuestion,
		change: func(d *sim.Device) { d.ProductVersion = 9 }, want: "hello differs photon.hello.product_version"},
	{name: "everything 1.5.2", device: firmware(sim.LightSSL152, follows(deviceTalk)), cloud: everyQuestion,
		change: func(d *sim.Device) { d.ClaimCode = "another" }, want: "event differs photon.event.data"},
	{name: "everything 2.3.1", device: firmware(sim.LightSSL231, follows(deviceTalk)), cloud: everyQuestion,
		change: func(d *sim.Device) { d.Variables["mood"] = sim.String(func() string { return "cold" }) }, want: "variable-reply differs photon.var.value"},
	{name: "everything 3.3.1", device: firmware(sim.LightSSL331, follows(deviceTalk)), cloud: everyQuestion,
		change: follows(strings.Replace(deviceTalk, "hot", "cold", 1)), want: "event differs photon.event.data"},
	{name: "the original server refuses events", style: sim.Spark, device: firmware(sim.LightSSL152, follows("send NON POST /e/tick\nexpect 4.00\nsend NON POST /e/spark/tock")), cloud: says("expect POST /e/spark/tock\nsend CON GET /v/mood token 60\nexpect 2.05")},
	{name: "figures", device: firmware(sim.LightSSL231), cloud: func(ctx context.Context, c *sim.CloudSession) error {
		if _, err := c.Describe(ctx, particle.DescribeMetrics); err != nil {
			return err
		}
		return c.Close()
	}},
	{name: "a description in blocks", device: firmware(sim.LightSSL331, manyFunctions), cloud: func(ctx context.Context, c *sim.CloudSession) error {
		if _, err := c.Describe(ctx, particle.DescribeApplication); err != nil {
			return err
		}
		return c.Close()
	}, change: func(d *sim.Device) { delete(d.Functions, "function-number-39") }, want: "describe-reply differs coap.opt.etag"},
	{name: "fast update 0.4.9, a chunk lost", device: firmware(sim.Legacy049), cloud: flashes(sim.Flash{Fast: true}), faults: []sim.Fault{{Name: "drop-chunk", N: 1}},
		change: changed(func(p *sim.Profile) { p.MissedIsCON = false }), want: "chunk-missed differs coap.type"},
	{name: "fast update 2.3.1, a chunk lost", device: firmware(sim.LightSSL231), cloud: flashes(sim.Flash{Fast: true}), faults: []sim.Fault{{Name: "drop-chunk", N: 1}},
		change: changed(func(p *sim.Profile) { p.ChunkAcksInFast = true }), want: "chunk-ack is not in the recording"},
	{name: "slow update 1.5.2, a chunk damaged", device: firmware(sim.LightSSL152), cloud: flashes(sim.Flash{Save: true}), faults: []sim.Fault{{Name: "corrupt-chunk", N: 1}},
		change: func(d *sim.Device) { d.RefuseUpdates = true }, want: "update-refused differs photon.msg coap.code"},
	{name: "update refused", device: firmware(sim.LightSSL231, func(d *sim.Device) { d.RefuseUpdates = true }), cloud: func(ctx context.Context, c *sim.CloudSession) error {
		c.Flash(ctx, sim.Flash{Image: make([]byte, 1500)})
		return c.Close()
	}, change: func(d *sim.Device) { d.RefuseUpdates = false }, want: "update-ack differs photon.msg coap.code"},
	{name: "update aborted", device: firmware(sim.LightSSL231), cloud: says("send CON POST /u token 60\nexpect 2.04\nsend NON 4.00\nsend CON GET /v/mood token 62\nexpect 2.05")},
	{name: "OTA protocol 3", device: firmware(sim.LightSSL331, follows("expect POST /S\nsend ACK EMPTY\nsend CON 2.01 token 53\nexpect POST /C\nsend NON POST /A\nexpect POST /F\nsend ACK 4.00")),
		cloud: says("send CON POST /S token 53\nexpect 2.01\nsend NON POST /C token 43 payload \"piece\"\nexpect POST /A\nsend CON POST /F token 46\nexpect 4.00")},
}
