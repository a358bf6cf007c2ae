package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/internal/genuine"
)

// classroom is what several devices did: one talks, one has another server's key,
// one another device's.
func classroom(t testing.TB) []decode.Event {
	t.Helper()
	var all []decode.Event
	conns, number := 0, uint32(0)
	for _, name := range []string{"healthy-brewskey-fw2.3.1/capture.pcapng", "fail-mismatching-device-key-brewskey/capture.pcapng", "fail-wrong-server-key-spark/capture.pcapng"} {
		most, last := 0, uint32(0)
		for _, e := range events(t, name) {
			most, last = max(most, int(e.Conn.ID)), max(last, e.Session)
			e.Conn.ID += connID(conns)
			e.Session += number
			all = append(all, e)
		}
		conns, number = conns+most, number+last
	}
	return all
}

func TestSessionsAtEverySize(t *testing.T) {
	all := classroom(t)
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(all...), Title: "class.pcapng"})
		press(a, "1", "j")
		golden(t, fmt.Sprintf("sessions-%dx%d", size.w, size.h), show(t, a, size.w, size.h), a.look)
	}
}

func TestEnterShowsTheMessagesOfADevice(t *testing.T) {
	a := newApp(Options{Store: stored(classroom(t)...)})
	all := a.model.Len()
	press(a, "1", "j", "Enter")
	if a.view().place() != inMessages || a.model.Len() == 0 || a.model.Len() >= all {
		t.Fatalf("%s with %d of %d events", a.view().name(), a.model.Len(), all)
	}
	press(a, "q")
	if a.view().place() != inSessions || a.model.Len() != all {
		t.Fatalf("back in %s with %d of %d events", a.view().name(), a.model.Len(), all)
	}
	press(a, "Enter", "4", "1") // which lists all devices, so nothing is narrowed there
	if a.view().place() != inSessions || a.model.Len() != all {
		t.Fatalf("from the ladder to %s with %d of %d events", a.view().name(), a.model.Len(), all)
	}
	if press(a, "q"); a.view().place() != inLadder || a.model.Len() >= all {
		t.Fatalf("back in %s with %d of %d events", a.view().name(), a.model.Len(), all)
	}
}

// What ! shows is counted alike in every view, and no failure is called none.
func TestProblemsAreCountedAlikeEverywhere(t *testing.T) {
	for name, all := range map[string][]decode.Event{
		"demo": demo(t), "healthy": events(t, "healthy-spark-fw1.5.2/capture.pcap"),
		"failing": diagnosed(t, failing), "class": classroom(t),
	} {
		a := newApp(Options{Store: stored(all...)})
		press(a, "1")
		sum := 0
		for _, d := range a.model.devices() {
			sum += a.model.problemsOf(d)
			if text := a.model.troubleText(d); text == "none" && d.failures() > 0 {
				t.Errorf("%s: a session that failed has no trouble", name)
			}
		}
		text := string(capture(show(t, a, 140, 45), a.look))
		press(a, "!")
		shown := a.model.Len()
		if sum != shown || !strings.Contains(text, fmt.Sprintf(" online, !%d\n", shown)) || shown > 0 && !strings.Contains(text, string(plural(shown, "problem"))+": n goes") {
			t.Errorf("%s: ! shows %d problems, the devices have %d in sum; the screen was\n%s", name, shown, sum, text)
		}
	}
}

func TestCountsOfProblemsFollowTheStore(t *testing.T) {
	all := events(t, "healthy-spark-fw1.5.2/capture.pcap")
	s := stored()
	a := newApp(Options{Store: s})
	for i := range all {
		s.Append(all[i : i+1])
		a.refresh()
		sum := 0
		for _, n := range a.model.problems.of {
			sum += n
		}
		if sum != a.model.trouble.Len() {
			t.Fatalf("after %d events %d problems are counted, %d are held", i+1, sum, a.model.trouble.Len())
		}
	}
}

func TestADetailSaysWhichSessionItIsOf(t *testing.T) {
	a := newApp(Options{Store: stored(events(t, "healthy-spark-fw1.5.2/capture.pcap")...)})
	press(a, "1")
	text := string(capture(show(t, a, 80, 24), a.look))
	for _, want := range []string{"sessions   4; this is the latest", "in earlier sessions"} {
		if !strings.Contains(text, want) {
			t.Errorf("the screen lacks %q:\n%s", want, text)
		}
	}
}

// Who a device is comes third in a session: what comes before belongs to it too.
func TestADevicesEventsBeginWithItsConnections(t *testing.T) {
	all := events(t, "healthy-spark-fw1.5.2/capture.pcap") // one device, four sessions
	s := stored()
	a := newApp(Options{Store: s, Live: true})
	s.Append(all[:50])
	a.refresh()
	press(a, "1", "Enter")
	for i := 50; i <= len(all); i++ {
		known := false // once it is, its connection is among its events
		for k := i - 1; k >= 0 && !known && all[k].Session == all[i-1].Session; k-- {
			known = all[k].Known
		}
		if a.refresh(); known && a.model.Len() != i {
			t.Fatalf("%d of %d events are shown", a.model.Len(), i)
		}
		if i < len(all) {
			s.Append(all[i : i+1])
		}
	}
}

// Of a session that stays sealed is said what would open it.
func TestASealedSessionSaysWhatOpensIt(t *testing.T) {
	all := genuine.Events(t, genuine.Path(t, "healthy-spark-fw1.5.2/capture.pcap"), nil)
	a := newApp(Options{Store: stored(all...)})
	press(a, "1")
	text := string(capture(show(t, a, 80, 24), a.look))
	if !strings.Contains(text, "  sealed     the device's ") || !strings.Contains(text, "private key (-k device:FILE)") {
		t.Errorf("the key that is missing is not named:\n%s", text)
	}
}

// What goes on below says so; what a few devices leave free has no need to.
func TestDetailsSayHowMuchOfThemIsSeen(t *testing.T) {
	a := newApp(Options{Store: stored(diagnosed(t, failing)...)})
	for view, c := range map[string]struct {
		title string
		goOn  bool
	}{"1": {"── 3a1421", false}, "3": {"── diagnosis", true}} {
		press(a, view)
		for l := range strings.Lines(string(capture(show(t, a, 80, 24), a.look))) {
			if strings.HasPrefix(l, c.title) && strings.Contains(l, " 1-") != c.goOn {
				t.Errorf("view %s: %s", view, l)
			}
		}
	}
}

func TestSessionsOfUnknownDevicesAreNoDevices(t *testing.T) {
	for want, d := range map[Safe][]*device{
		"0 devices":              nil,
		"1 device":               {{known: true}},
		"2 devices, 1 unknown":   {{known: true}, {known: true}, {}},
		"1 session, ID unknown":  {{}},
		"2 sessions, ID unknown": {{}, {}},
	} {
		if got := devicesText(d); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Who waits for a device sees in which mode it will be, and why.
func TestBeforeADeviceComesTheModeIsTold(t *testing.T) {
	log := new(Log)
	a := newApp(Options{Store: stored(), Live: true, Log: log, Hint: "Listening on 127.0.0.1:5683."})
	log.Add("listening on 127.0.0.1:5683; mode observe, because there is no server key to use")
	a.refresh()
	press(a, "1")
	if text := string(capture(show(t, a, 80, 24), a.look)); !strings.Contains(text, "mode observe, because there") {
		t.Errorf("the mode is not told:\n%s", text)
	}
	a.runCommand("privacy")
	if text := string(capture(show(t, a, 80, 24), a.look)); strings.Contains(text, "127.0.0.1") {
		t.Errorf("privacy shows an address:\n%s", text)
	}
}

func TestWhyADeviceFailedStandsInItsRow(t *testing.T) {
	a := newApp(Options{Store: stored(diagnosed(t, failing)...)})
	rows := a.view().(*sessions).Row(nil, 0)
	if got, want := rows[len(rows)-1].text, Safe("PH-08 likely: "); !strings.HasPrefix(string(got), string(want)) {
		t.Errorf("the row ends in %q, want %q …", got, want)
	}
}

func TestProblemsAreShownWhereTheyCanBeSeen(t *testing.T) {
	for _, key := range []string{"1", "3", "6"} {
		a := newApp(Options{Store: stored(diagnosed(t, failing)...)})
		press(a, key, "!")
		if a.view().place() != inMessages || !a.model.onlyBad {
			t.Errorf("! in view %s shows %s", key, a.view().name())
		}
	}
	a := newApp(Options{Store: stored(diagnosed(t, failing)...)})
	if press(a, "4", "!"); a.view().place() != inLadder {
		t.Error("! leaves the ladder, which shows problems itself")
	}
}

// What no key opens was said all the same.
func TestASealedSessionIsOnlineAndHasMessages(t *testing.T) {
	all := genuine.Events(t, genuine.Path(t, "healthy-spark-fw1.5.2/capture.pcap"), new(lightssl.Keyring))
	all = all[:60] // the first session goes on
	a := newApp(Options{Store: stored(all...), Live: true, Now: func() time.Time { return all[59].At }})
	for _, want := range []string{"1 online", "● session 1     SEALED          1.7s     56", "1 online", "hello back sealed", "33 frames from the device, 23 frames from the cloud"} {
		if text := string(capture(show(t, a, 80, 24), a.look)); !strings.Contains(text, want) {
			t.Errorf("there is no %q:\n%s", want, text)
		}
	}
}

func TestADevicesIDAndTheRemedyAreCopied(t *testing.T) {
	m := new(saved)
	a := newApp(Options{Store: stored(diagnosed(t, failing)...), Screen: newScreen(t, 80, 24), Actions: m.actions()})
	press(a, "y")
	var offered []string
	for _, item := range a.top().(*menu).items {
		offered = append(offered, string(item.text))
	}
	if want := "the device's ID, all that is told of it below, the remedy"; !strings.HasPrefix(strings.Join(offered, ", "), want) {
		t.Errorf("offered is %q, want %q …", offered, want)
	}
	press(a, "i")
	if want := "24 bytes sent to the terminal"; !strings.HasPrefix(string(a.notice), want) {
		t.Errorf("it says %q, want %q …", a.notice, want)
	}
}

// What there is to do as long as no device came can be read at every size, and every
// view says why it is empty.
func TestWithoutADeviceEveryViewSaysWhatToDo(t *testing.T) {
	hint := "Listening on 192.168.1.9:5683. The device must have this address and the server key in its memory: particle keys server default_key.pub.pem --host 192.168.1.9 --port LAST"
	for _, size := range screenSizes {
		a := newApp(Options{Store: stored(), Live: true, Hint: hint})
		screen := show(t, a, size.w, size.h)
		seen := string(capture(screen, a.look))
		for range 20 {
			press(a, "j")
			redraw(a, screen)
			seen += string(capture(screen, a.look))
		}
		for _, want := range []string{"No device yet.", "LAST"} {
			if !strings.Contains(seen, want) {
				t.Errorf("at %dx%d nothing says %q:\n%s", size.w, size.h, want, seen[:400])
			}
		}
		for _, view := range []string{"2", "3", "4", "6"} {
			press(a, view)
			redraw(a, screen)
			if said := string(capture(screen, a.look)); !strings.Contains(said, "1 tells what") || strings.Contains(said, "This event") {
				t.Errorf("at %dx%d view %s says\n%s", size.w, size.h, view, said)
			}
		}
	}
	a := newApp(Options{Store: stored()})
	if said := string(capture(show(t, a, 80, 24), a.look)); !strings.Contains(said, "No session of a Photon in this capture.") {
		t.Errorf("a capture without sessions says\n%s", said)
	}
}
