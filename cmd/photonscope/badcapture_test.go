package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crafted is a classic capture made by hand.
type crafted []byte

// craft begins a capture of a link type.
func craft(link uint32) crafted {
	b := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}
	return binary.LittleEndian.AppendUint32(b, link)
}

// packet adds a packet, a second after the last one.
func (c crafted) packet(data []byte) crafted {
	c = binary.LittleEndian.AppendUint32(c, uint32(1_700_000_000+len(c)))
	c = binary.LittleEndian.AppendUint32(c, 0)
	c = binary.LittleEndian.AppendUint32(c, uint32(len(data)))
	c = binary.LittleEndian.AppendUint32(c, uint32(len(data)))
	return append(c, data...)
}

// ip is an IPv4 packet between two hosts.
func ip(protocol byte, back bool, body []byte) []byte {
	src, dst := []byte{192, 0, 2, 1}, []byte{192, 0, 2, 2}
	if back {
		src, dst = dst, src
	}
	b := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0}
	binary.BigEndian.PutUint16(b[2:], uint16(20+len(body)))
	return append(append(append(b, src...), dst...), body...)
}

// tcp is a segment to a server's port, or back from it.
func tcp(port uint16, back bool, seq, ack uint32, flags byte, data string) []byte {
	b := binary.BigEndian.AppendUint16(nil, 40000)
	b = binary.BigEndian.AppendUint16(b, port)
	if back {
		b[0], b[1], b[2], b[3] = b[2], b[3], b[0], b[1]
	}
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	return ip(6, back, append(b, data...))
}

// spoken adds a connection in which client and server say something, seen from
// its beginning to its end.
func (c crafted) spoken(port uint16, request, answer string) crafted {
	const syn, ack, fin = 2, 16, 1
	n, m := uint32(1+len(request)), uint32(1+len(answer))
	for _, p := range [][]byte{
		tcp(port, false, 0, 0, syn, ""), tcp(port, true, 0, 1, syn|ack, ""), tcp(port, false, 1, 1, ack, ""),
		tcp(port, false, 1, 1, ack, request), tcp(port, true, 1, n, ack, answer),
		tcp(port, false, n, m, fin|ack, ""), tcp(port, true, m, n+1, fin|ack, ""), tcp(port, false, n+1, m+1, ack, ""),
	} {
		c = c.packet(p)
	}
	return c
}

const (
	get     = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"
	webPage = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
)

// What a capture lacks is said in one line: what was found instead, and what to
// do. It is no failure.
func TestACaptureWithNothingToShowSaysWhatItHolds(t *testing.T) {
	udp := ip(17, false, append([]byte{0, 53, 0, 53, 0, 12, 0, 0}, "dns!"...))
	for name, c := range map[string]struct {
		capture crafted
		want    []string
	}{
		"no packet":         {craft(1), []string{"there is no packet in this capture"}},
		"other protocols":   {craft(101).packet(udp).packet(udp), []string{"nothing of a Photon in this capture (2 packets, 2 of other protocols)", "port 5683"}},
		"another program":   {craft(101).spoken(80, get, webPage).packet(udp), []string{"(9 packets, 8 of TCP, 1 TCP connection of other programs, 1 of other protocols)"}},
		"HTTP on our port":  {craft(101).spoken(5683, get, webPage), []string{"nothing of a Photon", "1 TCP connection to port 5683 without a handshake or frame"}},
		"broken headers":    {craft(101).packet([]byte{0x45, 0, 0}).packet(udp), []string{"1 whose headers cannot be read"}},
		"unknown link type": {craft(127).packet(make([]byte, 60)), []string{"link type 127 (Wi-Fi as a monitor sees it, radiotap) is not read (1 of 1 packet)", "on the router or the server"}},
		"nameless link":     {craft(299).packet(make([]byte, 60)).packet(nil), []string{"link type 299 is not read (2 of 2 packets)"}},
	} {
		file := writeKey(t, "odd.pcap", c.capture)
		out, errs, code := runApp(t, nil, "read", "-T", "ndjson", file)
		if code != exitOK || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: exit %d, %d lines: %s", name, code, strings.Count(errs, "\n"), errs)
		}
		wantIn(t, errs, c.want...)
		if list := events(t, out); list[len(list)-1]["complete"] != true {
			t.Errorf("%s: %v", name, list[len(list)-1])
		}
		piped, pipedErrs, code := runApp(t, pipeOf(t, c.capture), "read", "-T", "ndjson", "-")
		if code != exitOK || pipedErrs != errs || withoutHeader(piped) != withoutHeader(out) {
			t.Errorf("%s: from a pipe: exit %d: %s", name, code, pipedErrs)
		}
	}
}

func TestSessionsThatStayClosedSayWhichKeyOpensThem(t *testing.T) {
	other := writeKey(t, "other.keylog", keyLogOf(t, recordings+"/healthy-brewskey-fw2.3.1/capture.pcapng"))
	device := recordings + "/keys/devices/1c052c000f47343432313012.der"
	for name, keys := range map[string][]string{
		"no key": nil, "another session's key log": {"-k", other}, "another device's key": {"-k", device},
	} {
		out, errs, code := runApp(t, nil, append([]string{"read", "-T", "ndjson", growing}, keys...)...)
		if code != exitOK || !strings.Contains(out, `"sealed"`) {
			t.Errorf("%s: exit %d", name, code)
		}
		wantIn(t, errs, "of 4 sessions stayed sealed: ")
	}
}

// A pipe that ends in the middle, or brings nothing at all.
func TestAPipeThatEndsEarlyIsNamed(t *testing.T) {
	b, err := os.ReadFile(growing)
	if err != nil {
		t.Fatal(err)
	}
	for want, piped := range map[string][]byte{
		"standard input: cut off inside":                b[:len(b)/2],
		"standard input: not a capture: it is empty":    nil,
		"standard input: not a capture: it begins with": []byte("bash: tcpdump: command not found\n"),
	} {
		out, errs, code := runApp(t, pipeOf(t, piped), "read", "-q", "-T", "ndjson", "-")
		list := events(t, out)
		if last := list[len(list)-1]; code != exitFailure || last["complete"] != false {
			t.Errorf("%s: exit %d, %v", want, code, last)
		}
		oneSentence(t, errs, want)
	}
}

// Every command that reads captures refuses the same things in the same words.
func TestCommandsThatReadCapturesAgreeAboutBadOnes(t *testing.T) {
	dir := t.TempDir()
	bad := writeKey(t, "bad.pcap", []byte("no capture at all"))
	for _, command := range []string{"read", "stats", "export keys", "export firmware", "export payloads", "export describe"} {
		words := strings.Fields(command)
		for want, c := range map[string]struct {
			arg  string
			code int
		}{
			dir + " is a folder, not a capture":          {dir, exitUsage},
			dir + "/none.pcap: no such file":             {dir + "/none.pcap", exitUsage},
			bad + ": not a capture: it begins with":      {bad, exitFailure},
			"standard input: not a capture: it is empty": {"-", exitFailure},
		} {
			_, errs, code := runApp(t, pipeOf(t, nil), append(words, c.arg)...)
			if code != c.code {
				t.Errorf("%s %s: exit %d, want %d", command, c.arg, code, c.code)
			}
			if strings.Contains(errs, "that could be opened") {
				t.Errorf("%s %s: %s", command, c.arg, errs)
			}
			var said []string
			for line := range strings.Lines(errs) {
				if strings.HasPrefix(line, "photonscope: ") {
					said = append(said, line)
				}
			}
			if len(said) != 1 || !strings.Contains(said[0], want) {
				t.Errorf("%s %s: %q, want one sentence with %q", command, c.arg, said, want)
			}
		}
	}
}

// A named pipe is read like any other, and ends with Ctrl-C.
func TestANamedPipeIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	r := startReading(t, nil, "-k", writeKey(t, "all.keylog", keyLogOf(t, growing)), file)
	b, err := os.ReadFile(growing)
	if err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	r.ofType("message")
	r.stop()
	select {
	case <-r.done:
	case <-time.After(patience):
		t.Fatal("Ctrl-C did not end it")
	}
	if r.code != exitInterrupted {
		t.Errorf("exit %d: %s", r.code, r.errs)
	}
}
