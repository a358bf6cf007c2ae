package sim

import (
	"crypto/rsa"
	"errors"
	"net"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
)

// record is a handshake record that is about to leave.
type record struct {
	kind        string // "nonce", "identity" or "credentials"
	credentials lightssl.Credentials
	key         *rsa.PrivateKey // the cloud's
}

// recordConn lets handshake records leave as the faults want them: in one Write
// each where there are none.
type recordConn struct {
	net.Conn
	record
	faults []*hooks
}

// errFaulty ends a session that a fault has cut short.
var errFaulty = errors.New("sim: ended by a fault")

// splitPause keeps the parts of a record that is split on purpose apart.
const splitPause = 50 * time.Millisecond

// Write sends one record.
func (c *recordConn) Write(b []byte) (int, error) {
	parts, end := [][]byte{b}, false
	for _, h := range c.faults {
		if h.record != nil && !end {
			parts, end = h.record(c.record, b)
		}
	}
	for i, p := range parts {
		if i > 0 {
			time.Sleep(splitPause)
		}
		if _, err := c.Conn.Write(p); err != nil {
			return 0, err
		}
	}
	if end {
		return 0, errFaulty
	}
	return len(b), nil
}
