package main

import (
	"crypto/rsa"
	"slices"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
)

// playedDevice is the device whose part photonscope plays.
type playedDevice struct {
	id      lightssl.DeviceID
	key     *rsa.PrivateKey
	cloud   *rsa.PublicKey // the server's
	builtIn bool           // the keys are those that everybody has
}

// deviceFor finds the device to play: the one named or, if none is, the only one
// that a private key is known of. An impersonation key comes first, since the
// server takes it for the device's.
func (s *keySet) deviceFor(named string) (playedDevice, error) {
	var p playedDevice
	if named == "" {
		ids := s.playable()
		switch len(ids) {
		case 0:
			if n := s.nameless(); n > 0 {
				return p, usageError("--id, 24 hex digits", "the device key given does not say which device it is of")
			}
			return s.builtInDevice()
		case 1:
			p.id = ids[0]
		default:
			return p, usageError("--id "+ids[0].String(), "there are private keys of %d devices; which is it to be?", len(ids))
		}
	} else {
		id, err := lightssl.ParseDeviceID(named)
		if err != nil {
			return p, usageError("24 hex digits, as the file names of keys have them", "--id %s is no device ID", named)
		}
		p.id = id
	}
	return s.asDevice(p.id)
}

// asDevice returns what it takes to be a device.
func (s *keySet) asDevice(id lightssl.DeviceID) (playedDevice, error) {
	p := playedDevice{id: id, key: s.Impersonation(id), cloud: s.CloudPublic}
	if p.key == nil {
		p.key = s.DeviceKey(id)
	}
	switch {
	case p.key == nil && id == sim.DeviceID(0):
		return s.builtInDevice()
	case p.key == nil:
		return p, usageError("-k device:FILE, or photonscope keys register "+id.String(), "there is no private key of device %s, and none stands for it", id)
	case p.cloud == nil:
		return p, usageError("-k server:FILE, public or private", "the server's public key is missing: the identity is sealed for it")
	}
	return p, nil
}

// builtInDevice is the simulated device that everybody has the keys of.
func (s *keySet) builtInDevice() (playedDevice, error) {
	s.addBuiltIn()
	p := playedDevice{id: sim.DeviceID(0), key: sim.DeviceKey(0), cloud: s.CloudPublic, builtIn: true}
	if p.cloud == nil {
		p.cloud = &sim.ServerKey().PublicKey
	}
	return p, nil
}

// addBuiltIn lets sessions of the built-in device and server be opened.
func (s *keySet) addBuiltIn() {
	device, server := sim.DeviceKey(0), sim.ServerKey()
	s.Ring.AddKey(lightssl.Key{Private: device, Public: &device.PublicKey}, lightssl.DeviceRole)
	s.Ring.AddKey(lightssl.Key{Private: server, Public: &server.PublicKey}, lightssl.ServerRole)
}

// playable are the devices that there is a private key of, or one that stands for
// them.
func (s *keySet) playable() (ids []lightssl.DeviceID) {
	for _, f := range s.files {
		if f.hasDevice && f.key.Private != nil && f.role != lightssl.ServerRole && !f.retired && !slices.Contains(ids, f.device) {
			ids = append(ids, f.device)
		}
	}
	return ids
}

// nameless counts private device keys that do not say of which device they are.
func (s *keySet) nameless() (n int) {
	for _, f := range s.files {
		if !f.hasDevice && f.key.Private != nil && f.role == lightssl.DeviceRole {
			n++
		}
	}
	return n
}
