package diagnose

import (
	"cmp"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// Values of decode.Finding.Confidence.
const (
	Certain  = "certain"  // the bytes prove it
	Likely   = "likely"   // it explains all that was seen, and little else does
	Possible = "possible" // it fits, as other causes do
)

// draft is a finding that is being made.
type draft struct {
	id       string
	sure     string
	title    string // "" for the cause's
	evidence []decode.Evidence
	ruledOut []string
	noRepair bool     // that of the catalogue would not help here
	device   string   // what the device shows; "": as the catalogue says
	noCount  bool     // no firmware counts failures here
	remedy   []string // in place of the catalogue's
}

// find tells of a cause, once in a session. at is the event that completed the
// evidence.
func (l *leg) find(at *decode.Event, f draft) {
	told, this := l.d.told[l.session], oneCause(f.id)
	if told.has(this) {
		return
	}
	l.found |= this
	if f.sure != Possible {
		this |= settled
	}
	l.d.told[l.session] = told | this
	cause, place := Find(f.id), l.place()
	body := &decode.Finding{
		ID: f.id, Title: f.title, Confidence: f.sure, Evidence: f.evidence, RuledOut: f.ruledOut,
		Device: place.Fill(cmp.Or(f.device, cause.Device)), Repair: cause.Repair,
	}
	if !f.noCount {
		body.Device += l.attempts()
	}
	if f.title == "" {
		body.Title = cause.Title
	}
	if f.noRepair {
		body.Repair = ""
	}
	remedy := cause.Remedy
	if f.remedy != nil {
		remedy = f.remedy
	}
	for _, step := range remedy {
		body.Remedy = append(body.Remedy, place.Fill(step))
	}
	l.d.out = append(l.d.out, decode.Event{
		At: at.At, Conn: l.conn, Session: l.session, From: at.From, Device: l.device, Known: l.known, Body: body,
	})
}

// settled reports whether something certain or likely was found in the session, on
// either leg: what follows from that is not told.
func (l *leg) settled() bool { return l.d.told[l.session].has(settled) }

// causes is a set of them: a bit for each number.
type causes uint64

const settled causes = 1 // in place of PH-00, which is no cause

// oneCause is the set of the cause with an ID.
func oneCause(id string) causes {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, "PH-"))
	return 1 << n
}

func (c causes) has(some causes) bool { return c&some != 0 }

// count returns how many causes there are.
func (c causes) count() int { return bits.OnesCount64(uint64(c &^ settled)) }

// Place is what the texts of the catalogue leave open. A zero field is filled with
// a word in capitals, or the usual port.
type Place struct {
	Device string // ID
	Host   string // where the device finds its server
	Port   string
}

// Fill puts a place into a text of the catalogue.
func (p Place) Fill(text string) string {
	return strings.NewReplacer(
		"{id}", cmp.Or(p.Device, "DEVICE_ID"), "{host}", cmp.Or(p.Host, "HOST"), "{port}", cmp.Or(p.Port, "5683"),
	).Replace(text)
}

// place is that of the session.
func (l *leg) place() (p Place) {
	if l.known {
		p.Device = l.device.String()
	}
	if a := l.conn.Cloud; a.IsValid() && l.conn.Leg != stream.CloudLeg {
		p.Host, p.Port = a.Addr().Unmap().String(), strconv.Itoa(int(a.Port()))
	}
	return p
}

// attempts says how many connections from the same address have failed already,
// and when the next one comes.
func (l *leg) attempts() string {
	c := l.d.callers[l.conn.Device.Addr()]
	if c == nil || c.failures == 0 {
		return ""
	}
	n := c.failures + 1
	return fmt.Sprintf(" This was failure %d in a row from this address: the next attempt comes about %v later.", n, backoff(n))
}
