package ui

import (
	"bytes"
	"crypto/aes"
	"fmt"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/store"
)

// Each byte of each message of genuine sessions leads to the block that AES, by
// hand, decrypts to the plaintext shown; and where the IV is said to come from,
// there it is.
func TestBlocksAreThoseThatAESOpens(t *testing.T) {
	for _, recording := range []string{"healthy-brewskey-fw2.3.1/capture.pcapng", "healthy-spark-fw1.5.2/capture.pcap"} {
		t.Run(recording, func(t *testing.T) {
			all := events(t, recording)
			m := newModel(stored(all...))
			frames, fromCredentials := 0, 0
			for i := range all {
				if paddedOf(&all[i]) == nil {
					if layers := decode.Dissect(&all[i]); len(layers) > 0 {
						if k, ok := linkBlocks(layers, 0, 0, 1); ok {
							t.Fatalf("event %d, which is no opened frame, has blocks: %+v", i+1, k)
						}
					}
					continue
				}
				frames++
				if checkFrame(t, m, all, i) {
					fromCredentials++
				}
			}
			if frames < 100 || fromCredentials != 8 {
				t.Errorf("%d frames, %d with the IV of the credentials; want one a direction of 4 sessions", frames, fromCredentials)
			}
		})
	}
}

// checkFrame follows every byte of an event to its block, and reports whether the
// IV is that of the credentials.
func checkFrame(t *testing.T, m *model, all []decode.Event, i int) (first bool) {
	t.Helper()
	layers := decode.Dissect(&all[i])
	credentials := m.credentialsOf(store.Seq(i))
	key, err := aes.NewCipher(credentials.Key())
	if err != nil {
		t.Fatal(err)
	}
	iv := credentials.IV()
	var from int
	if _, err := fmt.Sscanf(string(m.ivText(store.Seq(i), &all[i])), "The IV is wire 0002-0011 of event %d,", &from); err == nil {
		iv = all[from-1].Raw[2:18]
	} else {
		first = true
	}
	for layer := range layers {
		for at, b := range layers[layer].Bytes {
			k, ok := linkBlocks(layers, layer, at, at+1)
			if inLength := layers[layer].Name == decode.Wire && at < 2; inLength != !ok {
				t.Fatalf("event %d, %s byte %d: in a block %v", i+1, layers[layer].Name, at, ok)
			} else if inLength {
				continue
			}
			wire, plain := layers[k.wire].Bytes, layers[k.plain].Bytes
			before := iv
			if x := k.mixed(); x.to > 0 {
				before = wire[x.from:x.to]
			}
			cipher, opened := wire[k.inWire().from:k.inWire().to], make([]byte, 16)
			key.Decrypt(opened, cipher)
			for j := range opened {
				opened[j] ^= before[j]
			}
			if want := plain[k.inPlain().from:k.inPlain().to]; !bytes.Equal(opened, want) {
				t.Fatalf("event %d, %s byte %d: block %d gives %x, shown is %x", i+1, layers[layer].Name, at, k.first, opened, want)
			}
			side := opened
			if layer == k.wire {
				side = cipher
			}
			if at := at + layerBase(layers, layer) - 2 - 16*k.first; side[at] != b {
				t.Fatalf("event %d: byte %d of block %d is %02x, shown as %02x", i+1, at, k.first, side[at], b)
			}
		}
	}
	return first
}

// Of the length before the ciphertext it is said what it counts and why it is so many.
func TestTheLengthOfAFrameIsExplainedBesideItsBytes(t *testing.T) {
	wire, plain := make([]byte, 34), make([]byte, 32)
	wire[1], plain[31] = 32, 7
	if got, want := lengthText(wire, plain), Safe("Length 00 20, high byte first: 32 bytes of ciphertext follow, 2 × 16. The message has 25, its padding 7."); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	plain[31] = 0
	if got, want := lengthText(wire, plain), Safe("Length 00 20, high byte first: 32 bytes of ciphertext follow, 2 × 16."); got != want {
		t.Errorf("without padding: %q, want %q", got, want)
	}
	all := events(t, "healthy-spark-fw1.5.2/capture.pcap")
	a := newApp(Options{Store: stored(all...)})
	press(a, "2")
	m := a.messagesView()
	for i := range all {
		m.list.choose(i)
		if _, ok := linkBlocks(m.tree.layers, 0, 2, 3); !ok {
			continue
		}
		m.link(0, byteRange{0, 2})
		if !m.twin.shown || len(m.twin.text) != 1 || !strings.HasPrefix(string(m.twin.text[0]), fmt.Sprintf("Length %02x %02x,", all[i].Raw[0], all[i].Raw[1])) {
			t.Fatalf("event %d: %v %q", i+1, m.twin.shown, m.twin.text)
		}
		return
	}
	t.Fatal("no frame that was opened")
}

// Behind a gap the first block is garbage, and nothing is said of where its IV
// might be.
func TestNoIVIsNamedBehindAGap(t *testing.T) {
	all := events(t, "healthy-spark-fw1.5.2/capture.pcap")
	var sent []int // messages of the device
	for i := range all {
		if _, ok := all[i].Body.(*decode.Message); ok && all[i].From == stream.FromDevice {
			sent = append(sent, i)
		}
	}
	at := sent[4]
	var before int
	m := newModel(stored(all...))
	if _, err := fmt.Sscanf(string(m.ivText(store.Seq(at), &all[at])), "The IV is wire 0002-0011 of event %d,", &before); err != nil {
		t.Fatalf("event %d: %q", at+1, m.ivText(store.Seq(at), &all[at]))
	}
	all[before-1].Body, all[before-1].Raw = &decode.Gap{Len: 18}, nil
	m = newModel(stored(all...))
	if got, want := m.ivText(store.Seq(at), &all[at]), Safe("The frame before in this direction is missing, and with it the IV: the first block is not what was sent."); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The block of what is selected is lit on the other side, in either direction.
func TestTheOtherSideFollowsTheSelection(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...), Title: "talk.pcapng", Theme: Mono})
	press(a, "2", "g", "j", "j", "j", "j", "j", "j", "j", "Tab")
	for _, size := range screenSizes {
		golden(t, fmt.Sprintf("blocks-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
	press(a, "x", "x")
	golden(t, "blocks-wire-80x24", show(t, a, 80, 24), a.look)
}
