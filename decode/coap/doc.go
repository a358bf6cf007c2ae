// Package coap reads and writes the messages of RFC 7252 (the Constrained
// Application Protocol), tolerant of what Photons and their servers really
// send. Begin with [Message], which parses and appends, and with [Options],
// the table of every registered option.
//
// One message, as a frame of a Photon session holds it without its padding:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+---+---+-------+---------------+-------------------------------+
//	| 1 | T |  TKL  |  class.detail |   message ID (big endian)     |
//	+---+---+-------+---------------+-------------------------------+
//	| token, TKL bytes (0 to 8)                                     |
//	+---------------------------------------------------------------+
//	| options, each: delta (4 bits) | length (4 bits)               |
//	|                [delta - 13 in 1 byte, or delta - 269 in 2]     |
//	|                [length - 13 in 1 byte, or length - 269 in 2]   |
//	|                value                                          |
//	+---------------+-----------------------------------------------+
//	| 1 1 1 1 1 1 1 1 | payload, to the end of the message           |
//	+---------------+-----------------------------------------------+
//
// The version is 1. T is 0 CON, 1 NON, 2 ACK, 3 RST. Delta is the difference
// to the number of the option before (0 before the first); a nibble of 13 or 14
// says that one or two bytes follow, 15 is the payload marker or an error. The
// marker 0xff stands only before a payload.
//
// What RFC 7252 forbids and this package accepts is listed by [Message.Quirks].
// Nothing that is accepted loses a byte: appending a parsed message gives the
// bytes it was parsed from.
package coap
