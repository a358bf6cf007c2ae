package proxy

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// Traffic that is not a Photon's, and clouds that answer wrongly.

func TestTLSPassesThroughAnObservingProxy(t *testing.T) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(100 * 365 * 24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &testKeys().server.PublicKey, testKeys().server)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: testKeys().server}}}
	inBubble(t, func(t *testing.T, b *bubble) {
		b.start()
		device, cloud := b.connect()
		server := tls.Server(cloud, config)
		go func() {
			io.Copy(server, server)
			server.Close()
			cloud.Close()
		}()
		client := tls.Client(device, &tls.Config{InsecureSkipVerify: true})
		write(t, client, []byte("hello"))
		equal(t, "echo", read(t, client, 5), []byte("hello"))
		client.CloseWrite()
		readAll(t, client)
		device.Close()
		b.stop()
		if b.notices.count(DeviceForeign) != 1 || b.notices.count(UpstreamForeign) != 1 {
			t.Error("TLS was not named for both ends")
		}
		b.spy.sameLegs()
	})
}

func TestHTTPPassesThroughAnObservingProxyAndIsNamed(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.ServerKey, b.DeviceKey = testKeys().server, impersonation // auto
		b.start()
		device, cloud := b.connect()
		request := []byte("GET / HTTP/1.1\r\nHost: photon\r\n\r\n")
		answer := []byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
		write(t, device, request)
		equal(t, "request", read(t, cloud, len(request)), request)
		write(t, cloud, answer)
		cloud.Close()
		equal(t, "answer", readAll(t, device), answer)
		device.Close()
		b.stop()
		for _, k := range []NoticeKind{DeviceForeign, UpstreamForeign, ModeChosen} {
			if b.notices.count(k) != 1 {
				t.Errorf("%d notices %s", b.notices.count(k), k)
			}
		}
	})
}

func TestOddLengthsPassAndAreAnnouncedOnce(t *testing.T) {
	w := newWorld(t)
	w.start()
	device, cloud := w.connect()
	sent := slices.Concat(randomBytes(256), frame(0), frame(17), frame(16), frame(1))
	write(t, device, sent)
	equal(t, "frames", read(t, cloud, len(sent)), sent)
	if n := w.notices.await(t, OddFrame); !strings.Contains(n.Text, "0 bytes") {
		t.Error(n.Text)
	}
	device.Close()
	readAll(t, cloud)
	cloud.Close()
	w.stop()
	if n := w.notices.count(OddFrame); n != 1 {
		t.Errorf("announced %d times", n)
	}
}

func TestCredentialsThatDoNotFitEndTheSession(t *testing.T) {
	k := testKeys()
	for name, c := range map[string]struct {
		sealFor *rsa.PublicKey
		sign    *rsa.PrivateKey
		want    string
	}{
		"sealed for another key": {&k.device.PublicKey, k.server, "register"},
		"signed by another key":  {&k.imp.PublicKey, k.otherServer, "not signed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newSplice(t)
			w.start()
			device, cloud := w.connect()
			done := make(chan error, 1)
			go func() {
				_, err := deviceEnd().Handshake(device)
				done <- err
			}()
			n := lightssl.NewNonce()
			write(t, cloud, n[:])
			read(t, cloud, 256)
			record, err := lightssl.SealCredentials(lightssl.NewCredentials(), c.sealFor, c.sign)
			if err != nil {
				t.Fatal(err)
			}
			write(t, cloud, record)
			if err := <-done; err == nil || !strings.Contains(err.Error(), "EOF") {
				t.Errorf("the device got further: %v", err)
			}
			if text := w.notices.await(t, CredentialsRefused).Text; !strings.Contains(text, c.want) || !strings.Contains(text, testID.String()) {
				t.Error(text)
			}
			w.stop()
			if got := w.spy.leg(stream.CloudLeg).sent[stream.FromCloud]; len(got) != 40+384 {
				t.Errorf("%d bytes of the cloud were reported", len(got))
			}
		})
	}
}

func TestCloudMayHaveAnotherKeyThanTheDeviceBelieves(t *testing.T) {
	w := newSplice(t)
	w.CloudKey = &testKeys().otherServer.PublicKey
	w.start()
	device, cloud := w.connect()
	creds := make(chan lightssl.Credentials, 1)
	go func() {
		end := cloudEnd()
		end.Key = testKeys().otherServer
		h, err := end.Handshake(cloud)
		if err != nil {
			t.Error(err)
		}
		creds <- h.Credentials
	}()
	h, err := deviceEnd().Handshake(device)
	if err != nil || h.Credentials != <-creds {
		t.Fatalf("handshake: %v", err)
	}
	talk(t, device, cloud, h.Credentials, "hello")
}

func TestSpliceKeepsHalfACredentialsRecordToItself(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		b.ServerKey, b.DeviceKey = testKeys().server, impersonation
		b.start()
		device, cloud := b.connect()
		n := lightssl.NewNonce()
		write(t, cloud, n[:])
		read(t, device, 40)
		if _, err := deviceEnd().SendIdentity(device, n); err != nil {
			t.Fatal(err)
		}
		read(t, cloud, 256)
		write(t, cloud, randomBytes(200))
		time.Sleep(20 * time.Second) // the device gives up first
		device.Close()
		readAll(t, cloud)
		cloud.Close()
		b.stop()
		if got := len(b.spy.leg(stream.DeviceLeg).sent[stream.FromCloud]); got != 40 {
			t.Errorf("the device was sent %d bytes", got)
		}
		if got := len(b.spy.leg(stream.CloudLeg).sent[stream.FromCloud]); got != 240 {
			t.Errorf("%d bytes of the cloud were reported", got)
		}
		if b.notices.count(RecordIncomplete) != 1 {
			t.Error("not announced")
		}
	})
}

func TestSlowReaderHoldsUpOnlyItsOwnDirection(t *testing.T) {
	w := newWorld(t)
	w.Tap = nil
	w.start()
	device, cloud := w.connect()
	write(t, cloud, randomBytes(424))
	read(t, device, 424)
	const total = 8 << 20
	sent := make(chan error, 1)
	go func() { // more than all buffers between hold
		_, err := io.Copy(cloud, io.LimitReader(zeroFrames{}, total))
		sent <- err
	}()
	write(t, device, slices.Concat(randomBytes(256), frame(16)))
	read(t, cloud, 256+18)
	other, otherCloud := w.connect()
	write(t, otherCloud, randomBytes(40))
	read(t, other, 40)
	if n, err := io.Copy(io.Discard, io.LimitReader(device, total)); n != total || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// zeroFrames is an endless stream of frames of length 0.
type zeroFrames struct{}

func (zeroFrames) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestServeSaysWhatAModeLacks(t *testing.T) {
	k := testKeys()
	for want, s := range map[string]*Server{
		"observe mode without an upstream":       {Mode: Observe},
		"splice mode without an upstream":        {Mode: Splice, ServerKey: k.server},
		"without the server's private key":       {Mode: Splice, Upstream: "x:1"},
		"without a device key":                   {Mode: Splice, Upstream: "x:1", ServerKey: k.server},
		"no upstream, and nothing to be the clo": {},
	} {
		if err := s.Serve(t.Context(), listen(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q, not %q", err, want)
		}
	}
	ln := listen(t)
	ln.Close()
	if err := (&Server{Upstream: "x:1"}).Serve(t.Context(), ln); err == nil {
		t.Error("a closed listener serves")
	}
}
