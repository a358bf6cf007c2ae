package proxy

import "time"

// Limits bound what strangers can make the proxy do. In every field zero means
// the default and a negative value no limit. Whenever one is hit the Notice says
// which. Limits per address and on the rate of RSA operations do not apply to
// loopback addresses.
type Limits struct {
	Conns        int // devices at once, default 512; the newcomer is refused
	ConnsPerAddr int // of these from one address, default 64

	// Handshakes are devices at once that have not completed the handshake:
	// default 128. A newcomer displaces the one that has made no progress for the
	// longest time; from EarlyDrop (default 32) on, and with a probability that grows
	// with their number, already one that has made none for a second. So idle sockets
	// cannot lock a device out, and a crowd of honest devices finds room.
	Handshakes        int
	HandshakesPerAddr int // of these from one address, default 16
	EarlyDrop         int

	Dial             time.Duration // to reach the cloud, default 8 s
	HandshakeStall   time.Duration // handshake without progress, default 25 s: the device gives up after 20
	HandshakeOverall time.Duration // the whole handshake, default 60 s

	// Identity records opened per second in all (default 100) and for one address
	// (default 20), and how many may wait for their turn (default 64). RSA
	// operations run on as many cores as there are, whatever these say.
	IdentitiesPerSecond        int
	IdentitiesPerSecondPerAddr int
	IdentitiesWaiting          int
}

// unlimited is what a negative limit becomes.
const unlimited = 1<<31 - 1

func (l Limits) withDefaults() Limits {
	setInt(&l.Conns, 512)
	setInt(&l.ConnsPerAddr, 64)
	setInt(&l.Handshakes, 128)
	setInt(&l.HandshakesPerAddr, 16)
	setInt(&l.EarlyDrop, 32)
	setInt(&l.IdentitiesPerSecond, 100)
	setInt(&l.IdentitiesPerSecondPerAddr, 20)
	setInt(&l.IdentitiesWaiting, 64)
	setDuration(&l.Dial, 8*time.Second)
	setDuration(&l.HandshakeStall, 25*time.Second)
	setDuration(&l.HandshakeOverall, 60*time.Second)
	return l
}

func setInt(v *int, def int) {
	switch {
	case *v == 0:
		*v = def
	case *v < 0:
		*v = unlimited
	}
}

func setDuration(v *time.Duration, def time.Duration) {
	switch {
	case *v == 0:
		*v = def
	case *v < 0:
		*v = 1 << 62 // a century and a half
	}
}

// What is not a limit but a fact of the relay.
const (
	joinWait       = 2 * time.Second        // how long a partial record waits for its rest
	uniformClose   = 2 * time.Second        // from the last byte of a failing identity to the FIN
	staleAfter     = time.Second            // without progress: a handshake that may be displaced early
	lingerAfterFIN = time.Second            // and then for the peer to close
	hungAfter      = 5 * time.Second        // silence of the cloud that is worth a notice
	drainQuiet     = 250 * time.Millisecond // silence that ends a session when we stop
	drainLimit     = 5 * time.Second        // and the end in any case
	oneWrite       = 32 << 10               // frames that came together leave together, up to this: more may be seen split
	keepAliveEvery = 30 * time.Second
	keepAliveCount = 4
)
