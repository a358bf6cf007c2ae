// Package proxy stands between Particle Photons and their cloud: it accepts a
// device, dials the cloud, relays what the two say to each other and reports
// every byte as a [stream.Item]. It never decodes a message. Begin with
// [Server] and [Server.Serve].
//
// # Modes
//
// In observe mode every byte passes verbatim. In splice mode the proxy is the
// cloud to the device and the device to the cloud, but passes on the cloud's
// nonce and credentials: only their RSA wrapping differs, and from the first
// frame on both legs carry the same bytes, forwarded unread. In terminate mode
// there is no cloud, and a function of the caller is one.
//
// # What a peer may rely on
//
//   - A handshake record (40, 256, 384 bytes) or a frame never leaves in two
//     writes, however it arrived: firmware and servers lose the session when a
//     length or a record comes in pieces. Bytes that form no complete record are
//     passed on as they are two seconds after the last of them.
//   - Half-close passes as half-close, reset as reset.
//   - The device hears nothing before the cloud has sent its whole nonce.
//   - What a peer receives has been reported to [Server.Tap] before.
//
// # Goroutines
//
// Serve accepts, and waits for all others. A goroutine per session dials and then
// hands over to two, one per direction (half), of which the last to end closes
// the session. Each reads one leg and writes the other, holds a buffer only while
// there are bytes in it, and leaves handshake records to goroutines that end with
// them, so that its own stack stays small; once it is silent for a while it goes on
// in a fresh one, for the same reason. Who ends a session marks it over under
// its lock and closes both sockets, which ends both halves. A timer watches the
// handshake and is gone once the credentials have passed.
package proxy
