package explain

// Most of these options never travel between a Photon and its cloud. Should one
// do so, it is as well explained as the others.
const (
	notHere = " Not used between a Photon and its cloud."
	gen3    = "Gen 3 devices use it in OTA protocol 3; a Photon never does."
)

// optionTexts are of the values of CoAP options.
var optionTexts = map[string]Text{
	"coap.opt.uri_path": {
		"Names what is asked for. The first segment is one letter with Particle: e and E events, f functions, v variables, d description, h hello, t time, u and c updates, s signal.",
		"One option for each segment of the path. Devices send an event's name as one option with slashes in it, servers split it into several; both mean the same.",
		"RFC 7252 §5.10.1; " + here + "4.5; " + fwMsgs},
	"coap.opt.uri_query": {
		"Arguments: a function's argument, the scope of a subscription, flags of a describe, the value of a signal, checksum and number of a firmware chunk.",
		"Raw bytes, not name=value as on the web. The original server splits a function's argument at & into several; devices read only the first.",
		"RFC 7252 §5.10.1; " + here + "4.5; " + fwFuncs},
	"coap.opt.max_age": {
		"How long an event may be kept, in seconds. 60 is meant when it is absent. Devices skip it without reading.",
		"Unsigned integer, big endian. A device sends 3 bytes and only if it is not 60; the Brewskey server always 4; the original server as few as possible.",
		"RFC 7252 §5.10.5; " + here + "4.5; " + fwPublish},
	"coap.opt.no_response": {
		"The sender does not want an answer: a device that says goodbye is gone before one could come. The original server's parser refuses the whole message over it.",
		"Empty, or a bit mask of the classes of answers that are not wanted; empty asks for all of them.",
		"RFC 7967 §2.1; " + here + "4.5; " + here + "8.11; " + fwMsgs},
	"coap.opt.block1": {
		"A payload that does not fit one message is sent in blocks. Block1 describes the block in a request: here a long description (firmware 3.3.0 and later).",
		"1 to 3 bytes: number of the block, one bit that says whether more follow, and three bits of size: 16 times 2 to that power.",
		"RFC 7959 §2.2; " + here + "5.4; " + fw3Desc},
	"coap.opt.block2": {
		"As Block1, for the block in an answer. In a request it asks for a block.",
		"1 to 3 bytes: number of the block, one bit that says whether more follow, and three bits of size: 16 times 2 to that power.",
		"RFC 7959 §2.2; " + here + "5.4; " + fw3Desc},
	"coap.opt.etag": {
		"Names a version of what is answered, so that blocks of different versions are not put together.",
		"1 to 8 bytes that the answerer chooses; they mean nothing but same or not.",
		"RFC 7252 §5.10.6; " + here + "5.4; " + fw3Desc},
	"coap.opt.size1": {
		"Announces how long a body in blocks will be, so that the receiver can refuse it at once." + notHere,
		"Unsigned integer: bytes of the whole body of the request.",
		"RFC 7959 §4"},
	"coap.opt.size2": {
		"Announces how long an answer in blocks will be, or asks for that." + notHere,
		"Unsigned integer: bytes of the whole body of the answer.",
		"RFC 7959 §4"},

	"coap.opt.if_match": {
		"Do it only if the resource still is what I know: two writers do not overwrite each other." + notHere,
		"The ETag of the version that is meant; empty for any that exists.",
		"RFC 7252 §5.10.8.1"},
	"coap.opt.if_none_match": {
		"Do it only if there is no such resource yet." + notHere,
		"Without a value: that it is there is the message.",
		"RFC 7252 §5.10.8.2"},
	"coap.opt.uri_host": {
		"Which of several hosts at one address is meant." + notHere,
		"Text: a name or an address. Absent, the destination of the packet is meant.",
		"RFC 7252 §5.10.1"},
	"coap.opt.uri_port": {
		"The port of the resource, if it is another one than that of the packet." + notHere,
		"Unsigned integer of up to 2 bytes.",
		"RFC 7252 §5.10.1"},
	"coap.opt.observe": {
		"Asks to be told whenever a resource changes. Particle's events do that job with messages of their own." + notHere,
		"In a request 0 begins and 1 ends it; in an answer a number that rises.",
		"RFC 7641 §2"},
	"coap.opt.location_path": {
		"Where what was created can be found: a segment of its path." + notHere,
		"Text, one option for each segment.",
		"RFC 7252 §5.10.7"},
	"coap.opt.location_query": {
		"Where what was created can be found: an argument of its address." + notHere,
		"Text, one option for each argument.",
		"RFC 7252 §5.10.7"},
	"coap.opt.oscore": {
		"Protects the message end to end, through proxies that may not read it. Particle seals below CoAP instead." + notHere,
		"Flags, a partial IV and key identifiers, or empty.",
		"RFC 8613 §2"},
	"coap.opt.content_format": {
		"Says in which format the payload is. With Particle the kind of message says it." + notHere,
		"A number of the registry of content formats, such as 50 for JSON.",
		"RFC 7252 §5.10.3; " + here + "4.5"},
	"coap.opt.accept": {
		"In which format the asker wants the answer." + notHere,
		"A number of the registry of content formats.",
		"RFC 7252 §5.10.4"},
	"coap.opt.hop_limit": {
		"Ends loops: every proxy on the way takes one off." + notHere,
		"One byte, from 1 to 255.",
		"RFC 8768 §3"},
	"coap.opt.q_block1": {
		"As Block1, for networks that lose much: blocks go out without waiting." + notHere,
		"As Block1: number, more, size.",
		"RFC 9177 §4.1"},
	"coap.opt.q_block2": {
		"As Block2, for networks that lose much: blocks go out without waiting." + notHere,
		"As Block2: number, more, size.",
		"RFC 9177 §4.1"},
	"coap.opt.edhoc": {
		"The payload carries a key exchange together with the first protected request." + notHere,
		"Without a value.",
		"RFC 9668 §3.1"},
	"coap.opt.proxy_uri": {
		"The address that a forward proxy shall ask." + notHere,
		"Text: an absolute address.",
		"RFC 7252 §5.10.2"},
	"coap.opt.proxy_scheme": {
		"The scheme of the address that a forward proxy shall ask." + notHere,
		"Text, such as coap.",
		"RFC 7252 §5.10.2"},
	"coap.opt.proxy_cri": {
		"As Proxy-Uri, with the address in a binary form." + notHere,
		"A CRI: the parts of an address in CBOR.",
		"draft-ietf-core-href"},
	"coap.opt.proxy_scheme_number": {
		"As Proxy-Scheme, with a number for the scheme." + notHere,
		"Unsigned integer.",
		"draft-ietf-core-href"},
	"coap.opt.echo": {
		"The answerer gives a value that the asker must repeat: proof that the request is fresh." + notHere,
		"1 to 40 bytes that the answerer chooses.",
		"RFC 9175 §2.2"},
	"coap.opt.request_tag": {
		"Tells bodies in blocks apart that one asker sends at the same time." + notHere,
		"Up to 8 bytes that the asker chooses.",
		"RFC 9175 §3.2"},
	"coap.opt.scp82_params": {
		"Parameters of a secure channel to a smart card." + notHere,
		"Bytes as that specification defines them.",
		"GlobalPlatform GPC_SPE_207"},
	"coap.opt.x_admin_protocol": {
		"Names the protocol that administers a SIM." + notHere,
		"Text.",
		"GSMA SGP.32"},

	"coap.opt.ocf_accept_content_format_version": {
		"Registered for another purpose; Particle took the number 2049 for the index of a chunk. " + gen3,
		"Unsigned integer, big endian, as few bytes as needed.",
		here + "5.8; " + fw3OTA},
	"coap.opt.ocf_content_format_version": {
		"Registered for another purpose; Particle took the number 2053 for the size of the window. " + gen3,
		"Unsigned integer, big endian, as few bytes as needed.",
		here + "5.8; " + fw3OTA},
	"coap.opt.particle_file_size": {
		"How long the image is. " + gen3,
		"Option 2057: unsigned integer, bytes of the image.",
		here + "5.8; " + fw3OTA},
	"coap.opt.particle_file_sha_256": {
		"Proves that all chunks together are the image that was meant, and lets a transfer go on where it was cut. " + gen3,
		"Option 2061: 32 bytes, SHA-256 of the image.",
		here + "5.8; " + fw3OTA},
	"coap.opt.particle_chunk_size": {
		"How the image is cut. " + gen3,
		"Option 2065: unsigned integer, bytes of a chunk.",
		here + "5.8; " + fw3OTA},
	"coap.opt.particle_discard_data": {
		"What was transferred so far is thrown away. " + gen3,
		"Option 2069, without a value.",
		here + "5.8; " + fw3OTA},
	"coap.opt.particle_cancel_update": {
		"Gives the transfer up. " + gen3,
		"Option 2073, without a value.",
		here + "5.8; " + fw3OTA},
}
