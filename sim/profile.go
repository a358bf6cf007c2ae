package sim

import (
	"time"

	"github.com/photonscope/photonscope/decode/particle"
)

// Profile is how one generation of firmware behaves. The four that exist are
// [Legacy049], [LightSSL152], [LightSSL231] and [LightSSL331]; a test that wants
// one without a defect, or with another, copies and changes it.
type Profile struct {
	Name string

	Legacy        bool              // the older stack: reads the first message ID big endian from the salt, seeds tokens from it, tells no token from an option
	HelloLen      particle.HelloLen // of the Hello's payload
	HelloFlags    uint16            // but for the one that says an update succeeded
	HelloWait     time.Duration     // for the cloud's Hello
	SystemVersion uint16            // of the system module, in a long Hello and in the description
	Bootloader    int               // version of that module
	MaxMessage    int               // longest frame body accepted, bytes
	MaxArgument   int               // longest function argument, bytes

	// What is sent after the Hello.
	HardwareEvents bool                     // spark/hardware/max_binary and ota_chunk_size
	UpdateEvents   bool                     // particle/device/updates/enabled and forced
	LastReset      bool                     // spark/device/last_reset
	PostsDescribe  bool                     // system after the Hello, application after setup
	PostsToken     bool                     // those posts carry a token and go block-wise where large
	SubscribesLast bool                     // subscriptions follow the time request
	Subscriptions  []particle.SubscribeBody // the system's own

	// How requests are answered.
	Describe          DescribeForm
	HasMetrics        bool // flags 4 ask for figures
	SystemFirst       bool // in the description
	DummyDependencies bool // in the description
	PiggybackValues   bool // variables are answered in the acknowledgement
	UnknownIsInt      bool // an unknown variable has the value 0 instead of 4.04
	WrongAckIDs       bool // ping, signal and key change are acknowledged under the device's own next ID
	HangsUp           bool // whatever cannot be classified ends the session, an ACK with an error code included
	AsksToken         bool // a call or variable request without a token ends the session

	// Firmware updates.
	RefusesWith      byte // code of a refused update: 4.00 without a token or 5.03 with one
	ChunkAcksInFast  bool // each chunk is acknowledged in fast mode too
	UpdateReplyJSON  bool // the reply to UpdateDone says {"r":n}
	MissedIsCON      bool // the list of missed chunks is confirmable
	RepeatsMissed    bool // the list is repeated every 3 s, and UpdateDone sent when the last one has come
	MissedAtOnce     int  // indices in one list
	GoodbyeSupported bool
}

// DescribeForm is how a request for a description is answered.
type DescribeForm uint8

// The forms, oldest first.
const (
	DescribeTwice    DescribeForm = iota // two piggybacked replies, the second under a random ID (0.4.4 to 0.5.x)
	DescribeInTwo                        // the same, the system in the first and the application in the second (0.6.0)
	DescribeOnce                         // one piggybacked reply (0.6.1 to 1.5.x)
	DescribeSeparate                     // an acknowledgement and a confirmable reply (2.0 to 3.2)
	DescribeBlocks                       // the same, block-wise if large; refused without flags (3.3 and later)
)

// Times of the firmware (protocol constants of particle-iot/device-os@v2.3.1:
// communication/src/lightssl_protocol.h, lightssl_message_channel.cpp).
const (
	pingAfter     = 15 * time.Second // without an incoming message
	pingWait      = 10 * time.Second // for any message
	recordWait    = 20 * time.Second // for a handshake record or the rest of a frame
	sendWait      = 20 * time.Second
	goodbyeLinger = 5 * time.Second // reading on after a disconnect of one's own
	missedAgain   = 3 * time.Second
)

// Figures of a Photon.
const (
	maxBinary = 262144 // bytes of an image
	chunkSize = 512    // bytes of a chunk
)

// Legacy049 is a Photon with firmware 0.4.9: the older stack.
var Legacy049 = Profile{
	Name:              "0.4.9",
	SystemVersion:     17,
	Bootloader:        7,
	Legacy:            true,
	HelloLen:          particle.HelloPhoton,
	HelloWait:         2 * time.Second,
	MaxMessage:        800,
	MaxArgument:       63,
	HardwareEvents:    true,
	Subscriptions:     []particle.SubscribeBody{{Prefix: "spark"}},
	Describe:          DescribeTwice,
	DummyDependencies: true,
	PiggybackValues:   true,
	UnknownIsInt:      true,
	HangsUp:           true,
	RefusesWith:       0x80,
	ChunkAcksInFast:   true,
	MissedIsCON:       true,
	RepeatsMissed:     true,
	MissedAtOnce:      50,
}

// LightSSL152 is a Photon with Device OS 1.5.2.
var LightSSL152 = Profile{
	Name:            "1.5.2",
	SystemVersion:   1512,
	Bootloader:      501,
	HelloLen:        particle.HelloPhoton,
	HelloFlags:      particle.HelloDiagnostics | particle.HelloImmediate,
	HelloWait:       4 * time.Second,
	MaxMessage:      782,
	MaxArgument:     622,
	HardwareEvents:  true,
	UpdateEvents:    true,
	LastReset:       true,
	Subscriptions:   []particle.SubscribeBody{{Prefix: "spark", Mine: true}, {Prefix: "particle", Mine: true}},
	Describe:        DescribeOnce,
	HasMetrics:      true,
	WrongAckIDs:     true,
	AsksToken:       true,
	RefusesWith:     0xa3,
	UpdateReplyJSON: true,
	MissedIsCON:     true,
	MissedAtOnce:    40,
}

// LightSSL231 is a Photon with Device OS 2.3.1.
var LightSSL231 = Profile{
	Name:             "2.3.1",
	SystemVersion:    2301,
	Bootloader:       1005,
	HelloLen:         particle.HelloPhoton,
	HelloFlags:       particle.HelloDiagnostics | particle.HelloImmediate | particle.HelloGoodbye | particle.HelloDescribes,
	HelloWait:        4 * time.Second,
	MaxMessage:       782,
	MaxArgument:      622,
	HardwareEvents:   true,
	UpdateEvents:     true,
	LastReset:        true,
	PostsDescribe:    true,
	SubscribesLast:   true,
	Subscriptions:    []particle.SubscribeBody{{Prefix: "particle", Mine: true}, {Prefix: "spark", Mine: true}},
	Describe:         DescribeSeparate,
	HasMetrics:       true,
	WrongAckIDs:      true,
	AsksToken:        true,
	RefusesWith:      0xa3,
	UpdateReplyJSON:  true,
	MissedAtOnce:     40,
	GoodbyeSupported: true,
}

// LightSSL331 is a Photon with Device OS 3.3.1.
var LightSSL331 = Profile{
	Name:             "3.3.1",
	SystemVersion:    3302,
	Bootloader:       2200,
	HelloLen:         particle.HelloLong,
	HelloFlags:       particle.HelloDiagnostics | particle.HelloImmediate | particle.HelloGoodbye | particle.HelloDescribes,
	HelloWait:        4 * time.Second,
	MaxMessage:       942,
	MaxArgument:      864,
	UpdateEvents:     true,
	LastReset:        true,
	PostsDescribe:    true,
	PostsToken:       true,
	SubscribesLast:   true,
	Subscriptions:    []particle.SubscribeBody{{Prefix: "particle", Mine: true}, {Prefix: "spark", Mine: true}},
	Describe:         DescribeBlocks,
	HasMetrics:       true,
	SystemFirst:      true,
	WrongAckIDs:      true,
	AsksToken:        true,
	RefusesWith:      0xa3,
	UpdateReplyJSON:  true,
	MissedAtOnce:     40,
	GoodbyeSupported: true,
}

// Profiles are the four generations, oldest first.
var Profiles = []Profile{Legacy049, LightSSL152, LightSSL231, LightSSL331}
