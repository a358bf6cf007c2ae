package captures

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/captures/gen"
	"github.com/photonscope/photonscope/decode/stream"
)

// random returns bytes that look sealed.
func random(n int) string { return string(incompressible(n)) }

// sealedFrame returns a frame of n bytes of ciphertext.
func sealedFrame(n int) string { return string([]byte{byte(n >> 8), byte(n)}) + random(n) }

// elsewhere is a dialogue with a cloud at a port of no meaning.
func elsewhere() *dialogue {
	d := newDialogue()
	d.cloud = netip.AddrPortFrom(d.cloud.Addr(), 8080)
	return d
}

func TestConnectionsOfOtherProgramsAreCountedAndLeftOut(t *testing.T) {
	banner := "SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u1\r\n" // 40 bytes, as a nonce has
	hello := "\x16\x03\x01\x00\xfb\x01" + random(250)
	record := "\x17\x03\x03\x00\x23" + random(35)
	dns := "\x00\x20\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 20)
	for name, d := range map[string]*dialogue{
		"HTTP":                       elsewhere().open().up(1, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").down(1, "HTTP/1.1 200 OK\r\n\r\n"),
		"HTTP in pieces":             elsewhere().open().up(1, "GE").up(3, "T / ").up(7, "HTTP/1.1\r\n"),
		"TLS":                        elsewhere().open().up(1, hello).down(1, hello),
		"SSH":                        elsewhere().open().down(1, banner).up(1, banner),
		"mail":                       elsewhere().open().down(1, "220 mail.example.org ESMTP Postfix\r\n").add(0, tcpACK|tcpPSH, 1, 37, "EHLO me\r\n"),
		"a database":                 elsewhere().open().down(1, "\x4a\x00\x00\x00\x0a8.0.36\x00"+random(70)).add(0, tcpACK|tcpPSH, 1, 79, random(80)),
		"a short binary greeting":    elsewhere().open().down(1, "\xff\xfd\x18").add(0, tcpACK|tcpPSH, 1, 4, "\xff\xfc\x18"),
		"a client that speaks first": elsewhere().open().up(1, random(256)).add(1, tcpACK|tcpPSH, 1, 257, random(40)),
		"nothing at all":             elsewhere().open().add(0, tcpFIN|tcpACK, 1, 1, "").add(1, tcpFIN|tcpACK, 1, 2, ""),
		"a refusal":                  elsewhere().add(0, tcpSYN, 0, 0, "").add(1, tcpRST|tcpACK, 0, 1, ""),
		"TLS, joined":                elsewhere().up(1, record).down(1, record).up(41, record),
		"SSH, joined":                elsewhere().up(1, random(40)).down(1, random(40)).up(41, random(256)).down(41, random(104)),
		"DNS, joined":                elsewhere().up(1, dns).down(1, dns).up(35, dns),
		"SSH, joined later":          elsewhere().up(1, random(36)).down(1, random(40)).up(37, random(256)).down(41, random(384)),
		"a download, joined":         elsewhere().down(1, random(1460)).down(1461, random(1460)).down(2921, random(1460)),
		"keys pressed, joined": func() *dialogue {
			d := elsewhere()
			for i := range uint32(40) {
				d.up(1+i, "\x80")
			}
			return d
		}(),
	} {
		var stats Stats
		list, err := items(d.reader(), ReadOptions{Stats: &stats})
		if err != nil || len(list) != 0 || stats.Foreign != 1 || stats.Connections != 0 {
			t.Errorf("%s: %v, %+v, got\n%.300q", name, err, stats, story(list))
		}
		if _, err := items(d.reader(), ReadOptions{Stats: &stats, Port: 8080}); err != nil || name != "a refusal" && stats.Connections != 1 {
			t.Errorf("%s, asked for by its port: %v, %+v", name, err, stats)
		}
	}
}

func TestPhotonsAreFoundAtAnyPort(t *testing.T) {
	nonce, identity, credentials := random(40), random(256), random(384)
	frames := sealedFrame(32) + sealedFrame(64)
	handshake := func(d *dialogue) *dialogue {
		return d.down(1, nonce).add(0, tcpACK|tcpPSH, 1, 41, identity).add(1, tcpACK|tcpPSH, 41, 257, credentials)
	}
	for name, d := range map[string]*dialogue{
		"a session":                       handshake(elsewhere().open()).up(257, frames),
		"a device that gives up":          elsewhere().open().down(1, nonce).add(0, tcpFIN|tcpACK, 1, 41, ""),
		"the nonce in two pieces":         handshake2(elsewhere().open(), nonce, identity),
		"without the cloud's direction":   only(handshake(elsewhere().open()).up(257, frames), 0),
		"without the device's direction":  only(handshake(elsewhere().open()), 1),
		"without the nonce":               without(handshake(elsewhere().open()), 3),
		"without the nonce and identity":  without(handshake(elsewhere().open()), 3, 4),
		"the identity before the nonce":   swapped(handshake(elsewhere().open()), 3, 4),
		"without the answer to the SYN":   without(handshake(elsewhere().open()), 1),
		"joined before the handshake":     handshake(elsewhere()),
		"joined after the nonce":          without(handshake(elsewhere()), 0),
		"joined among frames":             elsewhere().up(1, frames).down(1, sealedFrame(16)),
		"joined within a frame":           elsewhere().up(1, random(30)).up(31, frames),
		"cut by the capture after frames": elsewhere().up(1, frames).down(1, sealedFrame(16)),
	} {
		var stats Stats
		list, err := items(d.reader(), ReadOptions{Stats: &stats})
		if err != nil || stats.Foreign != 0 || stats.Connections != 1 || len(list) < 2 {
			t.Errorf("%s: %v, %+v, got\n%.300q", name, err, stats, story(list))
			continue
		}
		if o := list[0].(*stream.Opened); o.Conn.Device != deviceEnd {
			t.Errorf("%s: the device is %v", name, o.Conn.Device)
		}
	}
}

func handshake2(d *dialogue, nonce, identity string) *dialogue {
	return d.down(1, nonce[:7]).down(8, nonce[7:]).add(0, tcpACK|tcpPSH, 1, 41, identity)
}

// However small the segments are, a Photon is found by its nonce, or by its frames
// in a capture that began later.
func TestPhotonsAreFoundHoweverTheirSegmentsAreCut(t *testing.T) {
	nonce, frame := random(40), sealedFrame(32)
	for size := 1; size < len(nonce); size++ {
		checkFound(t, inPieces(elsewhere().open(), 1, nonce, size), nonce)
	}
	for size := 5; size < len(frame); size++ {
		checkFound(t, inPieces(elsewhere(), 0, frame, size), frame)
	}
}

// inPieces has a side say something in segments of some size, each of them acknowledged.
func inPieces(d *dialogue, side int, data string, size int) *dialogue {
	for at := 0; at < len(data); at += size {
		end := min(at+size, len(data))
		d.add(side, tcpACK|tcpPSH, uint32(1+at), 1, data[at:end]).add(1-side, tcpACK, 1, uint32(1+end), "")
	}
	return d
}

// checkFound checks that exactly this was said by a Photon or its cloud.
func checkFound(t *testing.T, d *dialogue, want string) {
	t.Helper()
	list, err := items(d.reader(), ReadOptions{})
	var got strings.Builder
	for _, it := range list {
		if s, ok := it.(*stream.Segment); ok {
			got.Write(s.Data)
		}
	}
	if err != nil || got.String() != want {
		t.Errorf("%d packets: %v, got %q, want %q", len(d.packets), err, got.String(), want)
	}
}

// only keeps what one side sent.
func only(d *dialogue, side int) *dialogue {
	src := []netip.AddrPort{d.device, d.cloud}[side].Addr().As4()
	d.packets = slices.DeleteFunc(d.packets, func(p crafted) bool { return !bytes.Equal(p.ip[12:16], src[:]) })
	return d
}

func without(d *dialogue, packets ...int) *dialogue {
	for _, i := range slices.Backward(packets) {
		d.packets = slices.Delete(d.packets, i, i+1)
	}
	return d
}

func swapped(d *dialogue, i, j int) *dialogue {
	d.packets[i], d.packets[j] = d.packets[j], d.packets[i]
	return d
}

// Sessions at another port give what those at the usual one do, over networks
// however bad.
func TestSessionsAtAnotherPortAreWhole(t *testing.T) {
	for seed := range uint64(5) {
		traffic := badTraffic
		traffic.Seed, traffic.Port = seed, 40_000
		file, truth := generated(t, traffic)
		list, err := items(bytes.NewReader(file), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		checkTruth(t, list, truth)
	}
}

// A session is found wherever the capture of it begins.
func TestASessionIsFoundWhereverItsCaptureBegins(t *testing.T) {
	file, _ := generated(t, gen.Traffic{Packets: 300, Port: 40_000, Acked: 300})
	w := takeApart(t, "pcap", file)
	for _, p := range w.packets[:250] {
		part := slices.Concat(file[:w.front], file[p.start:])
		var stats Stats
		list, err := items(bytes.NewReader(part), ReadOptions{Stats: &stats})
		if err != nil || stats.Connections != 1 || stats.Foreign != 0 {
			t.Fatalf("from byte %d on: %+v, %v", p.start, stats, err)
		}
		if o := list[0].(*stream.Opened); o.Conn.Cloud.Port() != 40_000 {
			t.Fatalf("from byte %d on: the cloud is %v", p.start, o.Conn.Cloud)
		}
	}
}

// What a trial holds is bounded.
func TestTrialsAreBounded(t *testing.T) {
	d := elsewhere()
	for i := range uint32(100) {
		d.add(0, tcpSYN, 0, 0, "").add(0, tcpACK, 1, 1, "").down(1+i, "\x80")
	}
	a := newAssembler(ReadOptions{}, func(item) bool { return true })
	for i, c := range d.packets {
		a.handle(&packet{at: c.at, link: linkRaw, data: c.ip, wire: len(c.ip)})
		if f := a.table.recent; f != nil && f.trial != nil && len(f.trial.held) > maxStatements {
			t.Fatalf("%d segments are held after %d", len(f.trial.held), i)
		}
	}
	if a.stats.Foreign != 1 {
		t.Errorf("%+v", *a.stats)
	}
}
