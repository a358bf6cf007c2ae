package main

import (
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/sim"
)

// rehearsal is something that goes wrong between a simulated device and cloud:
// a fault of package sim, or one of the ways in which keys are mixed up.
type rehearsal struct {
	name  string
	value string // what the fault takes in the demo unless the user says it
	means string
	mix   func(*sim.Device, *sim.Cloud) // nil: it is a fault of package sim
}

// keyMixUps are the ways in which keys are mixed up, as the catalogue of causes
// has them.
var keyMixUps = []rehearsal{
	{"wrong-server-key", "", "the device holds the public key of another server", func(d *sim.Device, _ *sim.Cloud) {
		d.CloudKey = strangeServerKey()
	}},
	{"unknown-device", "", "the cloud has no key of the device on file", func(_ *sim.Device, c *sim.Cloud) {
		c.DeviceKey = func(lightssl.Identity) (*rsa.PublicKey, error) { return nil, nil }
	}},
	{"pkcs8-key", "", "the device's private key was written as PKCS #8, which it misreads", func(d *sim.Device, _ *sim.Cloud) {
		d.Key, d.Announce = sim.DeviceKey(1), misreadPKCS8()
	}},
}

// faultValues are what faults take in the demo, where that is not 1.
var faultValues = map[string]string{
	"short-nonce": "39", "cut-credentials": "200", "cut-identity": "255", "late-hello": "5s", "swallow-ping": "0", "skip-id": "3", "device-reset": "4",
}

// rehearsals are all that demo --fault knows, in the order in which they are listed.
func rehearsals() []rehearsal {
	all := slices.Clone(keyMixUps)
	for _, k := range sim.FaultKinds {
		r := rehearsal{name: k.Name, means: "the " + k.By.String() + " " + k.Means}
		if k.Takes != "" {
			r.value = cmp.Or(faultValues[k.Name], "1")
		}
		all = append(all, r)
	}
	return all
}

// faultNames are the values of --fault.
func faultNames() []string {
	names := []string{"list"}
	for _, r := range rehearsals() {
		names = append(names, r.name)
	}
	return names
}

func completeFault(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return faultNames(), cobra.ShellCompDirectiveNoFileComp
}

// listFaults prints what --fault knows.
func (a *app) listFaults() {
	for _, r := range rehearsals() {
		name := r.name
		if r.value != "" {
			name += "=" + r.value
		}
		a.print("%-24s %s", name, r.means)
	}
}

// cast returns the device and the cloud of a rehearsal.
func cast(text string) (*sim.Device, *sim.Cloud, error) {
	d := &sim.Device{LastReset: "user", Image: func([]byte) bool { return true }}
	c := &sim.Cloud{CheckIDs: true}
	d.Functions = map[string]func(string) int32{"brew": func(what string) int32 { return int32(len(what)) }}
	for _, r := range rehearsals() {
		switch {
		case r.name != text:
		case r.mix != nil:
			r.mix(d, c)
			return d, c, nil
		case r.value != "":
			text += "=" + r.value
		}
	}
	f, err := sim.ParseFault(text)
	if err != nil {
		return nil, nil, usageError("photonscope demo --fault list", "--fault %s: %s", text, inWords(err))
	}
	if i := slices.IndexFunc(sim.FaultKinds, func(k sim.FaultKind) bool { return k.Name == f.Name }); sim.FaultKinds[i].By == stream.FromDevice {
		d.Faults = []sim.Fault{f}
	} else {
		c.Faults = []sim.Fault{f}
	}
	return d, c, nil
}

// visitTime is how long a device stays whose session lives in spite of the fault.
const visitTime = 3 * time.Second

// playFault lets a device and a cloud have a session with a fault, observed, so
// that no byte of it is ours.
func (l *live) playFault(ctx context.Context, d *sim.Device, c *sim.Cloud) error {
	d.Handle = staying(c)
	if hasFault(c, "chunk") {
		c.Handle = func(ctx context.Context, s *sim.CloudSession) error {
			_, err := s.Flash(ctx, sim.Flash{Image: make([]byte, 3000)})
			return err
		}
	}
	return l.between(ctx, &proxy.Server{Mode: proxy.Observe}, func(ctx context.Context, cloudLn net.Listener, dial dialer) error {
		defer cloudLn.Close()
		served := make(chan error, 1)
		go func() { served <- serveOne(ctx, c, cloudLn) }()
		conn, err := dial(ctx)
		if err != nil {
			return err
		}
		l.inform("the device's session is over: %s", overBecause(d.Run(ctx, conn)))
		return <-served // the cloud notices by itself that the device has gone
	})
}

// hasFault reports whether a fault of the cloud has a word in its name.
func hasFault(c *sim.Cloud, word string) bool {
	return slices.ContainsFunc(c.Faults, func(f sim.Fault) bool { return strings.Contains(f.Name, word) })
}

// serveOne lets a cloud have one session, however that ends.
func serveOne(ctx context.Context, c *sim.Cloud, ln net.Listener) error {
	defer context.AfterFunc(ctx, func() { ln.Close() })()
	conn, err := ln.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = c.ServeConn(ctx, conn) // the fault is why
	return nil
}

// staying is what the device does of itself: it publishes, stays a while, and
// leaves; unless it is to notice itself that nobody answers its pings.
func staying(c *sim.Cloud) func(context.Context, *sim.DeviceSession) error {
	unanswered := hasFault(c, "ping")
	return func(ctx context.Context, s *sim.DeviceSession) error {
		if err := s.Publish(particle.EventBody{Name: "coffee/ready", Data: []byte("1"), Private: true}); err != nil || unanswered {
			return err
		}
		select {
		case <-time.After(visitTime):
			return s.Goodbye(particle.GoodbyeBody{Flags: particle.GoodbyeCloud})
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// overBecause says how a device's session has ended.
func overBecause(err error) string {
	if err == nil {
		return "it left"
	}
	return inWords(err)
}

// strangeServerKey is the public key of no server that there is: the demo's own
// with its digits turned round, which is as odd and as long.
func strangeServerKey() *rsa.PublicKey {
	digits := sim.ServerKey().N.Bytes()
	slices.Reverse(digits)
	digits[0] |= 0x80
	digits[len(digits)-1] |= 1
	return &rsa.PublicKey{N: new(big.Int).SetBytes(digits), E: sim.ServerKey().E}
}

// misreadPKCS8 is what firmware announces if its key slot holds PKCS #8: it
// takes the 128 bytes from offset 11 on for its modulus (Device OS v2.3.1,
// handshake.cpp:141-226).
func misreadPKCS8() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(sim.DeviceKey(1))
	if err != nil {
		panic(err) // it is an RSA key
	}
	announced := lightssl.MarshalPublicDER(&sim.DeviceKey(1).PublicKey)
	copy(announced[len(announced)-5-128:], der[11:11+128])
	return announced
}
