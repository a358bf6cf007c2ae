package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/sim"
)

// tellThrough tells the long story through a proxy that records it, and returns
// its live events and the recording.
func tellThrough(t *testing.T, p *sim.Profile, style *sim.Style) (list []event, file string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "story.pcapng")
	proxy := startProxy(t, append(simSpliceKeys(t), "-w", file, ln.Addr().String())...)
	story := sim.Story{
		Profile: p, Style: style, EveryKind: true, Pause: -1, Listener: ln,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", proxy.addr)
		},
	}
	if err := story.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return proxy.end(), file
}

// tshark runs tshark on a recording and returns what it prints.
func tshark(t *testing.T, file string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("tshark", append([]string{"-n", "-r", file}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir()) // nobody's own settings
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %v: %v", args, err)
	}
	return out
}

// needTshark skips the test where tshark is not installed, or fails it where
// everything must be.
func needTshark(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		if os.Getenv("PHOTONSCOPE_INTEROP") == "require" {
			t.Fatal("tshark is not installed")
		}
		t.Skip("tshark is not installed")
	}
}

// An independent decoder reads the recording's decrypted messages as we do. What
// it calls them may differ (it has no name for option 258, No-Response), so bytes
// and numbers are compared.
func TestTsharkAgreesAboutEveryKindOfMessage(t *testing.T) {
	needTshark(t)
	seen := map[string]bool{}
	for _, profile := range sim.Profiles {
		for _, style := range sim.Styles {
			p := profile
			if style.EventReply == sim.AckSpark {
				p.HangsUp = false // or the answer to its first event ends the session
			}
			t.Run(p.Name+" with "+style.Name, func(t *testing.T) {
				list, file := tellThrough(t, &p, &style)
				var ours []event
				for _, e := range list {
					if e.str("type") == "message" {
						ours = append(ours, e)
						seen[e.str("photon.msg")] = true
					}
				}
				compareWithTshark(t, ours, coapByTshark(t, file))
				checkLegsByTshark(t, file)
			})
		}
	}
	// A datagram outside of sessions.
	seen["presence"] = true
	for _, k := range particle.Kinds() {
		if !seen[k.Name] {
			t.Errorf("no session holds the kind %s", k.Name)
		}
	}
}

// dissected is one message as tshark prints it: every field and its raw bytes.
type dissected map[string]json.RawMessage

// coapByTshark returns the messages on the interface photon-coap.
func coapByTshark(t *testing.T, file string) []dissected {
	t.Helper()
	out := tshark(t, file, "-Y", `frame.interface_name == "photon-coap"`,
		"-T", "json", "-x", "-J", "coap", "--no-duplicate-keys")
	var packets []struct {
		Source struct {
			Layers struct {
				Raw  json.RawMessage `json:"coap_raw"`
				CoAP dissected       `json:"coap"`
			} `json:"layers"`
		} `json:"_source"`
	}
	if err := json.Unmarshal(out, &packets); err != nil {
		t.Fatal(err)
	}
	var all []dissected
	for _, p := range packets {
		d := p.Source.Layers.CoAP
		if d == nil {
			t.Fatalf("a packet is not CoAP to tshark: %s", p.Source.Layers.Raw)
		}
		d["message_raw"] = p.Source.Layers.Raw
		all = append(all, d)
	}
	return all
}

// raw returns the bytes of a field in hex, each time it occurs.
func (d dissected) raw(name string) []string {
	var one []any
	var many [][]any
	b := d[name+"_raw"]
	if json.Unmarshal(b, &many) != nil {
		if json.Unmarshal(b, &one) != nil {
			return nil
		}
		many = [][]any{one}
	}
	var out []string
	for _, m := range many {
		s, _ := m[0].(string)
		out = append(out, s)
	}
	return out
}

func (d dissected) text(name string) string {
	var s string
	json.Unmarshal(d[name], &s)
	return s
}

// options returns option numbers and values, in hex, in order.
func (d dissected) options(t *testing.T) (numbers []uint16, values []string) {
	t.Helper()
	var trees []dissected
	if json.Unmarshal(d["coap.opt.name_tree"], &trees) != nil {
		var one dissected
		if json.Unmarshal(d["coap.opt.name_tree"], &one) != nil {
			return nil, nil
		}
		trees = []dissected{one}
	}
	whole := d.raw("coap.opt.name")
	for i, tree := range trees {
		var number uint16
		if _, err := fmt.Sscanf(tree.text("coap.opt.desc"), "Type %d,", &number); err != nil {
			t.Errorf("option %s: %v", tree.text("coap.opt.desc"), err)
		}
		length, err := strconv.Atoi(tree.text("coap.opt.length"))
		if extended, err := strconv.Atoi(tree.text("coap.opt.length_ext")); err == nil {
			length = extended + map[int]int{13: 13, 14: 269}[length]
		}
		if err != nil || 2*length > len(whole[i]) {
			t.Fatalf("option %v: length %d: %v", tree, length, err)
		}
		numbers = append(numbers, number)
		values = append(values, whole[i][len(whole[i])-2*length:])
	}
	return numbers, values
}

// compareWithTshark demands that both say the same of each message.
func compareWithTshark(t *testing.T, ours []event, theirs []dissected) {
	t.Helper()
	if len(ours) != len(theirs) || len(ours) < 50 {
		t.Fatalf("%d messages, tshark has %d", len(ours), len(theirs))
	}
	for i, e := range ours {
		want := theirs[i].asEvent(t)
		got := event{}
		for key, value := range e {
			if strings.HasPrefix(key, "coap.") || key == "frame.plain" {
				got[key] = value
			}
		}
		explain(got, want)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("message %d, %s:\n%v\ntshark:\n%v", i, e.str("photon.msg"), got, want)
		}
	}
}

// explain takes away what tshark sees differently, and why:
//
//   - A payload marker with nothing behind it is a format error (RFC 7252 section
//     3), which tshark shows as no payload; devices send it for an event with
//     empty data, and we show an empty payload.
//   - It puts the blocks of a block-wise transfer together and shows the whole at
//     the last one (RFC 7959). We show what each message carries.
func explain(got, want event) {
	if got["coap.opt.block1"] != nil || got["coap.opt.block2"] != nil {
		if strings.HasSuffix(got.str("frame.plain"), "ff"+got.str("coap.payload")) {
			delete(got, "coap.payload")
			delete(want, "coap.payload")
		}
	}
	if got["coap.payload"] == "" && strings.HasSuffix(got.str("frame.plain"), "ff") && want["coap.payload"] == nil {
		delete(got, "coap.payload")
	}
}

// asEvent says what tshark found in the words of our NDJSON.
func (d dissected) asEvent(t *testing.T) event {
	t.Helper()
	e := event{"frame.plain": d.raw("message")[0]}
	for _, key := range []string{"coap.type", "coap.code", "coap.mid"} {
		n, err := strconv.ParseFloat(d.text(key), 64)
		if err != nil {
			t.Errorf("%s: %v", key, err)
		}
		e[key] = n
	}
	if token := d.raw("coap.token"); token != nil {
		e["coap.token"] = token[0]
	}
	if payload := d.raw("coap.payload"); payload != nil {
		e["coap.payload"] = payload[0]
	}
	numbers, values := d.options(t)
	for i, number := range numbers {
		info := coap.Lookup(number)
		value := optionJSON(t, info, values[i])
		if info.Repeatable {
			list, _ := e[info.Key()].([]any)
			e[info.Key()] = append(list, value)
		} else {
			e[info.Key()] = value
		}
	}
	return e
}

// optionJSON is an option's value as NDJSON has it. How text is escaped is
// ours to say.
func optionJSON(t *testing.T, info coap.OptionInfo, digits string) any {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	switch info.Format {
	case coap.UintFormat:
		n := 0.0
		for _, c := range b {
			n = n*256 + float64(c)
		}
		return n
	case coap.StringFormat:
		var s string
		if err := json.Unmarshal(field.AppendJSONString(nil, string(b)), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	return digits
}

// checkLegsByTshark demands that tshark finds nothing wrong with the packets that
// carry the legs: checksums, sequence numbers, openings and closings.
func checkLegsByTshark(t *testing.T, file string) {
	t.Helper()
	checked := []string{"-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"}
	out := tshark(t, file, append(checked, "-Y",
		`tcp.flags.syn == 1 && tcp.flags.ack == 0 || tcp.analysis.flags || tcp.checksum.status == "Bad" ||`+
			` ip.checksum.status == "Bad" || udp.checksum.status == "Bad" || tcp && _ws.malformed`,
		"-T", "fields", "-e", "frame.interface_name", "-e", "frame.comment")...)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	want := []string{
		"device-leg\tconnection 1, the other leg is connection 2",
		"cloud-leg\tconnection 2, the other leg is connection 1",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("openings, or packets with something wrong: %q", lines)
	}
}
