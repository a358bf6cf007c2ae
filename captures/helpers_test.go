package captures

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/netip"
	"slices"
	"testing"

	"github.com/photonscope/photonscope/decode/stream"
)

// connection is all that was delivered of one connection.
type connection struct {
	conn   stream.Conn
	bytes  [2][]byte
	gaps   int
	missed [2]int
	closes []stream.Closed
}

// items reads a capture to its end and returns its items, whose data it copies.
func items(r io.Reader, opts ReadOptions) (list []stream.Item, err error) {
	for it, e := range Read(r, opts) {
		if e != nil {
			return list, e
		}
		list = append(list, stream.Clone(it))
	}
	return list, nil
}

// gather reads a sound capture into connections, and checks the order of items.
func gather(t testing.TB, r io.Reader) []*connection {
	t.Helper()
	list, err := items(r, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return connections(t, list)
}

func connections(t testing.TB, list []stream.Item) []*connection {
	t.Helper()
	var all []*connection
	find := func(id stream.ConnID) *connection {
		if id == 0 || int(id) > len(all) {
			t.Fatalf("connection %d was not opened", id)
		}
		return all[id-1]
	}
	for _, it := range list {
		switch it := it.(type) {
		case *stream.Opened:
			if int(it.Conn.ID) != len(all)+1 {
				t.Fatalf("connection %d opened after %d others", it.Conn.ID, len(all))
			}
			all = append(all, &connection{conn: it.Conn})
		case *stream.Segment:
			c := find(it.Conn)
			c.checkOpen(t, it.From)
			if len(it.Data) == 0 {
				t.Fatal("a segment without data")
			}
			c.bytes[it.From] = append(c.bytes[it.From], it.Data...)
		case *stream.Gap:
			c := find(it.Conn)
			c.checkOpen(t, it.From)
			c.gaps++
			c.missed[it.From] += it.Len
		case *stream.Closed:
			c := find(it.Conn)
			c.checkOpen(t, it.From, stream.Reset == it.How)
			c.closes = append(c.closes, *it)
		}
	}
	for _, c := range all {
		if !c.over(stream.FromDevice) || !c.over(stream.FromCloud) {
			t.Fatalf("connection %d was not closed: %v", c.conn.ID, c.closes)
		}
	}
	return all
}

// over reports whether a direction was closed.
func (c *connection) over(from stream.Direction) bool {
	return slices.ContainsFunc(c.closes, func(cl stream.Closed) bool { return cl.From == from || cl.How == stream.Reset })
}

// checkOpen demands that a direction can still say something.
func (c *connection) checkOpen(t testing.TB, from stream.Direction, reset ...bool) {
	t.Helper()
	aborts := len(reset) > 0 && reset[0]
	if c.over(from) && !(aborts && !c.over(from.Opposite())) {
		t.Fatalf("connection %d goes on from the %v after its end", c.conn.ID, from)
	}
}

func byNonce(all []*connection, nonce string) *connection {
	want, _ := hex.DecodeString(nonce)
	for _, c := range all {
		if bytes.HasPrefix(c.bytes[stream.FromCloud], want) {
			return c
		}
	}
	return nil
}

type (
	item        = stream.Item
	segmentItem = *stream.Segment
)

func countGap(it item) int {
	if _, ok := it.(*stream.Gap); ok {
		return 1
	}
	return 0
}

// neighbour returns an end that differs from e by its address.
func neighbour(e netip.AddrPort, n int) netip.AddrPort {
	a := e.Addr().As4()
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{a[0], a[1], byte(n >> 8), byte(n)}), e.Port())
}

var sixEnd = netip.MustParseAddrPort("[2001:db8::9]:4000")

func netipPort(e netip.AddrPort, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(e.Addr(), port)
}
