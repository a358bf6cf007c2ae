package field

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestHexAgreesWithTheStandardLibrary(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for start := range 9 {
		for end := start; end <= len(all); end++ {
			if got, want := string(AppendHex([]byte("x"), all[start:end])), "x"+hex.EncodeToString(all[start:end]); got != want {
				t.Fatalf("bytes %d to %d: %s, want %s", start, end, got, want)
			}
		}
	}
}

// Looking at eight bytes at once finds the same as looking at each.
func TestBytesAreEscapedAtAnyPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		b := make([]byte, rng.IntN(40))
		for i := range b {
			b[i] = 'a' + byte(rng.IntN(3))
			if rng.IntN(10) == 0 {
				b[i] = byte(rng.Uint32())
			}
		}
		var want []byte
		end := 0
		for ; end < len(b) && b[end] < utf8.RuneSelf; end++ {
			if c := b[end]; c < ' ' || c == '"' || c == '\\' || c == 0x7f {
				want = appendJSONEscape(want, c)
			} else {
				want = append(want, c)
			}
		}
		if got, n := appendJSONASCII(nil, b); string(got) != string(want) || n != end {
			t.Fatalf("%q: %q up to %d, want %q up to %d", b, got, n, want, end)
		}
	}
}

// FuzzPrintable holds the sanitiser to its promise: whatever comes in, what
// comes out is text that neither steers a terminal nor hides or reorders
// anything (I-9), and two different inputs never look the same.
func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"plain", "\x1b]52;c;aGk=\x07", "\x9b31m", "a\u202eb", "\u200b\u2028\ufeff", "\xff\xc3\x28", `\x1b`, "[red]x", "😀\U000e0041", "\r\n\t\x00\x7f"} {
		f.Add([]byte(s), []byte(s+"x"))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		out := AppendPrintable(nil, a)
		if !utf8.Valid(out) {
			t.Fatalf("%q became %q, which is not UTF-8", a, out)
		}
		for _, r := range string(out) {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q became %q, which holds %U", a, out, r)
			}
		}
		if string(a) != string(b) && string(out) == string(AppendPrintable(nil, b)) {
			t.Fatalf("%q and %q both became %q", a, b, out)
		}
	})
}
