package explain

const (
	u16    = "2 bytes, big endian."
	u32    = "4 bytes, big endian."
	leb128 = "LEB128: seven bits a byte, the lowest first; a set top bit says that another byte follows."
	since3 = " Sent since firmware 3.0.0."
)

// sessionTexts are of the messages that begin, keep and end a session.
var sessionTexts = map[string]Text{
	"photon.request_mid": {
		"An answer does not say what it answers. This leads to the message that does.",
		"The message ID of the request with the same token, or for an acknowledgement with the same ID.",
		here + "4.3"},
	"photon.request": {
		"Where the answer's own kind is only ack or response, the request tells what it is about.",
		"The kind of the request that was paired with this message.",
		here + "4.3"},
	"photon.mid_gap": {
		"Both Node servers hang up over it (Bad Counter): a message of a device must have the ID of the one before plus one.",
		"This ID minus the awaited one, modulo 65536 and read with a sign. Acknowledgements are not counted; an empty confirmable one is counted but not compared.",
		here + "4.4; " + spark + "clients/SparkCore.js"},
	"photon.misnumbered": {
		"A defect of firmware since 0.8.0: it acknowledges pings, signals and key changes under its own next ID. The next message then has one too high, and the server hangs up.",
		"An acknowledgement whose ID is the device's next own one instead of the request's. Firmware 0.4.4 to 0.6.0 sends a second description under a meaningless ID, too.",
		here + "8.2; " + here + "8.4; " + fwProto},
	"photon.msg.reason": {
		"The catalogue is made from firmware and servers that were read. What it does not have is told, not hidden.",
		"Which step of the classification found nothing: the path letter, the request that would be answered, or the answer's form.",
		here + "5"},
	"photon.payload.rest": {
		"The payload is longer than this kind has. Newer firmware may have added something.",
		"All bytes behind the last one that is understood.",
		here + "5"},
	"photon.block": {
		"A long description comes in several messages.",
		"Number from the option Block1 or Block2: its value shifted right by four bits.",
		"RFC 7959 §2.2; " + here + "5.4; " + fw3Desc},
	"photon.block.more": {
		"Tells whether the description is complete.",
		"Bit 3 (0x08) of the option Block1 or Block2.",
		"RFC 7959 §2.2; " + here + "5.4; " + fw3Desc},

	"photon.hello.product_id": {
		"Devices of one product share firmware and fleet settings. A Photon of nobody's product says 6, its platform.",
		u16 + " Compiled into the firmware (PRODUCT_ID).",
		here + "5.2; " + fwMsgs},
	"photon.hello.product_version": {
		"The cloud of a product decides by it which devices need an update.",
		u16 + " Compiled into the firmware (PRODUCT_VERSION); 65535 if the application sets none.",
		here + "5.2; " + fwMsgs},
	"photon.hello.flags": {
		"What the device can do, in one number, so that the cloud need not know every firmware version.",
		u16 + " The sum of the flags below it. Usual: 0 up to firmware 0.7, 2 up to 1.1, 6 up to 1.5, 0x36 from 2.0.",
		here + "5.2; " + fwMsgs},
	"photon.hello.flag": {
		"One ability of the device, or that its last update succeeded.",
		"A bit of the flags, by its name.",
		here + "5.2; " + fwMsgs},
	"photon.hello.platform_id": {
		"Firmware for one board must not reach another.",
		u16 + " 0 Core, 3 a program on a computer, 6 Photon, 8 P1. Core firmware of before 0.4.0 does not send it.",
		here + "5.2; " + fwMsgs},
	"photon.hello.reserved": {
		"Room for something later." + since3,
		"1 byte, 0.",
		here + "5.2; " + fw3Msgs},
	"photon.hello.device_id_length": {
		"Over UDP the hello carries the device's ID. Over TCP the identity already did, so the length is 0." + since3,
		"1 byte: number of bytes that follow as the ID.",
		here + "5.2; " + fw3Msgs},
	"photon.hello.device_id": {
		"Who speaks, where the handshake did not say it." + since3,
		"As many bytes as the length before says; 12 for a whole ID, none over TCP.",
		here + "5.2; " + fw3Msgs},
	"photon.hello.system_version": {
		"The cloud decides by it how to talk to the device and whether its system needs an update." + since3,
		u16 + " Number of the system module, such as 3302 for 3.3.1.",
		here + "5.2; " + fw3Msgs},
	"photon.hello.max_message": {
		"A message longer than the device's buffer makes it disconnect." + since3,
		u16 + " Bytes; 960 for a Photon.",
		here + "5.2; " + here + "1.5; " + fw3Msgs},
	"photon.hello.max_binary": {
		"An image that does not fit the flash is refused; better to know it before sending." + since3,
		u32 + " Bytes of the largest image.",
		here + "5.2; " + fw3Msgs},
	"photon.hello.ota_chunk_size": {
		"Flash is written in pages; chunks of this size fit them." + since3,
		u16 + " Bytes; 512 for a Photon. Earlier firmware tells it in the event spark/hardware/ota_chunk_size.",
		here + "5.2; " + fw3Msgs},
	"photon.presence.device_id": {
		"Old firmware shouts its ID into the local network once per connection, so that an app nearby can find it.",
		"12 bytes in a multicast datagram to 224.0.1.187, not encrypted.",
		here + "1.1; particle-iot/device-os@v0.4.9:communication/src/spark_protocol.cpp"},

	"photon.goodbye.flags": {
		"Only the reasons that apply are sent. The flags say which.",
		leb128 + " 1 cloud, 2 reset, 4 sleep, 8 network; the numbers follow in this order.",
		here + "5.1; " + here + "5.9; " + fwMsgs},
	"photon.goodbye.cloud_reason": {
		"A device that leaves on purpose is no fault; the reason spares a search.",
		leb128 + " 1 error, 2 user, 3 network, 4 listening mode, 5 reset, 6 sleep, 7 unknown.",
		here + "5.9; " + fwReasons},
	"photon.goodbye.reset_reason": {
		"After the reset a device cannot tell any more why it went silent.",
		leb128 + " From 10 unknown to 140 user, as listed.",
		here + "5.9; " + fwReasons},
	"photon.goodbye.sleep_seconds": {
		"The cloud knows when to expect the device back.",
		leb128 + " Seconds.",
		here + "5.1; " + fwMsgs},
	"photon.goodbye.network_reason": {
		"Tells a user who switched Wi-Fi off from a network that broke.",
		leb128 + " 1 error, 2 user, 3 network off, 4 listening, 5 sleep, 6 reset to recover, 7 unknown.",
		here + "5.9; " + fwReasons},

	"photon.time.value": {
		"A Photon has no clock that runs without power, so it asks the cloud once per session. Beware: devices take every 2.05 for the time.",
		u32 + " Seconds since 1970-01-01 00:00 UTC. Firmware up to 0.7.0 takes half of the response time off.",
		here + "5.3; " + fwProto},
	"photon.key_change.discard": {
		"Over UDP a session outlives its connection, so the cloud can ask to forget it. Over TCP there is nothing to forget.",
		"1 byte in a Uri-Query; 1 discards.",
		here + "5.1; " + fwMsgs},
	"photon.signal.on": {
		"Makes the LED shine in all colours, so that one finds this device among others.",
		"1 byte in a Uri-Query; 1 begins, 0 ends.",
		here + "5.7; " + fwProto},
}
