// Package explain tells a learner what a field or a byte is, why it is there,
// how it is computed, and where that is written.
//
// Begin with [Of], the text of a field, and with [Explain], which puts an event's
// own values into it: the arithmetic of a CoAP header, the records of the
// handshake, and for what is sealed a command that reproduces it with openssl
// alone ([Commands]). A text belongs to the field's name, not to a screen, so the
// screen, the command line and the documentation say the same.
package explain
