package decode

import (
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// The colours of a line's direction and title: the eight that every terminal has
// in its own shades. Meaning comes first: what is wrong, what was altered, what
// stays sealed; else who sent it.
const (
	colourWrong   = "\x1b[31m" // red
	colourCloud   = "\x1b[32m" // green
	colourWarning = "\x1b[33m" // yellow
	colourKeys    = "\x1b[34m" // blue: the handshake
	colourAltered = "\x1b[35m" // magenta
	colourDevice  = "\x1b[36m" // cyan
	colourNone    = ""         // what is there all the time

	colourEnd = "\x1b[0m"
)

// troubles are the kinds that say that something did not work.
var troubles = map[particle.Kind]bool{
	particle.KindReset: true, particle.KindDescribeRefused: true, particle.KindFunctionRefused: true, particle.KindVariableError: true,
	particle.KindEventRefused: true, particle.KindSubscribeRefused: true, particle.KindUpdateRefused: true, particle.KindChunkRefused: true,
	particle.KindUpdateIncomplete: true, particle.KindChunkMissed: true, particle.KindUpdateAbort: true, particle.KindOTA3Refused: true,
}

// colour returns the colour of an event.
func colour(e *Event) string {
	switch b := e.Body.(type) {
	case *Malformed, *Finding:
		return colourWrong
	case *Sealed, *Gap:
		return colourWarning
	case *Nonce:
		return colourKeys
	case *Identity:
		return handshakeColour(b.Opened, b.HasNonce && !b.NonceOK)
	case *Credentials:
		return handshakeColour(b.Opened, b.Signature == "failed")
	case *Message:
		return messageColour(e, b.Meaning.Kind)
	case *Closed:
		if b.How == stream.Reset {
			return colourWrong
		}
	}
	return colourNone
}

func handshakeColour(opened, wrong bool) string {
	switch {
	case !opened:
		return colourWarning
	case wrong:
		return colourWrong
	}
	return colourKeys
}

func messageColour(e *Event, kind particle.Kind) string {
	switch {
	case e.Altered:
		return colourAltered
	case troubles[kind]:
		return colourWarning
	case kind == particle.KindPing || kind == particle.KindPingAck:
		return colourNone
	case e.From == stream.FromCloud:
		return colourCloud
	}
	return colourDevice
}
