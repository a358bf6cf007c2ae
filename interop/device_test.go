package interop_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/interop"
)

const description = `{"f":["echo"],"v":{"counter":2},"p":6,` +
	`"m":[{"s":16384,"l":"m","vc":30,"vv":30,"f":"b","n":"0","v":7,"d":[]}]}`

// device is the least that both servers take for a Photon: it answers every
// request at once, and keeps what it sent and received.
type device struct {
	tb   testing.TB
	conn net.Conn
	in   *lightssl.Cipher
	done chan struct{} // closed when the connection has ended

	mu      sync.Mutex
	out     *lightssl.Cipher
	mid     uint16
	traffic map[string][]string // direction → messages in hex
	image   []byte
	got     chan []byte // every message received
}

// connect runs the handshake and says Hello.
func connect(tb testing.TB, addr string, end lightssl.DeviceEnd) (*device, error) {
	tb.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	tb.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	h, err := end.Handshake(conn)
	if err != nil {
		return nil, err
	}
	_, first := h.Credentials.FirstMessageIDs()
	d := &device{
		tb:      tb,
		conn:    conn,
		in:      lightssl.NewCipher(h.Credentials),
		out:     lightssl.NewCipher(h.Credentials),
		done:    make(chan struct{}),
		mid:     first - 1,
		traffic: map[string][]string{},
		got:     make(chan []byte, 1000),
	}
	d.request(0x50, 0x02, "b168ff0006ffff00360006")
	go d.run()
	return d, nil
}

// run answers until the server or the test closes the connection.
func (d *device) run() {
	defer close(d.done)
	for {
		message, err := d.read()
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				d.tb.Errorf("device reads: %v", err)
			}
			return
		}
		d.note(interop.ServerToDevice, message)
		d.answer(message)
		d.got <- message
	}
}

func (d *device) read() ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(d.conn, length[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(d.conn, frame); err != nil {
		return nil, err
	}
	return d.in.Open(nil, frame)
}

// answer replies as Device OS 1.5 does: an empty ACK, then the result in a
// message of its own; descriptions and signals in the ACK.
func (d *device) answer(m []byte) {
	isRequest, isPing := m[1] >= 1 && m[1] <= 4, m[0]&0x30 == 0 && m[1] == 0
	mid, token := m[2:4], m[4:4+m[0]&0x0f]
	switch {
	case isPing:
		d.send(append([]byte{0x60, 0x00}, mid...))
	case isRequest && len(token) == 1:
		d.reply(m[1], m[5+len(token)], mid, token, m)
	}
}

func (d *device) reply(code, resource byte, mid, token, m []byte) {
	piggyback := func(code byte, payload string) {
		d.send(bytes.Join([][]byte{{0x61, code}, mid, token, []byte(payload)}, nil))
	}
	separate := func(code byte, payload string) {
		d.send(append([]byte{0x60, 0x00}, mid...))
		d.request(0x51, code, hex.EncodeToString(token)+payload)
	}
	switch request := string([]byte{code + '0', resource}); request {
	case "1d":
		piggyback(0x45, "\xff"+description)
	case "3s":
		piggyback(0x44, "")
	case "3u":
		piggyback(0x44, "\xff"+`{"r":0}`)
	case "2f":
		separate(0x44, "ff0000002a")
	case "1v":
		separate(0x45, "ff00000007")
	case "2u":
		separate(0x44, "ff00")
	case "2c":
		_, chunk, _ := bytes.Cut(m[12:], []byte{0xff})
		d.image = append(d.image, chunk...)
		separate(0x44, "")
	}
}

// request sends a message under the device's next ID; rest is in hex, from the
// token on.
func (d *device) request(typeAndLength, code byte, rest string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mid++
	tail, err := hex.DecodeString(rest)
	if err != nil {
		d.tb.Errorf("device sends: %v", err)
	}
	d.sendLocked(append([]byte{typeAndLength, code, byte(d.mid >> 8), byte(d.mid)}, tail...))
}

func (d *device) send(message []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sendLocked(message)
}

func (d *device) sendLocked(message []byte) {
	d.traffic[interop.DeviceToServer] = append(d.traffic[interop.DeviceToServer], hex.EncodeToString(message))
	if _, err := d.conn.Write(d.out.AppendSealedFrame(nil, message)); err != nil {
		d.tb.Errorf("device writes: %v", err)
	}
}

func (d *device) note(direction string, message []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.traffic[direction] = append(d.traffic[direction], hex.EncodeToString(message))
}

// expect waits for a message that begins like this.
func (d *device) expect(match func([]byte) bool) []byte {
	d.tb.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case m := <-d.got:
			if match(m) {
				return m
			}
		case <-d.done:
			d.tb.Fatal("the connection ended before the message came")
		case <-deadline:
			d.tb.Fatal("the message did not come within 20 s")
		}
	}
}
