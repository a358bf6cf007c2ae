package decode

import "github.com/photonscope/photonscope/decode/field"

// The table of the fields that belong to every event, to the wire, and to the
// handshake. CoAP's own are in coapfields.go, a kind's own in package particle.
var (
	defType      = field.Def{Key: "type", Label: "Event", Type: field.Word, Help: "type of the event: opened, nonce, identity, credentials, message, sealed, malformed, gap, closed or finding"}
	defTime      = field.Def{Key: "time", Label: "Time", Type: field.Word, Help: "when the event's last byte passed, RFC 3339 in UTC with nanoseconds"}
	defSession   = field.Def{Key: "photon.session", Label: "Session", Type: field.Uint, Help: "number of the session, one for both legs of a proxied pair"}
	defLeg       = field.Def{Key: "photon.leg", Label: "Leg", Type: field.Word, Help: "where it was seen: device or cloud (the two legs of the proxy), or tapped (in somebody's capture)"}
	defDeviceEnd = field.Def{Key: "photon.device_addr", Label: "Device address", Type: field.Word, Help: "IP address and port of the connection's end that speaks for the device"}
	defCloudEnd  = field.Def{Key: "photon.cloud_addr", Label: "Cloud address", Type: field.Word, Help: "IP address and port of the connection's end that speaks for the cloud"}
	defDir       = field.Def{Key: "photon.dir", Label: "Direction", Type: field.Word, Help: "who sent the bytes: device or cloud"}
	defDeviceID  = field.Def{Key: "photon.device_id", Label: "Device ID", Type: field.Bytes, Help: "the device's ID, 12 bytes as 24 hex digits, from the identity record"}
	defNonce     = field.Def{Key: "photon.nonce", Label: "Nonce", Type: field.Bytes, Help: "the cloud's 40 random bytes; they name the session in a key log"}
	defMsg       = field.Def{Key: "photon.msg", Label: "Kind", Type: field.Word, Help: "what the message means: one of the kinds in docs/kinds.md"}
	defRTT       = field.Def{Key: "photon.rtt", Label: "Response time", Type: field.Float, Help: "seconds from the request to this answer"}
	defClose     = field.Def{Key: "photon.close", Label: "Closed by", Type: field.Word, Help: "how the direction ended: fin, rst, or cut (the capture or the proxy ended first)"}
	defReason    = field.Def{Key: "photon.reason", Label: "Reason", Type: field.Word, Help: "why a record is not opened or not understood, in words"}
	defOffset    = field.Def{Key: "photon.offset", Label: "Offset", Type: field.Uint, Help: "offset of the first byte that does not fit"}
	defLayer     = field.Def{Key: "photon.layer", Label: "Layer", Type: field.Word, Help: "the layer photon.offset counts in: wire or plain"}
	defGap       = field.Def{Key: "photon.gap", Label: "Missing bytes", Type: field.Uint, Help: "bytes missing from the capture; absent if unknown"}
	defAltered   = field.Def{Key: "photon.altered", Label: "Altered", Type: field.Bool, Help: "the two legs carry different bytes here"}
	defMark      = field.Def{Key: "photon.mark", Label: "Mark", Type: field.Text, Help: "the letters that somebody marked the event with; in captures packet comments such as mark a"}
	defComment   = field.Def{Key: "frame.comment", Label: "Comment", Type: field.Text, Help: "what somebody wrote at the event: the other comments of its packet, as Wireshark shows them, up to 4,096 bytes; a line for each"}
	defFinding   = field.Def{Key: "photon.finding", Label: "Finding", Type: field.Word, Help: "ID of a finding, such as PH-01"}
	defTitle     = field.Def{Key: "photon.finding.title", Label: "Title", Type: field.Word, Help: "the finding in one sentence"}
	defSure      = field.Def{Key: "photon.finding.confidence", Label: "Confidence", Type: field.Word, Help: "certain (the bytes prove it), likely or possible"}
	defEvidence  = field.Def{Key: "photon.finding.evidence", Label: "Evidence", Type: field.Word, Help: "an event that the finding rests on, and what its bytes show", Many: true}
	defRuledOut  = field.Def{Key: "photon.finding.ruled_out", Label: "Ruled out", Type: field.Word, Help: "another cause, and why it is not this one", Many: true}
	defShows     = field.Def{Key: "photon.finding.device", Label: "On the device", Type: field.Word, Help: "what the device does and shows"}
	defRemedy    = field.Def{Key: "photon.finding.remedy", Label: "Remedy", Type: field.Word, Help: "a step; those that begin with $ are commands", Many: true}
	defRepair    = field.Def{Key: "photon.finding.repair", Label: "Repair", Type: field.Word, Help: "the repair of photonscope that lets the session live"}
	defWithdrawn = field.Def{Key: "photon.finding.withdrawn", Label: "Withdrawn", Type: field.Bool, Help: "diagnose printed it before, and keys that came since tell otherwise"}
	defFrameWire = field.Def{Key: "frame.wire", Label: "Wire", Type: field.Bytes, Help: "every byte on the wire, a frame's two length bytes included"}
	defFrameLen  = field.Def{Key: "frame.len", Label: "Length", Type: field.Uint, Help: "number of ciphertext bytes that follow, big endian"}
	defPlain     = field.Def{Key: "frame.plain", Label: "Plain", Type: field.Bytes, Help: "what the record or frame holds once opened: a CoAP message without its padding, or the 214 bytes of an identity"}
	defBlock     = field.Def{Key: "frame.block", Label: "Ciphertext block", Type: field.Bytes, Help: "16 bytes of AES-128-CBC ciphertext; the first block is the IV of the next frame in this direction", Many: true}
	defPadding   = field.Def{Key: "frame.padding", Label: "Padding", Type: field.Bytes, Help: "PKCS #7 padding: 1 to 16 bytes, each holding their number"}
	defRest      = field.Def{Key: "frame.rest", Label: "Not decoded", Type: field.Bytes, Help: "bytes that are not what the protocol has at their place"}

	defSealedID    = field.Def{Key: "photon.identity.sealed", Label: "Sealed identity", Type: field.Bytes, Help: "RSAES-PKCS1-v1_5 with the cloud's 2048-bit public key"}
	defIDNonce     = field.Def{Key: "photon.identity.nonce", Label: "Nonce, repeated", Type: field.Bytes, Help: "the nonce as the device read it"}
	defIDNonceOK   = field.Def{Key: "photon.identity.nonce_ok", Label: "Nonce is the one sent", Type: field.Bool, Help: "the nonce in the identity equals the one the cloud sent"}
	defIDDevice    = field.Def{Key: "photon.identity.device_id", Label: "Device ID", Type: field.Bytes, Help: "the microcontroller's unique ID, a claim until a frame decrypts"}
	defIDKey       = field.Def{Key: "photon.identity.key", Label: "Device public key", Type: field.Bytes, Help: "the key the device announces, SubjectPublicKeyInfo DER"}
	defIDKeyHead   = field.Def{Label: "DER header", Type: field.Bytes, Help: "29 fixed bytes: RSA key, 1024 bits"}
	defIDModulus   = field.Def{Key: "photon.identity.modulus", Label: "Modulus", Type: field.Bytes, Help: "128 bytes at offset 11 of the device's private key slot, unexamined by the device"}
	defIDExponent  = field.Def{Label: "DER trailer", Type: field.Bytes, Help: "5 fixed bytes: exponent 65537"}
	defSealedCreds = field.Def{Key: "photon.credentials.sealed", Label: "Sealed credentials", Type: field.Bytes, Help: "RSAES-PKCS1-v1_5 with the device's 1024-bit public key: AES key, IV and salt"}
	defSignature   = field.Def{Key: "photon.credentials.signature_bytes", Label: "Signature", Type: field.Bytes, Help: "PKCS #1 v1.5 with the cloud's key over the bare HMAC-SHA1(key = the credentials, message = the sealed 128 bytes)"}
	defSigOK       = field.Def{Key: "photon.credentials.signature", Label: "Signature", Type: field.Word, Help: "verified, failed, or not checked (no server key or no salt is known)"}
	defSource      = field.Def{Key: "photon.credentials.source", Label: "Opened by", Type: field.Word, Help: "what opened the credentials: device key, impersonation key, key log, or other leg (of the proxied session: known from there, and proved here)"}
	defOpened      = field.Def{Key: "photon.opened", Label: "Opened", Type: field.Bool, Help: "the handshake record could be opened with the keys given"}
	defKey         = field.Def{Key: "photon.credentials.key", Label: "AES-128 key", Type: field.Secret, Help: "key of both directions"}
	defIV          = field.Def{Key: "photon.credentials.iv", Label: "IV", Type: field.Secret, Help: "initialisation vector of the first frame of both directions"}
	defSalt        = field.Def{Key: "photon.credentials.salt", Label: "Salt", Type: field.Secret, Help: "seeds the device's message ID, token and random number generator"}
)

var envelopeDefs = []*field.Def{
	&defType, &defTime, &defSession, &defLeg, &defDeviceEnd, &defCloudEnd, &defNonce, &defDir, &defDeviceID, &defMsg, &defRTT,
	&defFrameWire, &defPlain, &defFrameLen, &defBlock, &defPadding, &defRest,
	&defOpened, &defSealedID, &defIDNonce, &defIDNonceOK, &defIDDevice, &defIDKey, &defIDModulus,
	&defSealedCreds, &defSignature, &defSigOK, &defSource, &defKey, &defIV, &defSalt,
	&defClose, &defReason, &defLayer, &defOffset, &defGap, &defAltered, &defMark, &defComment, &defFinding, &defTitle,
	&defSure, &defEvidence, &defRuledOut, &defShows, &defRemedy, &defRepair, &defWithdrawn,
}
