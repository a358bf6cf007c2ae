package main

import (
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/stream"
)

// BenchmarkTap is what the program does on a frame's way: note it for both
// legs, in the file first if it records. Emptying the queue is part of it,
// decoding is not.
func BenchmarkTap(b *testing.B) {
	for _, name := range []string{"show", "record"} {
		b.Run(name, func(b *testing.B) {
			p := newPipeline(nil, new(app).newOutput(io.Discard, &outputFlags{format: "ndjson"}))
			if name == "record" {
				a := &app{stdout: io.Discard, stderr: io.Discard}
				r, err := openRecorder(a, filepath.Join(b.TempDir(), "tap.pcapng"), &p.tapMu, func(string, ...any) {})
				if err != nil {
					b.Fatal(err)
				}
				defer r.Close()
				p.record = r
			}
			frame := make([]byte, 66)
			at := time.Unix(1_800_000_000, 0)
			p.tap([]stream.Item{
				&stream.Opened{At: at, Conn: stream.Conn{ID: 1, Leg: stream.DeviceLeg, Pair: 2}},
				&stream.Opened{At: at, Conn: stream.Conn{ID: 2, Leg: stream.CloudLeg, Pair: 1}},
			})
			items := []stream.Item{&stream.Segment{At: at, Conn: 1, Data: frame}, &stream.Segment{At: at, Conn: 2, Data: frame}}
			var done batch
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.tap(items)
				if i%256 == 0 {
					done = p.queue.take(done)
				}
			}
		})
	}
}
