package rules

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
)

// FaultInfo describes a fault.
type FaultInfo struct {
	Name  string
	From  stream.Direction // whose bytes it touches; of a toxic, unless from= says otherwise
	Takes []Setting
	Means string
	Toxic bool // of toxiproxy: it disturbs the connection, not a message

	match  func(*passage) bool                           // of a fault of messages: which ones
	act    func(*passage, values)                        // what it does to them
	record func(*session, proxy.Record, values) [][]byte // of a fault of the handshake
	kind   string                                        // the record: nonce, identity, credentials
}

// Setting is what a fault takes.
type Setting struct {
	Name    string
	Default int64
	Unit    time.Duration // of a plain number; 0: the value is no time
	Least   int64
}

// values are settings by name; times in nanoseconds.
type values map[string]int64

// Faults are all faults: those of the protocol, then those of toxiproxy.
var Faults = append(protocolFaults, toxics...)

var protocolFaults = []FaultInfo{
	{Name: "drop-after-nonce", From: stream.FromCloud, kind: "nonce", Means: "closes once the nonce is sent",
		record: func(s *session, r proxy.Record, _ values) [][]byte {
			s.closeAfter(r.From, len(r.Bytes))
			return [][]byte{r.Bytes}
		}},
	{Name: "short-nonce", From: stream.FromCloud, kind: "nonce", Takes: []Setting{{Name: "bytes", Default: 39}}, Means: "sends only the first bytes of the nonce",
		record: func(s *session, r proxy.Record, v values) [][]byte {
			return [][]byte{r.Bytes[:min(len(r.Bytes), int(v["bytes"]))]}
		}},
	{Name: "http", From: stream.FromCloud, kind: "nonce", Means: "answers as a web server does, and closes",
		record: func(s *session, r proxy.Record, _ values) [][]byte {
			s.closeAfter(r.From, len(httpAnswer))
			return [][]byte{[]byte(httpAnswer)}
		}},
	{Name: "corrupt-hmac", From: stream.FromCloud, kind: "credentials", Means: "signs a wrong HMAC",
		record: func(s *session, r proxy.Record, _ values) [][]byte {
			wrong, _ := s.proxy.Credentials()
			wrong[0] ^= 1
			return s.resign(r.Bytes, wrong, s.engine.ServerKey)
		}},
	{Name: "wrong-signing-key", From: stream.FromCloud, kind: "credentials", Means: "signs with another key than the server's",
		record: func(s *session, r proxy.Record, _ values) [][]byte {
			c, _ := s.proxy.Credentials()
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				return [][]byte{r.Bytes}
			}
			return s.resign(r.Bytes, c, key)
		}},
	{Name: "stale-device-key", From: stream.FromCloud, kind: "credentials", Means: "seals the credentials for another device key than the one announced",
		record: func(s *session, r proxy.Record, _ values) [][]byte {
			c, _ := s.proxy.Credentials()
			key, err := lightssl.GenerateDeviceKey()
			if err != nil {
				return [][]byte{r.Bytes}
			}
			sealed, err := lightssl.SealCredentials(c, &key.PublicKey, s.engine.ServerKey)
			if err != nil {
				return [][]byte{r.Bytes}
			}
			return [][]byte{sealed}
		}},
	{Name: "split-identity", From: stream.FromDevice, kind: "identity", Takes: []Setting{{Name: "bytes", Default: 1, Least: 1}, {Name: "delay", Default: int64(50 * time.Millisecond), Unit: time.Millisecond}},
		Means: "sends the identity block in two pieces, the first of so many bytes",
		record: func(s *session, r proxy.Record, v values) [][]byte {
			n := min(len(r.Bytes)-1, int(v["bytes"]))
			s.pauseAfter(r.From, n, time.Duration(v["delay"]))
			return [][]byte{r.Bytes[:n], r.Bytes[n:]}
		}},

	{Name: "late-hello", From: stream.FromCloud, Takes: []Setting{{Name: "delay", Default: int64(4100 * time.Millisecond), Unit: time.Millisecond}},
		Means: "delays the cloud's Hello, by default just past the 4 s that devices wait",
		match: kind(particle.KindHelloReply), act: func(p *passage, v values) {
			p.wait = time.Duration(v["delay"])
			p.say("delayed by " + p.wait.String())
		}},
	{Name: "skip-id", From: stream.FromDevice, Means: "skips a message ID before a message of the device, which the servers do not forgive",
		match: own, act: func(p *passage, _ values) {
			p.spent = -1
			p.say("a message ID is skipped")
		}},
	{Name: "swallow-ping", From: stream.FromDevice, Means: "does not pass a ping of the device on; every=3 swallows each third",
		match: kind(particle.KindPing), act: func(p *passage, _ values) { p.drop() }},
	{Name: "duplicate-ack", From: stream.FromCloud, Means: "sends an acknowledgement of the cloud twice",
		match: func(p *passage) bool { return p.message.Type == coap.Acknowledgement }, act: func(p *passage, _ values) {
			p.twice = true
			p.say("sent twice")
		}},
	{Name: "corrupt-chunk", From: stream.FromCloud, Takes: chunkSetting, Means: "damages a chunk of a firmware update, counted from 0; its CRC stays",
		match: kind(particle.KindChunk), act: onChunk(func(p *passage) {
			b := slices.Clone(p.plain)
			if n := len(p.message.Payload); n > 0 {
				b[p.message.PayloadStart+n/2] ^= 0x40
			}
			p.replace(b)
		})},
	{Name: "drop-chunk", From: stream.FromCloud, Takes: chunkSetting, Means: "does not pass a chunk on",
		match: kind(particle.KindChunk), act: onChunk(func(p *passage) { p.drop() })},
	{Name: "reset-at-chunk", From: stream.FromCloud, Takes: chunkSetting, Means: "resets both connections in place of a chunk",
		match: kind(particle.KindChunk), act: onChunk(func(p *passage) {
			p.reset = true
			p.say("reset both connections")
		})},
}

var chunkSetting = []Setting{{Name: "chunk"}}

const httpAnswer = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

func kind(k particle.Kind) func(*passage) bool {
	return func(p *passage) bool { return p.meaning().Kind == k }
}

func own(p *passage) bool {
	return p.message.Type == coap.Confirmable || p.message.Type == coap.NonConfirmable
}

// onChunk acts on the chunk that the value names. The rule has counted it: it is
// the one that skip= is set to.
func onChunk(act func(*passage)) func(*passage, values) {
	return func(p *passage, _ values) { act(p) }
}

// resign replaces the signature of a credentials record.
func (s *session) resign(record []byte, c lightssl.Credentials, key *rsa.PrivateKey) [][]byte {
	sealed := slices.Clone(record[:lightssl.SealedCredentialsLen])
	signature, err := lightssl.SignCredentials(c, sealed, key)
	if err != nil {
		return [][]byte{record}
	}
	return [][]byte{append(sealed, signature...)}
}

// fault is the action of a fault rule.
type fault struct {
	info   *FaultInfo
	values values
}

func newFault(r *Rule, words []word) (action, *Error) {
	if len(words) == 1 {
		return nil, words[0].bad("fault which? %s", faultNames())
	}
	i := slices.IndexFunc(Faults, func(f FaultInfo) bool { return f.Name == words[1].name && !words[1].assigned })
	if i < 0 {
		return nil, words[1].bad("%q is no fault: %s", words[1].name, faultNames())
	}
	f := &fault{info: &Faults[i], values: values{}}
	for _, s := range f.info.Takes {
		f.values[s.Name] = s.Default
	}
	for _, w := range words[2:] {
		if err := f.take(w); err != nil {
			return nil, err
		}
	}
	return f, f.place(r, words[1])
}

func faultNames() string {
	var names []string
	for _, f := range Faults {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

func (f *fault) take(w word) *Error {
	i := slices.IndexFunc(f.info.Takes, func(s Setting) bool { return s.Name == w.name && w.assigned })
	if i < 0 {
		return w.bad("fault %s takes %s", f.info.Name, f.info.takes())
	}
	s := f.info.Takes[i]
	if s.Unit > 0 {
		d, err := w.duration(s.Unit)
		f.values[s.Name] = int64(d)
		return err
	}
	n, err := w.number(int(s.Least))
	f.values[s.Name] = int64(n)
	return err
}

func (f *FaultInfo) takes() string {
	if len(f.Takes) == 0 {
		return "nothing of its own"
	}
	var names []string
	for _, s := range f.Takes {
		names = append(names, s.Name+"=")
	}
	return strings.Join(names, ", ")
}

// place checks that a rule fits its fault, and directs it.
func (f *fault) place(r *Rule, name word) *Error {
	if r.directed && r.from != f.info.From && !f.info.Toxic {
		return name.bad("fault %s touches what the %s sends", f.info.Name, f.info.From)
	}
	if f.info.record != nil && r.filter != "" {
		return name.bad("fault %s comes before the first message: it takes no filter", f.info.Name)
	}
	if !r.directed {
		r.from, r.directed = f.info.From, true
	}
	if n, ok := f.values["chunk"]; ok {
		r.skip, r.count = int(n), 1
	}
	if f.info.Name == "skip-id" && r.count == 0 {
		r.count = 1
	}
	return nil
}

func (f *fault) act(p *passage) {
	switch {
	case f.info.Toxic:
		p.session.lines[p.rule.from].arm(p.rule)
	case f.info.act != nil:
		f.info.act(p, f.values)
	}
}

// wantsKind reports whether a message is of the kind that the fault is for, before
// it is counted.
func (f *fault) wantsKind(p *passage) bool {
	return f.info.match != nil && p.message != nil && f.info.match(p)
}

// record is the hook for handshake records.
func (s *session) record(ps *proxy.Session, r proxy.Record) ([][]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return nil, false
	}
	defer s.contain()
	s.meet(ps)
	for _, c := range s.rules {
		f, ok := c.action.(*fault)
		if !ok || f.info.record == nil || f.info.kind != r.Kind || !c.wants(r.From, nil) {
			continue
		}
		if _, spliced := ps.Credentials(); f.info.kind == "credentials" && (!spliced || s.engine.ServerKey == nil) {
			s.engine.report("%s: nothing done, because only a spliced session can be signed anew (%s)", ps, c.Rule)
			continue
		}
		out := f.info.record(s, r, f.values)
		s.engine.report("%s: the %s record was disturbed (%s)", ps, r.Kind, c.Rule)
		return out, true
	}
	return nil, false
}

// disturbs reports whether some rule works below the messages.
func (s *session) disturbs() bool {
	return slices.ContainsFunc(s.rules, func(c *counter) bool {
		f, ok := c.action.(*fault)
		return ok && (f.info.Toxic || f.info.record != nil)
	})
}

// closeAfter and pauseAfter make something happen behind so many bytes of a
// direction.
func (s *session) closeAfter(from stream.Direction, n int) {
	s.lines[from].mark(n, func() { s.proxy.End(from) })
}

func (s *session) pauseAfter(from stream.Direction, n int, d time.Duration) {
	s.lines[from].mark(n, func() { s.engine.sleep(s.proxy, d) })
}

// String names a fault with what it takes.
func (f FaultInfo) String() string { return fmt.Sprintf("%s (%s)", f.Name, f.takes()) }
