package diagnose

import (
	"slices"

	"github.com/photonscope/photonscope/decode"
)

// unknownOrAnother: the server has no key on file for the device, or another one.
// The wire is the same for both, so that the first finding tells what they share
// and how to decide, and the second only how it differs.
func (l *leg) unknownOrAnother(e *decode.Event, evidence []decode.Evidence, ruledOut []string) {
	decide := []string{
		"The server's files tell which of the two it is.",
		"$ photonscope diagnose -k default_key.pem --server-keys core_keys capture.pcapng",
	}
	l.find(e, draft{
		id: "PH-08", sure: Likely, title: Find("PH-08").Title + ", or has another on file (PH-09)",
		evidence: evidence, ruledOut: ruledOut, remedy: slices.Concat(decide, Find("PH-08").Remedy),
	})
	l.find(e, draft{
		id: "PH-09", sure: Possible, title: "the other cause of what PH-08 tells: another public key is on file (Brewskey closes so)",
		evidence: evidence[len(evidence)-1:], device: "the same as with PH-08", noCount: true,
		remedy: []string{"Decide and give the key as PH-08 says; then restart Brewskey's server, which remembers keys for an hour."},
	})
}
