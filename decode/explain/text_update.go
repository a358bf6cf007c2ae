package explain

const ota3 = " OTA protocol 3, of Gen 3 devices; never of a Photon."

// updateTexts are of firmware updates over the air.
var updateTexts = map[string]Text{
	"photon.ota.flags": {
		"Waiting for an answer to each chunk is slow. In a fast transfer all chunks go out at once, and at the end the device names those it misses.",
		"1 byte, bit 0: the cloud offers a fast transfer, or the device accepts it.",
		here + "5.8; " + fwUpdate},
	"photon.ota.chunk_size": {
		"The image is larger than a message. This is how it is cut.",
		"2 bytes, big endian: bytes of data in each chunk, usually 512, or 256 with the original server.",
		here + "5.8; " + fwUpdate},
	"photon.ota.file_size": {
		"The device checks at once whether it has the room, and knows how many chunks to expect.",
		"4 bytes, big endian: bytes of the image.",
		here + "5.8; " + fwUpdate},
	"photon.ota.destination": {
		"Firmware, system part and stored files lie in different places.",
		"1 byte: 0 firmware, 1 system, 128 application slot.",
		here + "5.8; " + fw + "communication/src/file_transfer.h"},
	"photon.ota.address": {
		"Where in the flash the image goes; a Photon decides that by itself.",
		"4 bytes, big endian; 0 with the Node servers.",
		here + "5.8; " + fwUpdate},
	"photon.ota.crc": {
		"Tells damage on the way. A wrong one is refused and sent again; over TCP it means a broken sender.",
		"4 bytes, big endian: CRC-32 (polynomial 0x04c11db7, reflected, as in zlib, Ethernet and PNG) of this chunk's data alone.",
		here + "5.8; " + fwUpdate},
	"photon.ota.crc_ok": {
		"What the device will find when it checks.",
		"The CRC-32 of the data computed anew and compared.",
		here + "5.8; " + fwUpdate},
	"photon.ota.chunk_index": {
		"Where in the image the chunk belongs: offset = index times chunk size.",
		"2 bytes, big endian, in a second Uri-Query of a fast transfer. Otherwise both sides count, and so does photonscope.",
		here + "5.8; " + fwUpdate},
	"photon.ota.repeated": {
		"A chunk that comes again was asked for, or its answer was late.",
		"The same index was there before in this transfer.",
		here + "5.8"},
	"photon.ota.data": {
		"A piece of the new firmware.",
		"Chunk size bytes of the image. The Node servers fill the last chunk with zeros.",
		here + "5.8; " + spark + "lib/Flasher.js"},
	"photon.ota.received": {
		"How far the transfer is.",
		"Chunks with a right CRC-32, each counted once.",
		here + "5.8"},
	"photon.ota.chunks": {
		"How much there is to transfer.",
		"Image size divided by chunk size, rounded up.",
		here + "5.8; " + fwUpdate},
	"photon.ota.percent": {
		"How far the transfer is, as a progress bar would show it.",
		"100 times the chunks there, divided by the chunks in all.",
		here + "5.8"},
	"photon.ota.missing": {
		"In a fast transfer the device asks at the end for what it lacks.",
		"2 bytes, big endian, for each missing chunk; at most 40 or 50 in one message. The Brewskey server reads only the first.",
		here + "5.8; " + here + "8.11; " + brewskey + "lib/Flasher.js"},
	"photon.ota.report": {
		"The device's verdict on the whole image, before it restarts with it.",
		"JSON, since firmware 0.7.0: r is 0 if all is well, else the code of the check that failed.",
		here + "5.8; " + here + "7.3; " + fwUpdate},
	"photon.ota.sha256": {
		"Proves that all chunks together are the image that was meant." + ota3,
		"32 bytes: SHA-256 of the image.",
		here + "5.8; " + fw3OTA},
	"photon.ota.window": {
		"How far the sender may run ahead of the acknowledgements." + ota3,
		"Unsigned integer: chunks.",
		here + "5.8; " + fw3OTA},
	"photon.ota.discard": {
		"What was transferred so far is thrown away." + ota3,
		"An option without a value: that it is there is the message.",
		here + "5.8; " + fw3OTA},
	"photon.ota.cancel": {
		"The transfer is given up." + ota3,
		"An option without a value: that it is there is the message.",
		here + "5.8; " + fw3OTA},
	"photon.ota.bitmap": {
		"One acknowledgement tells of many chunks." + ota3,
		"A bit for each chunk behind the first one that is missing, in words of 4 bytes, little endian.",
		here + "5.8; " + fw3OTA},
}
