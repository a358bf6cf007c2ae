// Package expect judges sessions by a contract: plain text, a rule a line, in the
// words of the filter language. Begin with [Parse], which reads a contract, and
// [Judge], which is fed decoded events and tells what breaks it.
//
//	within 10s photon.msg == "hello"
//	then within 5s photon.msg == "describe"
//	every photon.msg == "ping" answered within 2s
//	never type == "malformed"
//	at least 3 photon.msg == "event" and photon.dir == "device"
//
// Each session is judged by all rules, in the time of its events: the judge has
// no clock, so a live session and its recording are judged alike. What cannot be
// told, because frames are sealed or the input breaks off, is undecided, and never
// passes for kept.
package expect
