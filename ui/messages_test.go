package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/store"
)

func TestMessagesAtEverySize(t *testing.T) {
	all := demo(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "talk.pcapng", Theme: Ansi})
		press(a, "2", "g", "j", "j", "j", "j", "j")
		golden(t, fmt.Sprintf("messages-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

// Fields show codes and IDs as the conversation does.
func TestFieldsAreWrittenAsInOtherViews(t *testing.T) {
	a := newApp(Options{Store: stored(talk(t)...)})
	press(a, "2", "g", "/")
	typed(a, "coap.code == 2.05")
	press(a, "Enter", "g", "f")
	talk := string(capture(show(t, a, 80, 24), a.look))
	e := a.model.event(store.Seq(a.messagesView().list.key))
	id := fmt.Sprintf("0x%02x%02x", e.Body.(*decode.Message).Plain[2], e.Body.(*decode.Message).Plain[3])
	press(a, "2")
	fields := string(capture(show(t, a, 140, 45), a.look))
	for _, want := range []string{"Code  2.05 (Content)", "Message ID  " + id + " = "} {
		if !strings.Contains(fields, want) {
			t.Errorf("the fields lack %q:\n%s", want, fields)
		}
	}
	if !strings.Contains(talk, id) {
		t.Errorf("the conversation lacks %s:\n%s", id, talk)
	}
}
