package captures

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// annotated are items with what people wrote at them, on every leg.
func annotated() (items []stream.Item) {
	for leg := range 3 {
		c := stream.Conn{
			ID: stream.ConnID(leg + 1), Leg: stream.Leg(leg),
			Device: netip.MustParseAddrPort("192.0.2.7:50000"), Cloud: netip.MustParseAddrPort("198.51.100.1:5683"),
		}
		at := func(i int) time.Time { return epoch.Add(time.Duration(leg*100+i) * time.Millisecond) }
		items = append(items,
			&stream.Opened{At: at(0), Conn: c, Note: &stream.Note{Comment: "the device on the roof"}},
			&stream.Segment{At: at(1), Conn: c.ID, From: stream.FromCloud, Data: make([]byte, 40)},
			&stream.Segment{At: at(2), Conn: c.ID, From: stream.FromDevice, Data: make([]byte, 256), Note: &stream.Note{Mark: "ab", Comment: "warum? 温度\nand a second line"}},
			&stream.Segment{At: at(3), Conn: c.ID, From: stream.FromCloud, Data: make([]byte, 384), Note: &stream.Note{Mark: "z"}},
			&stream.Gap{At: at(4), Conn: c.ID, From: stream.FromDevice, Len: 34},
			&stream.Segment{At: at(4), Conn: c.ID, From: stream.FromDevice, Data: make([]byte, 34), Note: &stream.Note{Comment: "behind a gap"}},
			&stream.Closed{At: at(5), Conn: c.ID, From: stream.FromDevice, How: stream.Fin, Note: &stream.Note{Comment: "it says goodbye"}},
			&stream.Closed{At: at(6), Conn: c.ID, From: stream.FromCloud, How: stream.Reset, Note: &stream.Note{Mark: "r"}},
		)
	}
	return items
}

// notesOf lists what is written at items.
func notesOf(items []stream.Item) (notes []stream.Note) {
	for _, it := range items {
		var n *stream.Note
		switch it := it.(type) {
		case *stream.Opened:
			n = it.Note
		case *stream.Segment:
			n = it.Note
		case *stream.Closed:
			n = it.Note
		}
		if n == nil {
			n = new(stream.Note)
		}
		notes = append(notes, *n)
	}
	return notes
}

func TestWhatPeopleWroteComesBackAtTheSameItems(t *testing.T) {
	items := annotated()
	e := NewEncoder()
	file := e.AppendHeader(nil)
	for _, it := range items {
		file = e.AppendItem(file, it)
	}
	var got []stream.Item
	for it, err := range Read(bytes.NewReader(file), ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, stream.Clone(it))
	}
	want, have := notesOf(items), notesOf(got)
	if len(want) != len(have) {
		t.Fatalf("%d items become %d", len(want), len(have))
	}
	for i := range want {
		if have[i] != want[i] {
			t.Errorf("item %d of type %T has %q, not %q", i, got[i], have[i], want[i])
		}
	}
}

func TestCommentsOfOthersAreBounded(t *testing.T) {
	var n *stream.Note
	for i := range 1000 {
		n = annotate(n, []byte("mark "+string(rune(0x4e00+i))))
		n = annotate(n, []byte("mark ing"))
		n = annotate(n, bytes.Repeat([]byte("x"), 60_000))
	}
	if len(n.Comment) != maxComment || len(n.Mark) > maxMarks+4 {
		t.Errorf("%d bytes of comments and %d of marks are kept", len(n.Comment), len(n.Mark))
	}
	if !strings.HasPrefix(n.Comment, "mark ing\n") {
		t.Errorf("a sentence that begins like a mark became %.20q", n.Comment)
	}
}

func TestWiresharkShowsWhatPeopleWrote(t *testing.T) {
	e := NewEncoder()
	file := e.AppendHeader(nil)
	for _, it := range annotated() {
		file = e.AppendItem(file, it)
	}
	c := stream.Conn{ID: 1, Leg: stream.DeviceLeg, Device: netip.MustParseAddrPort("192.0.2.7:50000"), Cloud: netip.MustParseAddrPort("198.51.100.1:5683")}
	file = e.AppendMessage(file, Message{
		At: epoch.Add(time.Hour), Conn: c, Data: []byte{0x40, 0, 0x12, 0x34}, Comment: "ping", Note: &stream.Note{Mark: "p", Comment: "too late"},
	})
	lines := tshark(t, file, "-Y", "frame.comment", "-T", "fields", "-E", "aggregator=|", "-e", "frame.interface_name", "-e", "frame.comment")
	all := strings.Join(lines, "\n")
	for _, want := range []string{"photon-coap\tping|mark p|too late", "device-leg\tmark z", "cloud-leg\tbehind a gap", "the device on the roof", "温度", "tapped\tmark r"} {
		if !strings.Contains(all, want) {
			t.Errorf("tshark does not show %q in\n%s", want, all)
		}
	}
}
