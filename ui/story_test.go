package ui

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/photonscope/photonscope/store"
)

func TestTheListFollowsUntilTheUserGoesUp(t *testing.T) {
	all := talk(t)
	d := drive(t, 100, 30, Options{Title: "test", Live: true})
	d.store.Append(all[:100])
	d.press("2").see("following").see("100 ")
	d.store.Append(all[100:150])
	d.see("►    150")
	d.press("k").see("►    149")
	d.store.Append(all[150:200])
	d.see("▼ 50 new below").see("►    149")
	d.press("G").see("►    200").see("following")
}

func TestAPausedScreenStandsStillAndLosesNothing(t *testing.T) {
	all := talk(t)
	d := drive(t, 100, 30, Options{Title: "test", Live: true})
	d.store.Append(all[:100])
	d.press("2").see("100 ")
	d.press("Space").see("PAUSED  0 new")
	d.store.Append(all[100:130])
	d.see("PAUSED  30 new").see("►    100")
	d.press("Space").see("LIVE").see("►    130")
}

func TestAFilterKeepsWhatComesAfterIt(t *testing.T) {
	all := talk(t)
	d := drive(t, 100, 30, Options{Title: "test", Live: true})
	d.store.Append(all[:120])
	d.press("2", "/")
	for _, r := range "pings" {
		d.press(string(r))
	}
	d.press("Enter").see("of 120")
	d.store.Append(all[120:])
	d.see("of 250")
}

func TestNotesOfTheProgramAreInTheEventLog(t *testing.T) {
	log := new(Log)
	d := drive(t, 80, 24, Options{Title: "test", Log: log})
	d.press("L").see("Nothing has happened")
	log.Add("the recording has no room: disk full")
	d.see("disk full")
}

func TestAnAlarmIsShownUntilTheLogIsLookedAt(t *testing.T) {
	log := new(Log)
	d := drive(t, 80, 24, Options{Title: "test", Log: log, Live: true})
	d.see("LIVE")
	log.Add("record: disk full")
	log.Alarm()
	d.see("ALARM").press("4").see("ALARM").press("L").see("disk full").press("Esc").see("LIVE")
}

func TestPastedTextGoesIntoInputAndNowhereElse(t *testing.T) {
	d := drive(t, 80, 24, Options{Title: "test", Store: stored(demo(t)...)})
	post := func(ev tcell.Event) {
		for d.screen.PostEvent(ev) != nil { // the queue is full
			runtime.Gosched()
		}
	}
	paste := func(text string) {
		post(tcell.NewEventPaste(true))
		for _, r := range text {
			post(tcell.NewEventKey(tcell.KeyRune, r, tcell.ModNone))
		}
		post(tcell.NewEventPaste(false))
	}
	paste("-----BEGIN RSA PRIVATE KEY-----qQ")
	d.see("no line of input")
	d.press("/")
	paste("ping")
	d.see("/ ping")
}

func TestAMouseChoosesRowsAndPanes(t *testing.T) {
	d := drive(t, 80, 24, Options{Title: "test", Store: stored(demo(t)...), Mouse: true})
	d.press("2").press("g")
	d.screen.InjectMouse(20, 6, tcell.Button1, tcell.ModNone)
	d.screen.InjectMouse(20, 6, tcell.ButtonNone, tcell.ModNone)
	d.see("►      5")
}

func TestTheScreenEndsAtOnceWhateverIsTyped(t *testing.T) {
	for _, pending := range []int{0, 100, 1000} {
		d := drive(t, 80, 24, Options{Title: "test", Store: stored(demo(t)...)})
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for range pending {
				d.screen.InjectKey(tcell.KeyRune, 'j', tcell.ModNone)
			}
		}()
		d.cancel()
		d.quits()
		<-stop
	}
}

// broken is a screen that fails when something is drawn.
type broken struct{ tcell.SimulationScreen }

func (broken) Clear() { panic("no screen any more") }

func TestAFaultOfTheScreenIsReturned(t *testing.T) {
	screen := tcell.NewSimulationScreen("UTF-8")
	err := Run(context.Background(), Options{Screen: broken{screen}, Store: store.New(0)})
	var fault *PanicError
	if !errors.As(err, &fault) || !strings.Contains(string(fault.Stack), "Clear") {
		t.Errorf("Run returns %v", err)
	}
}

func TestAFaultInAViewLeavesTheRest(t *testing.T) {
	log := new(Log)
	a := newApp(Options{Store: stored(demo(t)...), Log: log})
	a.messagesView().rows = nil // a fault of ours
	a.messagesView().list.rows = nil
	press(a, "2")
	show(t, a, 80, 24)
	if kept := log.kept(); len(kept) == 0 || !strings.Contains(kept[0].text, "internal error") {
		t.Error("the log does not tell of the fault")
	}
	press(a, "1")
	if a.view().place() != inSessions {
		t.Error("another view cannot be shown any more")
	}
}

func TestAnIdleScreenDrawsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stored(demo(t)...)
		screen := tcell.NewSimulationScreen("UTF-8")
		screen.Init()
		screen.SetSize(80, 24)
		drawn := make(chan int, 1000)
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- Run(ctx, Options{Screen: screen, Store: s, drawn: func(n int) { drawn <- n }}) }()
		time.Sleep(time.Second)
		before := len(drawn)
		time.Sleep(time.Hour)
		if n := len(drawn); n != before {
			t.Errorf("%d draws in an hour without events", n-before)
		}
		cancel()
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}
