package explain

// handshakeTexts are of the three records before the first frame.
var handshakeTexts = map[string]Text{
	"photon.nonce": {
		"A number used once. The device must repeat it inside its sealed identity, so an identity that was recorded earlier is of no use to anybody. It also names the session in a key log.",
		"40 bytes of the cloud's random number generator, sent in clear as soon as the connection stands.",
		here + "2.2; " + spark + "lib/Handshake.js"},
	"photon.opened": {
		"Whether the keys at hand sufficed. Which key opens which record is the one thing to understand about this protocol.",
		"identity: opened by the cloud's private key. credentials: by the device's private key, or known from a key log. With the credentials every frame of the session opens.",
		here + "2.9"},

	"photon.identity.sealed": {
		"The device says who it is so that only the cloud can read it.",
		"Block 00 02 | random bytes other than 00 | 00 | identity, 256 bytes in all, read as a number m; sent is m^65537 mod n with the cloud's 2048-bit modulus n (RSAES-PKCS1-v1_5).",
		"RFC 8017 §7.2.1; " + here + "2.3; " + fwChannel},
	"photon.identity.nonce": {
		"Proof that this identity was made for this connection.",
		"The 40 bytes of the nonce record, in the same order.",
		here + "2.3; " + fwChannel},
	"photon.identity.nonce_ok": {
		"If it differs, an old identity was replayed, or a proxy mixed up two connections. Servers close then.",
		"The 40 bytes inside compared with the 40 that the cloud sent.",
		here + "2.3; " + here + "7.2; " + spark + "lib/Handshake.js"},
	"photon.identity.device_id": {
		"The cloud looks up the device's stored public key by it.",
		"The 12 bytes of the microcontroller's unique ID in memory order.",
		here + "2.3; " + fwChannel},
	"photon.identity.key": {
		"A server that does not know the device yet can store this key. The original server does not compare it with the stored one; the Brewskey server does, and refuses another.",
		"162 bytes: 29 fixed ones, 128 of the modulus, 5 fixed ones. Absent from a Spark Core before firmware 0.4.0, whose identity ends after the ID.",
		here + "2.6; " + here + "2.7; " + fwShake},
	"photon.identity.modulus": {
		"The product of two secret primes: what makes the key this device's own. What was wrongly stored in the key slot shows here, which is a diagnosis by itself.",
		"Bytes 11 to 138 of the device's private key slot, copied unexamined. In a good key that is the modulus; its first bit is set.",
		here + "2.6; " + here + "3.3; " + fwShake},

	"photon.credentials.sealed": {
		"The cloud gives the session its keys so that only this device can read them. A device with another private key fails here and closes.",
		"Block 00 02 | 85 random bytes other than 00 | 00 | 40 credentials, 128 bytes in all, read as a number m; sent is m^65537 mod n with the device's 1024-bit modulus n (RSAES-PKCS1-v1_5).",
		"RFC 8017 §7.2.1; " + here + "2.4; " + fwChannel},
	"photon.credentials.signature_bytes": {
		"Anybody can encrypt with the device's public key. The signature proves that it was the cloud. A device that trusts another server key fails here.",
		"h = HMAC-SHA1(key: the 40 credentials, message: the 128 sealed bytes); block 00 01 | 233 bytes ff | 00 | h, read as a number m; sent is m^d mod n with the cloud's private exponent d. There is no DigestInfo around h, as other signatures of this kind have it.",
		"RFC 8017 §8.2.1; RFC 2104 §2; " + here + "2.4; " + fwShake},
	"photon.credentials.signature": {
		"If it fails, the device hangs up: it holds another server key than the one that signed.",
		"The signature to the power of 65537 mod n gives back the block and in it h, which must be the HMAC computed anew. Not checked if the cloud's key or the salt is not known.",
		here + "2.4; " + fwShake},
	"photon.credentials.source": {
		"How it is known what was sealed: by a private key, or because the proxy that took part wrote it down.",
		"device key: the device's own private key opened it. impersonation key: the one that the proxy registered in its place. key log: a line with the session's nonce. other leg: a proxy passes on the same credentials sealed anew; a key opened the other record of the session, and this record's signature, or else a frame of this leg, proves that they are the same.",
		here + "2.9"},
	"photon.credentials.key": {
		"AES needs a key that both sides know and nobody else. It is made for one session and forgotten after it.",
		"Bytes 0 to 15 of the credentials, drawn at random by the cloud. The same for both directions.",
		here + "2.4; NIST FIPS 197; " + fwChannel},
	"photon.credentials.iv": {
		"Without it the first block of a session would depend on the message alone, so that equal beginnings could be recognised.",
		"Bytes 16 to 31 of the credentials. The first frame of each direction uses it; every later one uses the first 16 ciphertext bytes of the frame before it.",
		here + "1.4; " + here + "2.4; " + fwChannel},
	"photon.credentials.salt": {
		"Where the device begins to count its messages, and what it seeds its random numbers with.",
		"Bytes 32 to 39 of the credentials. The first two, read big endian by firmware up to 0.7.0 and little endian since, are the message ID before the first one. The others: token and random seed of older firmware.",
		here + "2.5; " + fw + "communication/src/lightssl_protocol.h"},
}
