package lightssl

import (
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
)

// What a keyring keeps at most; the oldest goes first. A key is never dropped.
const (
	maxIdentities = 256  // between the proxy and the decoder, or the two legs of a recording
	maxRecords    = 4096 // of credentials
	maxSessions   = 1 << 17
	maxLoose      = 1 << 14
)

// Keyring holds all that can open sessions: private keys of servers and
// devices, and credentials of single sessions. It finds the right one, and it
// remembers what it opened, so that no RSA operation on a record is done twice
// with a key. The zero value is empty and ready. It is safe for concurrent use;
// keys may come while others are looked for. It never prints its content.
type Keyring struct {
	mu          sync.Mutex
	generation  uint64
	servers     []*rsa.PrivateKey // these three only ever grow
	publics     []*rsa.PublicKey  // of servers, those of the private keys included
	devices     []deviceKey
	sessions    recent[Nonce, Credentials]
	loose       recent[Credentials, struct{}]
	identities  recent[recordID, openedIdentity]
	credentials recent[recordID, openedCredentials]
}

type deviceKey struct {
	*rsa.PrivateKey
	role Role
}

// recordID is the SHA-256 of a sealed record.
type recordID [sha256.Size]byte

// openedIdentity is what came of opening an identity record so far.
type openedIdentity struct {
	ok     bool
	id     Identity
	server *rsa.PublicKey
	tried  int // so many of the server keys do not fit
}

// openedCredentials is the same for a credentials record.
type openedCredentials struct {
	ok    bool
	creds Credentials
	by    deviceKey
	tried int
}

// Signature says what is known of the signature of a credentials record.
type Signature uint8

const (
	SignatureUnchecked Signature = iota // no server key is known, or the salt is not
	SignatureVerified                   // made by a server whose key is in the ring
	SignatureFailed                     // by none of them
)

// String returns "not checked", "verified" or "failed".
func (s Signature) String() string {
	return [...]string{"not checked", "verified", "failed"}[s%3]
}

// Opened is an opened credentials record.
type Opened struct {
	Credentials Credentials
	Source      string         // what opened it: "key log", "device key" or "impersonation key"
	Key         *rsa.PublicKey // of the device that it was sealed for; nil from a key log
	Signature   Signature
}

// AddKey adds a key, which must not change any more. [AnyRole] leaves the role
// to the size of the key; a key of neither size is not kept, nor is the public
// half of a device key, since neither opens anything. Of a server the public
// half checks signatures. A key that is there already is not added again.
func (r *Keyring) AddKey(k Key, role Role) {
	if k.Private != nil {
		k.Public = &k.Private.PublicKey
	}
	if role == AnyRole {
		role = k.Role()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case k.Public == nil, role == AnyRole:
	case role == ServerRole:
		r.addServer(k)
	case k.Private != nil:
		r.addDevice(deviceKey{k.Private, role})
	}
}

func (r *Keyring) addServer(k Key) {
	if k.Private != nil && !slices.ContainsFunc(r.servers, func(x *rsa.PrivateKey) bool { return x.Equal(k.Private) }) {
		r.servers = append(r.servers, k.Private)
		r.generation++
	}
	if !slices.ContainsFunc(r.publics, func(x *rsa.PublicKey) bool { return x.Equal(k.Public) }) {
		r.publics = append(r.publics, k.Public)
		r.generation++
	}
}

func (r *Keyring) addDevice(k deviceKey) {
	if !slices.ContainsFunc(r.devices, func(x deviceKey) bool { return x.Equal(k.PrivateKey) }) {
		r.devices = append(r.devices, k)
		r.generation++
	}
}

// AddSession adds the credentials of the session with this nonce. Credentials
// without salt do not replace the same ones with it.
func (r *Keyring) AddSession(n Nonce, c Credentials) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, ok := r.sessions.get(n)
	if ok && (old == c || !c.HasSalt() && [keyIVLen]byte(old[:]) == [keyIVLen]byte(c[:])) {
		return
	}
	r.sessions.put(n, c, maxSessions)
	r.generation++
}

// AddLoose adds the credentials of some session, not known which: a key log
// line without nonce.
func (r *Keyring) AddLoose(c Credentials) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.loose.get(c); ok {
		return
	}
	r.loose.put(c, struct{}{}, maxLoose)
	r.generation++
}

// AddEntry adds what a key log line says.
func (r *Keyring) AddEntry(e KeyLogEntry) {
	if e.HasNonce {
		r.AddSession(e.Nonce, e.Credentials)
		return
	}
	r.AddLoose(e.Credentials)
}

// AddOpened tells the ring what is in an identity record that its caller has
// opened, so that [Keyring.OpenIdentity] need not open it again. It opens that
// record only, and so starts no new generation.
func (r *Keyring) AddOpened(record []byte, id Identity) {
	r.putIdentity(sha256.Sum256(record), openedIdentity{ok: true, id: id})
}

// putIdentity notes what came of a record. A failure never replaces a success,
// which another goroutine may have had meanwhile.
func (r *Keyring) putIdentity(of recordID, o openedIdentity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, _ := r.identities.get(of); !old.ok {
		r.identities.put(of, o, maxIdentities)
	}
}

// OpenIdentity opens an identity record with whichever server key fits, and
// returns the public half of that key too, or nil if the content came from
// [Keyring.AddOpened]. The identity's key is shared and must not be changed.
// [ErrNoKey]: there are no server keys. [ErrDecrypt]: none fits.
func (r *Keyring) OpenIdentity(record []byte) (Identity, *rsa.PublicKey, error) {
	of := recordID(sha256.Sum256(record))
	r.mu.Lock()
	known, _ := r.identities.get(of)
	servers := r.servers
	r.mu.Unlock()
	switch {
	case known.ok:
		return known.id, known.server, nil
	case len(record) != IdentityLen:
		return Identity{}, nil, fmt.Errorf("lightssl: identity record of %d bytes, not %d", len(record), IdentityLen)
	case len(servers) == 0:
		return Identity{}, nil, ErrNoKey
	case known.tried == len(servers):
		return Identity{}, nil, ErrDecrypt
	}
	for _, k := range servers[known.tried:] {
		if id, err := OpenIdentity(record, k); err == nil {
			r.putIdentity(of, openedIdentity{ok: true, id: id, server: &k.PublicKey})
			return id, &k.PublicKey, nil
		}
	}
	r.putIdentity(of, openedIdentity{tried: len(servers)})
	return Identity{}, nil, ErrDecrypt
}

// OpenCredentials opens a credentials record of 384 bytes: with the logged
// credentials of the session, if its nonce is known, or with a device key. The
// key that the device announced, if any, is tried first. Credentials with a
// failing signature are returned only if no others are found.
// [ErrNoKey]: there is nothing to try. [ErrDecrypt]: no key fits.
func (r *Keyring) OpenCredentials(n Nonce, known bool, record []byte, announced *rsa.PublicKey) (Opened, error) {
	if len(record) != CredentialsRecordLen {
		return Opened{}, fmt.Errorf("lightssl: credentials record of %d bytes, not %d", len(record), CredentialsRecordLen)
	}
	r.mu.Lock()
	publics := r.publics
	c, logged := r.sessions.get(n)
	r.mu.Unlock()
	fromLog := Opened{Credentials: c, Source: "key log"}
	if logged = logged && known; logged {
		if fromLog.Signature = checkSignature(record, c, publics); fromLog.Signature != SignatureFailed {
			return fromLog, nil
		}
	}
	o, err := r.openWithDevices(record, announced, publics)
	if logged && (err != nil || o.Signature == SignatureFailed) {
		return fromLog, nil
	}
	return o, err
}

func (r *Keyring) openWithDevices(record []byte, announced *rsa.PublicKey, publics []*rsa.PublicKey) (Opened, error) {
	of := recordID(sha256.Sum256(record))
	r.mu.Lock()
	known, _ := r.credentials.get(of)
	devices := r.devices
	r.mu.Unlock()
	if !known.ok {
		if len(devices) == 0 {
			return Opened{}, ErrNoKey
		}
		known = tryDevices(record, announcedFirst(devices[known.tried:], announced), publics)
		known.tried = len(devices)
		r.putCredentials(of, known)
	}
	if !known.ok {
		return Opened{}, ErrDecrypt
	}
	return Opened{
		Credentials: known.creds,
		Source:      known.by.role.String() + " key",
		Key:         &known.by.PublicKey,
		Signature:   checkSignature(record, known.creds, publics),
	}, nil
}

// putCredentials is [Keyring.putIdentity] for a credentials record.
func (r *Keyring) putCredentials(of recordID, o openedCredentials) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, _ := r.credentials.get(of); !old.ok {
		r.credentials.put(of, o, maxRecords)
	}
}

// tryDevices tries keys in order. A wrong key fits by chance once in some
// millions of times, so one whose signature fails is taken only if no better
// comes. Keys whose modulus is not above the sealed number cost nothing.
func tryDevices(record []byte, devices []deviceKey, publics []*rsa.PublicKey) openedCredentials {
	var found openedCredentials
	for _, k := range devices {
		c, err := OpenCredentials(record, k.PrivateKey, nil)
		if err != nil {
			continue
		}
		good := checkSignature(record, c, publics) != SignatureFailed
		if good || !found.ok {
			found = openedCredentials{ok: true, creds: c, by: k}
		}
		if good {
			break
		}
	}
	return found
}

// announcedFirst returns the keys with the announced one at the front.
func announcedFirst(devices []deviceKey, announced *rsa.PublicKey) []deviceKey {
	if announced == nil {
		return devices
	}
	i := slices.IndexFunc(devices, func(k deviceKey) bool { return k.PublicKey.Equal(announced) })
	if i <= 0 {
		return devices
	}
	return slices.Concat(devices[i:i+1], devices[:i], devices[i+1:])
}

// CheckSignature says what the signature of a credentials record, of
// CredentialsRecordLen bytes, tells of credentials that the caller takes for its
// content: verified, they are.
func (r *Keyring) CheckSignature(record []byte, c Credentials) Signature {
	r.mu.Lock()
	publics := r.publics
	r.mu.Unlock()
	return checkSignature(record, c, publics)
}

func checkSignature(record []byte, c Credentials, publics []*rsa.PublicKey) Signature {
	if len(publics) == 0 || !c.HasSalt() {
		return SignatureUnchecked
	}
	for _, k := range publics {
		if VerifyCredentials(record, c, k) == nil {
			return SignatureVerified
		}
	}
	return SignatureFailed
}

// Session returns the logged credentials of a session.
func (r *Keyring) Session(n Nonce) (Credentials, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions.get(n)
}

// Loose returns the credentials that could be of any session.
func (r *Keyring) Loose() []Credentials {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.loose.order)
}

// Generation rises with everything that is added and could open what could not
// be opened before. A caller that failed tries again once it has changed.
func (r *Keyring) Generation() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.generation
}

// Servers returns the private keys of servers, in the order they came.
func (r *Keyring) Servers() []*rsa.PrivateKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.servers)
}

// ServerPublics returns the public keys of servers, those of [Keyring.Servers]
// included.
func (r *Keyring) ServerPublics() []*rsa.PublicKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.publics)
}

// Devices returns the private keys with the role [DeviceRole] or
// [ImpersonationRole], or of both with [AnyRole].
func (r *Keyring) Devices(role Role) []*rsa.PrivateKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	var keys []*rsa.PrivateKey
	for _, k := range r.devices {
		if role == AnyRole || role == k.role {
			keys = append(keys, k.PrivateKey)
		}
	}
	return keys
}

// KeyCounts says how much of each is in a keyring.
type KeyCounts struct {
	Servers, ServerPublics  int // private keys; public ones, theirs included
	Devices, Impersonations int // private keys
	Sessions, Loose         int // credentials with and without nonce
}

// Counts returns how much of each is in the ring.
func (r *Keyring) Counts() KeyCounts {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := KeyCounts{
		Servers: len(r.servers), ServerPublics: len(r.publics),
		Sessions: len(r.sessions.order), Loose: len(r.loose.order),
	}
	for _, k := range r.devices {
		if k.role == ImpersonationRole {
			c.Impersonations++
		} else {
			c.Devices++
		}
	}
	return c
}

// Format prints the counts for every verb, and never a secret.
func (r *Keyring) Format(f fmt.State, _ rune) {
	c := r.Counts()
	fmt.Fprintf(f, "keyring of %d server, %d device and %d impersonation keys, %d sessions and %d loose credentials",
		c.Servers, c.Devices, c.Impersonations, c.Sessions, c.Loose)
}
