package gen

import (
	"io"
	"math/rand/v2"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// Traffic says what a capture is to hold. The zero value is one session of a
// thousand packets on Ethernet, in a classic pcap in the little-endian order,
// over a perfect network.
type Traffic struct {
	Packets  int    // at least so many; what was begun is completed. 0: 1,000
	Sessions int    // connections, interleaved at random. 0: 1
	Seed     uint64 // other numbers give other captures

	// Of a thousand segments with a frame, so many …
	Acked      int // are followed by a bare acknowledgement
	Reordered  int // arrive after the next of their direction
	Repeated   int // are sent again a little later
	Overlapped int // begin with bytes that were sent before
	Lost       int // are not in the capture

	Port    uint16 // of the cloud; 0: 5683
	IPv6    bool
	MTU     int // longer IP packets are sent in fragments; 0: none are
	SnapLen int // bytes of a packet that are captured; 0: all
	Link    Link
	Format  Format
}

// Busy is the traffic of a busy cloud, for benchmarks: n packets, a session for
// every 500 of them, half of the frames acknowledged on their own, 0.5 % out of
// order, 0.5 % sent twice.
func Busy(n int) Traffic {
	return Traffic{Packets: n, Sessions: max(1, n/500), Acked: 500, Reordered: 5, Repeated: 5}
}

// Truth is what a capture holds.
type Truth struct {
	Packets  int    // records of the file; a fragment is one
	Messages int    // frames that were sent, whether captured or not
	Lost     int    // of these, not in the capture
	KeyLog   []byte // lines that open every session
	Streams  []Stream
}

// Keyring returns a keyring that opens every session without an RSA operation.
// Whoever wants those adds sim.ServerKey and sim.DeviceKey.
func (t *Truth) Keyring() *lightssl.Keyring {
	keys := new(lightssl.Keyring)
	scanner := lightssl.NewKeyLogScanner(keys)
	scanner.Feed(t.KeyLog)
	return keys
}

// Write writes a capture and says what is in it. The error is that of w.
func (t Traffic) Write(w io.Writer) (Truth, error) {
	if t.Packets == 0 {
		t.Packets = 1000
	}
	t.Sessions = max(t.Sessions, 1)
	n := &network{Traffic: t, rng: rand.New(rand.NewPCG(t.Seed, 1)), now: start, file: newFile(w, t)}
	n.sessions = newSessions(t)
	open := 1
	for n.file.packets < t.Packets && n.file.err == nil {
		n.step(n.sessions[n.rng.IntN(open)])
		if open < t.Sessions && n.rng.IntN(4) == 0 { // all open early, but not at once
			open++
		}
	}
	return n.finish()
}
