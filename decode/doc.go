// Package decode is the passive session: stream items in, typed events out.
// What passes a proxy and what a capture holds goes through it alike.
//
// Begin with [Decoder], which turns items into [Event] values, with [Dissect],
// which explains an event byte by byte, and with [Printer], which writes events
// as NDJSON or text. Below it, decode/stream is the vocabulary of items,
// decode/lightssl the security layer, decode/coap the messages, decode/particle
// their meaning, and decode/field the form in which all of them speak of bytes.
//
// The package and all below it are pure: no sockets, no files, no clocks.
package decode
