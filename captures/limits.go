package captures

import "time"

// What a capture may make us hold. Everything beyond is skipped and counted, or
// given up with a visible gap.
const (
	maxBuffer     = 1 << 20   // bytes of input held, and the longest pcapng block that is looked into
	minBuffer     = 64 << 10  // the buffer begins with this
	maxPacket     = 256 << 10 // longest captured length of a packet
	maxPlausible  = 320 << 10 // the longest pcapng block that is looked for behind damage
	maxInterfaces = 1024      // in one pcapng section
	maxFlows      = 10_000    // connections remembered; the longest idle one goes
	maxStatements = 64        // segments of a connection that may be foreign, until that is known
	maxSpeeches   = 8         // of these with data
	maxTrial      = 2 << 10   // bytes of these
	maxHeld       = 1 << 20   // bytes of one direction waiting for bytes before them
	maxHeldInAll  = 64 << 20  // the same of all connections
	pieceCost     = 96        // what a waiting segment costs beside its bytes
	maxAhead      = 1 << 30   // a segment this far ahead is a stray: TCP windows end here
	maxGap        = 16 << 20  // a longer gap is a lost place, its length not believed

	maxFragments     = 64      // of one IP packet
	maxDatagrams     = 1024    // IP packets of which some fragments are held
	maxFragmentBytes = 4 << 20 // bytes of all of them
	maxAssembled     = 65_515  // bytes in an IP packet with the shortest header, of IPv4

	maxUnpacked  = 4 << 30 // bytes out of gzip
	maxExpansion = 200     // bytes out of gzip for each byte in, beyond the first MiB
)

// How long missing bytes are waited for, in packet time.
const (
	ackedPatience    = time.Second      // after the receiver acknowledged them: the capture lost them
	holePatience     = 30 * time.Second // after the receiver was last seen without them
	fragmentPatience = 30 * time.Second // after the first fragment of an IP packet
	portRest         = time.Minute      // a closed connection's ports take no data for so long
)
