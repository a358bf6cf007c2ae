package lightssl_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"testing"
	"time"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

func TestSealAgreesWithTheModelForEveryLength(t *testing.T) {
	c := testCredentials(1)
	seal, model, open := NewCipher(c), newModel(c), NewCipher(c)
	message := make([]byte, 300)
	for i := range message {
		message[i] = byte(i * 11)
	}
	var frame []byte
	for n := range len(message) {
		frame = seal.AppendSealedFrame(frame[:0], message[:n])
		if want := model.seal(message[:n]); !bytes.Equal(frame, want) {
			t.Fatalf("%d bytes: %x, want %x", n, frame, want)
		}
		if seal.IV() != model.iv {
			t.Fatalf("%d bytes: next IV %x, want %x", n, seal.IV(), model.iv)
		}
		body, _, _ := CutFrame(frame)
		if got, err := open.Open(nil, body); err != nil || !bytes.Equal(got, message[:n]) {
			t.Fatalf("%d bytes: opens to %x, %v", n, got, err)
		}
	}
}

func TestAMessageOfSixteenBytesGrowsToThirtyTwo(t *testing.T) {
	if n := len(NewCipher(testCredentials(2)).Seal(nil, make([]byte, 16))); n != 32 {
		t.Errorf("sealed to %d bytes", n)
	}
}

func TestTheTwoDirectionsStartAlikeAndRunApart(t *testing.T) {
	c := testCredentials(3)
	up, down := NewCipher(c), NewCipher(c)
	a, b := up.Seal(nil, []byte("hello")), down.Seal(nil, []byte("hello"))
	if !bytes.Equal(a, b) {
		t.Error("the first frames differ")
	}
	up.Seal(nil, []byte("more"))
	if bytes.Equal(up.Seal(nil, []byte("same")), down.Seal(nil, []byte("same"))) {
		t.Error("frames after different histories are the same")
	}
}

func TestALostFrameGarblesSixteenBytesOfTheNextAndNoMore(t *testing.T) {
	c := testCredentials(4)
	seal, open := NewCipher(c), NewCipher(c)
	message := bytes.Repeat([]byte("0123456789abcdef"), 4)
	seal.Seal(nil, message)
	second := seal.Seal(nil, message)
	third := seal.Seal(nil, message)
	got, err := open.Open(nil, second)
	if err != nil || bytes.Equal(got[:16], message[:16]) || !bytes.Equal(got[16:], message[16:]) {
		t.Errorf("after a loss: %q, %v", got, err)
	}
	if got, err := open.Open(nil, third); err != nil || !bytes.Equal(got, message) {
		t.Errorf("one later: %q, %v", got, err)
	}
}

func TestSetHeadStartsInTheMiddle(t *testing.T) {
	c := testCredentials(5)
	seal := NewCipher(c)
	first := seal.Seal(nil, []byte("first"))
	second := seal.Seal(nil, []byte("second"))
	late := NewCipher(c)
	late.SetHead(first)
	if got, err := late.Open(nil, second); err != nil || string(got) != "second" {
		t.Errorf("opened %q, %v", got, err)
	}
}

func TestOpenOfAnOddLengthKeepsTheState(t *testing.T) {
	open := NewCipher(testCredentials(6))
	before := open.IV()
	for _, n := range []int{0, 1, 15, 17, 31} {
		if got, err := open.Open([]byte("kept"), make([]byte, n)); err != ErrLength || string(got) != "kept" {
			t.Errorf("%d bytes: %q, %v", n, got, err)
		}
	}
	if open.IV() != before {
		t.Error("the IV moved")
	}
}

func TestWrongPaddingReturnsEveryByteAndMovesOn(t *testing.T) {
	c := testCredentials(7)
	seal, open := NewCipher(c), NewCipher(c)
	padded := append(bytes.Repeat([]byte{'x'}, 30), 1, 3)
	if got, err := open.Open(nil, seal.SealRaw(nil, padded)); err != ErrPadding || !bytes.Equal(got, padded) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := open.Open(nil, seal.Seal(nil, []byte("next"))); err != nil || string(got) != "next" {
		t.Errorf("next frame: %q, %v", got, err)
	}
}

func TestSealRawRefusesWhatIsNoBlocks(t *testing.T) {
	for _, n := range []int{0, 15} {
		if !panics(func() { NewCipher(testCredentials(8)).SealRaw(nil, make([]byte, n)) }) {
			t.Errorf("%d bytes sealed", n)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return
}

func TestCipherWorksWithoutGarbage(t *testing.T) {
	c := testCredentials(9)
	seal, open := NewCipher(c), NewCipher(c)
	message, frame, plain := make([]byte, 60), make([]byte, 0, 128), make([]byte, 0, 128)
	body := seal.Seal(nil, message)
	for name, f := range map[string]func(){
		"open":  func() { plain, _ = open.Open(plain[:0], body) },
		"seal":  func() { frame = seal.Seal(frame[:0], message) },
		"frame": func() { frame = seal.AppendSealedFrame(frame[:0], message) },
		"raw":   func() { frame = seal.SealRaw(frame[:0], message[:48]) },
	} {
		f()
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkOpen64 is bound C2: a frame of 64 bytes, beside the plain use of the
// standard library, which makes a decrypter for every message.
func BenchmarkOpen64(b *testing.B) {
	c := testCredentials(10)
	body := NewCipher(c).Seal(nil, make([]byte, 60))
	plain := make([]byte, 0, len(body))
	block, _ := aes.NewCipher(c.Key())
	rival := func() {
		cipher.NewCBCDecrypter(block, c.IV()).CryptBlocks(plain[:len(body)], body)
	}
	open := NewCipher(c)
	ours := func() { plain, _ = open.Open(plain[:0], body) }
	b.ReportAllocs()
	for b.Loop() {
		ours()
	}
	b.StopTimer()
	own, theirs := fastest(ours, rival)
	b.ReportMetric(own/theirs, "of-rival")
	b.ReportMetric(theirs, "rival-ns/op")
}

// fastest times two functions by turns, so that what else the machine does
// hits both, and returns the nanoseconds per call of the best turn of each. A
// turn is long enough to pay for the garbage it makes.
func fastest(f, g func()) (bestF, bestG float64) {
	const turns, calls = 50, 20_000
	turn := func(f func()) float64 {
		start := time.Now()
		for range calls {
			f()
		}
		return float64(time.Since(start).Nanoseconds()) / calls
	}
	bestF, bestG = turn(f), turn(g)
	for range turns {
		bestF, bestG = min(bestF, turn(f)), min(bestG, turn(g))
	}
	return bestF, bestG
}

func ExampleCipher() {
	c := Credentials{0: 1}
	device, cloud := NewCipher(c), NewCipher(c)
	frame := device.AppendSealedFrame(nil, []byte("hello"))
	body, _, _ := CutFrame(frame)
	message, err := cloud.Open(nil, body)
	fmt.Printf("%d bytes on the wire: %s %v\n", len(frame), message, err)
	// Output: 18 bytes on the wire: hello <nil>
}
