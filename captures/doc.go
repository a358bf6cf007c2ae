// Package captures reads captures of network traffic into stream items, and
// writes stream items as captures.
//
// Begin with [Read], which turns a pcap or pcapng file or pipe into the items
// that decode.Decoder consumes ([ReadAll]: several of them as one), and with
// [Encoder], which turns items into the blocks of a pcapng recording.
//
// File formats and reassembly are written here, because a capture is hostile
// input: no length in it is believed before its bytes have arrived, and nothing
// it holds makes memory grow beyond the limits in limits.go. Packet headers are
// decoded by gopacket's layers, in packet.go alone.
//
// # Classic pcap (draft-ietf-opsawg-pcap)
//
//	0  4  magic a1b2c3d4 (times in µs) or a1b23c4d (ns), in the file's byte order
//	4  4  version 2.4
//	8  8  unused
//	16 4  longest captured length, not believed
//	20 4  link type in the low 16 bits
//
// and then for each packet
//
//	0  4  seconds since 1970
//	4  4  µs or ns
//	8  4  bytes captured, n
//	12 4  bytes on the wire
//	16 n
//
// # pcapng (draft-ietf-opsawg-pcapng)
//
// Blocks, each with its length at both ends:
//
//	0   4  type
//	4   4  total length n, a multiple of 4
//	8      body
//	n-4 4  n again
//
// A section header (type 0a0d0d0a) begins with 1a2b3c4d in the byte order of its
// section and forgets all interfaces. An interface block (1) gives link type and,
// in options, name (2), resolution of times (9) and their offset (14). Packets
// are enhanced (6), simple (3) or of the old kind (2).
//
// # Damage
//
// Behind what makes no sense reading goes on where the next block or record can be
// made out (damage.go), so that damage costs what it touches and nothing else. The
// error at the end says where it was and how many bytes were passed over.
//
// # Recordings
//
// photonscope's own recordings have the interfaces device-leg, cloud-leg and
// photon-coap, all of raw IP with times in ns. The legs hold what the sockets
// carried, wrapped in synthesised TCP. photon-coap holds the decrypted messages
// as CoAP over UDP for other tools; reading skips it. The flags of a packet on a
// leg say inbound for what photonscope received and outbound for what it sent.
//
// What people write at a packet (note.go) is read from all captures, and written
// at the packet of the leg and at its decrypted copy.
package captures
