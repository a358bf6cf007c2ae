package diagnose

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestSmallFactorsAreThoseThatDivisionFinds compares with one division a number.
func TestSmallFactorsAreThoseThatDivisionFinds(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{1})
	found := 0
	for range 2000 {
		m := make([]byte, modulusLen)
		rng.Read(m)
		n, want := new(big.Int).SetBytes(m), int64(0)
		for f := int64(3); f < smallLimit && want == 0; f++ {
			if new(big.Int).Mod(n, big.NewInt(f)).Sign() == 0 && f%2 == 1 {
				want = f
			}
		}
		if got := smallFactor(m); got != want {
			t.Fatalf("of %x: %d, want %d", m, got, want)
		}
		if want > 0 {
			found++
		}
	}
	if found == 0 || found == 2000 {
		t.Errorf("%d of 2000 had one", found)
	}
}
