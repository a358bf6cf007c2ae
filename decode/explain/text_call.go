package explain

const maybe = "The description, which names the type, was not seen, so this is a possibility and no fact."

// callTexts are of functions, variables, events and subscriptions.
var callTexts = map[string]Text{
	"photon.func.name": {
		"The application registered it with Particle.function(); the cloud can call it by this name.",
		"The Uri-Path behind f. At most 12 characters before firmware 1.0, 64 since. An answer does not repeat it: there it is taken from the call.",
		here + "5.5; " + fwFuncs},
	"photon.func.arg": {
		"What the function is given: one text, whatever it means to the application.",
		"The first Uri-Query. At most 63 bytes in old firmware, 622 since 1.0, 864 since 3.0.",
		here + "5.5; " + fwFuncs},
	"photon.func.arg_ignored": {
		"A trap: the caller wrote a & into the argument, the original server cut it there, and the device never reads the rest.",
		"Every further Uri-Query.",
		here + "4.5; " + spark + "lib/Messages.js"},
	"photon.func.result": {
		"What the function returned. For a function that the device does not have, no result ever comes.",
		"4 bytes, big endian, two's complement: the int of the application.",
		here + "5.5; " + fwMsgs},

	"photon.var.name": {
		"The application registered it with Particle.variable(); the cloud can ask for it by this name.",
		"The Uri-Path behind v. An answer does not repeat it: there it is taken from the request.",
		here + "5.5; " + fwVars},
	"photon.var.type": {
		"The answer is the bare value. Four bytes may be a number or a short text, so the type must be known from elsewhere.",
		"From the device's description, which lists names and types: 1 bool, 2 int, 4 string, 9 double.",
		here + "5.4; " + here + "5.5; " + fwInfo},
	"photon.var.value": {
		"What the variable held when the device was asked.",
		"bool: 1 byte. int: 4 bytes, big endian, signed. double: IEEE 754, 8 bytes, little endian, unlike all else here. string: its bytes, without an end mark.",
		here + "5.5; " + fwVars},
	"photon.var.raw": {
		maybe,
		"The payload as it is.",
		here + "5.5; " + fwVars},
	"photon.var.as_bool":   {maybe, "1 byte: 0 is false.", here + "5.5; " + fwVars},
	"photon.var.as_int":    {maybe, "4 bytes, big endian, signed.", here + "5.5; " + fwVars},
	"photon.var.as_double": {maybe, "8 bytes, IEEE 754, little endian.", here + "5.5; " + fwVars},
	"photon.var.as_string": {maybe, "The bytes as text.", here + "5.5; " + fwVars},

	"photon.event.name": {
		"Subscribers choose by the beginning of the name. Names that begin with spark or particle are the system's own.",
		"All Uri-Path options behind the letter, joined with slashes: devices send one with slashes in it, servers one for each part.",
		here + "4.5; " + here + "5.6; " + fwPublish},
	"photon.event.public": {
		"A public event may be seen by everybody's subscriptions, a private one by the owner's only.",
		"The letter at the beginning of the path: e public, E private. One bit, 0x20, makes the difference.",
		here + "5.6; " + fwPublish},
	"photon.event.ttl": {
		"How long the cloud may keep the event for those who come later. Devices ignore it.",
		"The option Max-Age; absent it means 60.",
		here + "5.6; RFC 7252 §5.10.5; " + fwPublish},
	"photon.event.data": {
		"What the event says: text of the application's own making.",
		"The payload. At most 63 bytes (Core), 255 (since 0.4.4), 622 (since 1.0), 864 (since 3.0). No data is no payload; an empty text is a marker with nothing behind.",
		here + "5.6; " + fwPublish},

	"photon.subscribe.prefix": {
		"One subscription serves many events: temp gets temp, temperature and temp/kitchen.",
		"The Uri-Path behind e. Compared byte by byte with the beginning of an event's name. After a reconnection older firmware sends it cut to 12 characters.",
		here + "5.6; " + fwSubs},
	"photon.subscribe.scope": {
		"Whose events are meant.",
		"mine: a Uri-Query u. device: the payload names one. all: neither.",
		here + "5.6; " + fwSubs},
	"photon.subscribe.device": {
		"Only the events of this one device are meant.",
		"The payload: the ID as text.",
		here + "5.6; " + fwSubs},
}
