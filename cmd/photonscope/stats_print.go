package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

// statsSchema is the version of the lines of stats -T ndjson (docs/stats.md).
const statsSchema = "photonscope.stats/1"

// print prints all rows. A reader who has gone has what it wanted.
func (s *stats) print(failed error) error {
	var b []byte
	for i, d := range s.inOrder() {
		switch {
		case s.format == "ndjson":
			b = d.appendJSON(b)
		case i > 0:
			b = d.appendText(append(b, '\n'))
		default:
			b = d.appendText(b)
		}
	}
	if s.format == "ndjson" {
		b = s.appendSummary(b, failed)
	}
	_, err := s.app.stdout.Write(b)
	return printError(err)
}

// inOrder returns the devices by name, those that have none last.
func (s *stats) inOrder() []*deviceFigures {
	nameless := func(d *deviceFigures) int {
		return slices.Index([]string{otherDevices, unknownDevice}, d.name)
	}
	return slices.SortedFunc(maps.Values(s.devices), func(a, b *deviceFigures) int {
		return cmp.Or(cmp.Compare(nameless(a), nameless(b)), strings.Compare(a.name, b.name))
	})
}

// rows returns the kinds in the order of the catalogue, the records of the
// handshake before them.
func (d *deviceFigures) rows() []kindKey {
	place := make(map[string]int)
	for i, k := range particle.Kinds() {
		place[k.Name] = i + 1
	}
	for i, name := range []string{"nonce", "identity", "credentials"} {
		place[name] = i - len(place)
	}
	at := func(k kindKey) int {
		if n := place[k.name]; n != 0 {
			return n
		}
		return len(place) // sealed, malformed
	}
	return slices.SortedFunc(maps.Keys(d.kinds), func(a, b kindKey) int {
		return cmp.Or(cmp.Compare(at(a), at(b)), strings.Compare(a.name, b.name), cmp.Compare(a.from, b.from))
	})
}

// appendText appends a device's table, at most 80 columns wide.
func (d *deviceFigures) appendText(dst []byte) []byte {
	dst = fmt.Appendf(dst, "device %s\n", d.name)
	dst = fmt.Appendf(dst, "  %s, %d opened, connected %s in all\n", count(d.sessions, "session"), d.opened, brief(d.connected))
	const layout = "2006-01-02 15:04:05"
	dst = fmt.Appendf(dst, "  %s to %s UTC\n", d.first.UTC().Format(layout), d.last.UTC().Format(layout))
	dst = fmt.Appendf(dst, "  %d messages, %d bytes on the wire\n", d.messages, d.bytes)
	dst = fmt.Appendf(dst, "  %s, %d without an answer; %s, %d bytes missing\n", count(d.pings, "ping"), d.unanswered, count(d.gaps, "gap"), d.gapBytes)
	dst = fmt.Appendf(dst, "  %-18s %8s %10s %9s %9s %9s %9s\n", "kind", "count", "bytes", "min", "p50", "p99", "max")
	for _, key := range d.rows() {
		k := d.kinds[key]
		dst = fmt.Appendf(dst, "%s %-18s %8d %10d", arrows[key.from], key.name, k.count, k.bytes)
		for _, v := range k.rtt.figures() {
			dst = fmt.Appendf(dst, " %9s", brief(v))
		}
		dst = append(dst, '\n')
	}
	return dst
}

// arrows say who sent it, as in the lines of read.
var arrows = [...]string{"→", "←"}

// figures are min, p50, p99 and max of answers, nothing if there were none.
func (d *distribution) figures() []time.Duration {
	if d.n == 0 {
		return nil
	}
	return []time.Duration{d.min, d.percentile(0.5), d.percentile(0.99), d.max}
}

// brief writes a duration in at most nine characters, to four digits.
func brief(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < time.Millisecond:
		return fmt.Sprintf("%.4g µs", float64(d)/1e3)
	case d < time.Second:
		return fmt.Sprintf("%.4g ms", float64(d)/1e6)
	case d < time.Hour:
		return fmt.Sprintf("%.4g s", d.Seconds())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// appendJSON appends a device's rows.
func (d *deviceFigures) appendJSON(dst []byte) []byte {
	head := func(dst []byte, what string) []byte {
		return append(dst, `{"schema":"`+statsSchema+`","type":"`+what+`","device":"`+d.name+`"`...)
	}
	dst = head(dst, "device")
	dst = fmt.Appendf(dst, `,"first":"%s","last":"%s"`, d.first.UTC().Format(time.RFC3339Nano), d.last.UTC().Format(time.RFC3339Nano))
	dst = fmt.Appendf(dst, `,"sessions":%d,"sessions_opened":%d,"connected":%s`, d.sessions, d.opened, seconds(d.connected))
	dst = fmt.Appendf(dst, `,"messages":%d,"bytes":%d,"pings":%d,"pings_unanswered":%d,"gaps":%d,"gap_bytes":%d}`+"\n",
		d.messages, d.bytes, d.pings, d.unanswered, d.gaps, d.gapBytes)
	for _, key := range d.rows() {
		k := d.kinds[key]
		dst = fmt.Appendf(head(dst, "kind"), `,"kind":"%s","photon.dir":"%s","count":%d,"bytes":%d`, key.name, key.from, k.count, k.bytes)
		if v := k.rtt.figures(); v != nil {
			dst = fmt.Appendf(dst, `,"rtt":{"count":%d,"min":%s,"p50":%s,"p99":%s,"max":%s,"exact":%t}`,
				k.rtt.n, seconds(v[0]), seconds(v[1]), seconds(v[2]), seconds(v[3]), k.rtt.exact())
		}
		dst = append(dst, "}\n"...)
	}
	return dst
}

// appendSummary appends the last line.
func (s *stats) appendSummary(dst []byte, failed error) []byte {
	dst = fmt.Appendf(dst, `{"schema":"%s","type":"summary","complete":%t`, statsSchema, failed == nil)
	if failed != nil {
		dst = field.AppendJSONString(append(dst, `,"reason":`...), errorText(failed))
	}
	c := &s.reading.stats
	return fmt.Appendf(dst, `,"devices":%d,"packets":%d,"tcp":%d,"connections":%d}`+"\n", len(s.devices), c.Packets, c.TCP, c.Connections)
}

// seconds writes a duration as a JSON number.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }
