package decode

import "github.com/photonscope/photonscope/decode/stream"

// Item returns what the event shows of its stream: the opening, some bytes, a gap
// or a closing, with what people wrote at it. It is nil for an event that rests on
// nothing of the stream, such as a key that came late. The items of all events of
// a connection, in order, are the connection.
func (e *Event) Item() stream.Item {
	switch b := e.Body.(type) {
	case *Opened:
		return &stream.Opened{At: e.At, Conn: *e.Conn, Joined: b.Joined, Note: e.Note}
	case *Gap:
		return &stream.Gap{At: e.At, Conn: e.Conn.ID, From: e.From, Len: b.Len}
	case *Closed:
		return &stream.Closed{At: e.At, Conn: e.Conn.ID, From: e.From, How: b.How, Note: e.Note}
	}
	if e.Raw == nil {
		return nil
	}
	return &stream.Segment{At: e.At, Conn: e.Conn.ID, From: e.From, Data: e.Raw, Note: e.Note}
}
