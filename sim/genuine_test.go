package sim

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// The simulated ends are compared with genuine ones: each is told, message for
// message, what its original was told in a recorded session, and must answer the
// same.

// line is a message of a recorded session.
type line struct {
	from  stream.Direction
	bytes []byte
	m     coap.Message
}

func readTalk(t *testing.T, name string) (talk []line) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		from, digits, ok := strings.Cut(strings.TrimSpace(l), " ")
		if !ok || from == "#" {
			continue
		}
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		x := line{from: stream.FromDevice, bytes: b}
		if from == "cloud" {
			x.from = stream.FromCloud
		}
		if err := x.m.Parse(b); err != nil {
			t.Fatal(err)
		}
		talk = append(talk, x)
	}
	return talk
}

// masked is a message of a device without what differs from session to session:
// its own message IDs, the token of a time request, the order of a description's
// members.
func masked(t *testing.T, m coap.Message) string {
	if m.Type != coap.Acknowledgement {
		m.ID = 0
	}
	if m.Code == coap.GET && m.Path() == 't' {
		m.Token = []byte{0}
	}
	if len(m.Payload) > 0 && m.Payload[0] == '{' && (m.Path() == 'd' || m.Code == coap.Content) {
		var d struct {
			F []string
			V map[string]int
			P int
			M []any
		}
		if err := json.Unmarshal(m.Payload, &d); err != nil {
			t.Error(err)
		}
		slices.Sort(d.F)
		m.Payload = fmt.Appendf(nil, "%+v", d)
	}
	return hex.EncodeToString(m.Append(nil))
}

// labApp is the application that ran on the genuine devices.
func labApp() *Device {
	var s *DeviceSession
	flag, text, read := true, "hello from labapp", 0
	letters := strings.Repeat("abcdefghijklmnopqrstuvwxyz", 20)
	publish := func(name string, data []byte, private bool, result int32) int32 {
		s.Publish(particle.EventBody{Name: name, Data: data, Private: private})
		return result
	}
	return &Device{
		ProductID: 3, PlatformID: 3, MaxBinary: 102400, Modules: []particle.DescribeModule{},
		Subscriptions: []Subscription{
			{SubscribeBody: particle.SubscribeBody{Prefix: "lab/cmd"}},
			{SubscribeBody: particle.SubscribeBody{Prefix: "lab/mine", Mine: true}},
		},
		Variables: map[string]Variable{
			"counter": Int(func() int32 {
				read++
				return int32(read-1) * 103002
			}),
			"temperature": Double(func() float64 { return 21.5 }),
			"flag":        Bool(func() bool { return flag }),
			"text":        String(func() string { return text }),
			"motto":       String(func() string { return "Sphinx of black quartz, judge my vow" }),
		},
		Functions: map[string]func(string) int32{
			"echo":   func(a string) int32 { text = a; return int32(len(a)) },
			"setLed": func(a string) int32 { flag = a == "on"; return 0 },
			"add": func(a string) int32 {
				x, y, _ := strings.Cut(a, ",")
				i, _ := strconv.Atoi(x)
				j, _ := strconv.Atoi(y)
				return int32(i + j)
			},
			"publish": func(a string) int32 { return publish("lab/ondemand", []byte(a), true, 1) },
			"nodata":  func(string) int32 { return publish("lab/nodata", nil, false, 1) },
			"big": func(a string) int32 {
				n, _ := strconv.Atoi(a)
				return publish("lab/big", []byte(letters[:n]), true, int32(n))
			},
			"synctime":   func(string) int32 { s.RequestTime(); return 1 },
			"disconnect": func(string) int32 { return 7 },
		},
		Handle: func(_ context.Context, x *DeviceSession) error { s = x; return nil },
	}
}

// ofItself reports what a device sends by a clock: the comparison leaves it out.
func ofItself(m *coap.Message) bool {
	return isPing(m) || m.Code == coap.POST && (name(m) == "lab/tick" || name(m) == "lab/public")
}

func TestTheDeviceAnswersAsGenuineFirmware(t *testing.T) {
	for name, profile := range map[string]*Profile{
		"brewskey-fw2.3.1-talk": &LightSSL231, "brewskey-fw2.3.1-update": &LightSSL231,
		"spark-fw1.5.2-talk": &LightSSL152, "spark-fw1.5.2-update": &LightSSL152,
	} {
		t.Run(name, func(t *testing.T) {
			talk := readTalk(t, name)
			var want, got []string
			for _, x := range talk {
				if x.from == stream.FromDevice && !ofItself(&x.m) {
					want = append(want, masked(t, x.m))
				}
			}
			synctest.Test(t, func(t *testing.T) {
				for _, m := range tellDevice(t, profile, talk) {
					got = append(got, masked(t, m))
				}
			})
			compareTalks(t, got, want)
		})
	}
}

// compareTalks compares what a device said. What it says at the start, without
// being asked, may come in another order; the reply to the end of an update may be
// lost in genuine sessions, because the device restarts.
func compareTalks(t *testing.T, got, want []string) {
	t.Helper()
	if n := len(want); len(got) == n+1 && strings.HasPrefix(got[n], "6144") {
		got = got[:n]
	}
	start := slices.IndexFunc(want, func(s string) bool { return s[0] == '6' })
	if len(got) > start && start > 0 {
		slices.Sort(got[:start])
		slices.Sort(want[:start])
	}
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Fatalf("message %d is\n%s\nnot\n%s", i, g, w)
		}
	}
}

// tellDevice runs a device and tells it what the cloud of a recorded session
// said. It returns what the device says.
func tellDevice(t *testing.T, profile *Profile, talk []line) (said []coap.Message) {
	a, b := memPipe()
	d := labApp()
	d.Profile = profile
	done := make(chan error)
	go func() { done <- d.Run(t.Context(), a) }()
	h, err := lightssl.CloudEnd{Key: ServerKey()}.Handshake(b)
	if err != nil {
		t.Error(err)
		return nil
	}
	out := lightssl.NewCipher(h.Credentials)
	for i, x := range talk {
		if x.from == stream.FromCloud {
			b.Write(out.AppendSealedFrame(nil, x.bytes))
		}
		if i == 1 { // the Hello: let it start up
			synctest.Wait()
		}
	}
	b.CloseWrite()
	<-done
	wire, _ := io.ReadAll(b)
	in := lightssl.NewCipher(h.Credentials)
	for len(wire) > 0 {
		frame, rest, ok := lightssl.CutFrame(wire)
		plain, err := in.Open(nil, frame)
		var m coap.Message
		if !ok || err != nil || m.Parse(plain) != nil {
			t.Errorf("a frame that is none: %v", err)
			return said
		}
		said, wire = append(said, m), rest
	}
	return said
}

// replies returns what a cloud said in answer to what, by message ID. The time is
// left out.
func replies(talk []line) map[uint16]string {
	all := map[uint16]string{}
	for _, x := range talk {
		if x.from != stream.FromCloud || x.m.Type != coap.Acknowledgement {
			continue
		}
		if x.m.Code == coap.Content && len(x.m.Payload) == 4 {
			x.m.Payload = []byte{0, 0, 0, 0}
		}
		all[x.m.ID] = hex.EncodeToString(x.m.Append(nil))
	}
	return all
}

func TestTheCloudAnswersAsGenuineServers(t *testing.T) {
	for name, style := range map[string]Style{
		"brewskey-fw2.3.1-talk": Brewskey, "brewskey-fw2.3.1-update": Brewskey,
		"spark-fw1.5.2-talk": Spark, "spark-fw1.5.2-update": Spark,
	} {
		t.Run(name, func(t *testing.T) {
			talk := readTalk(t, name)
			want := replies(talk)
			synctest.Test(t, func(t *testing.T) {
				got := replies(tellCloud(t, style, talk))
				if !maps.Equal(got, want) {
					t.Errorf("it answers\n%v\nnot\n%v", got, want)
				}
			})
		})
	}
}

// tellCloud tells a cloud what the device of a recorded session said and returns
// what the cloud says.
func tellCloud(t *testing.T, style Style, talk []line) (said []line) {
	a, b := memPipe()
	c := &Cloud{Style: style, CheckIDs: true, Tap: func(from stream.Direction, b []byte) {
		x := line{from: from, bytes: bytes.Clone(b)}
		x.m.Parse(x.bytes)
		said = append(said, x)
	}}
	done := make(chan error)
	go func() { done <- c.ServeConn(t.Context(), b) }()
	h, err := lightssl.DeviceEnd{ID: DeviceID(0), Key: DeviceKey(0), CloudKey: &ServerKey().PublicKey}.Handshake(a)
	if err != nil {
		t.Error(err)
		return nil
	}
	out := lightssl.NewCipher(h.Credentials)
	for _, x := range talk {
		if x.from == stream.FromDevice {
			a.Write(out.AppendSealedFrame(nil, x.bytes))
			synctest.Wait()
		}
	}
	a.CloseWrite()
	if err := <-done; err != nil {
		t.Errorf("the session ends with %v", err)
	}
	return said
}
