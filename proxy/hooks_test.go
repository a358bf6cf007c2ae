package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// hooked is a spliced session with hooks, its handshake done.
type hooked struct {
	*world
	session       *Session
	device, cloud io.ReadWriter
	creds         lightssl.Credentials
}

func newHooked(t *testing.T, h *Hooks) *hooked {
	w := newSplice(t)
	w.Hooks = func(stream.Conn) *Hooks { return h }
	session := make(chan *Session, 10)
	inner := h.Record
	h.Record = func(s *Session, r Record) ([][]byte, bool) {
		session <- s
		if inner != nil {
			return inner(s, r)
		}
		return nil, false
	}
	w.start()
	device, cloud := w.connect()
	d, _ := shake(t, device, cloud)
	return &hooked{w, <-session, device, cloud, d.Credentials}
}

// receiver decodes frames as a peer does, in one chain.
type receiver struct {
	t    *testing.T
	r    io.Reader
	open *lightssl.Cipher
}

func (r *receiver) expect(want string) {
	r.t.Helper()
	got, err := r.open.Open(nil, readFrame(r.t, r.r))
	if err != nil || string(got) != want {
		r.t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}

// edit is a Frame hook that obeys words in the message.
func edit(_ *Session, f Frame) ([]Out, bool) {
	text := string(f.Plain)
	switch {
	case text == "drop":
		return nil, true
	case text == "twice":
		return []Out{{Form: Message, Bytes: f.Plain}, {Form: Message, Bytes: f.Plain}}, true
	case strings.HasPrefix(text, "edit "):
		return []Out{{Form: Message, Bytes: []byte(strings.ToUpper(text))}}, true
	case text == "malformed":
		return []Out{{Form: Wire, Bytes: []byte{0, 0}}, {Form: Wire, Bytes: frame(32)}, {Form: Blocks, Bytes: bytes.Repeat([]byte{0}, 16)}, {Form: Message, Bytes: nil}}, true
	case text == "impossible":
		return []Out{{Form: Blocks, Bytes: []byte("x")}}, true
	}
	return nil, false
}

func TestFramesPassVerbatimUntilTheFirstChangeAndDecodeAfterIt(t *testing.T) {
	for _, d := range stream.Directions {
		t.Run(d.String(), func(t *testing.T) {
			h := newHooked(t, &Hooks{Frame: edit})
			ends := [2]io.ReadWriter{h.device, h.cloud}
			from, to := ends[d], ends[d.Opposite()]
			seal := lightssl.NewCipher(h.creds)
			send := func(messages ...string) {
				for _, m := range messages {
					write(t, from, seal.AppendSealedFrame(nil, []byte(m)))
				}
			}
			r := &receiver{t, to, lightssl.NewCipher(h.creds)}
			check := lightssl.NewCipher(h.creds)
			for i := range 20 {
				m := fmt.Sprintf("message %d", i)
				want := check.AppendSealedFrame(nil, []byte(m))
				send(m)
				got := readFrame(t, to)
				equal(t, "before the first change", got, want[2:])
				r.open.Open(nil, got)
			}
			send("one", "drop", "two", "twice", "three", "edit me", "four", "drop", "drop", "impossible", "five")
			for _, want := range []string{"one", "two", "twice", "twice", "three", "EDIT ME", "four", "five"} {
				r.expect(want)
			}
			expectMalformed(t, r, send)
			if h.notices.count(HookFailed) != 1 {
				t.Error("what cannot be sent was not announced")
			}
			talk(t, to, from, h.creds, "the other direction", "is as it was", "edi tme")
			checkAltered(t, h.spy, d)
		})
	}
}

func expectMalformed(t *testing.T, r *receiver, send func(...string)) {
	t.Helper()
	send("malformed", "after it")
	if n := len(readFrame(t, r.r)); n != 0 {
		t.Fatalf("a frame of %d bytes, not 0", n)
	}
	r.open.Open(nil, readFrame(t, r.r))
	if got, err := r.open.Open(nil, readFrame(t, r.r)); err != lightssl.ErrPadding || !bytes.Equal(got, make([]byte, 16)) {
		t.Fatalf("blocks arrived as %x, %v", got, err)
	}
	r.expect("")
	r.expect("after it")
}

// checkAltered checks that only one direction differs between the legs.
func checkAltered(t *testing.T, s *spy, d stream.Direction) {
	t.Helper()
	dev, cloud := s.leg(stream.DeviceLeg), s.leg(stream.CloudLeg)
	for dir, handshake := range map[stream.Direction]int{stream.FromDevice: 256, stream.FromCloud: 424} {
		same := bytes.Equal(dev.sent[dir][handshake:], cloud.sent[dir][handshake:])
		if same != (dir != d) {
			t.Errorf("from %s: the legs are the same: %v", dir, same)
		}
	}
}

func TestUnchangedFramesKeepTheirFaultsWhenSealedAnew(t *testing.T) {
	h := newHooked(t, &Hooks{Frame: edit})
	seal := lightssl.NewCipher(h.creds)
	badPadding := bytes.Repeat([]byte{99}, 32)
	write(t, h.device, seal.AppendSealedFrame(nil, []byte("drop")))
	write(t, h.device, lightssl.AppendFrame(nil, seal.SealRaw(nil, badPadding)))
	odd := frame(7)
	write(t, h.device, odd)
	write(t, h.device, seal.AppendSealedFrame(nil, []byte("end")))
	r := &receiver{t, h.cloud, lightssl.NewCipher(h.creds)}
	if got, err := r.open.Open(nil, readFrame(t, r.r)); err != lightssl.ErrPadding || !bytes.Equal(got, badPadding) {
		t.Errorf("bad padding arrived as %x, %v", got, err)
	}
	equal(t, "odd frame", readFrame(t, r.r), odd[2:])
	r.expect("end")
}

// A frame whose length no cipher makes passes as it came, wherever it stands, and
// the cipher chain goes on as if it were not there.
func TestFramesOfOddLengthPassAndLeaveTheChainAlone(t *testing.T) {
	for _, n := range []int{0, 1, 15, 17, 23, 33} {
		for _, first := range []string{"one", "drop"} {
			h := newHooked(t, &Hooks{Frame: edit})
			seal := lightssl.NewCipher(h.creds)
			odd := frame(n)
			r := &receiver{t, h.cloud, lightssl.NewCipher(h.creds)}
			write(t, h.device, seal.AppendSealedFrame(nil, []byte(first)))
			if first != "drop" {
				r.expect(first)
			}
			write(t, h.device, odd)
			equal(t, "odd frame", readFrame(t, r.r), odd[2:])
			write(t, h.device, seal.AppendSealedFrame(nil, []byte("drop")))
			write(t, h.device, seal.AppendSealedFrame(nil, []byte("end")))
			r.expect("end")
			if got := h.notices.count(OddFrame); got != 1 {
				t.Errorf("a frame of %d bytes was announced %d times", n, got)
			}
		}
	}
}

func TestInjectedFramesDecodeWhileTrafficGoesOn(t *testing.T) {
	h := newHooked(t, &Hooks{})
	const each = 200
	var wg sync.WaitGroup
	for _, d := range stream.Directions {
		ends := [2]io.ReadWriter{h.device, h.cloud}
		wg.Go(func() {
			seal := lightssl.NewCipher(h.creds)
			for range each {
				write(t, ends[d], seal.AppendSealedFrame(nil, []byte("own")))
			}
		})
		wg.Go(func() {
			for range each {
				if err := h.session.Inject(d, Out{Form: Message, Bytes: []byte("injected")}, Out{Form: Message, Bytes: []byte("pair")}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			open := lightssl.NewCipher(h.creds)
			var got []string
			for range 3 * each {
				m, err := open.Open(nil, readFrame(t, ends[d.Opposite()]))
				if err != nil {
					t.Errorf("after %d frames: %v", len(got), err)
				}
				got = append(got, string(m))
			}
			counts := map[string]int{}
			for i, m := range got {
				if counts[m]++; m == "injected" && got[i+1] != "pair" {
					t.Error("a frame came between two that were injected together")
				}
			}
			if counts["own"] != each || counts["injected"] != each {
				t.Errorf("arrived: %v", counts)
			}
		})
	}
	wg.Wait()
}

func TestInjectSaysWhyItCannot(t *testing.T) {
	h := newHooked(t, &Hooks{})
	if err := h.session.Inject(stream.FromCloud, Out{Form: Blocks, Bytes: make([]byte, 15)}); err == nil {
		t.Error("15 bytes of blocks were sent")
	}
	if err := h.session.Inject(stream.FromCloud, Out{Form: Message, Bytes: make([]byte, 65520)}); err == nil {
		t.Error("a message too long was sent")
	}
	h.device.(*net.TCPConn).Close()
	readAll(t, h.cloud)
	if err := h.session.Inject(stream.FromDevice, Out{Form: Message, Bytes: nil}); !errors.Is(err, ErrOver) {
		t.Errorf("after the FIN: %v", err)
	}
	h.stop()
	if err := h.session.Inject(stream.FromCloud, Out{Form: Message, Bytes: nil}); !errors.Is(err, ErrOver) {
		t.Errorf("after the end: %v", err)
	}
	if err := new(Session).Inject(stream.FromCloud); !errors.Is(err, ErrSealed) {
		t.Errorf("without credentials: %v", err)
	}
}

func TestHeldFrameDelaysNoOtherDirectionAndCanBeOvertakenByInjection(t *testing.T) {
	release, holding := make(chan struct{}), make(chan struct{})
	h := newHooked(t, &Hooks{Frame: func(_ *Session, f Frame) ([]Out, bool) {
		if string(f.Plain) == "hold" {
			close(holding)
			<-release
		}
		return nil, false
	}})
	seal := lightssl.NewCipher(h.creds)
	r := &receiver{t, h.cloud, lightssl.NewCipher(h.creds)}
	write(t, h.device, bytes.Join([][]byte{seal.AppendSealedFrame(nil, []byte("before")), seal.AppendSealedFrame(nil, []byte("hold"))}, nil))
	r.expect("before")
	<-holding
	talk(t, h.cloud, h.device, h.creds, "the other", "direction")
	if err := h.session.Inject(stream.FromDevice, Out{Form: Message, Bytes: []byte("keep-alive")}); err != nil {
		t.Error(err)
	}
	r.expect("keep-alive")
	close(release)
	r.expect("hold")
}

func TestRecordHookReplacesSplitsAndDropsRecords(t *testing.T) {
	w := newWorld(t)
	w.Hooks = func(stream.Conn) *Hooks {
		return &Hooks{Record: func(_ *Session, r Record) ([][]byte, bool) {
			switch r.Kind {
			case "nonce":
				return [][]byte{r.Bytes[:10]}, true
			case "identity":
				return nil, true
			}
			return [][]byte{[]byte("HTTP/1.1 "), []byte("500\r\n")}, true
		}}
	}
	w.start()
	device, cloud := w.connect()
	n := randomBytes(40)
	write(t, cloud, n)
	equal(t, "short nonce", read(t, device, 10), n[:10])
	write(t, device, randomBytes(256))
	write(t, cloud, randomBytes(384))
	cloud.CloseWrite()
	equal(t, "replaced credentials", readAll(t, device), []byte("HTTP/1.1 500\r\n"))
	device.Close()
	if got := readAll(t, cloud); len(got) > 0 {
		t.Errorf("%d bytes of a dropped identity", len(got))
	}
	cloud.Close()
	w.stop()
	if got := len(w.spy.leg(stream.DeviceLeg).sent[stream.FromDevice]); got != 256 {
		t.Errorf("%d bytes reported of a dropped identity", got)
	}
}

// slowed is a transport that counts, with the methods of a TCP connection kept.
type slowed struct {
	*net.TCPConn
	writes *int
}

func (s slowed) Write(b []byte) (int, error) {
	*s.writes++
	return s.TCPConn.Write(b)
}

func TestTransportHookWrapsALeg(t *testing.T) {
	w := newWorld(t)
	writes := 0
	w.Hooks = func(stream.Conn) *Hooks {
		return &Hooks{Transport: func(l stream.Leg, c net.Conn) net.Conn {
			if l == stream.CloudLeg {
				return slowed{c.(*net.TCPConn), &writes}
			}
			return c
		}}
	}
	w.start()
	device, cloud := w.connect()
	write(t, device, randomBytes(256))
	read(t, cloud, 256)
	device.CloseWrite()
	readAll(t, cloud)
	cloud.CloseWrite()
	readAll(t, device)
	w.stop()
	if writes != 1 {
		t.Errorf("%d writes through the transport", writes)
	}
}
