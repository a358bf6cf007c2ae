package replay

import (
	"github.com/photonscope/photonscope/decode"
)

// Fault says in what way a live session departs from the recording.
type Fault uint8

// The ways.
const (
	Differs    Fault = iota // a message came, and is not as recorded
	Missing                 // a message did not come in time
	Unexpected              // a message came that the recording does not have
	Unreadable              // a frame came that holds no message
	Ended                   // the peer ended the session before its part was over
)

// String says it in words.
func (f Fault) String() string {
	return [...]string{"differs", "missing", "is not in the recording", "is no message", "ended the session"}[f]
}

// Divergence is one departure.
type Divergence struct {
	Fault       Fault
	Step        *Step         // the recorded message; nil if there is none
	Actual      *decode.Event // what came; nil if nothing did
	Differences []Difference  // of Differs
	Reason      string        // of Unreadable and Ended, in words
}

// Report is something that happened while a plan was played.
type Report struct {
	Step     *Step // nil: none of the plan's
	Happened Happening
	Actual   *decode.Event // the live message, sent or received
	Diverged *Divergence
	Why      string // Step is left out; or its message came out of order
}

// Happening says what happened.
type Happening uint8

// The happenings.
const (
	Sent     Happening = iota // a step's message leaves
	Came                      // a step's message came as recorded
	LeftOut                   // a step is passed over
	Waiting                   // a message is waited for that nothing of ours asks for
	Diverged                  // the session is not as recorded
)
