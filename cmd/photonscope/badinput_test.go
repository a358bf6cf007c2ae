package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// oneSentence demands that standard error holds one sentence with all parts, and
// at most one piece of advice.
func oneSentence(t *testing.T, errs string, parts ...string) {
	t.Helper()
	var sentences, hints int
	for line := range strings.Lines(errs) {
		switch {
		case strings.HasPrefix(line, "photonscope: "):
			sentences++
		case strings.HasPrefix(line, "hint: "):
			hints++
		default:
			t.Errorf("on standard error: %s", line)
		}
	}
	if sentences != 1 || hints > 1 {
		t.Errorf("%d sentences and %d hints: %s", sentences, hints, errs)
	}
	wantIn(t, errs, parts...)
}

// unusable are command lines that cannot be carried out: the exit code, part of
// the sentence, and the arguments, separated by blanks.
var unusable = []struct {
	code       int
	want, args string
}{
	{2, `unknown command "prox" for "photonscope"; did you mean proxy?`, "prox"},
	{2, `unknown command "raed" for "photonscope"; did you mean read?`, "raed"},
	{2, `unknown command "firmwar" for "photonscope export"; did you mean firmware?`, "export firmwar"},
	{2, "is a file, not a command", "$KEY"},
	{2, "unknown flag: --speed", "proxy --speed"},
	{2, "proxy takes one UPSTREAM", "proxy 127.0.0.1:1 127.0.0.1:2"},
	{2, "--mode fast means nothing", "proxy --mode fast 127.0.0.1:1"},
	{2, "needs the server's private key", "proxy --mode splice 127.0.0.1:1"},
	{2, "needs an impersonation key", "proxy --mode splice -k server:$KEY 127.0.0.1:1"},
	{2, "--mode observe needs UPSTREAM", "proxy --mode observe"},
	{2, "--mode splice needs UPSTREAM", "proxy --mode splice"},
	{2, "--mode terminate has no upstream", "proxy --mode terminate -k server:$KEY 127.0.0.1:1"},
	{2, "needs the server's private key", "proxy --mode terminate"},
	{2, "needs the server's private key", "proxy"},
	{2, "UPSTREAM 127.0.0.1 is no host and port", "proxy 127.0.0.1"},
	{2, "UPSTREAM ::1 is no host and port", "proxy ::1"},
	{2, "UPSTREAM :5683 names no host", "proxy :5683"},
	{2, "UPSTREAM localhost:99999 has no port", "proxy localhost:99999"},
	{2, "UPSTREAM localhost:0 has no port", "proxy localhost:0"},
	{2, "-l 5683 is no address and port", "proxy -l 5683 127.0.0.1:1"},
	{2, "-l 127.0.0.1:70000 is no address and port", "proxy -l 127.0.0.1:70000 127.0.0.1:1"},
	{2, "every address of this host", "proxy -l 0.0.0.0:0 127.0.0.1:1"},
	{2, "every address of this host", "proxy -l [::]:0 127.0.0.1:1"},
	{2, "every address of this host", "proxy -l :0 127.0.0.1:1"},
	{1, "listen on 192.0.2.1:0", "proxy -l 192.0.2.1:0 127.0.0.1:1"},
	{1, "another program has this port", "proxy -l $BUSY 127.0.0.1:1"},
	{2, "--allow-client home is no network", "proxy --allow-client home 127.0.0.1:1"},
	{2, "--allow-dest home is no network", "proxy --transparent --allow-dest home"},
	{2, "--transparent needs --allow-dest", "proxy --transparent"},
	{2, "--transparent connects each device to the destination", "proxy --transparent --allow-dest 192.0.2.1 127.0.0.1:1"},
	{2, "it is a folder", "proxy -l 127.0.0.1:0 -w $DIR 127.0.0.1:1"},
	{2, "record to $DIR/no/run.pcapng: no such file", "proxy -l 127.0.0.1:0 -w $DIR/no/run.pcapng 127.0.0.1:1"},
	{2, "key log $DIR: is a directory", "proxy -l 127.0.0.1:0 --keylog $DIR 127.0.0.1:1"},
	{2, "key log $DIR: is a directory", "proxy -l 127.0.0.1:0 -w $DIR/run.pcapng --keylog $DIR 127.0.0.1:1"},
	{2, "there is no such file", "proxy -k $DIR/none.pem 127.0.0.1:1"},
	{2, "-T xml is no output format", "demo -T xml"},
	{2, "-T fields and -e go together", "demo -T fields"},
	{2, "-T fields and -e go together", "demo -e time"},
	{2, "-e photon.none: no field has this name", "demo -T fields -e photon.none"},
	{2, "-e photon.answered: it is a field of -Y only", "demo -T fields -e photon.answered"},
	{2, "--legs cloud means nothing", "demo --legs cloud"},
	{2, "--log-level loud means nothing", "demo --log-level loud"},
	{2, "--log /nowhere/at/all: no such file", "demo --log /nowhere/at/all"},
	{2, "--color green means nothing", "demo --color green"},
	{2, "read takes captures", "read"},
	{2, "export firmware takes captures", "export firmware"},
	{2, "$DIR/none is no folder", "export payloads -o $DIR/none $DIR/none.pcapng"},
	{2, "keys register takes the IDs", "keys register"},
	{2, `unknown command "copy"`, "keys copy"},
	{2, `unknown command "payload"`, "export payload"},
	{2, "completion: csh is no shell that photonscope knows", "completion csh"},
	{2, "help: there is no command foo", "help foo"},
	{2, "help: there is no command keys foo", "help keys foo"},
	{2, "none.pcapng: no such file", "read $DIR/none.pcapng"},
	{2, "$DIR is a folder, not a capture", "read $DIR"},
	{2, "there is no such file", "read -k $DIR/none.pem $RECORDINGS/healthy-spark-fw1.5.2/capture.pcap"},
}

func TestEveryUnusableCommandLineGetsOneSentence(t *testing.T) {
	dir := t.TempDir()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	fill := strings.NewReplacer("$DIR", dir, "$BUSY", busy.Addr().String(), "$KEY", serverKeyFile(t), "$RECORDINGS", recordings)
	for _, c := range unusable {
		r := startApp(t, strings.Fields(fill.Replace(c.args))...)
		<-r.done
		if r.code != c.code || r.out.String() != "" {
			t.Errorf("%s: exit %d, want %d; on standard output: %s", c.args, r.code, c.code, r.out)
		}
		oneSentence(t, r.errs.String(), fill.Replace(c.want))
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := os.Stat(dir + ".keylog"); err == nil {
		t.Errorf("left behind: %s.keylog", dir)
	}
}

func TestEveryUnusableCaptureGetsOneSentence(t *testing.T) {
	cases := map[string][]byte{
		"not a capture: it is empty":                             {},
		"not a capture: it is shorter than 4 bytes":              {0x0a},
		"not a capture: it begins with the bytes 7b226e6f":       []byte(`{"no": "capture"}`),
		"not a capture: it begins with the bytes 2d2d2d2d":       []byte("-----BEGIN RSA PRIVATE KEY-----"),
		"cut off inside the header":                              {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0},
		"not a capture: a section header without its byte order": append([]byte{0x0a, 0x0d, 0x0d, 0x0a}, make([]byte, 28)...),
		"a section in pcapng version 7, which is unknown":        {0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 7, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 28, 0, 0, 0},
		"compressed data is damaged":                             {0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8},
	}
	for want, content := range cases {
		file := writeKey(t, "bad.pcapng", content)
		out, errs, code := runApp(t, nil, "read", "-q", "-T", "ndjson", file)
		if code != exitFailure {
			t.Errorf("%s: exit %d", want, code)
		}
		oneSentence(t, errs, file+": ", want)
		list := events(t, out)
		if last := list[len(list)-1]; len(list) != 2 || last["complete"] != false || last.str("reason") == "" {
			t.Errorf("%s: %v", want, list)
		}
	}
}

// A capture that is cut off anywhere gives what came before, and says so.
func TestACutOffCaptureGivesItsFront(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.pcapng")
	ways[0].run(t, ways[0].keys(t), "-w", file)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := readFront(t, whole, len(whole), file+".keylog")
	random := randomly(2)
	for range 40 {
		n := 30 + random.IntN(len(whole)-30)
		front, summary := readFront(t, whole, n, file+".keylog")
		if complete := summary["complete"] == true; complete != (lastBlockEnd(whole[:n]) == n) {
			t.Errorf("cut at byte %d: summary %v", n, summary)
		}
		for name, got := range front {
			got = slices.DeleteFunc(got, func(line string) bool { // what the end of the file makes of it
				return strings.Contains(line, `"photon.close":"cut"`) || strings.Contains(line, `"malformed"`)
			})
			if len(got) > len(all[name]) || !slices.Equal(got, all[name][:len(got)]) {
				t.Errorf("cut at byte %d: %s is no front of the whole: it is\n%s\nand the whole\n%s", n, name, strings.Join(got, "\n"), strings.Join(all[name], "\n"))
			}
		}
	}
}

// readFront reads the first n bytes of a capture, and returns its events by lane
// and the summary.
func readFront(t *testing.T, whole []byte, n int, keyLog string) (map[string][]string, event) {
	t.Helper()
	name := writeKey(t, "cut.pcapng", whole[:n])
	out, errs, code := runApp(t, nil, "read", "-q", "-T", "ndjson", "--legs", "both", "-k", keyLog, name)
	list := events(t, out)
	summary := list[len(list)-1]
	switch {
	case summary["complete"] == true:
		if code != exitOK || errs != "" {
			t.Errorf("cut at byte %d: exit %d: %s", n, code, errs)
		}
	default:
		if code != exitFailure {
			t.Errorf("cut at byte %d: exit %d", n, code)
		}
		oneSentence(t, errs, name+": ", "cut off inside", fmt.Sprint("at byte ", n))
	}
	out, _, _ = runApp(t, nil, "read", "-q", "-T", "ndjson", "-k", keyLog, name)
	for _, e := range events(t, out) {
		if e.str("type") == "message" && e["photon.altered"] != nil {
			t.Errorf("cut at byte %d: called altered, although only its copy was cut off: %v", n, e)
		}
	}
	return lanes(t, list[1:len(list)-1]), summary
}

func TestACaptureThatMayNotBeReadIsNamed(t *testing.T) {
	file := writeKey(t, "secret.pcapng", []byte("capture"))
	if err := os.Chmod(file, 0); err != nil {
		t.Fatal(err)
	}
	var front []string
	if os.Geteuid() == 0 { // who may read everything
		if _, err := exec.LookPath("setpriv"); err != nil {
			skipUnlessRequired(t, "root without setpriv reads everything")
		}
		front = []string{"setpriv", "--bounding-set", "-dac_override,-dac_read_search"}
	}
	p := start(t, program(t, front, "read", file))
	if code := p.wait(); code != exitUsage {
		t.Errorf("exit %d", code)
	}
	oneSentence(t, p.errs.String(), file+": permission denied")
}
