package lightssl_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// refusedRecords are records of every kind that an end must refuse, and must
// refuse alike.
func refusedRecords(tb testing.TB, id Identity) map[string][]byte {
	server := serverKey(tb)
	plain := AppendIdentity(nil, id)
	block1 := slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{255}, 253-len(plain)), []byte{0}, plain)
	noZero := slices.Concat([]byte{0, 2}, bytes.Repeat([]byte{7}, 254))
	early := slices.Concat([]byte{0, 2, 1, 1, 1, 0}, bytes.Repeat([]byte{7}, 250))
	other, _ := SealIdentity(id, &otherServer(tb).PublicKey)
	foreign := id
	foreign.Nonce = NewNonce()
	stale, _ := SealIdentity(foreign, &server.PublicKey)
	return map[string][]byte{
		"bad padding":       raise(noZero, &server.PublicKey),
		"wrong block type":  raise(block1, &server.PublicKey),
		"padding too short": raise(early, &server.PublicKey),
		"Core of 52 bytes":  sealPlain(tb, plain[:CoreIdentityPlainLen]),
		"one byte short":    sealPlain(tb, plain[:len(plain)-1]),
		"one byte long":     sealPlain(tb, append(bytes.Clone(plain), 0)),
		"empty":             sealPlain(tb, nil),
		"wrong nonce":       stale,
		"another server's":  other,
		"zero":              make([]byte, IdentityLen),
	}
}

func TestAdmitIdentityGivesOneAnswerForEveryFailure(t *testing.T) {
	server := serverKey(t)
	id := testIdentity(t)
	good, _ := SealIdentity(id, &server.PublicKey)
	if got, ok := AdmitIdentity(good, id.Nonce, server); !ok || !bytes.Equal(AppendIdentity(nil, got), AppendIdentity(nil, id)) {
		t.Fatalf("a good identity: %v, %t", got, ok)
	}
	records := refusedRecords(t, id)
	records["above the modulus"] = bytes.Repeat([]byte{255}, IdentityLen)
	records["record a byte short"] = good[:IdentityLen-1]
	records["record a byte long"] = append(bytes.Clone(good), 0)
	records["no record"] = nil
	for name, record := range records {
		if got, ok := AdmitIdentity(record, id.Nonce, server); ok || got.Key != nil || got.Nonce != (Nonce{}) {
			t.Errorf("%s: %v, %t", name, got, ok)
		}
	}
}

// BenchmarkRefuse reports how far apart the medians of the failing classes lie
// that a stranger can bring about. The design allows a millisecond.
func BenchmarkRefuse(b *testing.B) {
	server := serverKey(b)
	id := testIdentity(b)
	records := refusedRecords(b, id)
	times := map[string][]time.Duration{}
	for b.Loop() {
		for name, record := range records {
			start := time.Now()
			AdmitIdentity(record, id.Nonce, server)
			times[name] = append(times[name], time.Since(start))
		}
	}
	var medians []time.Duration
	for _, ts := range times {
		slices.Sort(ts)
		medians = append(medians, ts[len(ts)/2])
	}
	b.ReportMetric(float64(slices.Max(medians)-slices.Min(medians))/1e3, "µs-apart")
	b.ReportMetric(float64(slices.Min(medians))/1e3, "µs-each")
}
