package main

import (
	"crypto/rsa"
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

	files  []keyFile
	logs   []*keyLogTail
	forget bool // learnt keys are not kept

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

// choose finds the server's keys, and says when it cannot.
func (s *keySet) choose(a *app) {
	private, from := s.serverFiles(func(f keyFile) bool { return f.key.Private != nil })
	public, _ := s.serverFiles(func(f keyFile) bool { return f.key.Private == nil })
	if len(private) == 1 {
		s.ServerKey = private[0].Private
	}
	switch {
	case len(public) == 1 && (s.ServerKey == nil || s.forcedPublic()):
		s.CloudPublic = public[0].Public
	case s.ServerKey != nil:
		s.CloudPublic = &s.ServerKey.PublicKey
	}
	if len(private) > 1 {
		a.say("%d different private server keys (%s): captures are tried with all, a proxy needs one: -k server:%s", len(private), strings.Join(from, ", "), from[0])
	}
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
