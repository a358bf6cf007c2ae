package sim

import (
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
)

// Style is how a server writes what the protocol leaves open. The zero value
// keeps to RFC 7252, acknowledges everything confirmable and asks for nothing, so
// every firmware gets along with it; [Spark] and [Brewskey] are the two Node
// servers, defects included.
type Style struct {
	Name string

	TokenEverywhere bool                // Hello and pings carry a token
	AckToken        bool                // empty acknowledgements carry the token 00
	LastToken       byte                // the one after which tokens begin at 0 again; 0: 255
	MaxAge          particle.MaxAgeForm // of events delivered
	EventReply      EventReply
	Ignores         bool // descriptions that come unasked, and whatever else is not known, are not acknowledged

	DescribeAfter time.Duration // a description is asked for so long after the Hello; 0: never
	DescribeLimit time.Duration // without it the session ends; answers to events and subscriptions wait for it
	Handshake     time.Duration // limit of everything up to the Hello; 0: 25 s
	Silence       time.Duration // limit of silence on an open session; 0: none
	Request       time.Duration // limit of a request; 0: 15 s
}

// EventReply is how published events are answered.
type EventReply uint8

// The ways.
const (
	AckConfirmable EventReply = iota // as RFC 7252 wants it
	AckSpark                         // names that begin with spark; 4.00 "slow down" to all others, by a defect
	AckSystem                        // most system events, and nothing else
)

// Spark is particle-iot/spark-protocol 0.1.6, the original server.
var Spark = Style{
	Name:            "spark-protocol",
	TokenEverywhere: true,
	AckToken:        true,
	LastToken:       254,
	EventReply:      AckSpark,
	Ignores:         true,
	Handshake:       30 * time.Second,
	Request:         30 * time.Second,
}

// Brewskey is @brewskey/spark-protocol 1.0.21.
var Brewskey = Style{
	Name:          "brewskey",
	MaxAge:        particle.FullMaxAge,
	EventReply:    AckSystem,
	Ignores:       true,
	DescribeAfter: 50 * time.Millisecond,
	DescribeLimit: 20 * time.Second,
	Handshake:     10 * time.Second,
	Silence:       31 * time.Second,
	Request:       20 * time.Second,
}

// Styles are the three.
var Styles = []Style{{Name: "plain"}, Spark, Brewskey}

// empty returns an empty acknowledgement, or one with the code 4.00.
func (y *Style) empty(code coap.Code, id uint16) coap.Message {
	var token []byte
	if y.AckToken {
		token = []byte{0}
	}
	return particle.ComposeAckReply(code, id, token, nil)
}

// eventReply says whether an event is answered, and with which code.
func (y *Style) eventReply(name string, confirmable bool) (code coap.Code, yes bool) {
	switch y.EventReply {
	case AckSpark:
		if strings.HasPrefix(strings.ToLower(name), "spark") {
			return coap.Empty, true
		}
		return coap.BadRequest, true
	case AckSystem:
		return coap.Empty, strings.HasPrefix(name, "spark/") && !unanswered[name]
	}
	return coap.Empty, confirmable
}

// unanswered are the system events that Brewskey does not acknowledge.
var unanswered = map[string]bool{
	"spark/device/app-hash": true, "spark/device/safemode": true, "spark/status": true,
	"spark/flash/available": true, "spark/flash/progress": true, "spark/flash/status": true,
}
