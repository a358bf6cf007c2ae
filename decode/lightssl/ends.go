package lightssl

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
)

// Both ends of the handshake, for whoever is one: the proxy, the simulator,
// replay. They block on an io.ReadWriter; its owner sets the deadlines. Every
// record leaves in one Write, because the servers take whatever one read
// returns for a whole record.

// Handshake is what an end knows once the handshake is done.
type Handshake struct {
	Nonce       Nonce
	Identity    Identity
	Credentials Credentials
}

// CloudEnd is the cloud's end of one handshake. The zero value of each field
// but Key is useful.
type CloudEnd struct {
	Key         *rsa.PrivateKey // opens the identity and signs the credentials
	Nonce       *Nonce          // nil: a fresh one
	Credentials *Credentials    // nil: fresh ones

	// DeviceKey says which public key to seal the credentials for, or why the
	// device is refused. Nil: the one it announces. Only with it are Spark Cores
	// before 0.4.0 admitted, which announce none.
	DeviceKey func(Identity) (*rsa.PublicKey, error)
}

// Handshake plays the cloud's end over rw. On any failing identity it returns
// an error and has sent nothing after the nonce. The error says what was wrong;
// for the device the caller must end every one of them alike.
func (e CloudEnd) Handshake(rw io.ReadWriter) (Handshake, error) {
	h := Handshake{Nonce: valueOr(e.Nonce, NewNonce), Credentials: valueOr(e.Credentials, NewCredentials)}
	if _, err := rw.Write(h.Nonce[:]); err != nil {
		return h, fmt.Errorf("lightssl: send nonce: %w", err)
	}
	record := make([]byte, IdentityLen)
	if _, err := io.ReadFull(rw, record); err != nil {
		return h, fmt.Errorf("lightssl: read identity: %w", err)
	}
	var ok bool
	if h.Identity, ok = e.admit(record, h.Nonce); !ok {
		return h, refusal(record, e.Key)
	}
	device, err := e.deviceKey(h.Identity)
	if err != nil {
		return h, err
	}
	return h, SendCredentials(rw, h.Credentials, device, e.Key)
}

func (e CloudEnd) admit(record []byte, n Nonce) (Identity, bool) {
	id, ok := AdmitIdentity(record, n, e.Key)
	if !ok && e.DeviceKey != nil {
		id, ok = AdmitCoreIdentity(record, n, e.Key)
	}
	return id, ok
}

// refusal says why a record was not admitted. It costs one more RSA operation,
// the same for every reason, when the answer stands already.
func refusal(record []byte, cloud *rsa.PrivateKey) error {
	id, err := OpenIdentity(record, cloud)
	switch {
	case err != nil:
		return err
	case len(id.Key) == 0:
		return errors.New("lightssl: the device announced no key")
	case len(id.Key) != DeviceKeyLen:
		return fmt.Errorf("lightssl: the device announced a key of %d bytes, not %d", len(id.Key), DeviceKeyLen)
	}
	return ErrNonce
}

func (e CloudEnd) deviceKey(id Identity) (*rsa.PublicKey, error) {
	if e.DeviceKey != nil {
		return e.DeviceKey(id)
	}
	return id.PublicKey()
}

// SendCredentials seals, signs and sends credentials in one Write.
func SendCredentials(w io.Writer, c Credentials, device *rsa.PublicKey, cloud *rsa.PrivateKey) error {
	record, err := SealCredentials(c, device, cloud)
	if err != nil {
		return err
	}
	if _, err := w.Write(record); err != nil {
		return fmt.Errorf("lightssl: send credentials: %w", err)
	}
	return nil
}

// AdmitIdentity opens an identity record as an end must that strangers can
// reach: one RSA operation in constant time, and one answer for every failure, be
// it padding, length or nonce, so that the sender cannot use this end to decrypt
// or sign anything. Only the 214-byte identity is admitted. A caller that gets
// false must behave alike whatever the reason; [OpenIdentity] may tell the
// reason to the person in front of the screen.
func AdmitIdentity(record []byte, n Nonce, cloud *rsa.PrivateKey) (Identity, bool) {
	return admitIdentity(record, n, cloud, IdentityPlainLen)
}

// AdmitCoreIdentity is AdmitIdentity for the 52 bytes of a Spark Core before
// 0.4.0, which announces no key. It costs an RSA operation of its own, so it is
// for ends that know the public key of such a device.
func AdmitCoreIdentity(record []byte, n Nonce, cloud *rsa.PrivateKey) (Identity, bool) {
	return admitIdentity(record, n, cloud, CoreIdentityPlainLen)
}

func admitIdentity(record []byte, n Nonce, cloud *rsa.PrivateKey, size int) (Identity, bool) {
	if len(record) != IdentityLen {
		return Identity{}, false
	}
	plain := make([]byte, size)
	rand.Read(plain)
	//lint:ignore SA1019 the protocol is PKCS #1 v1.5, here in its constant-time form
	if rsa.DecryptPKCS1v15SessionKey(rand.Reader, cloud, record, plain) != nil {
		return Identity{}, false // longer or larger than the modulus: public facts
	}
	if subtle.ConstantTimeCompare(plain[:NonceLen], n[:]) != 1 {
		return Identity{}, false
	}
	id, err := ParseIdentity(plain)
	return id, err == nil
}

// DeviceEnd is the device's end of one handshake.
type DeviceEnd struct {
	ID       DeviceID
	Key      *rsa.PrivateKey // opens the credentials
	CloudKey *rsa.PublicKey  // seals the identity, checks the signature
	Announce []byte          // the key to announce, DER; nil: the public half of Key
}

// Handshake plays the device's end over rw. It returns [ErrSignature] or
// [ErrDecrypt] where a Photon shows an authentication or a decryption error.
func (e DeviceEnd) Handshake(rw io.ReadWriter) (Handshake, error) {
	var h Handshake
	if _, err := io.ReadFull(rw, h.Nonce[:]); err != nil {
		return h, fmt.Errorf("lightssl: read nonce: %w", err)
	}
	var err error
	if h.Identity, err = e.SendIdentity(rw, h.Nonce); err != nil {
		return h, err
	}
	record := make([]byte, CredentialsRecordLen)
	if _, err := io.ReadFull(rw, record); err != nil {
		return h, fmt.Errorf("lightssl: read credentials: %w", err)
	}
	h.Credentials, err = OpenCredentials(record, e.Key, e.CloudKey)
	return h, err
}

// SendIdentity seals and sends the identity that answers a nonce, in one Write.
func (e DeviceEnd) SendIdentity(w io.Writer, n Nonce) (Identity, error) {
	id := Identity{Nonce: n, Device: e.ID, Key: e.Announce}
	if id.Key == nil {
		der, err := AnnouncedKey(&e.Key.PublicKey)
		if err != nil {
			return id, err
		}
		id.Key = der
	}
	record, err := SealIdentity(id, e.CloudKey)
	if err != nil {
		return id, err
	}
	if _, err := w.Write(record); err != nil {
		return id, fmt.Errorf("lightssl: send identity: %w", err)
	}
	return id, nil
}

// AnnouncedKey returns the 162 bytes by which a device announces its key.
func AnnouncedKey(pub *rsa.PublicKey) ([]byte, error) {
	if pub.N.BitLen() != deviceKeyBits {
		return nil, fmt.Errorf("lightssl: a device key has 1024 bits, not %d", pub.N.BitLen())
	}
	if pub.E != exponent {
		return nil, fmt.Errorf("lightssl: a device key has the exponent 65537, not %d", pub.E)
	}
	return MarshalPublicDER(pub), nil
}

func valueOr[T any](p *T, fresh func() T) T {
	if p != nil {
		return *p
	}
	return fresh()
}
