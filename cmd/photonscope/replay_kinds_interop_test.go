package main

import (
	"bytes"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/interop"
	"github.com/photonscope/photonscope/sim"
)

// serverScene is a session of a simulated device with a real server that is
// recorded, and then replayed to that server.
type serverScene struct {
	name   string
	only   string // the server that it is for; "": both
	device func() *sim.Device
	rules  string               // that the proxy follows meanwhile
	play   func(*visit, string) // what both do, with the path of a firmware image; nil: the device follows its script
	ignore []string             // arguments of the replay
	image  byte                 // what the image of the replay is made of, in place of 0
	want   []string             // the replay's divergences, each once
}

// sends are the messages that a server sends when it is told to by the name of its
// own table (interop/README.md).
func (v *visit) sends(name string, params map[string]any) {
	v.t.Helper()
	v.do("", map[string]any{"cmd": "send", "name": name, "params": params})
}

// acts has the device of a visit follow a script.
func (v *visit) acts(text string) error {
	return mustScript(text).Device(v.t.Context(), v.device.DeviceSession)
}

// flashUntil has the server update the device, and waits for a message of a kind.
func flashUntil(from, kind string) func(*visit, string) {
	return func(v *visit, image string) {
		go v.server.Command(map[string]any{"device": sim.DeviceID(0).String(), "cmd": "flash", "file": image, "timeout_ms": 60000})
		v.proxy.message(from, kind)
	}
}

var serverScenes = []serverScene{
	{name: "everything", device: firmware(rightIDs(sim.LightSSL231)), play: func(v *visit, image string) {
		v.do("brew", map[string]any{"cmd": "describe", "fresh": true})
		v.do("8", map[string]any{"cmd": "call", "name": "brew", "arg": "espresso"})
		v.do("", map[string]any{"cmd": "call", "name": "brew", "arg": strings.Repeat("x", 640)})
		v.do("steamy", map[string]any{"cmd": "variable", "name": "mood"})
		v.sends("VariableRequest", map[string]any{"name": "sugar"})
		v.proxy.message("device", "variable-error")
		v.do("null", map[string]any{"cmd": "publish", "name": "garden/water", "data": "on"})
		v.do("", map[string]any{"cmd": "signal"})
		v.sends("KeyChange", nil)
		v.proxy.message("device", "key-change-ack")
		flashUntil("device", "update-done-reply")(v, image)
		v.acts("send CON GET /t token 07\nexpect ACK 2.05\nsend NON POST /z\nsend NON 2.04 token ee payload \"?!\"\nsend ACK EMPTY")
	}},
	{name: "update refused", only: "spark", device: firmware(rightIDs(sim.LightSSL231), func(d *sim.Device) { d.RefuseUpdates = true }), play: flashUntil("device", "update-refused")},
	{name: "update refused, which the server does not heed", only: "brewskey", device: firmware(rightIDs(sim.LightSSL231), func(d *sim.Device) { d.RefuseUpdates = true }),
		play: flashUntil("device", "chunk-refused")},
	{name: "a chunk damaged in normal mode", only: "spark", device: firmware(sim.LightSSL152), rules: "fault corrupt-chunk chunk=1",
		ignore: []string{"--ignore", "photon.ota.", "--ignore", "photon.chunk.", "--ignore", "coap.payload"},
		play:   flashUntil("device", "update-done-reply")},
	{name: "a chunk damaged in fast mode", only: "brewskey", device: firmware(rightIDs(sim.LightSSL231)), rules: "fault corrupt-chunk chunk=1",
		ignore: []string{"--ignore", "photon.ota.", "--ignore", "photon.chunk.", "--ignore", "coap.payload"},
		play:   flashUntil("cloud", "chunk-missed-ack")},
	{name: "a chunk lost in fast mode", only: "brewskey", device: firmware(sim.Legacy049), rules: "fault drop-chunk chunk=1",
		play: flashUntil("cloud", "chunk-missed-ack"), want: []string{"chunk is not in the recording"}},
	{name: "old firmware", only: "brewskey", device: firmware(sim.Legacy049), play: flashUntil("device", "update-done-reply")},
	{name: "another image", device: firmware(rightIDs(sim.LightSSL231)), play: flashUntil("device", "update-done-reply"), image: 7, want: []string{"chunk differs coap.opt.uri_query photon.ota.crc photon.ota.data"}},
	{name: "firmware 3.3.1", only: "spark", device: firmware(sim.LightSSL331, manyFunctions), play: func(v *visit, image string) {
		go v.server.Command(map[string]any{"device": sim.DeviceID(0).String(), "cmd": "describe", "fresh": true, "timeout_ms": 1000})
		v.proxy.message("device", "describe-refused")
	}},
	{name: "firmware 3.3.1", only: "brewskey", device: firmware(sim.LightSSL331, manyFunctions, follows("expect GET /d\nwait 200ms\ndrop"))},
}

// rightIDs is a profile that acknowledges under the IDs it should, which both
// servers bear.
func rightIDs(p sim.Profile) sim.Profile {
	p.WrongAckIDs = false
	return p
}

// unreplayedToServers are the kinds that no replay to a real server has, and why.
var unreplayedToServers = map[string]map[particle.Kind]string{
	"spark": {
		particle.KindUpdateIncomplete: updatesChunkByChunk,
		particle.KindChunkMissed:      updatesChunkByChunk,
		particle.KindChunkMissedAck:   updatesChunkByChunk,
	},
	"brewskey": {
		particle.KindEventRefused: "it refuses no event",
	},
}

const updatesChunkByChunk = "the original server sends a chunk once the one before was answered, so that none is missing in the end"

// unreplayedToAny are those of both servers.
var unreplayedToAny = map[particle.Kind]string{
	particle.KindHelloAck:         "both sides say Hello without asking for an acknowledgement",
	particle.KindReset:            "no device sends it, nor does a server",
	particle.KindDescribeReplyAck: "only Particle's own cloud sends it",
	particle.KindDescribePostAck:  "only Particle's own cloud sends it",
	particle.KindDescribeBlock:    "no server acknowledges the first block, which the second waits for",
	particle.KindMetrics:          "no server asks for them",
	particle.KindSubscribeRefused: "a server refuses a subscription to nothing, which no device sends",
	particle.KindUpdateDoneAck:    "a device answers with its verdict at once, and no server acknowledges a device's",
	particle.KindUpdateAbort:      "the servers have a name for it and do not send it, nor does any firmware that is simulated",
	particle.KindSaveBegin:        "no server sends it",
	particle.KindOTA3Start:        notOfPhotons, particle.KindOTA3Finish: notOfPhotons, particle.KindOTA3Chunk: notOfPhotons,
	particle.KindOTA3ChunkAck: notOfPhotons, particle.KindOTA3Ack: notOfPhotons, particle.KindOTA3Reply: notOfPhotons, particle.KindOTA3Refused: notOfPhotons,
}

const notOfPhotons = "no Photon speaks OTA protocol 3, nor do the servers"

func TestEveryKindOfMessageIsReplayedToEveryRealServer(t *testing.T) {
	interop.Require(t)
	for _, kind := range realServers {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			for _, x := range playedBy(t, kind) {
				noteReplayed(seen, x)
			}
			reasons := maps.Clone(unreplayedToAny)
			maps.Copy(reasons, unreplayedToDevices)
			maps.Copy(reasons, unreplayedToServers[kind.name])
			checkReplayed(t, seen, reasons)
		})
	}
}

// playedBy plays the scenes of a server and returns the reports of their replays. The
// scenes go on side by side, each with a server of its own, because Brewskey's is
// silent for 4 s behind the last chunk of an update.
func playedBy(t *testing.T, kind realServer) (all []report) {
	var scenes sync.WaitGroup
	reports := make(chan []report, len(serverScenes))
	for _, s := range serverScenes {
		if s.only == "" || s.only == kind.name {
			scenes.Go(func() {
				t.Run(s.name, func(t *testing.T) { reports <- s.test(t, kind, startReal(t, kind)) })
			})
		}
	}
	scenes.Wait()
	close(reports)
	for list := range reports {
		all = append(all, list...)
	}
	return all
}

// imageFile is a firmware image of so many equal bytes that it takes some chunks.
func imageFile(t *testing.T, b byte) string {
	t.Helper()
	return writeKey(t, "image.bin", bytes.Repeat([]byte{b}, 1500))
}

// test records the scene and returns the report of its replay.
func (s *serverScene) test(t *testing.T, kind realServer, server *interop.Server) []report {
	keys := spliceKeys(t, kind.name, server)
	file := filepath.Join(t.TempDir(), "scene.pcapng")
	args := slices.Concat(keys, []string{"-w", file, server.Addr})
	if s.rules != "" {
		args = append(args, "--rules", rulesFile(t, s.rules))
	}
	proxy := startProxy(t, args...)
	if s.play == nil {
		connectDevice(t, proxy.addr, s.device())
	} else {
		v := visitOf(t, kind, server, proxy, s.device())
		v.acts("send CON GET /t token 70\nexpect ACK 2.05\nexpect ACK 2.05") // all that is said at the start comes first
		s.play(v, imageFile(t, 0))
		v.leave()
	}
	proxy.end()
	r := startReplay(t, server, sim.DeviceID(0).String(), slices.Concat(keys, s.ignore, []string{file, "--speed", "0", "--on-divergence", "go-on", "--wait", "20s"})...)
	r.image = imageFile(t, s.image)
	if kind.name == "brewskey" {
		r.unasked = 1
	}
	var got []string
	for _, d := range r.finish() {
		got = append(got, divergenceOf(d))
	}
	if got = slices.Compact(got); !slices.Equal(got, s.want) {
		t.Errorf("%q, want %q\n%s", got, s.want, r.out)
	}
	return reports(t, r.out.String())
}
