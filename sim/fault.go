package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/stream"
)

// Fault is something that one end does wrong on purpose: a name from
// [FaultKinds] and what that kind takes. Its counters start anew in every session.
type Fault struct {
	Name string
	N    int           // which ping, chunk or message, from 0; or how many bytes
	Wait time.Duration // how long
}

// FaultKind describes a fault.
type FaultKind struct {
	Name  string
	By    stream.Direction // which end has it
	Takes string           // "", "n" or "duration"
	Means string           // one sentence
	start func(Fault) hooks
}

// hooks are where a fault takes hold of a session. Every field may be nil.
type hooks struct {
	// record is given a handshake record that is about to leave and returns what
	// leaves instead, each slice in a write of its own, and whether that was all.
	record func(r record, b []byte) (parts [][]byte, end bool)

	// message is given a message that is about to leave; it may change it and say
	// what else happens. The link is locked.
	message func(l *link, m *coap.Message, e *effect)
}

// effect is what faults do to one message.
type effect struct {
	question *coap.Message // what the message answers, if that is known

	drop   bool
	again  int           // how many times more it is sent
	delay  time.Duration // before it is sent
	reset  bool          // the connection is aborted instead
	before [][]byte      // written first, as it is
}

// String returns the fault as [ParseFault] reads it.
func (f Fault) String() string {
	switch kind, _ := findFault(f.Name); kind.Takes {
	case "n":
		return f.Name + "=" + strconv.Itoa(f.N)
	case "duration":
		return f.Name + "=" + f.Wait.String()
	}
	return f.Name
}

// ParseFault reads a fault: its name, and behind an equals sign what it takes.
func ParseFault(text string) (f Fault, err error) {
	name, value, has := strings.Cut(text, "=")
	kind, ok := findFault(name)
	if !ok {
		return f, fmt.Errorf("sim: there is no fault %q", name)
	}
	f.Name = name
	switch {
	case kind.Takes == "" && has:
		err = fmt.Errorf("sim: fault %s takes no value", name)
	case kind.Takes == "n":
		f.N, err = strconv.Atoi(value)
	case kind.Takes == "duration":
		f.Wait, err = time.ParseDuration(value)
	}
	if err != nil {
		return f, fmt.Errorf("sim: fault %q: %w", text, err)
	}
	return f, nil
}

func findFault(name string) (FaultKind, bool) {
	i := slices.IndexFunc(FaultKinds, func(k FaultKind) bool { return k.Name == name })
	if i < 0 {
		return FaultKind{}, false
	}
	return FaultKinds[i], true
}

// startFaults returns the hooks of faults for one session of an end.
func startFaults(faults []Fault, by stream.Direction) ([]*hooks, error) {
	var all []*hooks
	for _, f := range faults {
		kind, ok := findFault(f.Name)
		if !ok {
			return nil, fmt.Errorf("sim: there is no fault %q", f.Name)
		}
		if kind.By != by {
			return nil, fmt.Errorf("sim: fault %s is one of the %s", f.Name, kind.By)
		}
		h := kind.start(f)
		all = append(all, &h)
	}
	return all, nil
}
