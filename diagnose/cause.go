package diagnose

import (
	"slices"
	"strings"
)

// Cause is a row of the catalogue: one reason why a device does not get online
// or does not stay there.
type Cause struct {
	ID      string   // such as "PH-01"
	Title   string   // one sentence
	Seen    Seen     // where it leaves a trace
	Stage   Stage    // how far a session comes with it
	Means   string   // what is wrong
	Device  string   // what the device does and shows
	Servers string   // what Node servers write into their logs, "" if nothing
	Remedy  []string // steps; those that begin with "$ " are commands
	Repair  string   // the repair of photonscope that lets such sessions live, "" if there is none
	Rows    string   // of docs/protocol.md section 7
	Read    []string // more to read: addresses
}

// Seen says where a cause leaves a trace.
type Seen uint8

// The places.
const (
	OnWire  Seen = iota // in a session's bytes
	InFiles             // in key files and other files of the user
	OnHost              // on the host or in the network, where no session begins
)

// String returns "wire", "files" or "host".
func (s Seen) String() string { return [...]string{"wire", "files", "host"}[s%3] }

// Stage is a part of a session.
type Stage uint8

// The stages, in their order.
const (
	StageConnect Stage = iota
	StageNonce
	StageIdentity
	StageCredentials
	StageHello
	StageOnline
	StageUpdate
)

// String names the stage.
func (s Stage) String() string {
	return [...]string{"connect", "nonce", "identity", "credentials", "hello", "online", "update", ""}[s%8]
}

// Causes returns the catalogue in order of the IDs. Its rows are shared and must
// not be changed.
func Causes() []Cause { return catalogue }

var catalogue = slices.SortedFunc(slices.Values(slices.Concat(reachCauses, keyCauses, handshakeCauses, onlineCauses, updateCauses, toolCauses, rhythmCauses)),
	func(a, b Cause) int { return strings.Compare(a.ID, b.ID) })

// Find returns the cause with an ID, in either case, or nil.
func Find(id string) *Cause {
	i, ok := slices.BinarySearchFunc(catalogue, strings.ToUpper(id), func(c Cause, id string) int { return strings.Compare(c.ID, id) })
	if !ok {
		return nil
	}
	return &catalogue[i]
}

// What a device shows, by the error number of its firmware (Device OS v2.3.1,
// communication/inc/protocol_defs.h; docs/protocol.md section 7). The older stack
// says -1 instead.
const (
	showsNoNonce  = "It waits 20 s for the nonce, fails with error 25 (older than 0.8: -1) and flashes red once. " + showsRetry
	showsNoKey    = "It waits up to 20 s for the key, fails with error 26 (older than 0.8: -1 or -19) and flashes red once. " + showsRetry
	showsDecrypt  = "It cannot decrypt the key: error 6. It flashes orange once (red from 2.0 on). " + showsRetry
	showsAuth     = "It does not believe the key: error 8. It flashes magenta once (red from 2.0 on). " + showsRetry
	showsNoHello  = "It waits 4 s for the cloud's Hello (2 s with firmware up to 0.7.0), fails with error 10 and flashes red once. " + showsRetry
	showsPing     = "It hears nothing for 25 s, 10 s of them after its ping: error 1. The light goes from breathing cyan to blinking cyan, without an error colour. " + showsRetry
	showsClosed   = "The connection is closed while it reads: error 24. The light goes from breathing cyan to blinking cyan. " + showsRetry
	showsNoCloud  = "It finds no cloud: blinking cyan, interrupted by three orange blinks (two if its internet test failed as well). " + showsRetry
	showsNothing  = "It shows nothing of it."
	showsRetry    = "The next attempt comes after 1 s, from the sixth failure on after 2 s, from the eleventh after 4 s and so on up to 128 s; RESET makes it try at once."
	showsSafeMode = "It breathes magenta: safe mode, without the application."
)

// Steps that many remedies share; Place.Fill fills in the braces.
const (
	stepDFU      = "Put the device into DFU mode: hold SETUP, tap RESET, release SETUP when the light blinks yellow."
	stepReset    = "Tap RESET; the next attempt follows by itself."
	cmdServerKey = "$ particle keys server default_key.pub.pem --host {host} --port {port}"
	cmdSend      = "$ particle keys send {id} {id}.pub.pem"
	cmdSave      = "$ particle keys save {id}"
	cmdNewKey    = "$ photonscope keys generate --device {id} --out ."
)
