// Package diagnose says why a Photon does not get online, or does not stay
// there: events in, findings out. Begin with [Diagnoser], which is fed the events
// of a decoder in order, and with [Causes], the catalogue that it finds them in.
//
// A finding names the events and bytes that it rests on. It is certain only where
// they prove it. A capture that ends while a session is under way proves nothing:
// such a session stays without a finding. What is missing from a capture is never
// taken for something that a peer did not send.
//
// What it knows of the peers, of timeouts, of lights and of servers' messages, is
// in docs/protocol.md, sections 1.2, 1.3, 7 and 8.
package diagnose
