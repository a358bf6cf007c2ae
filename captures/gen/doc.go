// Package gen makes captures of made-up sessions between Photons and a cloud,
// for tests and benchmarks: as many packets as wanted, the same bytes every
// time, and a [Truth] beside them that says what is inside.
//
// Begin with [Traffic], whose Write puts a capture into an io.Writer. Handshakes
// are real, made with the keys of package sim, and frames are really sealed;
// checksums are right. What a network and a capture do to packets (reordering,
// retransmission, loss, fragments) is chosen by number.
//
// The package does not import captures, so that the tests of captures can
// import it: what it writes, it writes on its own.
package gen
