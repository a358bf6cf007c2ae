package lightssl_test

import (
	"bytes"
	"math/big"
	"runtime"
	"slices"
	"testing"
	"time"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// bounded runs f on an input of n bytes and checks that it allocates at most
// 64 n + 64 KiB and takes no time out of proportion. The time is ten times the
// design's, for a busy machine under the fuzzer's instrumentation. Others
// allocate too, so the best of three runs counts.
func bounded(t *testing.T, n int, f func()) {
	t.Helper()
	const runs = 3
	var spent, took uint64
	for i := range runs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		f()
		elapsed := uint64(time.Since(start))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; i == 0 || used < spent {
			spent = used
		}
		if i == 0 || elapsed < took {
			took = elapsed
		}
		if spent <= uint64(64*n+64<<10) && took <= uint64(20_000*n+10_000_000) {
			return
		}
	}
	t.Errorf("%d bytes cost %d bytes and %v", n, spent, time.Duration(took))
}

// The largest files, made to cost as much as they can.
func TestTheWorstKeyFilesAreReadInBoundedTime(t *testing.T) {
	der := MarshalPrivateDER(serverKey(t))
	wrong := pemOf("RSA PRIVATE KEY", withInteger(der, 8, func(x *big.Int) { x.Sub(x, big.NewInt(2)) }))
	for name, b := range map[string][]byte{
		"begin lines":         fill([]byte("-----BEGIN RSA PRIVATE KEY-----\n")),
		"begin and end":       fill([]byte("-----BEGIN A-----\n-----END B-----\n")),
		"half begin lines":    fill([]byte("-----BEGIN ")),
		"headers":             append([]byte("-----BEGIN A-----\n"), fill([]byte("a: b\n"))[:60000]...),
		"inconsistent keys":   fill(wrong),
		"public keys":         fill(MarshalPublicPEM(&deviceKey(t).PublicKey)),
		"small SEQUENCEs":     fill([]byte{0x30, 0x82, 0xff, 0xfc, 2, 1, 0, 2}),
		"one huge integer":    append([]byte{0x30, 0x82, 0xff, 0xf0, 2, 1, 0, 2, 0x82, 0xff, 0xe0}, bytes.Repeat([]byte{0xa5}, 65000)...),
		"key log lines":       fill([]byte("PHOTON_SESSION\n")),
		"words":               fill([]byte("a ")),
		"huge exponent":       sequence(nil, integersOf(der)[1], new(big.Int).Lsh(big.NewInt(1), 500000)),
		"huge private number": sequence(nil, slices.Replace(integersOf(der), 3, 4, new(big.Int).Lsh(big.NewInt(1), 480000))...),
	} {
		if k, err := ParseKey(b); name != "public keys" && err == nil {
			t.Errorf("%s: accepted %v", name, k)
		}
		bounded(t, len(b), func() { ParseKey(b) })
	}
}

// fill repeats a pattern up to the largest size that is read.
func fill(pattern []byte) []byte {
	return bytes.Repeat(pattern, MaxKeyFileLen/len(pattern))
}

func TestTheWorstKeyLogsAreReadInBoundedTime(t *testing.T) {
	for _, pattern := range []string{"PHOTON_SESSION\n", "PHOTON_SESSION - 0\n", "\n", "a ", "x", string(KeyLogEntry{Credentials: testCredentials(1)}.Append(nil))} {
		b := fill([]byte(pattern))
		bounded(t, len(b), func() {
			s := NewKeyLogScanner(new(Keyring))
			s.Feed(b)
			s.Flush()
		})
		bounded(t, len(b), func() { IsKeyLog(b) })
	}
}
