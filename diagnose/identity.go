package diagnose

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
)

// checkIdentity looks at the device's record. What its bytes prove is told at
// once; whether the server takes it shows only later.
func (l *leg) checkIdentity(e *decode.Event, b *decode.Identity) {
	l.kept().id, l.kept().identity = b, bytes.Clone(e.Raw) // the event is not ours to keep
	if !b.Opened {
		return
	}
	if b.HasNonce && !b.NonceOK && !l.lost(stream.FromCloud) && !l.lost(stream.FromDevice) {
		l.find(e, draft{id: "PH-37", sure: Certain, evidence: []decode.Evidence{
			l.nonce.says("the nonce that was sent"),
			l.identity.shows(decode.Plain, 0, lightssl.NonceLen, "another one comes back"),
		}})
	}
	if l.conn.Leg == stream.CloudLeg {
		return // the proxy's own announcement
	}
	l.checkAnnounced(e, b)
	l.meetAgain(e, &b.Identity)
}

// checkAnnounced looks at the public key that the device announces.
func (l *leg) checkAnnounced(e *decode.Event, b *decode.Identity) {
	if len(b.Identity.Key) == 0 {
		return // a Core; the server may have its key
	}
	if f, bad := examine(b.Plain); bad {
		l.find(e, draft{id: f.id, sure: f.sure, evidence: []decode.Evidence{l.identity.shows(decode.Plain, f.start, f.end, f.shows)}, ruledOut: l.keyFits()})
	}
}

// keyFits says what an opened identity rules out.
func (l *leg) keyFits() []string {
	return []string{"PH-01: the identity opens with the server key given", "PH-20: all 256 bytes are there"}
}

// meetAgain compares the device with what its earlier sessions told.
func (l *leg) meetAgain(e *decode.Event, id *lightssl.Identity) {
	dev := remembered(l.d.devices, id.Device)
	if o := dev.open; o != nil && o != l && o.session != l.session && o.nonce.seen() && l.nonce.seen() && o.conn.Device != l.conn.Device && dev.nonce != id.Nonce {
		dev.doubles++
		l.double = true
		l.doubled(e, o, dev.doubles)
	}
	key := printOf(id.Modulus())
	if other, ok := l.d.sharer(key, id.Device); ok {
		l.find(e, draft{id: "PH-31", sure: Likely, evidence: []decode.Evidence{
			l.identity.shows(decode.Plain, modulusAt, modulusAt+modulusLen, "the key that device "+other.String()+" announced before"),
		}})
	}
	if dev.key != (keyPrint{}) && dev.key != key {
		dev.accepted = netip.AddrPort{}
	}
	dev.key, dev.nonce, dev.open = key, id.Nonce, l
}

// sharer returns another device that announced a key before, the one with the least
// ID if there are several.
func (d *Diagnoser) sharer(key keyPrint, than lightssl.DeviceID) (least lightssl.DeviceID, found bool) {
	if key == (keyPrint{}) {
		return least, false
	}
	for id, dev := range d.devices {
		if id != than && dev.key == key && (!found || bytes.Compare(id[:], least[:]) < 0) {
			least, found = id, true
		}
	}
	return least, found
}

// doubled: a session begins while an older one of the same device is open.
func (l *leg) doubled(e *decode.Event, old *leg, times int) {
	f := draft{id: "PH-27", sure: Possible, evidence: []decode.Evidence{
		l.identity.shows(decode.Plain, lightssl.NonceLen, keyAt, fmt.Sprintf("device %s, of which session %d is open since %s", l.device, old.session, old.opened.at().Format("15:04:05.000"))),
	}}
	if times >= 3 {
		f.sure, f.title = Likely, "the device connects again and again while its old session is open: two devices with the same ID and key?"
	}
	l.find(e, f)
}

// endedWithoutCredentials: the identity came, and no session key in return.
func (l *leg) endedWithoutCredentials(e *decode.Event) {
	if l.joined || l.holes != [2]bool{} {
		return
	}
	end := l.end()
	took, waited := end.since(l.opened), end.since(l.identity)
	if part := l.seldom().broken[stream.FromCloud]; part.seen() {
		l.find(e, draft{id: "PH-39", sure: Certain, title: "the server's answer is incomplete", evidence: []decode.Evidence{
			part.says(fmt.Sprintf("only %d of the 384 bytes of the credentials", part.wire)), end.says(closedAfter(waited) + " by the " + sender(end.from)),
		}})
		return
	}
	if end.from == stream.FromDevice {
		if waited >= deviceRecordWait*9/10 {
			sure := Certain
			if l.cut {
				sure = Likely // the server may have refused it by closing, unseen
			}
			l.find(e, draft{id: "PH-39", sure: sure, evidence: []decode.Evidence{
				l.identity.says("the identity was sent"), end.says(fmt.Sprintf("the device closes after %v without an answer", rounded(waited))),
			}})
		}
		return
	}
	if end.event < l.identity.event && l.parts > 1 {
		l.find(e, draft{id: "PH-20", sure: Likely, evidence: []decode.Evidence{
			l.identity.says(fmt.Sprintf("it came in %d pieces", l.parts)), end.says("the server closes before the last of them"),
		}})
		return
	}
	if end.event < l.identity.event {
		l.find(e, draft{id: "PH-39", sure: Possible, title: "the server closes without waiting for the identity", evidence: []decode.Evidence{l.nonce.says("the nonce"), end.says("closed before the identity came")}})
		return
	}
	if limit := atLimit(took); limit > 0 && waited > time.Second/2 {
		l.slowHandshake(e, limit)
		return
	}
	l.refused(e, waited)
}

// atLimit returns the server's limit that a handshake was ended at, or 0.
func atLimit(took time.Duration) time.Duration {
	for _, limit := range serverHandshakeLimits {
		if within(took, limit) {
			return limit
		}
	}
	return 0
}

// slowHandshake: the server's own limit ended the handshake.
func (l *leg) slowHandshake(e *decode.Event, limit time.Duration) {
	l.find(e, draft{id: "PH-23", sure: Certain, evidence: []decode.Evidence{
		l.opened.says("the connection begins"),
		l.end().says(fmt.Sprintf("the server closes %v later: its limit of %v", rounded(l.end().since(l.opened)), limit)),
	}})
}

// refused: the server closed on the identity.
func (l *leg) refused(e *decode.Event, waited time.Duration) {
	end := l.end().says(fmt.Sprintf("the server closes %v after it, without the 384 bytes", rounded(waited)))
	if !l.named {
		l.refusedSealed(e, end)
		return
	}
	seen := l.identity.shows(decode.Plain, 0, len(l.kept().id.Plain), "it opens, with the right nonce")
	if n := len(l.kept().id.Plain); n != lightssl.IdentityPlainLen {
		seen.Shows = fmt.Sprintf("%d bytes of plaintext instead of %d", n, lightssl.IdentityPlainLen)
		l.find(e, draft{id: "PH-41", sure: Likely, evidence: []decode.Evidence{seen, end}})
		return
	}
	evidence := []decode.Evidence{seen, end}
	if l.parts > 1 {
		pieces := l.identity.says(fmt.Sprintf("it came in %d pieces", l.parts))
		l.find(e, draft{id: "PH-20", sure: Likely, evidence: append([]decode.Evidence{pieces}, evidence...), ruledOut: []string{"PH-01: the identity opens with the server key given"}})
		return
	}
	if signer := l.signerHere(); signer != nil {
		if key := l.sealedFor(); key != nil && !key.Equal(signer) {
			evidence[0].Shows = fmt.Sprintf("it opens with %s, but this server signs with %s", l.d.name(key), l.d.name(signer))
			l.find(e, draft{id: "PH-03", sure: Certain, evidence: evidence, ruledOut: []string{"PH-20: all 256 bytes came at once"}})
			return
		}
	}
	l.refusedOpened(e, evidence)
}

// refusedOpened: the server refuses an identity in which nothing is wrong.
func (l *leg) refusedOpened(e *decode.Event, evidence []decode.Evidence) {
	ruledOut := l.keyFits()
	good := ""
	if dev := l.d.devices[l.device]; dev != nil && dev.accepted == l.conn.Cloud && l.conn.Cloud.IsValid() {
		good = "this server accepted the same device with the same key before"
	}
	if l.d.opt.OnFile != nil {
		filed := l.d.opt.OnFile(l.device)
		announced, _ := l.kept().id.Identity.PublicKey()
		shown := l.identity.shows(decode.Plain, modulusAt, modulusAt+modulusLen, "the key that the device announces")
		switch {
		case filed == nil:
			shown.Shows += "; the server has none on file for it"
			l.find(e, draft{id: "PH-08", sure: Certain, evidence: append(evidence, shown), ruledOut: ruledOut})
			return
		case announced != nil && !filed.Equal(announced):
			shown.Shows += " is " + l.d.name(announced) + "; the server has " + l.d.name(filed) + " on file for it"
			l.find(e, draft{id: "PH-09", sure: Certain, evidence: append(evidence, shown), ruledOut: ruledOut})
			return
		}
		good = "the server has this very key on file"
	}
	if good != "" {
		l.find(e, draft{id: "PH-07", sure: Likely, evidence: evidence, ruledOut: append(ruledOut, "PH-08: "+good, "PH-09: "+good)})
		return
	}
	l.unknownOrAnother(e, evidence, ruledOut)
	if n := l.d.opt.Keys.Counts(); n.Servers > 1 {
		evidence = slices.Clone(evidence)
		evidence[0].Shows += ", with one of several server keys given: " + l.keyName()
		l.find(e, draft{id: "PH-03", sure: Possible, evidence: evidence, title: "or the server uses another of the keys given than the one that this device has"})
	}
}

func (l *leg) keyName() string {
	if k := l.sealedFor(); k != nil {
		return l.d.name(k)
	}
	return "not known which"
}

// sealedFor returns the server key that opened the identity, nil if that is not
// known.
func (l *leg) sealedFor() *rsa.PublicKey {
	_, key, err := l.d.opt.Keys.OpenIdentity(l.kept().identity)
	if err != nil {
		return nil
	}
	return key
}

// signerHere returns the key that signs at this server, as far as known.
func (l *leg) signerHere() *rsa.PublicKey {
	if s := l.d.servers[l.conn.Cloud]; s != nil {
		return s.signer
	}
	return nil
}

// refusedSealed: the server closed on an identity that none of the keys given
// opens.
func (l *leg) refusedSealed(e *decode.Event, end decode.Evidence) {
	keys := l.d.opt.Keys.Servers()
	if len(keys) == 0 {
		seen := l.identity.says("sealed; the server's private key (-k) would tell more")
		l.find(e, draft{id: "PH-01", sure: Possible, evidence: []decode.Evidence{seen, end}})
		l.find(e, draft{id: "PH-08", sure: Possible, evidence: []decode.Evidence{seen, end}, title: "or the server does not know this device's public key"})
		return
	}
	f := draft{id: "PH-01", sure: Certain, ruledOut: []string{"PH-02: a key given is RSA of 2048 bits with the exponent 65537"}}
	for _, k := range keys {
		name := l.d.name(&k.PublicKey)
		switch t := try(l.kept().identity, k); {
		case t.tooLarge:
			f.evidence = append(f.evidence, l.identity.says("as a number it is larger than the modulus of "+name+": not sealed for that key, for certain"))
		case t.plain != nil:
			l.find(e, draft{id: "PH-41", sure: Certain, evidence: []decode.Evidence{l.identity.says(fmt.Sprintf("it opens with %s and holds %d bytes: no identity has fewer than %d", name, len(t.plain), keyAt)), end}})
			return
		default:
			f.sure = Likely
			f.evidence = append(f.evidence, l.identity.says("opened with "+name+" it does not begin with 00 02, as every sealed record does"))
		}
	}
	if l.parts > 1 {
		f.ruledOut = append(f.ruledOut, "PH-20: put together, the pieces do not open either")
	} else {
		f.ruledOut = append(f.ruledOut, "PH-20: all 256 bytes came at once")
	}
	f.evidence = append(f.evidence, end)
	l.find(e, f)
}
