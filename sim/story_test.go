package sim

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/sim/memnet"
)

// tellStory runs a story over loopback.
func tellStory(t *testing.T, st *Story) error {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st.Listener = ln
	st.Dial = func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
	}
	return st.Run(t.Context())
}

func TestTheDemoIsToldInTime(t *testing.T) {
	noLeaks(t)
	start := time.Now()
	if err := tellStory(t, new(Story)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("it takes %s", took)
	}
}

// notes is a tap that finds out the kinds of messages.
type notes struct {
	t     *testing.T
	mu    sync.Mutex
	talk  particle.Conversation
	kinds map[particle.Kind]int
	lines []string
}

func (n *notes) tap(from stream.Direction, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var m coap.Message
	if err := m.Parse(b); err != nil {
		n.t.Errorf("from %s: %x: %v", from, b, err)
		return
	}
	kind := n.talk.Next(from, time.Now(), &m).Kind
	n.kinds[kind]++
	n.lines = append(n.lines, from.String()+" "+kind.String())
}

// willing is a profile without the defect that ends a session at a 4.00, as
// spark-protocol answers every event.
func willing(p Profile) *Profile {
	p.HangsUp = false
	return &p
}

func TestEveryFirmwareTellsEveryStoryWithEveryServer(t *testing.T) {
	noLeaks(t)
	seen := map[particle.Kind]bool{}
	for _, profile := range Profiles {
		for _, style := range Styles {
			p := &profile
			if style.EventReply == AckSpark {
				p = willing(profile)
			}
			t.Run(profile.Name+" with "+style.Name, func(t *testing.T) {
				n := &notes{t: t, kinds: map[particle.Kind]int{}}
				last := ""
				st := &Story{
					Profile: p, Style: &style, EveryKind: true, Pause: -1,
					Tap: n.tap, Scene: func(name string) { last = name },
				}
				if err := tellStory(t, st); err != nil {
					t.Errorf("at %q: %v", last, err)
				}
				for k := range n.kinds {
					seen[k] = true
				}
			})
		}
	}
	var unseen []string
	for _, k := range particle.Kinds() {
		if !seen[k.Kind] {
			unseen = append(unseen, k.Name)
		}
	}
	// The one that is a datagram of its own is no part of a session.
	if !slices.Equal(unseen, []string{"presence"}) {
		t.Errorf("kinds of no session: %s", strings.Join(unseen, " "))
	}
}

func TestAStoryThatGoesWrongSaysWhereAndLeavesNothing(t *testing.T) {
	noLeaks(t)
	last := ""
	scene := func(name string) { last = name }
	// The original server's 4.00 ends sessions of the older stack.
	err := tellStory(t, &Story{Profile: &Legacy049, Style: &Spark, Pause: -1, Scene: scene})
	if err == nil || !strings.Contains(err.Error(), "sim: "+last) {
		t.Errorf("at %q: %v", last, err)
	}
	none := errors.New("nobody is there")
	st := &Story{Dial: func(context.Context) (net.Conn, error) { return nil, none }, Listener: memnet.NewListener("192.0.2.1:5683")}
	if err := st.Run(t.Context()); !errors.Is(err, none) {
		t.Errorf("without a connection: %v", err)
	}
}

func TestAStoryEndsWithItsContext(t *testing.T) {
	noLeaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	st := &Story{
		Listener: ln, Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
		},
		Scene: func(name string) {
			if name == "rainbow on" {
				cancel()
			}
		},
	}
	if err := st.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

func TestDevicesAreToldTheCloudsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := ""
		d := &Device{Tap: func(from stream.Direction, b []byte) {
			if from == stream.FromCloud && b[1] == byte(coap.Content) {
				told = hex.EncodeToString(b[5:])
			}
		}}
		session(t, d, &Cloud{Now: func() time.Time { return time.Unix(0x6553f100, 0) }}, func(context.Context, *CloudSession) error {
			synctest.Wait()
			return nil
		})
		if told != "ff6553f100" {
			t.Errorf("the device is told %s", told)
		}
	})
}
