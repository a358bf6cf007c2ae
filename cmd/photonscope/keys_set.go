package main

import (
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// keySet is what -k gave.
type keySet struct {
	Ring        *lightssl.Keyring
	ServerKey   *rsa.PrivateKey // the one private server key; nil if there is none, or several
	CloudPublic *rsa.PublicKey  // the public key to trust upstream
	Folder      string          // where learnt keys are kept

	rivals []string // a file of each of several different private server keys

	files  []keyFile
	logs   []*keyLogTail
	settle func() // called before keys that came are taken; may be nil
	forget bool   // learnt keys are not kept

	learntMu sync.Mutex
	learnt   map[learnt]bool // what SaveLearnt has seen in this run
}

// add takes a key into the set. Public keys of devices open nothing and are
// kept for reference alone.
func (s *keySet) add(f keyFile) {
	s.files = append(s.files, f)
	if f.key.Private != nil || f.role == lightssl.ServerRole {
		s.Ring.AddKey(f.key, f.role)
	}
}

// choose finds the server's keys. Of several private ones it takes none.
func (s *keySet) choose() {
	private, from := s.serverFiles(func(f keyFile) bool { return f.key.Private != nil })
	public, _ := s.serverFiles(func(f keyFile) bool { return f.key.Private == nil })
	switch len(private) {
	case 0:
	case 1:
		s.ServerKey = private[0].Private
	default:
		s.rivals = from
	}
	switch {
	case len(public) == 1 && (s.ServerKey == nil || s.forcedPublic()):
		s.CloudPublic = public[0].Public
	case s.ServerKey != nil:
		s.CloudPublic = &s.ServerKey.PublicKey
	}
}

// sayRivals says that a proxy, which is one server to its devices, cannot tell
// which of several keys it is to be. Captures are tried with all of them.
func (s *keySet) sayRivals(a *app) {
	if n := len(s.rivals); n > 0 {
		a.say("%d different private server keys (%s), and a proxy needs one: -k server:%s", n, someOf(s.rivals, 3), quote(s.rivals[0]))
	}
}

// brokenPairs returns a sentence for each private server key X.pem whose
// X.pub.pem is not its public half.
func (s *keySet) brokenPairs() []string {
	var said []string
	for _, private := range s.files {
		base, isPEM := strings.CutSuffix(private.path, pemExt)
		if private.role != lightssl.ServerRole || private.key.Private == nil || !isPEM {
			continue
		}
		path := base + learntBase + pemExt
		i := slices.IndexFunc(s.files, func(f keyFile) bool { return f.path == path && f.role == lightssl.ServerRole })
		if i >= 0 && !s.files[i].key.Public.Equal(private.key.Public) {
			said = append(said, fmt.Sprintf("%s is not the public half of %s: a device that holds it refuses a server with that key; "+
				"to make it anew: openssl rsa -in %s -pubout -out %s", path, private.path, quote(private.path), quote(path)))
		}
	}
	return said
}

// serverFiles returns the different server keys that the user named as such, or
// without any of those all there are, and a file of each.
func (s *keySet) serverFiles(want func(keyFile) bool) (keys []lightssl.Key, from []string) {
	for _, forced := range []bool{true, false} {
		for _, f := range s.files {
			known := slices.ContainsFunc(keys, func(k lightssl.Key) bool { return k.Public.Equal(f.key.Public) })
			if f.role == lightssl.ServerRole && f.forced == forced && want(f) && !known {
				keys, from = append(keys, f.key), append(from, f.path)
			}
		}
		if len(keys) > 0 {
			break
		}
	}
	return keys, from
}

// forcedPublic reports whether the user named a public server key.
func (s *keySet) forcedPublic() bool {
	return slices.ContainsFunc(s.files, func(f keyFile) bool {
		return f.forced && f.role == lightssl.ServerRole && f.key.Private == nil
	})
}

// Impersonation returns the key registered in a device's name, nil if none is
// known.
func (s *keySet) Impersonation(id lightssl.DeviceID) *rsa.PrivateKey {
	return s.privateOf(lightssl.ImpersonationRole, id)
}

// DeviceKey returns a device's own private key, nil if it is not known.
func (s *keySet) DeviceKey(id lightssl.DeviceID) *rsa.PrivateKey {
	return s.privateOf(lightssl.DeviceRole, id)
}

// corePublic returns what finds the public key of a Spark Core that announces
// none: the one in a file that bears its ID. Nil if no file bears any.
func (s *keySet) corePublic() func(lightssl.DeviceID) *rsa.PublicKey {
	keys := make(map[lightssl.DeviceID]*rsa.PublicKey)
	for _, f := range s.files {
		if f.role == lightssl.DeviceRole && f.hasDevice {
			keys[f.device] = f.key.Public
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return func(id lightssl.DeviceID) *rsa.PublicKey { return keys[id] }
}

// privateOf returns the device's key of a role: the one whose file bears its
// ID, else the only one whose file bears none.
func (s *keySet) privateOf(role lightssl.Role, id lightssl.DeviceID) *rsa.PrivateKey {
	var nameless []*rsa.PrivateKey
	for _, f := range s.files {
		switch {
		case f.role != role || f.key.Private == nil || f.retired:
		case f.hasDevice && f.device == id:
			return f.key.Private
		case !f.hasDevice && !slices.ContainsFunc(nameless, func(k *rsa.PrivateKey) bool { return k.Equal(f.key.Private) }):
			nameless = append(nameless, f.key.Private)
		}
	}
	if len(nameless) == 1 {
		return nameless[0]
	}
	return nil
}

// spliceKey returns what finds the key that stands for a device at its cloud:
// an impersonation key, or where splicing is demanded also the device's own. Nil
// if there is none for any device.
func (s *keySet) spliceKey(demanded bool) func(lightssl.DeviceID) *rsa.PrivateKey {
	usable := slices.ContainsFunc(s.files, func(f keyFile) bool {
		role := f.role == lightssl.ImpersonationRole || demanded && f.role == lightssl.DeviceRole
		return role && f.key.Private != nil && !f.retired
	})
	if !usable {
		return nil
	}
	return func(id lightssl.DeviceID) *rsa.PrivateKey {
		k := s.Impersonation(id)
		if k == nil && demanded {
			k = s.DeviceKey(id)
		}
		return k
	}
}
