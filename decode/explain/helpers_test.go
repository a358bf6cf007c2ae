package explain

import (
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/internal/genuine"
)

// recordings are captures and the server key that belongs to each.
var recordings = map[string]string{
	"healthy-brewskey-fw2.3.1/capture.pcapng":             "h2-server",
	"healthy-spark-fw1.5.2/capture.pcap":                  "h1-server",
	"net-mtu600-loss-spark/capture-server-side.pcapng":    "h1-server",
	"fail-mismatching-device-key-brewskey/capture.pcapng": "h2-server",
	"fail-wrong-server-key-spark/capture.pcapng":          "h1-server",
}

// events decodes a recording with all keys.
func events(t testing.TB, recording string) []decode.Event {
	t.Helper()
	return genuine.Events(t, genuine.Path(t, recording), genuine.Keys(t))
}

// credentials are those that each connection of a recording had.
func credentials(list []decode.Event) map[stream.ConnID]*lightssl.Credentials {
	all := make(map[stream.ConnID]*lightssl.Credentials)
	for i := range list {
		if c, ok := list[i].Body.(*decode.Credentials); ok && c.Opened {
			all[list[i].Conn.ID] = &c.Credentials
		}
	}
	return all
}

// eachSubject yields everything of an event that can be pointed at: the event,
// its fields, and the first and the last byte of each.
func eachSubject(e *decode.Event, c *lightssl.Credentials, yield func(Subject)) {
	s := Subject{Event: e, Layers: decode.Dissect(e), Offset: -1, Credentials: c}
	yield(s)
	var walk func(fields []field.Field)
	walk = func(fields []field.Field) {
		for i := range fields {
			s.Field, s.Offset = &fields[i], -1
			yield(s)
			if s.Field.End > s.Field.Start {
				s.Offset = s.Field.End - 1
				yield(s)
			}
			walk(fields[i].Fields)
		}
	}
	for s.Layer = range s.Layers {
		walk(s.Layers[s.Layer].Fields)
	}
}
