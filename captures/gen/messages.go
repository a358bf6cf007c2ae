package gen

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/photonscope/photonscope/decode/coap"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/decode/stream"
)

// template is a message of a device or cloud, without its ID and token.
type template struct {
	bytes []byte
	reply *template // what the other side answers, if anything
}

// acknowledges reports whether a message has the ID of what it answers.
func (t *template) acknowledges() bool { return t.bytes[0]>>4&3 == byte(coap.Acknowledgement) }

func made(m coap.Message, reply *template) *template { return &template{m.Append(nil), reply} }

var (
	token      = []byte{0}
	receipt    = made(particle.ComposeEmpty(coap.Acknowledgement, 0, nil), nil)
	hello      = made(particle.ComposeHello(0, particle.HelloBody{ProductID: 6, ProductVersion: 0xffff, Flags: 2, PlatformID: 6}, particle.HelloPhoton), made(particle.ComposeHelloReply(0, nil), nil))
	ping       = made(particle.ComposeEmpty(coap.Confirmable, 0, nil), receipt)
	call       = made(particle.ComposeCall(0, token, "setRelay", "kitchen,on,180"), made(particle.ComposeFunctionResult(0, token, 1), nil))
	question   = made(particle.ComposeVariableRequest(0, token, "temperature"), made(particle.ComposeVariableValue(coap.NonConfirmable, 0, token, 21.625), nil))
	clock      = made(particle.ComposeTimeRequest(0, 0), made(particle.ComposeTimeReply(0, token, 1795600000), nil))
	publishes  = eventsOf(func(e particle.EventBody) coap.Message { return particle.ComposePublish(0, e) }, false, nil)
	confirmed  = eventsOf(func(e particle.EventBody) coap.Message { return particle.ComposePublish(0, e) }, true, receipt)
	deliveries = eventsOf(func(e particle.EventBody) coap.Message { return particle.ComposeDelivery(0, e, particle.ShortMaxAge) }, false, nil)
)

// eventsOf returns events of 16 lengths.
func eventsOf(compose func(particle.EventBody) coap.Message, confirm bool, reply *template) (all [16]*template) {
	for i := range all {
		data := fmt.Sprintf(`{"sensor":%d,"celsius":21.%03d,"log":"%s"}`, i, i*61, strings.Repeat("rising ", 4+2*i))
		e := particle.EventBody{Name: "greenhouse/climate", Data: []byte(data), Private: i%2 == 0, Confirm: confirm}
		all[i] = made(compose(e), reply)
	}
	return all
}

// something returns what a session may do next, and who begins it.
func something(rng *rand.Rand) (stream.Direction, *template) {
	switch n := rng.IntN(100); {
	case n < 40:
		return stream.FromDevice, anEvent(stream.FromDevice, rng)
	case n < 60:
		return stream.FromDevice, confirmed[rng.IntN(len(confirmed))]
	case n < 75:
		return stream.FromCloud, anEvent(stream.FromCloud, rng)
	case n < 85:
		return stream.FromCloud, call
	case n < 93:
		return stream.FromCloud, question
	case n < 98:
		return stream.FromDevice, ping
	}
	return stream.FromDevice, clock
}

// anEvent returns an event that needs no answer.
func anEvent(from stream.Direction, rng *rand.Rand) *template {
	if from == stream.FromDevice {
		return publishes[rng.IntN(len(publishes))]
	}
	return deliveries[rng.IntN(len(deliveries))]
}
