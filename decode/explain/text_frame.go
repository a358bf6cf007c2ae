package explain

// envelopeTexts are of the fields that every event has: what photonscope says
// around the bytes.
var envelopeTexts = map[string]Text{
	"type": {
		"A session is more than messages: records of the handshake, frames that no key opens, gaps and ends are told apart here, so that nothing on the wire goes without a word.",
		"From where the bytes stand: the first 40 of the cloud are the nonce, the first 256 of the device the identity, the next 384 of the cloud the credentials, and all that follows are frames.",
		here + "2.1"},
	"time": {
		"Timeouts decide over a session: 2 or 4 s for the hello, 15 s of silence until a ping, 25 s until a device gives up.",
		"When the last byte that the event rests on passed: the packet's time stamp in a capture, the moment of reading in a proxy.",
		here + "1.2"},
	"photon.session": {
		"Two connections of a proxy, to the device and to the cloud, carry one conversation. They share this number.",
		"Counted from 1 in order of appearance. Two legs are one session because the cloud's 40-byte nonce is relayed unchanged, so that both show the same one.",
		here + "2.9"},
	"photon.leg": {
		"What the device said and what reached the cloud may differ, if the proxy was asked to alter something. The leg says which side of the proxy the bytes were seen on.",
		"device and cloud in photonscope's own recordings; tapped in a capture that somebody else took between the two.",
		here + "2.9"},
	"photon.device_addr": {
		"It tells which host on the network the connection comes from. The address is no identity: that is the device ID.",
		"Source address and port of the first TCP packet (SYN). The port is chosen anew by the device for every connection.",
		here + "1.1; particle-iot/device-os@v2.3.1:hal/src/photon/socket_hal.cpp"},
	"photon.cloud_addr": {
		"The device connects to what is stored in its server key slot. A wrong address there is the first thing to look for when nothing arrives.",
		"Destination address and port of the first TCP packet. Port 5683 unless the slot says otherwise.",
		here + "1.1; " + fw + "system/inc/system_cloud.h"},
	"photon.dir": {
		"Key and first IV are the same for both directions, but each has its own chain of IVs and its own message IDs. So the direction belongs to every byte.",
		"The end that opened the TCP connection is the device, the other one the cloud.",
		here + "1.1; " + here + "1.4"},
	"photon.device_id": {
		"The name of the device in every server, file and log: the microcontroller's serial number, which the chip's maker burnt in.",
		"Bytes 40 to 51 of the opened identity, written as 24 hex digits. It is a claim until a frame decrypts: only the holder of the device's private key learns the session's keys.",
		here + "2.3; " + fwChannel},
	"photon.msg": {
		"CoAP knows four methods and some codes. What a message is for follows from its first path letter, or for an answer from the request that it answers.",
		"Requests: method and first Uri-Path letter. Answers: by token, else by message ID, from the request that was seen before.",
		here + "4.3; " + fwMsgs},
	"photon.rtt": {
		"How long the other side took: the network there and back, and the time it worked on the answer. Slow applications show here.",
		"Time of this message minus the time of the request that it answers, as both passed here. A capture beside the device measures another time than one beside the cloud.",
		here + "1.2"},
	"photon.close": {
		"Who ended a connection and how is half of a diagnosis: a device that closes right after the credentials could not read them.",
		"fin: the side closed in order. rst: a reset, after which nothing more counts. cut: the capture or the proxy ended first, so nobody knows.",
		here + "7.5"},
	"photon.reason": {
		"A record that stays closed is no dead end: the reason names the key that would open it, or what is wrong with the bytes.",
		"From what was tried: which keys are at hand, how the decrypted padding looked, at which byte the CoAP parser stopped.",
		here + "2.9; " + here + "7.5"},
	"photon.offset": {
		"Instead of an error for a whole message, the byte that does not fit. Everything before it is still explained.",
		"Counted from 0 in the layer that photon.layer names.",
		here + "1.6"},
	"photon.layer": {
		"The same number means another byte before and after decryption.",
		"wire: bytes as they travelled, a frame's two length bytes included. plain: after decryption, with the padding.",
		here + "1.4"},
	"photon.gap": {
		"A capture may miss packets that the peers had. What follows a gap is read again from the next frame, not guessed.",
		"From TCP's sequence numbers: the first one after the gap minus the next one that was awaited.",
		here + "1.4; RFC 9293 §3.4"},
	"photon.mark": {
		"A letter leads back to the event in the screen, and tells colleagues which one is meant.",
		"Not from the wire: somebody marked it. In a capture it is a comment at the packet, mark a.",
		here + "1.4"},
	"frame.comment": {
		"What somebody thought of these bytes belongs to them: Wireshark shows it at the same packet.",
		"Not from the wire: somebody wrote it. In a capture it is an opt_comment of the packet's block.",
		here + "1.4"},
	"photon.altered": {
		"A proxy that holds, edits or drops messages must not hide it: both versions are recorded, and this marks them.",
		"The same message on the two legs compared byte by byte after decryption. Ciphertext always differs where the legs have different keys.",
		here + "2.9"},
	"photon.finding": {
		"A short name for a conclusion, so that it can be searched for, filtered and cited.",
		"Numbers of the catalogue of causes, such as PH-01 for a device that trusts another server key.",
		here + "7.5"},
	"photon.finding.title": {
		"What happened, in one sentence that needs no manual.",
		"From the pattern on the wire and what the keys at hand prove; the finding's page shows evidence and remedy.",
		here + "7.5"},
	"photon.finding.confidence": {
		"How far to trust the finding: whether to repair at once or to look further first.",
		"Certain if the bytes leave no other cause, likely if everything seen fits and the usual rivals are ruled out, possible if more than one cause leaves this trace.",
		here + "7.5"},
	"photon.finding.evidence": {
		"Where to look to see it with your own eyes: an event, and the bytes in it.",
		"The events that the finding was drawn from, each with the range of its bytes and what they show.",
		here + "7.5"},
	"photon.finding.ruled_out": {
		"Saves trying what cannot be the cause.",
		"Causes with a similar picture, each with the event that speaks against it.",
		here + "7.5"},
	"photon.finding.device": {
		"What somebody who stands before the device sees: to tell whether it is the same trouble.",
		"What the firmware does after this failure: its LED, its error number, and when it tries again.",
		here + "7.5"},
	"photon.finding.remedy": {
		"What to do about it, in order.",
		"Steps of the catalogue, for particle-cli and both servers; what follows a $ can be pasted into a shell.",
		here + "7.5"},
	"photon.finding.repair": {
		"Some defects lie in firmware or server that cannot be changed; the proxy can put right what they send.",
		"The name for --repair, where a repair for this defect exists.",
		here + "7.5"},
	"photon.finding.withdrawn": {
		"A finding may rest on what could not be read yet; a key that comes late may show another cause.",
		"Printed by diagnose alone, at the end of a pipe: the same finding, which was printed before, no longer holds.",
		here + "7.5"},
}

// frameTexts are of the bytes around a message.
var frameTexts = map[string]Text{
	"frame.wire": {
		"What travelled, byte by byte, before any interpretation: the evidence for everything else.",
		"Put together from TCP segments in order of their sequence numbers, each byte once. A frame is two length bytes and the ciphertext.",
		here + "1.4; " + fwChannel},
	"frame.len": {
		"TCP is a stream without borders. The two bytes tell the receiver how many bytes belong to this message. They are not encrypted, so even a sealed session shows the sizes of its messages.",
		"Big endian: first byte times 256 plus second byte. A multiple of 16, at least 16, because AES works on whole blocks.",
		here + "1.4; " + fwChannel},
	"frame.plain": {
		"What the sender meant before it was sealed.",
		"Frames: AES-128-CBC decryption with the session's key and the direction's current IV, then the padding is taken off. Identities: RSA decryption with the cloud's private key, which leaves 214 bytes (52 from a Spark Core before 0.4.0).",
		here + "1.4; " + here + "2.3; " + fwChannel},
	"frame.block": {
		"AES turns 16 bytes into 16 others. Chaining (CBC) mixes each block with the one before, so that equal plaintext does not give equal ciphertext.",
		"c[i] = AES(key, p[i] XOR c[i-1]); for the first block c[-1] is the IV. The first block of a frame is the IV of the next frame in this direction: not the last block, as CBC over a stream would have it.",
		here + "1.4; NIST SP 800-38A §6.2; " + fwChannel},
	"frame.padding": {
		"A message seldom fills whole blocks of 16. Each padding byte holds the number of padding bytes, so the receiver knows what to take off. Devices never check it, servers do.",
		"16 minus the message's length modulo 16, that many times. A message of 16, 32, … bytes gets 16 bytes of 0x10: there always is padding.",
		here + "1.4; RFC 5652 §6.3; " + fwChannel},
	"frame.rest": {
		"What the protocol does not have at this place is shown and never dropped: it may be damage, or something new.",
		"All bytes between those that are understood, up to the end of the layer.",
		here + "1.6"},
}
