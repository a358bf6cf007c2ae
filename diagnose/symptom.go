package diagnose

import "time"

// backoff is how long a device waits after its n-th failure in a row, from 1:
// 1 s five times, then twice as long every five times up to 128 s (Device OS
// v2.3.1, system/src/system_utilities.cpp:31-42).
func backoff(n int) time.Duration {
	return time.Second << min(7, max(0, (n-1)/5))
}

// Limits after which peers give up (docs/protocol.md section 1.2).
const (
	deviceRecordWait  = 20 * time.Second // for the nonce, the credentials, or the rest of a frame
	helloWaitLegacy   = 2 * time.Second  // firmware up to 0.7.0
	helloWaitLightSSL = 4 * time.Second
	pingAfter         = 15 * time.Second // of silence
	pingWait          = 10 * time.Second
	brewskeySilence   = 31 * time.Second
)

// serverHandshakeLimits are those of the Node servers: Brewskey, and the two of
// spark-protocol.
var serverHandshakeLimits = []time.Duration{10 * time.Second, 30 * time.Second, 120 * time.Second}

// describeLimits are how long the Brewskey server waits for a description: 0.1.7
// and 1.0.21.
var describeLimits = []time.Duration{15 * time.Second, 20 * time.Second}
