package particle

import (
	"slices"

	"github.com/photonscope/photonscope/decode/field"
)

// The table of the fields that kinds have. Integers are big endian on the wire
// unless the help says otherwise.
var (
	defRequestMID  = field.Def{Key: "photon.request_mid", Label: "Answers ID", Type: field.Uint, Help: "message ID of the message that this one answers"}
	defRequestKind = field.Def{Key: "photon.request", Label: "Answers", Type: field.Word, Help: "kind of the message that this one answers, where its own kind does not tell"}
	defMIDGap      = field.Def{Key: "photon.mid_gap", Label: "ID gap", Type: field.Int, Help: "this message ID minus the one that servers expect, if it is another: they hang up then"}
	defMisnumbered = field.Def{Key: "photon.misnumbered", Label: "Under a wrong ID", Type: field.Bool, Help: "an acknowledgement under an ID that is not its request's, as newer firmware sends it for pings, signals and key changes, and 0.4.4 to 0.6.0 as a second description"}
	defGeneric     = field.Def{Key: "photon.msg.reason", Label: "Not in the catalogue", Type: field.Word, Help: "why the kind is no better one than request, response or ack"}
	defRest        = field.Def{Key: "photon.payload.rest", Label: "Not decoded", Type: field.Bytes, Help: "bytes of the payload that the kind does not have"}
	defBlock       = field.Def{Key: "photon.block", Label: "Block", Type: field.Uint, Help: "number of a block of a description that does not fit one message, from 0 (RFC 7959)"}
	defBlockMore   = field.Def{Key: "photon.block.more", Label: "More blocks follow", Type: field.Bool, Help: "further blocks follow this one (RFC 7959)"}

	defProductID     = field.Def{Key: "photon.hello.product_id", Label: "Product ID", Type: field.Uint, Help: "2 bytes; 6 for an unregistered Photon, 8 P1, 0 Core, 65535 possible"}
	defProductVer    = field.Def{Key: "photon.hello.product_version", Label: "Product firmware version", Type: field.Uint, Help: "2 bytes; 65535 if the application sets none"}
	defHelloFlags    = field.Def{Key: "photon.hello.flags", Label: "Flags", Type: field.Uint, Help: "2 bytes; one photon.hello.flag for each bit that is set"}
	defHelloFlag     = field.Def{Key: "photon.hello.flag", Label: "Flag", Type: field.Word, Help: "a bit of photon.hello.flags: ota-succeeded 0x01, diagnostics 0x02, immediate-updates 0x04, reserved 0x08, goodbye 0x10, self-describe 0x20, compressed-ota 0x40, ota-3 0x80", Many: true}
	defPlatform      = field.Def{Key: "photon.hello.platform_id", Label: "Platform", Type: field.Uint, Help: "2 bytes; 0 Core, 6 Photon, 8 P1; absent from Core firmware"}
	defHelloReserved = field.Def{Key: "photon.hello.reserved", Label: "Reserved", Type: field.Uint, Help: "1 byte, 0 (since 3.0.0)"}
	defHelloIDLen    = field.Def{Key: "photon.hello.device_id_length", Label: "Length of the device ID", Type: field.Uint, Help: "1 byte, 0 over TCP (since 3.0.0)"}
	defHelloID       = field.Def{Key: "photon.hello.device_id", Label: "Device ID", Type: field.Bytes, Help: "the device's ID, if the hello holds it"}
	defHelloModule   = field.Def{Key: "photon.hello.system_version", Label: "System version", Type: field.Uint, Help: "2 bytes; version of the system module, such as 3302 for 3.3.1 (since 3.0.0)"}
	defHelloMaxMsg   = field.Def{Key: "photon.hello.max_message", Label: "Largest message", Type: field.Uint, Help: "2 bytes; size in bytes of the largest message the device can take (since 3.0.0)"}
	defHelloMaxBin   = field.Def{Key: "photon.hello.max_binary", Label: "Largest image", Type: field.Uint, Help: "4 bytes; size in bytes of the largest firmware image (since 3.0.0)"}
	defHelloChunk    = field.Def{Key: "photon.hello.ota_chunk_size", Label: "Chunk size", Type: field.Uint, Help: "2 bytes; size in bytes of a firmware chunk that the device prefers (since 3.0.0)"}
	defPresenceID    = field.Def{Key: "photon.presence.device_id", Label: "Device ID", Type: field.Bytes, Help: "the device's ID, 12 bytes"}

	defGoodbyeFlags   = field.Def{Key: "photon.goodbye.flags", Label: "Flags", Type: field.Uint, Help: "LEB128; which of the reasons follow, in the order of their bits: 1 cloud, 2 reset, 4 sleep, 8 network"}
	defGoodbyeCloud   = field.Def{Key: "photon.goodbye.cloud_reason", Label: "Reason to disconnect", Type: field.Uint, Help: "LEB128; 1 error, 2 user, 3 network disconnect, 4 listening mode, 5 system reset, 6 sleep, 7 unknown (particle-iot/device-os@v2.3.1:services/inc/system_defs.h)"}
	defGoodbyeReset   = field.Def{Key: "photon.goodbye.reset_reason", Label: "Reason to reset", Type: field.Uint, Help: "LEB128; 10 unknown, 20 pin, 30 power management, 40 power down, 50 brownout, 60 watchdog, 70 update, 80 update error, 90 update timeout, 100 factory reset, 110 safe mode, 120 DFU, 130 panic, 140 user"}
	defGoodbyeSleep   = field.Def{Key: "photon.goodbye.sleep_seconds", Label: "Sleeps for (s)", Type: field.Uint, Help: "LEB128; seconds the device means to sleep"}
	defGoodbyeNetwork = field.Def{Key: "photon.goodbye.network_reason", Label: "Reason to leave the network", Type: field.Uint, Help: "LEB128; 1 error, 2 user, 3 network off, 4 listening mode, 5 sleep, 6 reset to recover from cloud errors, 7 unknown"}

	defTimeValue = field.Def{Key: "photon.time.value", Label: "Time", Type: field.Uint, Help: "4 bytes; seconds since 1970-01-01 UTC"}

	defKeyChange = field.Def{Key: "photon.key_change.discard", Label: "Discard the session", Type: field.Uint, Help: "1 byte; 1 asks to discard the session"}
	defSignalOn  = field.Def{Key: "photon.signal.on", Label: "On", Type: field.Bool, Help: "1 byte; whether the LED shall shine in rainbow colours"}

	defFuncName   = field.Def{Key: "photon.func.name", Label: "Function", Type: field.Text, Help: "name of the function; in its result taken from the call"}
	defFuncArg    = field.Def{Key: "photon.func.arg", Label: "Argument", Type: field.Text, Help: "the argument as the device reads it: the first Uri-Query"}
	defFuncMore   = field.Def{Key: "photon.func.arg_ignored", Label: "Ignored by devices", Type: field.Text, Help: "further Uri-Query options: the original server splits an argument at &, devices read the first part", Many: true}
	defFuncResult = field.Def{Key: "photon.func.result", Label: "Result", Type: field.Int, Help: "4 bytes, signed; what the function returned"}

	defVarName   = field.Def{Key: "photon.var.name", Label: "Variable", Type: field.Text, Help: "name of the variable; in its value taken from the request"}
	defVarType   = field.Def{Key: "photon.var.type", Label: "Type", Type: field.Word, Help: "bool, int, double or string, from the description; unknown if none was seen"}
	defVarValue  = field.Def{Key: "photon.var.value", Label: "Value", Type: field.Any, Help: "the value; true or false, a number, or text by photon.var.type: bool 1 byte, int 4 bytes, double 8 bytes little endian; absent if the type is unknown"}
	defVarRaw    = field.Def{Key: "photon.var.raw", Label: "Value of unknown type", Type: field.Bytes, Help: "the value's bytes, if its type is unknown or does not fit"}
	defVarAsBool = field.Def{Key: "photon.var.as_bool", Label: "If it is a bool", Type: field.Bool, Help: "a possible reading of photon.var.raw, not a fact"}
	defVarAsInt  = field.Def{Key: "photon.var.as_int", Label: "If it is an int", Type: field.Int, Help: "a possible reading of photon.var.raw, not a fact"}
	defVarAsDbl  = field.Def{Key: "photon.var.as_double", Label: "If it is a double", Type: field.Float, Help: "a possible reading of photon.var.raw, not a fact"}
	defVarAsText = field.Def{Key: "photon.var.as_string", Label: "If it is a string", Type: field.Text, Help: "a possible reading of photon.var.raw, not a fact"}

	defEventName   = field.Def{Key: "photon.event.name", Label: "Event", Type: field.Text, Help: "name of the event; parts joined with slashes"}
	defEventPublic = field.Def{Key: "photon.event.public", Label: "Public", Type: field.Bool, Help: "true for e, false for E as the first Uri-Path"}
	defEventTTL    = field.Def{Key: "photon.event.ttl", Label: "Time to live (s)", Type: field.Uint, Help: "seconds, from Max-Age; 60 if that is absent; devices ignore it"}
	defEventData   = field.Def{Key: "photon.event.data", Label: "Data", Type: field.Text, Help: "the event's data; absent if the application published none, empty if it published an empty text"}

	defSubPrefix = field.Def{Key: "photon.subscribe.prefix", Label: "Prefix", Type: field.Text, Help: "events whose name begins so are meant"}
	defSubScope  = field.Def{Key: "photon.subscribe.scope", Label: "Scope", Type: field.Word, Help: "all (every device's public events), mine (those of the owner's devices: Uri-Query u) or device (those of one device)"}
	defSubDevice = field.Def{Key: "photon.subscribe.device", Label: "Device", Type: field.Text, Help: "ID of the device whose events are meant, as text"}

	defDescFlags    = field.Def{Key: "photon.describe.flags", Label: "Flags", Type: field.Uint, Help: "1 byte; 1 system, 2 application, 4 metrics; without it system and application are meant"}
	defDescription  = field.Def{Label: "Description", Help: "JSON: what the device offers and what it consists of"}
	defDescSyntax   = field.Def{Label: "JSON", Type: field.Text, Help: "what joins the values"}
	defDescPart     = field.Def{Key: "photon.describe.part", Label: "Part of a description", Type: field.Text, Help: "a further block of a description, which begins and ends anywhere"}
	defDescBinary   = field.Def{Key: "photon.describe.binary", Label: "Binary description", Type: field.Bytes, Help: "a description that is no JSON: protocol buffers, as firmware of Gen 3 sends it"}
	defDescFunction = field.Def{Key: "photon.describe.function", Label: "Function", Type: field.Text, Help: "name of a function of the application", Many: true}
	defDescVariable = field.Def{Key: "photon.describe.variable", Label: "Variable", Type: field.Text, Help: "name of a variable of the application", Many: true}
	defDescVarType  = field.Def{Key: "photon.describe.variable_type", Label: "Type", Type: field.Word, Help: "type of the variable at the same place in photon.describe.variable: 1 bool, 2 int, 4 string, 9 double", Many: true}
	defDescPlatform = field.Def{Key: "photon.describe.platform_id", Label: "Platform", Type: field.Uint, Help: "0 Core, 6 Photon, 8 P1"}
	defDescHardware = field.Def{Key: "photon.describe.hardware", Label: "Hardware", Type: field.Text, Help: "a further value of the description", Many: true}
	defModule       = field.Def{Label: "Module", Help: "a module of the firmware"}
	defModSize      = field.Def{Key: "photon.describe.module.max_size", Label: "Room (bytes)", Type: field.Text, Help: "s: bytes that the module may take", Many: true}
	defModStore     = field.Def{Key: "photon.describe.module.store", Label: "Location", Type: field.Text, Help: "l: m main, b backup, f factory, t scratch", Many: true}
	defModChecked   = field.Def{Key: "photon.describe.module.checked", Label: "Checks made", Type: field.Text, Help: "vc: bits of the validity checks made: 2 integrity, 4 dependencies, 8 range, 16 platform", Many: true}
	defModResult    = field.Def{Key: "photon.describe.module.valid", Label: "Checks passed", Type: field.Text, Help: "vv: bits of the validity checks passed; the module is valid if they equal vc", Many: true}
	defModHash      = field.Def{Key: "photon.describe.module.hash", Label: "Hash", Type: field.Text, Help: "u: SHA-256 of the application, in hex", Many: true}
	defModFunction  = field.Def{Key: "photon.describe.module.function", Label: "Module", Type: field.Text, Help: "f: n none, r resource, b bootloader, m monolithic, s system part, u application", Many: true}
	defModIndex     = field.Def{Key: "photon.describe.module.index", Label: "Index", Type: field.Text, Help: "n: number of the part, from 1", Many: true}
	defModVersion   = field.Def{Key: "photon.describe.module.version", Label: "Version", Type: field.Text, Help: "v: version of the module, such as 2301 for 2.3.1", Many: true}
	defModOther     = field.Def{Key: "photon.describe.module.other", Label: "Further value", Type: field.Text, Help: "a value of the module under another key", Many: true}
	defDepFunction  = field.Def{Key: "photon.describe.dependency.function", Label: "Needs module", Type: field.Text, Help: "f of a module that this one needs", Many: true}
	defDepIndex     = field.Def{Key: "photon.describe.dependency.index", Label: "Needs index", Type: field.Text, Help: "n of a module that this one needs", Many: true}
	defDepVersion   = field.Def{Key: "photon.describe.dependency.version", Label: "Needs version", Type: field.Text, Help: "v of a module that this one needs", Many: true}

	defMetricsHead   = field.Def{Key: "photon.metrics.head", Label: "Binary metrics", Type: field.Bytes, Help: "00 for binary, then the type, 2 bytes little endian: 4 metrics"}
	defMetricsIDLen  = field.Def{Key: "photon.metrics.id_size", Label: "Size of an ID", Type: field.Uint, Help: "2 bytes little endian; 2"}
	defMetricsValLen = field.Def{Key: "photon.metrics.value_size", Label: "Size of a value", Type: field.Uint, Help: "2 bytes little endian; 4"}
	defMetric        = field.Def{Label: "Metric", Help: "one diagnostic figure"}
	defMetricID      = field.Def{Key: "photon.metrics.id", Label: "ID", Type: field.Uint, Help: "2 bytes little endian; bit 15 says that the value is an error code", Many: true}
	defMetricValue   = field.Def{Key: "photon.metrics.value", Label: "Value", Type: field.Int, Help: "4 bytes little endian, signed", Many: true}

	defOTAFlags    = field.Def{Key: "photon.ota.flags", Label: "Flags", Type: field.Uint, Help: "1 byte; bit 0: fast transfer, in which chunks are not awaited one by one, is offered (update-begin) or accepted (update-ready)"}
	defOTAChunkLen = field.Def{Key: "photon.ota.chunk_size", Label: "Chunk size", Type: field.Uint, Help: "2 bytes; bytes of data in a chunk"}
	defOTASize     = field.Def{Key: "photon.ota.file_size", Label: "Image size", Type: field.Uint, Help: "4 bytes; bytes of the image"}
	defOTADest     = field.Def{Key: "photon.ota.destination", Label: "Destination", Type: field.Uint, Help: "1 byte; 0 firmware, 1 system, 128 application slot"}
	defOTAAddress  = field.Def{Key: "photon.ota.address", Label: "Address", Type: field.Uint, Help: "4 bytes; where the image goes"}
	defOTACRC      = field.Def{Key: "photon.ota.crc", Label: "CRC-32", Type: field.Uint, Help: "4 bytes; CRC-32 (IEEE, as zlib) of the chunk's data"}
	defOTACRCOK    = field.Def{Key: "photon.ota.crc_ok", Label: "CRC-32 is right", Type: field.Bool, Help: "the chunk's CRC-32 is that of its data"}
	defOTAIndex    = field.Def{Key: "photon.ota.chunk_index", Label: "Chunk", Type: field.Uint, Help: "2 bytes; number of the chunk from 0; without fast transfer it is not on the wire but counted"}
	defOTARepeated = field.Def{Key: "photon.ota.repeated", Label: "Repeated", Type: field.Bool, Help: "the chunk was there before"}
	defOTAData     = field.Def{Key: "photon.ota.data", Label: "Data", Type: field.Bytes, Help: "the chunk's data; the Node servers fill the last one with zeros"}
	defOTAReceived = field.Def{Key: "photon.ota.received", Label: "Chunks there", Type: field.Uint, Help: "chunks of the image that went by with a right CRC-32"}
	defOTATotal    = field.Def{Key: "photon.ota.chunks", Label: "Chunks in all", Type: field.Uint, Help: "chunks of the whole image; absent if its size was not announced"}
	defOTAPercent  = field.Def{Key: "photon.ota.percent", Label: "Progress (%)", Type: field.Float, Help: "how much of the image is there, from 0 to 100"}
	defOTAMissing  = field.Def{Key: "photon.ota.missing", Label: "Missing chunk", Type: field.Uint, Help: "2 bytes; number of a chunk that the device asks for again", Many: true}
	defOTAReport   = field.Def{Key: "photon.ota.report", Label: "Report", Type: field.Text, Help: "the device's verdict on the image, JSON; r is 0 if all is well"}
	defOTASHA      = field.Def{Key: "photon.ota.sha256", Label: "SHA-256", Type: field.Bytes, Help: "32 bytes; of the image (OTA protocol 3)"}
	defOTAWindow   = field.Def{Key: "photon.ota.window", Label: "Window", Type: field.Uint, Help: "chunks that the sender may be ahead (OTA protocol 3)"}
	defOTADiscard  = field.Def{Key: "photon.ota.discard", Label: "Discard data", Type: field.Bool, Help: "the image is not to be applied (OTA protocol 3)"}
	defOTACancel   = field.Def{Key: "photon.ota.cancel", Label: "Cancel", Type: field.Bool, Help: "the transfer is given up (OTA protocol 3)"}
	defOTABitmap   = field.Def{Key: "photon.ota.bitmap", Label: "Chunks received", Type: field.Bytes, Help: "one bit for each chunk behind photon.ota.chunk_index, in words of 4 bytes, little endian (OTA protocol 3)"}
)

// Defs returns the table of all fields that kinds have. Those that only group
// have no key.
func Defs() []*field.Def { return slices.Clone(defs) }

var defs = []*field.Def{
	&defRequestMID, &defRequestKind, &defMIDGap, &defMisnumbered, &defGeneric, &defRest, &defBlock, &defBlockMore,
	&defProductID, &defProductVer, &defHelloFlags, &defHelloFlag, &defPlatform, &defHelloReserved, &defHelloIDLen, &defHelloID,
	&defHelloModule, &defHelloMaxMsg, &defHelloMaxBin, &defHelloChunk, &defPresenceID,
	&defGoodbyeFlags, &defGoodbyeCloud, &defGoodbyeReset, &defGoodbyeSleep, &defGoodbyeNetwork,
	&defTimeValue, &defKeyChange, &defSignalOn,
	&defFuncName, &defFuncArg, &defFuncMore, &defFuncResult,
	&defVarName, &defVarType, &defVarValue, &defVarRaw, &defVarAsBool, &defVarAsInt, &defVarAsDbl, &defVarAsText,
	&defEventName, &defEventPublic, &defEventTTL, &defEventData, &defSubPrefix, &defSubScope, &defSubDevice,
	&defDescFlags, &defDescription, &defDescSyntax, &defDescPart, &defDescBinary, &defDescFunction, &defDescVariable, &defDescVarType, &defDescPlatform, &defDescHardware,
	&defModule, &defModSize, &defModStore, &defModChecked, &defModResult, &defModHash, &defModFunction, &defModIndex, &defModVersion, &defModOther,
	&defDepFunction, &defDepIndex, &defDepVersion,
	&defMetricsHead, &defMetricsIDLen, &defMetricsValLen, &defMetric, &defMetricID, &defMetricValue,
	&defOTAFlags, &defOTAChunkLen, &defOTASize, &defOTADest, &defOTAAddress, &defOTACRC, &defOTACRCOK, &defOTAIndex, &defOTARepeated,
	&defOTAData, &defOTAReceived, &defOTATotal, &defOTAPercent, &defOTAMissing, &defOTAReport,
	&defOTASHA, &defOTAWindow, &defOTADiscard, &defOTACancel, &defOTABitmap,
}
