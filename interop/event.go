package interop

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// The directions of a [Msg].
const (
	DeviceToServer = "device->server"
	ServerToDevice = "server->device"
)

// Msg is one CoAP message without padding, as the server saw it.
type Msg struct {
	Session int
	Dir     string // DeviceToServer or ServerToDevice
	Bytes   []byte
}

// Event is one line of a runner, in the words of the recordings' truth files.
// Only the fields of its kind are set.
type Event struct {
	Kind    string  `json:"ev"`
	Time    float64 `json:"t"` // seconds since 1970
	Session int     `json:"session"`

	Port      int    `json:"port"`                   // listening
	Peer      string `json:"peer"`                   // connect
	Local     string `json:"local"`                  // connect
	DeviceID  string `json:"device_id"`              // device_id, ready, handshake_fail, disconnect
	DeviceKey string `json:"device_sent_public_key"` // device_id: SubjectPublicKeyInfo PEM
	Dir       string `json:"dir"`                    // msg
	Hex       string `json:"hex"`                    // nonce, msg
	Key       string `json:"key"`                    // session_key, hex, like the next two
	IV        string `json:"iv"`
	Salt      string `json:"salt"`
	Name      string `json:"name"`     // dispatch
	MessageID int    `json:"id"`       // dispatch
	Reason    string `json:"reason"`   // handshake_fail, disconnect
	BytesIn   int64  `json:"bytes_in"` // close
	BytesOut  int64  `json:"bytes_out"`

	CommandID int64  `json:"cmd_id"` // result
	Value     any    `json:"value"`
	Error     string `json:"error"` // result, socket_error, server_exception
}

// Bytes returns what Hex holds.
func (e Event) Bytes() []byte {
	b, _ := hex.DecodeString(e.Hex) // the runners write nothing else
	return b
}

// maxTail is how many lines a failing test prints of one server.
const maxTail = 300

// journal is everything a runner has said. Waiting on it sees past and coming
// events alike.
type journal struct {
	mu      sync.Mutex
	events  []Event
	lines   []string
	ended   bool
	changed chan struct{} // closed and replaced at each change
}

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

// addEvent takes a line of standard output.
func (j *journal) addEvent(line string) {
	var e Event
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		j.addLine(fmt.Sprintf("%s (%v)", line, err))
		return
	}
	j.change(func() {
		j.events = append(j.events, e)
		j.lines = append(j.lines, line)
	})
}

// addLine takes a line of standard error.
func (j *journal) addLine(line string) {
	j.change(func() { j.lines = append(j.lines, line) })
}

func (j *journal) end() {
	j.change(func() { j.ended = true })
}

func (j *journal) change(apply func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	apply()
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *journal) all() []Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Event(nil), j.events...)
}

func (j *journal) tail() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.lines[max(0, len(j.lines)-maxTail):]...)
}

// wait returns the first event that match accepts.
func (j *journal) wait(match func(Event) bool, timeout time.Duration) (Event, error) {
	deadline := time.After(timeout)
	for seen := 0; ; {
		fresh, ended, changed := j.after(seen)
		for _, e := range fresh {
			if match(e) {
				return e, nil
			}
		}
		seen += len(fresh)
		if ended {
			return Event{}, fmt.Errorf("the server ended before the event came")
		}
		select {
		case <-changed:
		case <-deadline:
			return Event{}, fmt.Errorf("no such event within %v", timeout)
		}
	}
}

// after returns the events from the seen-th on, whether more can come, and what
// is closed when they do.
func (j *journal) after(seen int) (fresh []Event, ended bool, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.events[seen:], j.ended, j.changed
}

// lineWriter returns a writer that gives each whole line to take.
func lineWriter(take func(string)) *lines { return &lines{take: take} }

type lines struct {
	take func(string)
	rest []byte
}

func (l *lines) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte{'\n'})
		if !found {
			return len(b), nil
		}
		l.take(string(line))
		l.rest = rest
	}
}
