// Package lightssl is the security layer between a Particle Photon and its
// cloud over TCP: nonce, identity, credentials, and frames of AES-CBC. The
// name is the firmware's own (Device OS, lightssl_message_channel.h); the older
// SparkProtocol stack of firmware up to 0.7.0 speaks the same bytes.
//
// Begin with [OpenIdentity] and [OpenCredentials] to read a handshake, with
// [Cipher] to read and write frames, with [Keyring] to find the right key, and
// with [CloudEnd] and [DeviceEnd] to be one of the two ends.
//
// # The handshake
//
// Three records, none with a length in front; each side must know them.
//
//	cloud  → device   40  nonce, random, in clear
//	device → cloud   256  identity, RSA-2048 with the cloud's public key
//	cloud  → device  384  credentials, RSA-1024 with the device's public key, and a signature
//
// Identity, after RSAES-PKCS1-v1_5 decryption with the cloud's private key
// (214 bytes; 52 from a Spark Core before firmware 0.4.0, which sends no key):
//
//	 0  40  the nonce, repeated
//	40  12  device ID
//	52 162  device public key, SubjectPublicKeyInfo DER; the 128 bytes of the
//	        modulus lie at 29 within it
//
// Credentials record:
//
//	  0 128  RSAES-PKCS1-v1_5 with the device's public key of the 40 credentials:
//	         AES key (16), IV for both directions (16), salt (8)
//	128 256  signature with the cloud's private key: PKCS #1 v1.5 block type 1
//	         over the bare 20 bytes of HMAC-SHA1(key = the 40 credentials, message =
//	         the 128 bytes before); no DigestInfo
//
// The first message ID of the device is salt[0:2] + 1, read big endian by the
// firmware up to 0.7.0 and little endian since (Device OS, lightssl_message_channel.cpp).
//
// # Frames
//
//	0  2  n, big endian: the number of bytes that follow, a multiple of 16
//	2  n  AES-128-CBC with PKCS #7 padding of one CoAP message
//
// # Traps
//
//   - The next IV of a direction is the first 16 bytes of the ciphertext of its
//     previous frame, not the last block as in CBC over a stream.
//   - Both directions start from the same key and IV, and then run separately.
//   - A direction's whole state is therefore the head of its last frame: one can
//     start at any frame, and a lost frame garbles only the first 16 bytes of the next.
//   - Padding is always there: a message of 16 bytes becomes 32.
//   - The device never checks padding; the servers do.
//   - Servers and firmware lose the session when a record or the two length
//     bytes arrive in pieces, so every record and frame leaves in one Write.
//   - A private key in the device's slot may be DER that strict parsers refuse, and
//     is followed by whatever the flash held ([ParseKey] reads it all the same).
package lightssl
