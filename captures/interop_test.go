package captures

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/captures/gen"
)

// program runs one of Wireshark's programs. Without it the test is skipped,
// unless PHOTONSCOPE_INTEROP says that it has to be there.
func program(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("PHOTONSCOPE_INTEROP") == "require" {
			t.Fatal(err)
		}
		t.Skip(name + " is not installed; set PHOTONSCOPE_INTEROP=require to make this a failure")
	}
	var stderr bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, stderr.Bytes())
	}
	return out
}

// followed is what tshark follows of one stream.
type followed struct {
	client netip.AddrPort
	bytes  [2][]byte // of the client, of the other side
	gaps   [2]int
}

var missingText = regexp.MustCompile(`^\[(\d+) bytes missing in capture file\]\.?\x00?$`)

// follow has tshark count the packets of a capture and put its streams together.
func follow(t *testing.T, path string, streams int) (packets int, all []*followed) {
	t.Helper()
	args := []string{"-n", "-r", path, "-T", "fields", "-e", "frame.number"}
	for i := range streams {
		args = append(args, "-z", fmt.Sprintf("follow,tcp,raw,%d", i))
	}
	var f *followed
	for line := range strings.Lines(string(program(t, "tshark", args...))) {
		line = strings.TrimSuffix(line, "\n")
		if end, ok := strings.CutPrefix(line, "Node 0: "); ok {
			if f = new(followed); end == ":0" { // there is no such stream
				continue
			}
			i := strings.LastIndexByte(end, ':')
			port, err := strconv.Atoi(end[i+1:])
			if err != nil {
				t.Fatal(err)
			}
			f.client = netip.AddrPortFrom(netip.MustParseAddr(strings.Trim(end[:i], "[]")), uint16(port))
			all = append(all, f)
			continue
		}
		side := 0
		if strings.HasPrefix(line, "\t") {
			side, line = 1, line[1:]
		}
		if _, err := strconv.Atoi(line); f == nil && err == nil {
			packets++
		}
		b, err := hex.DecodeString(line)
		if err != nil || f == nil || line == "" {
			continue
		}
		if m := missingText.FindSubmatch(b); m != nil {
			n, _ := strconv.Atoi(string(m[1]))
			f.gaps[side] += n
			continue
		}
		f.bytes[side] = append(f.bytes[side], b...)
	}
	return packets, all
}

// agree demands that tshark and we see as many packets in a capture, and the
// same bytes in each stream.
func agree(t *testing.T, name string, file []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var stats Stats
	list, err := items(bytes.NewReader(file), ReadOptions{Stats: &stats})
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	ours := connections(t, list)
	packets, theirs := follow(t, path, len(ours)+4) // it counts those that we leave out
	if stats.Packets != packets {
		t.Errorf("%s: %d packets, tshark sees %d", name, stats.Packets, packets)
	}
	compareStreams(t, name, ours, theirs)
}

func compareStreams(t *testing.T, name string, ours []*connection, theirs []*followed) {
	t.Helper()
	for _, c := range ours {
		ends := [2]netip.AddrPort{c.conn.Device, c.conn.Cloud}
		i := slices.IndexFunc(theirs, func(f *followed) bool { return f.client == ends[0] || f.client == ends[1] })
		if i < 0 {
			t.Errorf("%s: tshark follows no stream of %v, only %d others", name, ends, len(theirs))
			continue
		}
		f := theirs[i]
		if theirs = slices.Delete(theirs, i, i+1); f.client == ends[1] {
			f.bytes[0], f.bytes[1] = f.bytes[1], f.bytes[0]
			f.gaps[0], f.gaps[1] = f.gaps[1], f.gaps[0]
		}
		for side := range 2 {
			// Missing bytes at the end, of which only the sequence numbers tell, it does not count.
			if !bytes.Equal(c.bytes[side], f.bytes[side]) || c.missed[side] < f.gaps[side] {
				t.Errorf("%s: direction %d of %v has %d bytes and lacks %d, for tshark %d and %d, or other bytes", name, side, ends[0], len(c.bytes[side]), c.missed[side], len(f.bytes[side]), f.gaps[side])
			}
		}
	}
}

// tshark and we agree on captures over bad networks, in any link layer, format
// and family, whole and in fragments.
func TestTsharkAndWeAgreeOnGeneratedCaptures(t *testing.T) {
	for i, link := range gen.Links {
		traffic := badTraffic
		traffic.Packets, traffic.Seed = 600, uint64(i)
		traffic.Link, traffic.IPv6, traffic.Format = link, i%2 == 1, gen.Formats[i%len(gen.Formats)]
		if i%3 == 2 {
			traffic.MTU = 100
		}
		file, truth := generated(t, traffic)
		agree(t, fmt.Sprintf("%s, %+v", link.Name, traffic.Format), file)
		list, _ := items(bytes.NewReader(file), ReadOptions{})
		checkTruth(t, list, truth)
	}
}

// Recordings of genuine devices, rewritten in every way that editcap knows and
// that leaves packets whole, give what they gave.
func TestRewrittenRecordingsGiveTheSameItems(t *testing.T) {
	genuine(t, func(t *testing.T, path string, want string) {
		for _, args := range [][]string{
			{"-F", "pcap"}, {"-F", "nsecpcap"}, {"-F", "pcapng"}, {"-F", "pcapng", "-a", "1:a comment"}, {"-s", "65535", "-F", "pcap"}, {"-D", "5"},
		} {
			checkTimeless(t, fmt.Sprint(args), rewritten(t, path, args), want)
		}
	})
}

// genuine calls each with every genuine recording and its story without times,
// which formats round.
func genuine(t *testing.T, each func(t *testing.T, path string, want string)) {
	t.Helper()
	paths, err := filepath.Glob("testdata/recordings/*/*.pcap*")
	if err != nil || len(paths) < 6 {
		t.Fatalf("%d recordings: %v", len(paths), err)
	}
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list, err := items(bytes.NewReader(file), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(path, func(t *testing.T) { each(t, path, timeless(list)) })
	}
}

// timeless is a story without its times.
func timeless(list []item) string {
	var b strings.Builder
	for line := range strings.Lines(story(list)) {
		if _, rest, ok := strings.Cut(line, " "); ok {
			line = rest
		}
		b.WriteString(line)
	}
	return b.String()
}

func checkTimeless(t *testing.T, name string, file []byte, want string) {
	t.Helper()
	list, err := items(bytes.NewReader(file), ReadOptions{})
	if got := timeless(list); err != nil || got != want {
		t.Errorf("%s: %v, and %d bytes of story, want %d, or others", name, err, len(got), len(want))
	}
}

// What editcap cuts, chops, loses or damages, tshark and we see alike.
func TestTsharkAndWeAgreeOnRewrittenRecordings(t *testing.T) {
	genuine(t, func(t *testing.T, path string, _ string) {
		for _, args := range [][]string{
			{"-C", "14", "-L", "-T", "rawip"}, // Ethernet's header off
			{"-r", "1-5", "7-20", "23-90"},    // packets that were lost
			{"-r", "6-200"},                   // the opening lost
		} {
			file := rewritten(t, path, args)
			agree(t, fmt.Sprint(args), file)
		}
	})
}

// rewritten has editcap rewrite a capture. What follows -r, numbers of packets,
// comes behind the files.
func rewritten(t *testing.T, from string, args []string) []byte {
	t.Helper()
	to := filepath.Join(t.TempDir(), "rewritten")
	i := slices.Index(args, "-r")
	if i < 0 {
		i = len(args) - 1
	}
	program(t, "editcap", slices.Concat(args[:i+1], []string{from, to}, args[i+1:])...)
	b, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Parts made by editcap, and what mergecap makes of them, give what the whole
// gave; so does a capture that went through text.
func TestSplitAndMergedRecordingsGiveTheSameItems(t *testing.T) {
	genuine(t, func(t *testing.T, path string, want string) {
		dir := t.TempDir()
		program(t, "editcap", "-c", "23", "-F", "pcap", path, filepath.Join(dir, "part.pcap"))
		parts, _ := filepath.Glob(filepath.Join(dir, "part*"))
		var inputs []Input
		for _, part := range slices.Backward(parts) {
			f, err := os.Open(part)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			inputs = append(inputs, Input{filepath.Base(part), f})
		}
		list, err := all(inputs, ReadOptions{})
		if got := timeless(list); err != nil || got != want {
			t.Errorf("%d parts: %v, and %d bytes of story, want %d, or others", len(parts), err, len(got), len(want))
		}
		merged := filepath.Join(dir, "merged")
		program(t, "mergecap", append([]string{"-w", merged}, parts...)...)
		file, err := os.ReadFile(merged)
		if err != nil {
			t.Fatal(err)
		}
		checkTimeless(t, "merged", file, want)
	})
}

// A capture that went through text and text2pcap holds the same streams.
func TestCapturesOutOfTextGiveTheSameItems(t *testing.T) {
	traffic := badTraffic
	traffic.MTU, traffic.Packets = 100, 500
	file, truth := generated(t, traffic)
	var text strings.Builder
	for _, p := range takeApart(t, "pcap", file).packets {
		for at := 0; at < len(p.data); at += 16 {
			fmt.Fprintf(&text, "%06x % x\n", at, p.data[at:min(at+16, len(p.data))])
		}
	}
	dir := t.TempDir()
	from, to := filepath.Join(dir, "text"), filepath.Join(dir, "capture")
	if err := os.WriteFile(from, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	program(t, "text2pcap", "-q", "-l", "1", from, to)
	made, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	list, err := items(bytes.NewReader(made), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkTruth(t, list, truth)
}
