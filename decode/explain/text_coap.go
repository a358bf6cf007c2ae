package explain

// unnamed are the texts of fields without a name, by their labels.
var unnamed = map[string]Text{
	"Option": {
		"Whatever belongs to a message beside code and payload is an option: path, arguments, lifetime.",
		"A header byte, perhaps one or two more for large numbers, then the value. Options come sorted by number.",
		"RFC 7252 §3.1; " + here + "4.5"},
	"Option header": {
		"A number and a length in one byte: small packets for small devices. Because options are sorted, only the difference to the number before is sent.",
		"Upper four bits: delta to the previous option's number. Lower four: length of the value. 13 means one more byte holds the number minus 13, 14 that two hold it minus 269; 15 is not allowed.",
		"RFC 7252 §3.1; " + here + "4.5"},
	"Payload marker": {
		"An option header of 0xff cannot occur (15 is reserved), so the byte says beyond doubt that options end and payload begins.",
		"Always 0xff. Without payload there is no marker; Particle's devices send one all the same for an event with empty data.",
		"RFC 7252 §3; " + here + "8.9"},
	"DER header": {
		"A key file says what kind of key it holds. The firmware has no ASN.1 writer: it sends these fixed bytes in front of the modulus, whatever the slot holds.",
		"SEQUENCE { SEQUENCE { rsaEncryption, NULL } BIT STRING { SEQUENCE { INTEGER of 129 bytes, the first 00. 29 bytes in all, the same for every 1024-bit RSA key.",
		"RFC 5280 §4.1.2.7; RFC 8017 §A.1.1; " + here + "2.6; " + fwShake},
	"DER trailer": {
		"An RSA public key is modulus and exponent. The exponent is always the same, so the firmware sends it from a constant.",
		"INTEGER of 3 bytes: 01 00 01 = 65537.",
		"RFC 8017 §A.1.1; " + here + "2.6; " + fwShake},
	"JSON": {
		"The description is JSON text. Braces, quotes and commas hold the values together.",
		"Everything between the values that are shown beside it. Key f lists functions, v variables, p the platform, m the modules.",
		"RFC 8259; " + here + "5.4; " + fwInfo},
	"Description": {
		"The cloud learns from it what it can ask of the device, and whether the parts of its firmware fit together.",
		"JSON without white space. Functions and variables come from the application, platform and modules from the system.",
		here + "5.4; " + fwInfo},
	"Module": {
		"Firmware of a Photon is made of parts that are updated one by one: bootloader, two system parts, application. Each names its version and what it needs.",
		"An element of the array m of the description.",
		here + "5.4; " + fwInfo},
	"Metric": {
		"A figure on the health of the device, such as its signal strength or free memory.",
		"An ID of 2 bytes and a value of 4, both little endian.",
		here + "5.4; " + fwInfo},
}

// unknownOption begins the name of an option that no registry has.
const unknownOption = "coap.opt.unknown_"

var unknown = Text{
	"No registry names this number. A receiver that does not know an option may ignore it if its number is even, and must refuse the message if it is odd.",
	"The number is in the name. Its lowest bit says critical, the next unsafe to forward; the value is shown as bytes because nobody says what it means.",
	"RFC 7252 §5.4.1; RFC 7252 §5.4.6"}

// coapTexts are of the CoAP header, token and payload.
var coapTexts = map[string]Text{
	"coap.type": {
		"On a network that loses packets a confirmable message (CON) is repeated until an acknowledgement (ACK) comes. TCP loses none and nobody repeats here, but the protocol was made for UDP as well, so the types are still there: CON means that an answer is welcome.",
		"First byte: 2 bits version (always 1), 2 bits type, 4 bits length of the token.",
		"RFC 7252 §3; RFC 7252 §4.2; " + here + "4.2"},
	"coap.code": {
		"Says what is asked for, or how it went: one byte where HTTP has words and three digits.",
		"3 bits class, 5 bits detail, read as class.detail: 0.01 GET to 0.04 DELETE, 2.xx success, 4.xx the asker's fault, 5.xx the answerer's. 0.00 is an empty message: a ping, or a bare acknowledgement.",
		"RFC 7252 §3; RFC 7252 §12.1; " + here + "4.6"},
	"coap.mid": {
		"It ties an acknowledgement to what it acknowledges. The servers also count it: a message of a device whose ID is not the one before plus one ends the session (Bad Counter).",
		"2 bytes, big endian. A device starts at the first two bytes of the session's salt plus one (big endian up to firmware 0.7.0, little endian since), and adds one for each message that is no acknowledgement. An acknowledgement has the ID of its request.",
		"RFC 7252 §4.4; " + here + "2.5; " + here + "4.4; " + fwChannel},
	"coap.token": {
		"The asker chooses it, the answer repeats it: the only tie between a request and an answer that comes later by itself.",
		"Length in the lower four bits of the first byte; with Particle 0 or 1, never more. Counted up by each side.",
		"RFC 7252 §5.3.1; " + here + "4.1; " + fwMsgs},
	"coap.payload": {
		"What the message is about: an event's data, a function's result, a piece of firmware.",
		"All bytes behind the marker 0xff up to the padding. Its length is not written anywhere: it is what is left. What the bytes mean follows from the kind of message.",
		"RFC 7252 §3; " + here + "5"},
}
