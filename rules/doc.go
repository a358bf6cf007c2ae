// Package rules says what a proxy does to the messages that pass through it: hold
// them for a person, drop, edit or add some, break things on purpose, and repair
// what is known to be broken. Begin with [Parse] and [New]; [Engine.Hooks] is what
// a proxy.Server takes.
//
// A rule is one line: an action, what it takes, and which messages it is for:
//
//	drop when photon.msg == "ping"
//	edit payload="21.5" from=device when coap.opt.uri_path == "temp"
//	fault corrupt-chunk chunk=17
//
// A rule acts on the message as it came, whatever rules before it did. What no rule
// names is forwarded; as long as nothing was changed in a direction, byte for byte.
package rules
