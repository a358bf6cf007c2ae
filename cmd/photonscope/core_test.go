package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
)

// A Spark Core before 0.4.0 announces no key. Terminate mode serves it if its
// public key is given, and ends it like every failing identity if not.
func TestTerminateServesACoreWhosePublicKeyIsGiven(t *testing.T) {
	for _, known := range []bool{true, false} {
		folder := t.TempDir()
		id := sim.DeviceID(0)
		write := func(name string, b []byte) {
			if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("server.pem", lightssl.MarshalPrivatePEM(sim.ServerKey()))
		if known {
			write(id.String()+".pub.pem", lightssl.MarshalPublicPEM(&sim.DeviceKey(0).PublicKey))
		}
		r := startProxy(t, "-k", folder)
		conn, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var nonce lightssl.Nonce
		if _, err := io.ReadFull(conn, nonce[:]); err != nil {
			t.Fatal(err)
		}
		identity, err := lightssl.SealIdentity(lightssl.Identity{Nonce: nonce, Device: id}, &sim.ServerKey().PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		conn.Write(identity)
		answer, err := io.ReadAll(io.LimitReader(conn, lightssl.CredentialsRecordLen))
		if err != nil {
			t.Fatal(err)
		}
		if !known {
			if len(answer) != 0 {
				t.Errorf("an unknown Core was sent %d bytes", len(answer))
			}
			continue
		}
		if _, err := lightssl.OpenCredentials(answer, sim.DeviceKey(0), &sim.ServerKey().PublicKey); err != nil {
			t.Errorf("the Core cannot open its credentials: %v", err)
		}
	}
}
