package explain

const inJSON = "A value of the description's JSON, as it stands there. "

// describeTexts are of what a device tells of itself.
var describeTexts = map[string]Text{
	"photon.describe.flags": {
		"The description is long; a server can ask for the part that it needs.",
		"1 byte in a Uri-Query: 1 system (platform, modules), 2 application (functions, variables), 4 metrics, which come binary. Firmware 3.3 refuses a request without it.",
		here + "5.4; " + here + "8.3; " + fwProto},
	"photon.describe.part": {
		"A long description is cut anywhere, in the middle of a word too. Only together the parts are JSON.",
		"The payload of a further block.",
		here + "5.4; " + fw3Desc},
	"photon.describe.binary": {
		"Newer generations describe themselves in a shorter form than JSON. A Photon does not.",
		"Protocol buffers; not decoded.",
		fw3Desc},
	"photon.describe.function": {
		"What the cloud can call.",
		inJSON + "An element of f.",
		here + "5.4; " + fwInfo},
	"photon.describe.variable": {
		"What the cloud can ask for.",
		inJSON + "A key of v.",
		here + "5.4; " + fwInfo},
	"photon.describe.variable_type": {
		"Answers hold the bare value: without the type nobody could read it.",
		inJSON + "The number behind the variable's name: 1 bool, 2 int, 4 string, 9 double.",
		here + "5.4; " + fwInfo},
	"photon.describe.platform_id": {
		"Which board it is: firmware for another one must not be sent.",
		inJSON + "Key p: 0 Core, 6 Photon, 8 P1.",
		here + "5.4; " + fwInfo},
	"photon.describe.hardware": {
		"Boards with a modem or other parts add what is particular to them.",
		inJSON + "A key that the list of known ones does not have.",
		here + "5.4; " + fwInfo},
	"photon.describe.module.max_size": {
		"An update must fit the room of the module that it replaces.",
		inJSON + "Key s of a module: bytes.",
		here + "5.4; " + fwInfo},
	"photon.describe.module.store": {
		"Where the module lies; a factory copy is not the one that runs.",
		inJSON + "Key l of a module: m main, b backup, f factory, t scratch.",
		here + "5.4; " + fwInfo},
	"photon.describe.module.checked": {
		"Which checks the device made of the module when it started.",
		inJSON + "Key vc of a module, a sum of bits: 2 integrity, 4 dependencies, 8 range, 16 platform.",
		here + "5.4; " + fwInfo},
	"photon.describe.module.valid": {
		"A device whose application failed a check starts in safe mode.",
		inJSON + "Key vv of a module: the bits of the checks that passed. All is well if it equals vc.",
		here + "5.4; " + fwInfo},
	"photon.describe.module.hash": {
		"Tells two builds of the same version apart.",
		inJSON + "Key u of the application: SHA-256 of its binary in 64 hex digits.",
		here + "5.4; " + fwInfo},
	"photon.describe.module.function": {
		"What the module is for.",
		inJSON + "Key f of a module: n none, r resource, b bootloader, m monolithic, s system part, u application.",
		here + "5.4; " + fwInfo},
	"photon.describe.module.index": {
		"The system of a Photon has two parts; they are numbered.",
		inJSON + "Key n of a module, a number as text.",
		here + "5.4; " + fwInfo},
	"photon.describe.module.version": {
		"Parts of different versions do not always work together.",
		inJSON + "Key v of a module: a number that rises with every release, such as 2301 for 2.3.1.",
		here + "5.4; " + fwInfo},
	"photon.describe.module.other": {
		"A value that this version of the catalogue does not know by name.",
		inJSON + "Any other key of a module.",
		here + "5.4; " + fwInfo},
	"photon.describe.dependency.function": {
		"The module does not run without that one: a missing one means safe mode.",
		inJSON + "Key f within d of a module, as the module's own f.",
		here + "5.4; " + fwInfo},
	"photon.describe.dependency.index": {
		"Which part is needed.",
		inJSON + "Key n within d of a module.",
		here + "5.4; " + fwInfo},
	"photon.describe.dependency.version": {
		"The lowest version of that part that will do.",
		inJSON + "Key v within d of a module.",
		here + "5.4; " + fwInfo},

	"photon.metrics.head": {
		"Says that what follows is binary and of what sort.",
		"3 bytes: 00, then 04 00, little endian: metrics.",
		here + "5.4; " + fwInfo},
	"photon.metrics.id_size": {
		"So that a reader can skip what it does not know.",
		"2 bytes, little endian: bytes of an ID; 2.",
		here + "5.4; " + fwInfo},
	"photon.metrics.value_size": {
		"So that a reader can skip what it does not know.",
		"2 bytes, little endian: bytes of a value; 4.",
		here + "5.4; " + fwInfo},
	"photon.metrics.id": {
		"Which figure it is, by its number in the firmware.",
		"2 bytes, little endian. If bit 15 is set the value is an error code instead.",
		here + "5.4; " + fwInfo},
	"photon.metrics.value": {
		"The figure itself.",
		"4 bytes, little endian, signed.",
		here + "5.4; " + fwInfo},
}
