package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/photonscope/photonscope/captures"
	"github.com/photonscope/photonscope/decode"
)

// seen is what a run over captures met, as far as a person must be told of it.
type seen struct {
	sessions map[uint32]bool   // true: it speaks the protocol
	sealed   map[uint32]string // those that stayed closed, and why
	ports    map[uint16]int    // connections by the port of the cloud's side
	heard    []bool            // by session: noted as speaking the protocol, quickly found
}

// manyPorts bounds how many ports are counted: a scan touches them all.
const manyPorts = 64

// add takes an event of any leg.
func (s *seen) add(e *decode.Event) {
	if s.sessions == nil {
		s.sessions, s.sealed, s.ports = make(map[uint32]bool), make(map[uint32]string), make(map[uint16]int)
	}
	switch b := e.Body.(type) {
	case *decode.Opened:
		if !s.sessions[e.Session] {
			s.sessions[e.Session] = false // known by now
		}
		if port := e.Conn.Cloud.Port(); s.ports[port] > 0 || len(s.ports) < manyPorts {
			s.ports[port]++
		}
	case *decode.Credentials:
		s.sessions[e.Session] = true
		if s.sealed[e.Session] = b.Reason; b.Opened {
			delete(s.sealed, e.Session)
		}
	case *decode.Nonce, *decode.Identity, *decode.Message, *decode.Sealed:
		s.hear(e.Session)
	}
}

// hear notes that a session speaks the protocol. Sessions are numbered from 1.
func (s *seen) hear(session uint32) {
	for int(session) >= len(s.heard) {
		s.heard = append(s.heard, false)
	}
	if !s.heard[session] {
		s.heard[session], s.sessions[session] = true, true
	}
}

// lines are what a person should know about a capture.
func (s *seen) lines(c *captures.Stats) []string {
	var lines []string
	switch {
	case c.Packets == 0:
		lines = append(lines, "there is no packet in this capture")
	case !s.ours() && c.UnknownLink < c.Packets:
		lines = append(lines, "nothing of a Photon in this capture ("+s.others(c)+"): devices connect by TCP, mostly to port 5683")
	}
	if c.UnknownLink > 0 {
		lines = append(lines, fmt.Sprintf("link type %v is not read (%d of %s): capture where packets are Ethernet or IP, on the router or the server",
			c.FirstUnknown, c.UnknownLink, count(c.Packets, "packet")))
	}
	if c.Dropped > 0 {
		lines = append(lines, fmt.Sprintf("whoever captured this had to drop %d packets", c.Dropped))
	}
	return append(lines, s.closed()...)
}

func (s *seen) ours() bool {
	for _, ours := range s.sessions {
		if ours {
			return true
		}
	}
	return false
}

// others says what a capture holds that is not ours.
func (s *seen) others(c *captures.Stats) string {
	parts := []string{count(c.Packets, "packet")}
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, what)
		}
	}
	add(c.TCP, fmt.Sprintf("%d of TCP", c.TCP))
	add(c.OtherPorts, fmt.Sprintf("%d of them with other ports than --port", c.OtherPorts))
	add(c.Foreign, count(c.Foreign, "TCP connection")+" of other programs")
	add(c.Connections, count(c.Connections, "TCP connection")+s.toPorts()+" without a handshake or frame")
	add(c.Other, fmt.Sprintf("%d of other protocols", c.Other))
	add(c.Fragments, count(c.Fragments, "IP fragment"))
	add(c.Undecodable-c.UnknownLink, fmt.Sprintf("%d whose headers cannot be read", c.Undecodable-c.UnknownLink))
	add(c.Skipped, fmt.Sprintf("%d decrypted copies without their sessions", c.Skipped))
	return strings.Join(parts, ", ")
}

// toPorts names the ports that most connections went to.
func (s *seen) toPorts() string {
	ports := slices.SortedFunc(maps.Keys(s.ports), func(a, b uint16) int {
		return cmp.Or(cmp.Compare(s.ports[b], s.ports[a]), cmp.Compare(a, b))
	})
	if len(ports) == 0 {
		return ""
	}
	names := make([]string, len(ports))
	for i, port := range ports {
		names[i] = strconv.Itoa(int(port))
	}
	word := " to port "
	if len(ports) > 1 {
		word = " to ports "
	}
	return word + someOf(names, 5)
}

// closed says how many sessions stayed closed, for each reason, the commonest
// first.
func (s *seen) closed() []string {
	reasons := make(map[string]int)
	for _, reason := range s.sealed {
		reasons[strings.TrimPrefix(reason, "sealed: ")]++
	}
	ours := 0
	for _, speaks := range s.sessions {
		if speaks {
			ours++
		}
	}
	var lines []string
	for _, reason := range slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	}) {
		lines = append(lines, fmt.Sprintf("%d of %d sessions stayed sealed: %s", reasons[reason], ours, reason))
	}
	return lines
}
