package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/diagnose"
	"github.com/photonscope/photonscope/internal/genuine"
	"github.com/photonscope/photonscope/store"
)

// diagnosed returns the events of a recording with the findings about them.
func diagnosed(t testing.TB, recording string) (list []decode.Event) {
	t.Helper()
	return withFindings(t, genuine.Events(t, genuine.Path(t, recording), genuine.Keys(t)))
}

// withFindings puts findings among events, as the program does.
func withFindings(t testing.TB, events []decode.Event) (list []decode.Event) {
	t.Helper()
	doctor := diagnose.New(diagnose.Options{Keys: genuine.Keys(t)})
	for _, e := range events {
		list = doctor.Feed(append(list, e), &e)
	}
	return list
}

const failing = "fail-mismatching-device-key-brewskey/capture.pcapng"

func TestAFindingStandsBelowItsHandshake(t *testing.T) {
	all := diagnosed(t, failing)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "fail.pcapng"})
		press(a, "1", "3")
		golden(t, fmt.Sprintf("finding-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

func TestSessionsNameTheFinding(t *testing.T) {
	a := newApp(Options{Store: stored(diagnosed(t, failing)...)})
	press(a, "1")
	if text := string(capture(show(t, a, 140, 45), a.look)); !strings.Contains(text, "diagnosis  PH-08 likely: the server does not know this device's public key") {
		t.Errorf("no finding:\n%s", text)
	}
}

func TestTheCommandFindingGoesFromOneToTheNext(t *testing.T) {
	all := diagnosed(t, failing)
	var at []int
	for i := range all {
		if _, ok := all[i].Body.(*decode.Finding); ok {
			at = append(at, i)
		}
	}
	a := newApp(Options{Store: stored(all...)})
	show(t, a, 80, 24)
	for _, want := range append(at, at[0]) {
		if trouble := a.runCommand("finding"); trouble != "" {
			t.Fatal(trouble)
		}
		if seq, ok := a.selectedEvent(); !ok || int(seq) != want {
			t.Errorf("selected event %d, want %d", seq, want)
		}
	}
	healthy := newApp(Options{Store: stored(events(t, "healthy-spark-fw1.5.2/capture.pcap")...)})
	if healthy.runCommand("finding") == "" {
		t.Error("a healthy recording has a finding")
	}
}

func TestACommandOfTheRemedyIsCopiedWithoutItsPrompt(t *testing.T) {
	kept := ""
	a := newApp(Options{Store: stored(diagnosed(t, failing)...), Screen: newScreen(t, 80, 24), Actions: Actions{KeepCopy: func(b []byte) (string, error) {
		kept = string(b)
		return "copied", nil
	}}})
	show(t, a, 80, 24)
	press(a, "3", "y", "1")
	if want := "photonscope diagnose -k default_key.pem --server-keys core_keys capture.pcapng"; kept != want {
		t.Errorf("copied %q, want %q", kept, want)
	}
	press(a, "y", "2")
	if want := "photonscope keys export 3a14210004473432333230bd --as spark --out core_keys"; kept != want {
		t.Errorf("copied %q, want %q", kept, want)
	}
	press(a, "y", "r")
	if !strings.Contains(kept, "\n$ particle keys send 3a14210004473432333230bd ") {
		t.Errorf("copied %q", kept)
	}
}

func TestAFindingTellsNobodysSessionWhilePrivacyIsOn(t *testing.T) {
	a := newApp(Options{Store: stored(diagnosed(t, failing)...)})
	show(t, a, 200, 60)
	if trouble := a.runCommand("privacy"); trouble != "" {
		t.Fatal(trouble)
	}
	press(a, "3")
	text := string(capture(show(t, a, 200, 60), a.look))
	if !strings.Contains(text, "PH-08") {
		t.Error("no finding")
	}
	for _, private := range []string{"3a14210004473432333230bd", "3230bd", "127.0.0.1"} {
		if strings.Contains(text, private) {
			t.Errorf("%s is shown", private)
		}
	}
}

// A finding is nobody's message, and a session that failed was never online.
func TestALadderTellsAFindingFromAMessage(t *testing.T) {
	a := newApp(Options{Store: stored(diagnosed(t, failing)...)})
	press(a, "4")
	text := string(capture(show(t, a, 140, 45), a.look))
	if strings.Contains(text, "ONLINE") {
		t.Error("a failed session has a part in which it is online")
	}
	for l := range strings.Lines(text) {
		if strings.Contains(l, "finding PH-") && strings.ContainsAny(l, "◄►├┤") {
			t.Errorf("a finding is drawn as a message: %s", l)
		}
	}
	press(a, "2")
	text = string(capture(show(t, a, 140, 45), a.look))
	if i := strings.Index(text, "finding"); i < 8 || !strings.Contains(text[i-8:i], "·") {
		t.Errorf("a finding has a sender:\n%s", text)
	}
}

// The events that a finding rests on have the numbers that they have in the list.
func TestEvidenceNamesEventsAsTheListDoes(t *testing.T) {
	for _, recording := range []string{failing, "fail-wrong-server-key-spark/capture.pcapng"} {
		a := newApp(Options{Store: stored(diagnosed(t, recording)...)})
		seen := 0
		for i := range a.model.sessions {
			for _, seq := range a.model.sessions[i].Findings {
				f := a.model.event(seq).Body.(*decode.Finding)
				texts := a.model.evidence(seq, f)
				for k, v := range f.Evidence {
					var number int
					fmt.Sscanf(texts[k], "event %d,", &number)
					e := a.model.event(store.Seq(number - 1))
					if e.Body == nil || !e.At.Equal(v.At) || e.From != v.From || string(kindOf(&e)) != v.Name || e.Session != a.model.sessions[i].Number {
						t.Errorf("%s, session %d: %s is about %s of session %d at %v, not at %v", recording, a.model.sessions[i].Number, texts[k], kindOf(&e), e.Session, e.At, v.At)
					}
					seen++
				}
			}
		}
		if seen < 6 {
			t.Errorf("%s: only %d pieces of evidence", recording, seen)
		}
	}
}

// An event without bytes is told in words, a finding with its remedy.
func TestAnEventWithoutBytesIsToldInWords(t *testing.T) {
	a := newApp(Options{Store: stored(diagnosed(t, failing)...)})
	press(a, "2", "!")
	text := string(capture(show(t, a, 80, 24), a.look))
	if !strings.Contains(text, "evidence  event ") || strings.Contains(text, "no bytes of its own") {
		t.Errorf("a finding is not told:\n%s", text)
	}
	press(a, "Tab", "G")
	if text = string(capture(show(t, a, 80, 24), a.look)); !strings.Contains(text, "photonscope explain PH-") {
		t.Errorf("the end of a finding is not reached:\n%s", text)
	}
	press(a, "q", "!", "g")
	if text = string(capture(show(t, a, 80, 24), a.look)); !strings.Contains(text, "event     opened 127.0.0.1:32786 → 127.0.0.1:5712") {
		t.Errorf("a connection is not told:\n%s", text)
	}
}

// Of a proxied session the events of the device's leg are listed.
func TestEvidenceOfAProxiedSessionIsListed(t *testing.T) {
	doctor := diagnose.New(diagnose.Options{})
	var all []decode.Event
	for _, e := range demo(t) {
		all = doctor.Feed(append(all, e), &e)
	}
	a := newApp(Options{Store: stored(all...)})
	found := 0
	for _, seq := range a.model.sessions[0].Findings {
		f := a.model.event(seq).Body.(*decode.Finding)
		for _, text := range a.model.evidence(seq, f) {
			var number uint64
			fmt.Sscanf(text, "event %d,", &number)
			if _, shown := a.model.RowOf(number - 1); !shown {
				t.Errorf("%s: no such event is in the list", text)
			}
			found++
		}
	}
	if found == 0 {
		t.Error("the demo has no evidence")
	}
}

// The two ends of a connection through a proxy are told apart.
func TestTheLegToTheCloudIsNamed(t *testing.T) {
	a := newApp(Options{Store: stored(demo(t)...)})
	press(a, "2", "G")
	messages := string(capture(show(t, a, 80, 24), a.look))
	press(a, "5", "G")
	for view, text := range map[string]string{"messages": messages, "conversation": string(capture(show(t, a, 80, 24), a.look))} {
		seen := map[string]bool{}
		for _, l := range strings.Split(text, "\n") {
			if i := strings.LastIndex(l, " closed"); i > 0 && !strings.HasPrefix(strings.TrimSpace(l), "event") {
				line := strings.Join(strings.Fields(l[max(i-24, 0):]), " ")
				if seen[line] {
					t.Errorf("%s has this twice: %s", view, line)
				}
				seen[line] = true
			}
		}
		if len(seen) < 4 {
			t.Errorf("%s tells of %d ends:\n%s", view, len(seen), text)
		}
	}
}
