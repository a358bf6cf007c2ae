package captures

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// tshark runs it on a capture and returns its lines. Without it the test is
// skipped, unless PHOTONSCOPE_INTEROP says that it has to be there.
func tshark(t *testing.T, capture []byte, args ...string) []string {
	t.Helper()
	program, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("PHOTONSCOPE_INTEROP") == "require" {
			t.Fatal(err)
		}
		t.Skip("tshark is not installed; set PHOTONSCOPE_INTEROP=require to make this a failure")
	}
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(program, append([]string{"-n", "-r", path}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, stderr.Bytes())
	}
	return slices.DeleteFunc(strings.Split(string(out), "\n"), func(l string) bool { return l == "" })
}

// strictly has tshark verify every checksum, and not guess at what it carries.
var strictly = []string{"-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-d", "tcp.port==1-65535,data"}

// remarks are what tshark says of any connection, and of one that really lacks
// bytes or was reset.
var remarks = []string{
	"Connection establish", "Connection finish", "This frame initiates the connection closing", "This frame undergoes the connection closing",
	"are missing before this", unseenOpening, "connection ", "Connection reset (RST)",
	"Previous segment(s) not captured", "ACKed segment that wasn't captured",
}

// tshark has nothing to complain of in what we write, checksums included.
func TestTsharkFindsNothingWrongInRecordings(t *testing.T) {
	for seed := range uint64(2) {
		file := encode(randomItems(seed, 200, 200_000))
		lines := tshark(t, file, append(strictly, "-T", "fields", "-E", "aggregator=|", "-e", "frame.number", "-e", "_ws.expert.message", "-e", "_ws.malformed")...)
		for _, l := range lines {
			for _, remark := range strings.FieldsFunc(l, func(r rune) bool { return r == '|' || r == '\t' })[1:] {
				if !slices.ContainsFunc(remarks, func(known string) bool { return strings.Contains(remark, known) }) {
					t.Errorf("seed %d: %s", seed, l)
				}
			}
		}
	}
}

// tshark puts the streams of a recording together to the bytes that went in.
func TestTsharkSeesTheSameBytesInRecordings(t *testing.T) {
	list := slices.DeleteFunc(randomItems(5, 200, 70_000), func(it item) bool { return countGap(it) > 0 })
	var want [2]map[string][]byte
	for i := range want {
		want[i] = make(map[string][]byte)
	}
	conns := make(map[stream.ConnID]string)
	for _, it := range list {
		switch it := it.(type) {
		case *stream.Opened:
			conns[it.Conn.ID] = fmt.Sprint(len(conns))
		case *stream.Segment:
			id := conns[it.Conn]
			want[it.From][id] = append(want[it.From][id], it.Data...)
		}
	}
	var got [2]map[string][]byte
	for i := range got {
		got[i] = make(map[string][]byte)
	}
	first := make(map[string]string) // each stream's device speaks first: SYN
	for _, l := range tshark(t, encode(list), append(strictly, "-T", "fields", "-e", "tcp.stream", "-e", "tcp.srcport", "-e", "tcp.flags.syn", "-e", "tcp.payload")...) {
		f := strings.Split(l+"\t\t\t", "\t")
		id, port, payload := f[0], f[1], f[3]
		if _, ok := first[id]; !ok {
			first[id] = port
		}
		data, err := hex.DecodeString(strings.ReplaceAll(payload, ":", ""))
		if err != nil {
			t.Fatal(err)
		}
		from := 1
		if port == first[id] {
			from = 0
		}
		if len(data) > 0 {
			got[from][id] = append(got[from][id], data...)
		}
	}
	for from := range want {
		for id, data := range want[from] {
			if !bytes.Equal(got[from][id], data) {
				t.Errorf("stream %s, direction %d: tshark has %d bytes, want %d, or other bytes", id, from, len(got[from][id]), len(data))
			}
		}
	}
}

// Decrypted messages are CoAP to tshark, with direction, comment and time.
func TestTsharkReadsMessagesAsCoAP(t *testing.T) {
	e := NewEncoder()
	file := e.AppendHeader(nil)
	six := stream.Conn{ID: 2, Leg: stream.CloudLeg, Device: sixEnd, Cloud: sixEnd}
	for i, m := range []Message{
		{At: epoch, Conn: stream.Conn{ID: 1, Leg: stream.DeviceLeg, Device: deviceEnd, Cloud: neighbour(cloudEnd, 9)}, Data: []byte("\x50\x02\x4e\x34\xb1h\xff\x00\x03"), Comment: "hello"},
		{At: epoch.Add(7), Conn: six, From: stream.FromCloud, Data: []byte("\x61\x45\x00\x09\x33\xff{}")},
		{At: epoch.Add(8), Conn: six, Data: []byte("\x70\x00\x00\x09")},
	} {
		m.Data = append([]byte(nil), m.Data...)
		binary.BigEndian.PutUint16(m.Data[2:], uint16(100+i))
		file = e.AppendMessage(file, m)
	}
	fields := []string{"-T", "fields"}
	for _, f := range []string{"frame.interface_name", "frame.packet_flags_direction", "frame.comment", "frame.time_epoch", "udp.srcport", "udp.dstport", "coap.type", "coap.code", "coap.mid", "coap.token", "coap.opt.uri_path", "_ws.expert.message"} {
		fields = append(fields, "-e", f)
	}
	sec := fmt.Sprint(epoch.Unix())
	want := []string{
		"photon-coap\t0x00000001\thello\t" + sec + ".123456000\t50123\t5683\t1\t2\t100\t\th\thello",
		"photon-coap\t0x00000001\t\t" + sec + ".123456007\t5683\t4000\t2\t69\t101\t33\t\t",
		"photon-coap\t0x00000002\t\t" + sec + ".123456008\t4000\t5683\t3\t0\t102\t\t\t",
	}
	got := tshark(t, file, append(strictly, fields...)...)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// tshark follows the streams of genuine recordings to as many bytes.
func TestTsharkAndWeSeeTheSameStreams(t *testing.T) {
	recordings(t, func(t *testing.T, capture []byte, want []checked) {
		args := []string{"-q"}
		for i := range want {
			args = append(args, "-z", fmt.Sprintf("follow,tcp,raw,%d", i))
		}
		var theirs [][2]int
		for _, l := range tshark(t, capture, args...) {
			if strings.HasPrefix(l, "Follow:") {
				theirs = append(theirs, [2]int{})
			}
			b, err := hex.DecodeString(strings.TrimSpace(l))
			if err != nil {
				continue
			}
			from := 0
			if strings.HasPrefix(l, "\t") {
				from = 1
			}
			theirs[len(theirs)-1][from] += len(b)
		}
		for _, c := range gather(t, bytes.NewReader(capture)) {
			ours := [2]int{len(c.bytes[0]), len(c.bytes[1])}
			if len(theirs) != len(want) || !slices.Contains(theirs, ours) && !slices.Contains(theirs, [2]int{ours[1], ours[0]}) {
				t.Errorf("connection of %v has %v bytes, tshark follows %v", c.conn.Device, ours, theirs)
			}
		}
	})
}

// Nanoseconds survive.
func TestTsharkSeesOurNanoseconds(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 987654321, time.UTC)
	file := encode([]item{&stream.Opened{At: at, Conn: stream.Conn{ID: 1}}})
	got := tshark(t, file, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.interface_name")
	want := fmt.Sprintf("%d.987654321\ttapped", at.Unix())
	if len(got) != 3 || got[0] != want {
		t.Errorf("got %q, want thrice %q", got, want)
	}
}
