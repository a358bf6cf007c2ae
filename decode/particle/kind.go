package particle

// Kind is what a message means, one for each row of the catalogue. The zero
// value, NoKind, is no message's.
type Kind uint8

// The kinds. The table below says what each of them means.
const (
	NoKind Kind = iota

	KindHello
	KindHelloReply
	KindHelloAck
	KindPing
	KindPingAck
	KindGoodbye
	KindKeyChange
	KindKeyChangeAck
	KindReset
	KindPresence

	KindTime
	KindTimeReply

	KindDescribe
	KindDescribeAck
	KindDescribeReply
	KindDescribeReplyAck
	KindDescribeRefused
	KindDescribePost
	KindDescribePostAck
	KindDescribeBlock
	KindMetrics

	KindFunctionCall
	KindFunctionAck
	KindFunctionResult
	KindFunctionRefused
	KindVariable
	KindVariableAck
	KindVariableReply
	KindVariableError

	KindEvent
	KindEventAck
	KindEventRefused
	KindSubscribe
	KindSubscribeAck
	KindSubscribeRefused

	KindSignal
	KindSignalAck

	KindUpdateBegin
	KindUpdateAck
	KindUpdateRefused
	KindUpdateReady
	KindChunk
	KindChunkAck
	KindChunkReceived
	KindChunkRefused
	KindUpdateDone
	KindUpdateDoneAck
	KindUpdateDoneReply
	KindUpdateIncomplete
	KindChunkMissed
	KindChunkMissedAck
	KindUpdateAbort
	KindSaveBegin

	KindOTA3Start
	KindOTA3Finish
	KindOTA3Chunk
	KindOTA3ChunkAck
	KindOTA3Ack
	KindOTA3Reply
	KindOTA3Refused

	KindRequest
	KindResponse
	KindAck
)

// Sender says who sends a kind of message.
type Sender uint8

// The senders.
const (
	ByDevice Sender = 1 << iota
	ByCloud
	ByBoth = ByDevice | ByCloud
)

// String returns "device", "cloud" or "both".
func (s Sender) String() string { return [...]string{"", "device", "cloud", "both"}[s&3] }

// KindInfo is a row of the catalogue.
type KindInfo struct {
	Kind   Kind
	Name   string // the value of photon.msg
	By     Sender
	Means  string // one sentence
	Source string // where that is read: repository@tag:path
}

// Sources that many rows share.
const (
	srcFirmware = "particle-iot/device-os@v2.3.1:communication/src/"
	srcMessages = srcFirmware + "messages.cpp"
	srcProtocol = srcFirmware + "protocol.cpp"
	srcLegacy   = "particle-iot/device-os@v0.4.9:communication/src/spark_protocol.cpp"
	srcTransfer = srcFirmware + "chunked_transfer.cpp"
	srcSpark    = "particle-iot/spark-protocol@2c745e7:js/clients/SparkCore.js"
	srcOta3     = "particle-iot/device-os@v3.3.1:communication/src/firmware_update.cpp"
	srcDescribe = "particle-iot/device-os@v3.3.1:communication/src/description.cpp"
)

var kinds = [...]KindInfo{
	KindHello:        {Name: "hello", By: ByDevice, Means: "the device's first message: product, firmware version, platform, abilities", Source: srcMessages},
	KindHelloReply:   {Name: "hello-reply", By: ByCloud, Means: "the cloud's first message; a device that waits for it gives up after 2 s (up to 0.7.0) or 4 s", Source: srcProtocol},
	KindHelloAck:     {Name: "hello-ack", By: ByBoth, Means: "acknowledges a hello that was sent confirmable", Source: srcProtocol},
	KindPing:         {Name: "ping", By: ByBoth, Means: "asks whether the other side is there; a device sends it after 15 s of silence and gives up 10 s later", Source: srcFirmware + "ping.h"},
	KindPingAck:      {Name: "ping-ack", By: ByBoth, Means: "answers a ping; from a device since 0.8.0 under a wrong message ID", Source: srcProtocol},
	KindGoodbye:      {Name: "goodbye", By: ByDevice, Means: "the device disconnects on purpose and says why (since 2.0.0)", Source: srcMessages},
	KindKeyChange:    {Name: "key-change", By: ByCloud, Means: "tells the device to discard its session keys; nothing to discard over TCP", Source: srcMessages},
	KindKeyChangeAck: {Name: "key-change-ack", By: ByDevice, Means: "acknowledges a key change, since 0.8.0 and under a wrong message ID", Source: srcProtocol},
	KindReset:        {Name: "reset", By: ByBoth, Means: "rejects a message; neither stack sends it over TCP", Source: srcFirmware + "coap_channel.h"},
	KindPresence:     {Name: "presence", By: ByDevice, Means: "announces the device's ID; a multicast datagram of old firmware, no part of a session", Source: srcLegacy},

	KindTime:      {Name: "time", By: ByDevice, Means: "asks for the time", Source: srcMessages},
	KindTimeReply: {Name: "time-reply", By: ByCloud, Means: "the time in seconds since 1970; a device takes every 2.05 for it", Source: srcProtocol},

	KindDescribe:         {Name: "describe", By: ByCloud, Means: "asks for functions, variables and modules, or for metrics", Source: srcProtocol},
	KindDescribeAck:      {Name: "describe-ack", By: ByDevice, Means: "acknowledges a describe whose reply follows by itself (since 2.0.0)", Source: srcProtocol},
	KindDescribeReply:    {Name: "describe-reply", By: ByDevice, Means: "functions, variables, platform and modules as JSON; 0.4.4 to 0.6.0 send two, the second under a meaningless message ID", Source: "particle-iot/device-os@v2.3.1:system/src/system_info.cpp"},
	KindDescribeReplyAck: {Name: "describe-reply-ack", By: ByCloud, Means: "acknowledges a describe reply; Particle's cloud sends it, the Node servers do not", Source: srcProtocol},
	KindDescribeRefused:  {Name: "describe-refused", By: ByDevice, Means: "refuses a describe that has no flags, no token of one byte, or is not confirmable (since 3.3.0)", Source: srcDescribe},
	KindDescribePost:     {Name: "describe-post", By: ByDevice, Means: "the device describes itself unasked (since 2.0.0)", Source: srcProtocol},
	KindDescribePostAck:  {Name: "describe-post-ack", By: ByCloud, Means: "acknowledges an unasked description; Particle's cloud sends it, the Node servers do not", Source: srcProtocol},
	KindDescribeBlock:    {Name: "describe-block", By: ByBoth, Means: "one further block of a description that does not fit one message (since 3.3.0)", Source: srcDescribe},
	KindMetrics:          {Name: "metrics", By: ByDevice, Means: "diagnostic figures, the reply to a describe with flags 4 (since 0.8.0)", Source: "particle-iot/device-os@v2.3.1:system/src/system_info.cpp"},

	KindFunctionCall:    {Name: "function-call", By: ByCloud, Means: "calls a function of the application", Source: srcFirmware + "functions.h"},
	KindFunctionAck:     {Name: "function-ack", By: ByDevice, Means: "acknowledges a call; for an unknown function nothing follows", Source: srcFirmware + "functions.h"},
	KindFunctionResult:  {Name: "function-result", By: ByDevice, Means: "what the function returned", Source: srcMessages},
	KindFunctionRefused: {Name: "function-refused", By: ByDevice, Means: "the argument is too long; newer firmware calls the function with a cut argument all the same", Source: srcFirmware + "functions.h"},
	KindVariable:        {Name: "variable", By: ByCloud, Means: "asks for a variable of the application", Source: srcFirmware + "variables.cpp"},
	KindVariableAck:     {Name: "variable-ack", By: ByDevice, Means: "acknowledges a variable request whose value follows by itself (since 1.5.0)", Source: srcFirmware + "variables.cpp"},
	KindVariableReply:   {Name: "variable-reply", By: ByDevice, Means: "the variable's value; its type is known only from the description", Source: srcFirmware + "variables.cpp"},
	KindVariableError:   {Name: "variable-error", By: ByDevice, Means: "there is no such variable, or reading it failed", Source: srcFirmware + "variables.cpp"},

	KindEvent:            {Name: "event", By: ByBoth, Means: "an event: published by the device, or delivered to it", Source: srcFirmware + "publisher.h"},
	KindEventAck:         {Name: "event-ack", By: ByBoth, Means: "acknowledges an event", Source: srcSpark},
	KindEventRefused:     {Name: "event-refused", By: ByCloud, Means: "4.00 to an event; the original server answers every application event so, although all is well", Source: "particle-iot/spark-protocol@2c745e7:js/lib/EventPublisher.js"},
	KindSubscribe:        {Name: "subscribe", By: ByDevice, Means: "asks for the events whose name begins with a prefix", Source: srcFirmware + "subscriptions.h"},
	KindSubscribeAck:     {Name: "subscribe-ack", By: ByCloud, Means: "acknowledges a subscription", Source: srcSpark},
	KindSubscribeRefused: {Name: "subscribe-refused", By: ByCloud, Means: "4.00 to a subscription", Source: srcSpark},

	KindSignal:    {Name: "signal", By: ByCloud, Means: "makes the LED shine in rainbow colours, or stops that", Source: srcProtocol},
	KindSignalAck: {Name: "signal-ack", By: ByDevice, Means: "the signal is on or off; since 0.8.0 under a wrong message ID", Source: srcProtocol},

	KindUpdateBegin:      {Name: "update-begin", By: ByCloud, Means: "offers a firmware image: size, chunk size, destination", Source: srcTransfer},
	KindUpdateAck:        {Name: "update-ack", By: ByDevice, Means: "acknowledges an offered image; ready follows", Source: srcTransfer},
	KindUpdateRefused:    {Name: "update-refused", By: ByDevice, Means: "updates are disabled, or the image is too large", Source: srcTransfer},
	KindUpdateReady:      {Name: "update-ready", By: ByDevice, Means: "the device awaits the chunks", Source: srcMessages},
	KindChunk:            {Name: "chunk", By: ByCloud, Means: "a piece of the image with its CRC-32", Source: srcTransfer},
	KindChunkAck:         {Name: "chunk-ack", By: ByDevice, Means: "acknowledges that a chunk arrived, not that it is right", Source: srcTransfer},
	KindChunkReceived:    {Name: "chunk-received", By: ByDevice, Means: "the chunk is right and stored", Source: srcMessages},
	KindChunkRefused:     {Name: "chunk-refused", By: ByDevice, Means: "the chunk's CRC-32 is wrong", Source: srcMessages},
	KindUpdateDone:       {Name: "update-done", By: ByBoth, Means: "all chunks are sent; from a device: the last missing chunk arrived", Source: srcTransfer},
	KindUpdateDoneAck:    {Name: "update-done-ack", By: ByBoth, Means: "acknowledges the end of the chunks; the verdict follows", Source: srcTransfer},
	KindUpdateDoneReply:  {Name: "update-done-reply", By: ByDevice, Means: "the image is complete; the device applies it and restarts", Source: srcTransfer},
	KindUpdateIncomplete: {Name: "update-incomplete", By: ByDevice, Means: "chunks are missing; the device names them", Source: srcTransfer},
	KindChunkMissed:      {Name: "chunk-missed", By: ByDevice, Means: "asks for chunks again", Source: srcTransfer},
	KindChunkMissedAck:   {Name: "chunk-missed-ack", By: ByCloud, Means: "acknowledges a request for missing chunks", Source: "particle-iot/spark-protocol@2c745e7:js/lib/Flasher.js"},
	KindUpdateAbort:      {Name: "update-abort", By: ByBoth, Means: "ends a transfer before its end", Source: "Brewskey/spark-protocol@f664ab3:src/lib/MessageSpecifications.js"},
	KindSaveBegin:        {Name: "save-begin", By: ByCloud, Means: "offers an image like update-begin; no server uses it", Source: srcMessages},

	KindOTA3Start:    {Name: "ota3-start", By: ByCloud, Means: "offers an image by OTA protocol 3 (Gen 3 devices, never a Photon)", Source: srcOta3},
	KindOTA3Finish:   {Name: "ota3-finish", By: ByCloud, Means: "ends a transfer by OTA protocol 3", Source: srcOta3},
	KindOTA3Chunk:    {Name: "ota3-chunk", By: ByCloud, Means: "a piece of the image by OTA protocol 3", Source: srcOta3},
	KindOTA3ChunkAck: {Name: "ota3-chunk-ack", By: ByDevice, Means: "says which chunks arrived by OTA protocol 3", Source: srcOta3},
	KindOTA3Ack:      {Name: "ota3-ack", By: ByDevice, Means: "acknowledges a request of OTA protocol 3", Source: srcOta3},
	KindOTA3Reply:    {Name: "ota3-reply", By: ByDevice, Means: "grants a request of OTA protocol 3", Source: srcOta3},
	KindOTA3Refused:  {Name: "ota3-refused", By: ByDevice, Means: "refuses a request of OTA protocol 3", Source: srcOta3},

	KindRequest:  {Name: "request", By: ByBoth, Means: "a request that is not in the catalogue"},
	KindResponse: {Name: "response", By: ByBoth, Means: "a response to a request that was not seen, or that knows no such response"},
	KindAck:      {Name: "ack", By: ByBoth, Means: "acknowledges a message that was not seen, or that needs no acknowledgement"},
}

// Kinds returns the catalogue, in its order.
func Kinds() []KindInfo {
	rows := make([]KindInfo, 0, len(kinds)-1)
	for k := NoKind + 1; int(k) < len(kinds); k++ {
		row := kinds[k]
		row.Kind = k
		rows = append(rows, row)
	}
	return rows
}

// String returns the value of photon.msg: one lower-case word with hyphens. It
// is empty for NoKind.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].Name
	}
	return ""
}

// Means returns one sentence on the kind.
func (k Kind) Means() string {
	if int(k) < len(kinds) {
		return kinds[k].Means
	}
	return ""
}

// Generic reports whether the kind is one of those that say that the catalogue
// has no better one: request, response, ack.
func (k Kind) Generic() bool { return k == KindRequest || k == KindResponse || k == KindAck }

// RepliesLater reports whether a request of this kind is answered by a reply, so
// that an acknowledgement which precedes it is not the answer.
func (k Kind) RepliesLater() bool {
	return int(k) < len(answers) && answers[k].reply != NoKind && answers[k].reply != answers[k].ack
}

// MayGoUnanswered reports whether nothing is wrong if a confirmable message of
// this kind gets no answer: the Node servers do not acknowledge an unasked
// description, and devices since 0.7 do not answer the chunks of a fast update
// (particle-iot/device-os@v2.3.1:communication/src/chunked_transfer.cpp).
func (k Kind) MayGoUnanswered() bool { return k == KindDescribePost || k == KindChunk }
