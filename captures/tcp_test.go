package captures

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// story puts items into words, one a line, with times in ms since epoch.
func story(list []stream.Item) string {
	var b strings.Builder
	ms := func(at time.Time) string { return fmt.Sprintf("%d", at.Sub(epoch)/time.Millisecond) }
	for _, it := range list {
		switch it := it.(type) {
		case *stream.Opened:
			fmt.Fprintf(&b, "%s %d opened %v\n", ms(it.At), it.Conn.ID, it.Conn.Device)
		case *stream.Segment:
			fmt.Fprintf(&b, "%s %d %v: %s\n", ms(it.At), it.Conn, it.From, it.Data)
		case *stream.Gap:
			fmt.Fprintf(&b, "%s %d %v lacks %d\n", ms(it.At), it.Conn, it.From, it.Len)
		case *stream.Closed:
			fmt.Fprintf(&b, "%s %d %v %v\n", ms(it.At), it.Conn, it.From, it.How)
		}
	}
	return b.String()
}

// tcpCase is a dialogue and the story that its packets must tell.
type tcpCase struct {
	name string
	d    *dialogue
	want string
}

func checkTCP(t *testing.T, cases []tcpCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list, err := items(c.d.reader(), ReadOptions{Port: c.d.cloud.Port()})
			if err != nil {
				t.Fatal(err)
			}
			if got := story(list); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestTCPIsPutInOrderAsReceiversDo(t *testing.T) {
	checkTCP(t, []tcpCase{
		{"in order, with half close",
			newDialogue().open().down(1, "nonce").up(1, "identity").add(0, tcpFIN|tcpACK, 9, 6, "").down(6, "more").add(1, tcpFIN|tcpACK, 10, 10, ""),
			"0 1 opened 10.0.0.7:50123\n3 1 cloud: nonce\n4 1 device: identity\n5 1 device fin\n6 1 cloud: more\n7 1 cloud fin\n"},
		{"a retransmission is dropped, even a longer one",
			newDialogue().open().up(1, "abc").up(1, "abc").up(1, "XXXde"),
			"0 1 opened 10.0.0.7:50123\n3 1 device: abc\n5 1 device: de\n5 1 device cut\n5 1 cloud cut\n"},
		{"late data keeps its own time",
			newDialogue().open().up(4, "def").up(1, "abc"),
			"0 1 opened 10.0.0.7:50123\n4 1 device: abc\n3 1 device: def\n4 1 device cut\n4 1 cloud cut\n"},
		{"the first copy wins among waiting segments",
			newDialogue().open().up(4, "def").up(3, "CDEFG").up(1, "ab"),
			"0 1 opened 10.0.0.7:50123\n5 1 device: ab\n4 1 device: C\n3 1 device: def\n4 1 device: G\n5 1 device cut\n5 1 cloud cut\n"},
		{"the first copy wins over a segment that fills a hole",
			newDialogue().open().up(3, "cd").up(1, "ABCDE"),
			"0 1 opened 10.0.0.7:50123\n4 1 device: AB\n3 1 device: cd\n4 1 device: E\n4 1 device cut\n4 1 cloud cut\n"},
		{"sequence numbers wrap",
			newDialogue().from(0xfffffffd).open().up(1, "ab").up(7, "gh").up(3, "cdef").add(0, tcpFIN|tcpACK, 9, 1, ""),
			"0 1 opened 10.0.0.7:50123\n3 1 device: ab\n5 1 device: cdef\n4 1 device: gh\n6 1 device fin\n6 1 cloud cut\n"},
	})
}

func TestWhatTCPLacksIsAGapOnceItIsGivenUp(t *testing.T) {
	checkTCP(t, []tcpCase{
		{"what stays missing is a gap at the end",
			newDialogue().open().up(1, "ab").up(6, "fg"),
			"0 1 opened 10.0.0.7:50123\n3 1 device: ab\n4 1 device lacks 3\n4 1 device: fg\n4 1 device cut\n4 1 cloud cut\n"},
		{"what the receiver acknowledged is given up after a second",
			newDialogue().open().up(4, "de").add(1, tcpACK, 1, 6, "").later(1100*time.Millisecond).down(1, "x").up(1, "abc"),
			"0 1 opened 10.0.0.7:50123\n1105 1 cloud: x\n3 1 device lacks 3\n3 1 device: de\n1106 1 device cut\n1106 1 cloud cut\n"},
		{"what the receiver misses as well is waited for",
			newDialogue().open().up(4, "de").later(29*time.Second).add(1, tcpACK, 1, 1, "").later(29*time.Second).up(1, "abc"),
			"0 1 opened 10.0.0.7:50123\n58005 1 device: abc\n3 1 device: de\n58005 1 device cut\n58005 1 cloud cut\n"},
		{"a receiver that is not heard is waited for half a minute",
			newDialogue().open().up(4, "de").later(31*time.Second).up(6, "f").up(1, "abc"),
			"0 1 opened 10.0.0.7:50123\n3 1 device lacks 3\n3 1 device: de\n31004 1 device: f\n31005 1 device cut\n31005 1 cloud cut\n"},
		{"acknowledged bytes that never came are missing at the end",
			newDialogue().open().up(1, "ab").add(1, tcpACK, 1, 9, ""),
			"0 1 opened 10.0.0.7:50123\n3 1 device: ab\n4 1 device lacks 6\n4 1 device cut\n4 1 cloud cut\n"},
		{"bytes lost before the first that was captured are known from the opening",
			newDialogue().open().up(5, "e").add(1, tcpFIN|tcpACK, 4, 6, ""),
			"0 1 opened 10.0.0.7:50123\n3 1 device lacks 4\n3 1 device: e\n4 1 cloud lacks 3\n4 1 cloud fin\n4 1 device cut\n"},
	})
}

func TestTCPEndsAsReceiversBelieve(t *testing.T) {
	checkTCP(t, []tcpCase{
		{"a FIN before late data closes after it",
			newDialogue().open().add(0, tcpFIN|tcpACK, 4, 1, "").up(1, "abc").up(4, "beyond"),
			"0 1 opened 10.0.0.7:50123\n4 1 device: abc\n3 1 device fin\n5 1 cloud cut\n"},
		{"a reset ends both directions, with what waited",
			newDialogue().open().up(1, "a").up(3, "c").add(1, tcpRST, 1, 0, "").up(2, "b"),
			"0 1 opened 10.0.0.7:50123\n3 1 device: a\n4 1 device lacks 1\n4 1 device: c\n5 1 cloud rst\n"},
		{"a reset with a foreign sequence number is not believed",
			newDialogue().open().up(1, "a").add(1, tcpRST, 1<<30, 0, "").up(2, "b"),
			"0 1 opened 10.0.0.7:50123\n3 1 device: a\n5 1 device: b\n5 1 device cut\n5 1 cloud cut\n"},
		{"who was refused was never connected, and may try again",
			newDialogue().add(0, tcpSYN, 0, 0, "").add(1, tcpRST|tcpACK, 0, 1, "").open(),
			"2 1 opened 10.0.0.7:50123\n4 1 device cut\n4 1 cloud cut\n"},
	})
}

func TestTCPConnectionsAreToldApart(t *testing.T) {
	checkTCP(t, []tcpCase{
		{"a SYN without an answer is nothing",
			newDialogue().add(0, tcpSYN, 0, 0, "").add(0, tcpSYN, 0, 0, ""), ""},
		{"a repeated opening is the same connection",
			newDialogue().add(0, tcpSYN, 0, 0, "").add(1, tcpSYN|tcpACK, 0, 1, "").add(0, tcpSYN, 0, 0, "").open().up(1, "a"),
			"0 1 opened 10.0.0.7:50123\n6 1 device: a\n6 1 device cut\n6 1 cloud cut\n"},
		{"ports used again are another connection",
			newDialogue().open().up(1, "a").shift(5000).open().up(1, "b"),
			"0 1 opened 10.0.0.7:50123\n3 1 device: a\n3 1 device cut\n3 1 cloud cut\n4 2 opened 10.0.0.7:50123\n7 2 device: b\n7 2 device cut\n7 2 cloud cut\n"},
		{"data without an opening long after the end is another connection",
			newDialogue().open().add(0, tcpRST, 1, 0, "").up(1, "late").later(2*time.Minute).up(900, "new"),
			"0 1 opened 10.0.0.7:50123\n3 1 device rst\n120005 2 opened 10.0.0.7:50123\n120005 2 device: new\n120005 2 device cut\n120005 2 cloud cut\n"},
	})
}

func TestWithoutAnOpeningTheDeviceIsFound(t *testing.T) {
	other := netip.MustParseAddrPort("10.0.0.8:40000")
	nonce, identity := strings.Repeat("n", 40), strings.Repeat("i", 256)
	checkTCP(t, []tcpCase{
		{"an opening of which the answer was lost tells where the cloud began",
			newDialogue().add(0, tcpSYN, 0, 0, "").add(0, tcpACK, 1, 1, "").down(3, "c"),
			"0 1 opened 10.0.0.7:50123\n2 1 cloud lacks 2\n2 1 cloud: c\n2 1 device cut\n2 1 cloud cut\n"},
		{"without an opening the nonce tells the cloud",
			newDialogue().ends(other, deviceEnd).down(1, nonce),
			"0 1 opened 10.0.0.8:40000\n0 1 cloud: " + nonce + "\n0 1 device cut\n0 1 cloud cut\n"},
		{"without an opening the identity tells the device",
			newDialogue().ends(deviceEnd, other).up(1, identity),
			"0 1 opened 10.0.0.7:50123\n0 1 device: " + identity + "\n0 1 device cut\n0 1 cloud cut\n"},
		{"without an opening port 5683 is the cloud's",
			newDialogue().ends(deviceEnd, cloudEnd).down(1, "frame"),
			"0 1 opened 10.0.0.7:50123\n0 1 cloud: frame\n0 1 device cut\n0 1 cloud cut\n"},
		{"an answer without its question tells the device",
			newDialogue().add(1, tcpSYN|tcpACK, 0, 1, "").up(2, "b"),
			"0 1 opened 10.0.0.7:50123\n1 1 device lacks 1\n1 1 device: b\n1 1 device cut\n1 1 cloud cut\n"},
	})
}

// shift has the packets that follow belong to a connection with other initial
// sequence numbers.
func (d *dialogue) shift(by uint32) *dialogue {
	return d.from(d.initial[0] + by)
}

func (d *dialogue) from(initial uint32) *dialogue {
	d.initial[0] = initial
	return d
}

func (d *dialogue) ends(device, cloud netip.AddrPort) *dialogue {
	d.device, d.cloud = device, cloud
	return d
}

func TestBytesThatAreNotCapturedAreAGap(t *testing.T) {
	d := newDialogue().open().up(1, "abcdef").up(7, "gh")
	cut := &d.packets[3]
	cut.wire = len(cut.ip)
	cut.ip = cut.ip[:len(cut.ip)-4]
	list, err := items(d.reader(), ReadOptions{})
	want := "0 1 opened 10.0.0.7:50123\n3 1 device: ab\n3 1 device lacks 4\n4 1 device: gh\n4 1 device cut\n4 1 cloud cut\n"
	if got := story(list); got != want || err != nil {
		t.Errorf("error %v, got\n%swant\n%s", err, got, want)
	}
}
