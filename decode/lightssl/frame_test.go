package lightssl_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// cutAll cuts a stream that arrives in the given pieces.
func cutAll(pieces [][]byte) (bodies [][]byte, rest []byte) {
	for _, p := range pieces {
		rest = append(rest, p...)
		for {
			body, after, ok := CutFrame(rest)
			if !ok {
				break
			}
			bodies = append(bodies, bytes.Clone(body))
			rest = bytes.Clone(after)
		}
	}
	return bodies, rest
}

func TestFramesAreTheSameHoweverTheyArrive(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var stream []byte
	var want [][]byte
	for _, n := range []int{0, 1, 16, 5, 768, 15, 4096, 0} {
		body := make([]byte, n)
		for i := range body {
			body[i] = byte(r.Uint32())
		}
		want = append(want, body)
		stream = AppendFrame(stream, body)
	}
	stream = append(stream, 0, 32, 1, 2, 3)
	for range 1000 {
		got, rest := cutAll(randomPieces(r, stream))
		if !slicesEqual(got, want) || !bytes.Equal(rest, stream[len(stream)-5:]) {
			t.Fatalf("%d frames and %x left", len(got), rest)
		}
	}
}

func randomPieces(r *rand.Rand, b []byte) (pieces [][]byte) {
	for len(b) > 0 {
		n := min(len(b), 1+r.IntN(1+r.IntN(len(b))))
		pieces = append(pieces, b[:n])
		b = b[n:]
	}
	return pieces
}

func slicesEqual(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func TestFrameLenNeedsBothLengthBytes(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		want int
	}{{nil, 0}, {[]byte{1}, 0}, {[]byte{0, 0}, 2}, {[]byte{1, 2}, 260}, {[]byte{255, 255, 9}, 65537}} {
		if got := FrameLen(c.b); got != c.want {
			t.Errorf("%x: %d, want %d", c.b, got, c.want)
		}
	}
}

func TestTheLongestFramesFitAndLongerOnesPanic(t *testing.T) {
	c := NewCipher(testCredentials(1))
	if n := len(c.AppendSealedFrame(nil, make([]byte, MaxMessageLen))); n != FrameHeaderLen+65520 {
		t.Errorf("longest message: frame of %d bytes", n)
	}
	if n := len(AppendFrame(nil, make([]byte, MaxFrameBody))); n != FrameHeaderLen+MaxFrameBody {
		t.Errorf("longest body: frame of %d bytes", n)
	}
	if !panics(func() { c.AppendSealedFrame(nil, make([]byte, MaxMessageLen+1)) }) {
		t.Error("a message that is too long was sealed")
	}
	if !panics(func() { AppendFrame(nil, make([]byte, MaxFrameBody+1)) }) {
		t.Error("a body that is too long was framed")
	}
}

func TestACutFrameCannotGrowIntoTheNext(t *testing.T) {
	b := []byte{0, 1, 'a', 0, 1, 'b'}
	body, rest, _ := CutFrame(b)
	_ = append(body, 'X')
	if !bytes.Equal(rest, []byte{0, 1, 'b'}) {
		t.Errorf("rest is %x", rest)
	}
}
