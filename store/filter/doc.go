// Package filter is the filter language: it parses an expression, checks its
// types, says what it stands for, and tells which events it matches.
//
// The grammar is Wireshark's (as of 4.0), and so are the names of the CoAP
// fields, so that an expression about CoAP means the same there on a recording
// of ours; see docs/filter.md. Begin with [Parse] and [Filter.Match].
//
//	coap.code == 2.05 and photon.rtt > 500ms
//	photon.msg in {"event", "function-call"} && photon.dir == cloud
//	coap.opt.uri_path contains "temp" or frame.plain[0:2] == 40:02
//	~q ~m event                photon.dir == "device" and photon.msg == "event"
//	unanswered                 a named filter
//
// A field that occurs several times in an event matches if any of its values
// does, except with != and all, which ask it of every value. A field that the
// event does not have matches nothing but "not".
//
// What only later events tell, whether a request was answered, is a [Relation];
// a [Holder] finds it in a stream of events.
package filter
