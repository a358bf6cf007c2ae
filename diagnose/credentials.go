package diagnose

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"math/big"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// takeCredentials takes the cloud's second record, or the news that it was opened
// late.
func (l *leg) takeCredentials(e *decode.Event, b *decode.Credentials, m mark) {
	l.key = sessionKey{
		known: b.Opened, byDevice: b.Source == "device key",
		signed: b.Signature == lightssl.SignatureVerified.String(), failed: b.Signature == lightssl.SignatureFailed.String(),
	}
	if e.Raw == nil && l.credentials.seen() {
		return
	}
	l.credentials = m
	if len(e.Raw) != lightssl.CredentialsRecordLen {
		return
	}
	l.kept().credentials = bytes.Clone(e.Raw) // the event is not ours to keep
	l.forgetRecords()
	for _, k := range l.d.opt.Keys.ServerPublics() {
		if by, _ := signer(e.Raw[lightssl.SealedCredentialsLen:], k); by == byThisKey {
			remembered(l.d.servers, l.conn.Cloud).signer = k
		}
	}
}

// endedWithoutHello: the session key came, and the device said nothing after it.
func (l *leg) endedWithoutHello(e *decode.Event) {
	if l.lost(stream.FromDevice) || l.holes[stream.FromCloud] || l.kept().credentials == nil {
		return
	}
	if l.end().from == stream.FromCloud {
		if limit := atLimit(l.end().since(l.opened)); limit > 0 {
			l.slowHandshake(e, limit)
			return
		}
		l.find(e, draft{id: "PH-19", sure: Possible, title: "the server closes right after the session key", evidence: []decode.Evidence{
			l.credentials.says("the session key"), l.end().says(closedAfter(l.end().since(l.credentials)) + " by the server, before the device's Hello"),
		}})
		return
	}
	waited := l.end().since(l.credentials)
	if waited > 5*time.Second {
		return // it did not refuse, but went away
	}
	end := l.end().says(fmt.Sprintf("the device closes %v after it, without a Hello", rounded(waited)))
	ruledOut, wrong := l.checkSignature(e, end)
	if !wrong {
		l.cannotDecrypt(e, end, ruledOut)
	}
}

// checkSignature finds what is wrong with the signature of credentials that a
// device has refused. It returns what it ruled out if it finds nothing.
func (l *leg) checkSignature(e *decode.Event, end decode.Evidence) (ruledOut []string, wrong bool) {
	publics := l.d.opt.Keys.ServerPublics()
	sure := Likely // the device may trust another key than those given
	if k := l.sealedFor(); k != nil {
		publics, sure = []*rsa.PublicKey{k}, Certain
	}
	if len(publics) == 0 {
		return nil, false
	}
	f := draft{id: "PH-24", sure: sure}
	of := func(start, n int, shows string) {
		f.evidence = append(f.evidence, l.credentials.shows(decode.Wire, start, start+n, shows))
	}
	for _, k := range publics {
		switch by, held := signer(l.kept().credentials[lightssl.SealedCredentialsLen:], k); by {
		case byThisKey:
			if !l.key.known || !l.key.failed {
				return []string{"PH-24: the signature is one of " + l.d.name(k)}, false
			}
			f.evidence = nil
			of(0, lightssl.SealedCredentialsLen, "the sealed session key")
			of(lightssl.SealedCredentialsLen, lightssl.SignatureLen, "signed with "+l.d.name(k)+", but the HMAC inside is not that of these bytes")
			f.sure = sure
			f.evidence = append(f.evidence, end)
			l.find(e, f)
			return nil, true
		case withAnother:
			of(lightssl.SealedCredentialsLen, lightssl.SignatureLen, fmt.Sprintf("signed with %s over %d bytes instead of the bare 20 of the HMAC", l.d.name(k), len(held)))
		default:
			of(lightssl.SealedCredentialsLen, lightssl.SignatureLen, "not signed with "+l.d.name(k)+", for which the device sealed its identity")
		}
	}
	f.evidence = append(f.evidence, end)
	l.find(e, f)
	return nil, true
}

// cannotDecrypt: the device refused credentials whose signature is right: it
// cannot open them.
func (l *leg) cannotDecrypt(e *decode.Event, end decode.Evidence, ruledOut []string) {
	sealed := l.kept().credentials[:lightssl.SealedCredentialsLen]
	f := draft{id: "PH-09", sure: Likely, ruledOut: ruledOut}
	of := func(shows string) decode.Evidence {
		return l.credentials.shows(decode.Wire, 0, lightssl.SealedCredentialsLen, shows)
	}
	announced := []byte(nil)
	if l.named {
		announced = l.kept().id.Identity.Modulus()
	}
	private := l.privateOf(announced)
	switch {
	case announced == nil && private == nil:
		f.evidence = append(f.evidence, of("sealed for the key that the server has for the device"))
		f.sure = Possible
	case private == nil && new(big.Int).SetBytes(sealed).Cmp(new(big.Int).SetBytes(announced)) >= 0:
		f.sure = Certain
		f.evidence = append(f.evidence, of("as a number it is larger than the modulus that the device announced: not sealed for that key, for certain"))
	case private == nil:
		f.evidence = append(f.evidence, of("sealed for the key that the server has for the device, which seems to be another than it announced"))
	default:
		t := try(sealed, private)
		if t.plain != nil {
			l.refusedGood(e, end, len(t.plain), ruledOut)
			return
		}
		f.sure = Certain
		f.evidence = append(f.evidence, of("it does not open with the key that the device announced, "+l.d.name(&private.PublicKey)))
	}
	for _, k := range l.d.opt.Keys.Devices(lightssl.AnyRole) {
		if private == k || new(big.Int).SetBytes(announced).Cmp(k.N) == 0 {
			continue
		}
		if t := try(sealed, k); t.plain != nil {
			f.sure = Certain
			f.evidence = append(f.evidence, of("it opens with "+l.d.name(&k.PublicKey)+": that is the key that the server has on file"))
		}
	}
	f.evidence = append(f.evidence, end)
	l.find(e, f)
}

// refusedGood: credentials open with the device's own key and are signed rightly.
func (l *leg) refusedGood(e *decode.Event, end decode.Evidence, n int, ruledOut []string) {
	shown := l.credentials.shows(decode.Wire, 0, lightssl.SealedCredentialsLen, fmt.Sprintf("it opens with the device's key and holds %d bytes", n))
	if n != lightssl.CredentialsLen {
		l.find(e, draft{id: "PH-42", sure: Certain, evidence: []decode.Evidence{shown, end}, ruledOut: ruledOut})
		return
	}
	l.find(e, draft{id: "PH-12", sure: Possible, title: "the device cannot use its private key, though its public half is right", evidence: []decode.Evidence{shown, end}, ruledOut: ruledOut})
}

// privateOf returns the private key with a modulus, nil if it is not given. A
// device that announced none has any.
func (l *leg) privateOf(modulus []byte) *rsa.PrivateKey {
	if modulus == nil {
		return nil
	}
	for _, k := range l.d.opt.Keys.Devices(lightssl.AnyRole) {
		if bytes.Equal(k.N.FillBytes(make([]byte, k.Size())), modulus) {
			return k
		}
	}
	return nil
}
