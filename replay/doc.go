// Package replay plays a recorded session to a live peer by meaning: the
// handshake is a new one with fresh credentials, and then every message that one
// end sent is sent again, where its place is among those of the other end, which
// are waited for and compared.
//
// Begin with [Collector], which takes the sessions out of decoded events,
// [NewPlan], which says what will be sent, waited for and left out, and [Run],
// which plays a plan over a connection. Between them [Player] is a state machine
// without a clock, a socket or a goroutine: messages and times in, messages and
// reports out.
//
// # What is the same and what is not
//
// Message IDs are those of the new session: counted up from the first one that
// its credentials give, a recorded gap included. What answers a live message has
// that message's ID and token. Pings are left out, both ends': they follow the
// silence of the live session, and the player sends and answers its own. The time
// that a cloud tells is the present one, and what a device tells of the time and
// of its health is not compared.
//
// Every message of ours waits for all messages of the peer that were recorded
// before it, and for its time. Messages of the peer may come in another order
// than they were recorded in: on a network that is no difference in meaning.
package replay
