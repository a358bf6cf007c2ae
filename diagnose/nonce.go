package diagnose

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
)

// checkNonce looks at 40 bytes that came where the nonce belongs.
func (l *leg) checkNonce(e *decode.Event) {
	if isText(e.Raw) {
		l.find(e, draft{id: "PH-14", sure: Certain, evidence: []decode.Evidence{
			l.nonce.says("text where 40 random bytes belong: " + quoted(e.Raw)),
		}})
	}
}

// foreign takes bytes that came where a record of the handshake belongs.
func (l *leg) foreign(e *decode.Event, m mark) {
	kind := protocolOf(e.Raw)
	if kind == "" {
		l.seldom().broken[e.From&1] = m
		return
	}
	what := fmt.Sprintf("%s, where the %s belongs: %s", kind, map[bool]string{true: "nonce", false: "identity"}[e.From == stream.FromCloud], quoted(e.Raw))
	f := draft{id: "PH-14", sure: Certain, evidence: []decode.Evidence{m.says(what)}}
	if e.From == stream.FromDevice {
		f.id, f.noCount = "PH-40", true
	}
	l.find(e, f)
}

// endedWithoutNonce: the device connected, and nothing that is a nonce came.
func (l *leg) endedWithoutNonce(e *decode.Event) {
	end := l.end()
	took := end.since(l.opened)
	part := l.seldom().broken[stream.FromCloud]
	switch {
	case l.lost(stream.FromCloud), l.identity.seen(): // it came, but the capture has it not
	case part.seen():
		l.find(e, draft{id: "PH-38", sure: Certain, evidence: []decode.Evidence{
			part.says(fmt.Sprintf("only %d of the 40 bytes of the nonce", part.wire)), end.says(closedAfter(took)),
		}})
	case l.passed && l.conn.Leg == stream.DeviceLeg:
		l.find(e, draft{id: "PH-38", sure: Certain, title: "the server's nonce does not reach the device", evidence: []decode.Evidence{
			l.opened.says("the connection is there; to the proxy the server has sent its nonce"), end.says(closedAfter(took) + ", without a byte of it"),
		}})
	case e.From == stream.FromDevice && took >= deviceRecordWait*9/10:
		l.find(e, draft{id: "PH-14", sure: Likely, title: "whoever answers the device sends no nonce: it is no server of Particle's protocol, or it hangs", evidence: []decode.Evidence{
			l.opened.says("the connection is there"), end.says(fmt.Sprintf("the device closes after %v without a byte from the other side", rounded(took))),
		}})
	case e.From == stream.FromCloud && l.how == stream.Reset && took < time.Second && l.conn.Leg != stream.CloudLeg:
		l.find(e, draft{id: "PH-16", sure: Likely, evidence: []decode.Evidence{end.says("refused or aborted " + rounded(took).String() + " after the device called")}})
	case e.From == stream.FromCloud && l.conn.Leg == stream.DeviceLeg:
		l.find(e, draft{id: "PH-16", sure: Likely, title: "the server cannot be reached: the proxy has had to send the device away", evidence: []decode.Evidence{
			l.opened.says("the device has reached the proxy"), end.says("closed without a nonce, because none came from the server"),
		}})
	case e.From == stream.FromCloud:
		l.find(e, draft{id: "PH-14", sure: Likely, evidence: []decode.Evidence{end.says(closedAfter(took) + ", without a byte: a server sends 40 at once")}})
	}
}

// endedWithoutIdentity: the nonce came, and the device did not answer.
func (l *leg) endedWithoutIdentity(e *decode.Event) {
	end := l.end()
	waited := end.since(l.nonce)
	part := l.seldom().broken[stream.FromDevice]
	switch {
	case l.lost(stream.FromDevice), l.credentials.seen(): // it came, but the capture has it not
	case part.seen() && (waited > time.Second || e.From == stream.FromDevice):
		l.find(e, draft{id: "PH-21", sure: Likely, title: "the device sends only a part of its identity", evidence: []decode.Evidence{
			part.says(fmt.Sprintf("only %d of the 256 bytes of the identity", part.wire)), end.says(closedAfter(waited)),
		}})
	case part.seen() && l.sent: // alone it may be a server that was stopped
		l.find(e, draft{id: "PH-20", sure: Likely, evidence: []decode.Evidence{
			part.says(fmt.Sprintf("the first %d of the 256 bytes of the identity", part.wire)), end.says(fmt.Sprintf("the server closes %v after the nonce, without waiting for the rest", rounded(waited))),
		}})
	case waited >= serverHandshakeLimits[0]*9/10:
		l.find(e, draft{id: "PH-21", sure: Likely, evidence: []decode.Evidence{
			l.nonce.says("the nonce was sent"), end.says(fmt.Sprintf("closed by the %s after %v in which the device sent nothing", sender(e.From), rounded(waited))),
		}})
	}
}

// closedAfter says when the end came.
func closedAfter(d time.Duration) string {
	return fmt.Sprintf("closed %v later", rounded(d))
}

func rounded(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}

func sender(from stream.Direction) string {
	if from == stream.FromDevice {
		return "device"
	}
	return "server"
}

// protocolOf recognises other protocols by their first bytes.
func protocolOf(b []byte) string {
	for _, word := range []string{"GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH "} {
		if bytes.HasPrefix(b, []byte(word)) {
			return "an HTTP request"
		}
	}
	switch {
	case bytes.HasPrefix(b, []byte("HTTP/")):
		return "an HTTP answer"
	case bytes.HasPrefix(b, []byte("SSH-")):
		return "an SSH greeting"
	case len(b) >= 6 && (b[0] == 0x16 || b[0] == 0x15) && b[1] == 3 && b[2] <= 4:
		return "a TLS record"
	case isText(b):
		return "text"
	}
	return ""
}

// isText reports whether at least 16 bytes are printable ASCII and line ends.
// Random ones are that once in five million times, and 40 of them never.
func isText(b []byte) bool {
	for _, c := range b {
		if (c < ' ' || c > '~') && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return len(b) >= 16
}

// quoted shows the front of foreign bytes, safe for every terminal, in at most 42
// columns.
func quoted(b []byte) string {
	b = b[:min(len(b), 40)]
	for len(strconv.QuoteToASCII(string(b))) > 42 {
		b = b[:len(b)-1]
	}
	return strconv.QuoteToASCII(string(b))
}
