package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/replay"
)

// recordingFlags say which session of a capture is meant, and what of it.
type recordingFlags struct {
	session  uint32
	from, to int
	show     filterFlags
}

func (f *recordingFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Uint32Var(&f.session, "session", 0, "`number` of the session, as photonscope read shows it (default: the only one)")
	flags.IntVar(&f.from, "from", 0, "`number` of the first message, as --dry-run shows it; what begins a session is always played")
	flags.IntVar(&f.to, "to", 0, "`number` of the last message")
	flags.StringVarP(&f.show.expr, "display-filter", "Y", "", "play only messages that match this `expression` (docs/filter.md), and what begins a session")
}

// replaySink gives a collector its events.
type replaySink struct{ to replay.Collector }

func (s *replaySink) event(e *decode.Event) { s.to.Add(e) }
func (*replaySink) flush()                  {}

// read reads the recording and makes the plan.
func (r *replaying) read(ctx context.Context, name string) error {
	c := &r.choose
	if err := c.show.check(r.app); err != nil {
		return err
	}
	if f := c.show.filter; f != nil && f.NeedsLater() {
		return usageError("leave photon.answered out", "-Y chooses messages one by one; whether one was answered is not known yet then")
	}
	if c.to > 0 && c.from > c.to {
		return usageError("--from 12 --to 40", "--from %d is behind --to %d", c.from, c.to)
	}
	reading := &reading{app: r.app, names: []string{name}, quiet: true, bothLegs: true}
	reading.keys = withKeyFolder(r.app, r.live.keys)
	if err := reading.loadKeys(); err != nil {
		return err
	}
	r.keys = reading.keySet
	r.keys.addBuiltIn() // the recording may be of these
	sink := new(replaySink)
	failed := reading.into(ctx, sink)
	if failed != nil && codeOf(failed) != exitFailure {
		return failed
	}
	recordings := sink.to.Recordings()
	if failed != nil {
		if !slices.ContainsFunc(recordings, (*replay.Recording).Playable) {
			return failed
		}
		r.app.say("photonscope: %v; what comes before that can be played", failed)
	}
	if err := r.pick(recordings, name); err != nil {
		return err
	}
	r.sayWhatIsMissing()
	return r.makePlan()
}

// pick finds the session that is meant.
func (r *replaying) pick(all []*replay.Recording, name string) error {
	playable := slices.DeleteFunc(slices.Clone(all), func(x *replay.Recording) bool { return !x.Playable() })
	if n := r.choose.session; n > 0 {
		i := slices.IndexFunc(all, func(x *replay.Recording) bool { return x.Session == n })
		if i < 0 {
			return usageError(sessionsHint(playable), "%s has no session %d", name, n)
		}
		r.recording = all[i]
	} else {
		switch len(playable) {
		case 1:
			r.recording = playable[0]
		case 0:
			if len(all) == 0 {
				return usageError("", "%s holds no session of a Photon", name)
			}
			r.recording = all[0]
		default:
			return usageError(sessionsHint(playable), "%s holds %d sessions; which one?", name, len(playable))
		}
	}
	if r.recording.Playable() {
		return nil
	}
	if r.recording.Sealed > 0 {
		return usageError("-k, the device's private key or the session's key log", "session %d of %s stays sealed: no key opens its %s", r.recording.Session, name, count(r.recording.Sealed, "frame"))
	}
	return usageError("", "session %d of %s has no message: it ended in the handshake", r.recording.Session, name)
}

// sessionsHint lists sessions that can be played.
func sessionsHint(list []*replay.Recording) string {
	if len(list) == 0 {
		return ""
	}
	var names []string
	for _, x := range list[:min(len(list), 6)] {
		who := "device unknown"
		if x.Known {
			who = x.Device.String()
		}
		names = append(names, fmt.Sprintf("%d (%s, %s, %s)", x.Session, who, x.Opened.UTC().Format("15:04:05"), count(len(x.Messages), "message")))
	}
	if n := len(list) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	return "--session: " + strings.Join(names, ", ")
}

// sayWhatIsMissing says what of the session was not captured or not opened.
func (r *replaying) sayWhatIsMissing() {
	x := r.recording
	if x.Gaps > 0 {
		r.app.say("session %d has %s: what was in them is not played", x.Session, count(x.Gaps, "gap"))
	}
	if x.Sealed > 0 {
		r.app.say("session %d has %s that no key opens: they are not played", x.Session, count(x.Sealed, "frame"))
	}
	if x.Odd > 0 {
		r.app.say("session %d has %s that hold no message: they are not played", x.Session, count(x.Odd, "frame"))
	}
}

// makePlan plans what the flags ask for.
func (r *replaying) makePlan() (err error) {
	c := replay.Choice{As: r.as(), From: r.choose.from, To: r.choose.to}
	if n := len(r.recording.Messages); c.From > n {
		return usageError("--dry-run shows the numbers", "--from %d is behind the last message of session %d, %d", c.From, r.recording.Session, n)
	}
	if f := r.choose.show.filter; f != nil {
		c.Match = func(m *replay.Message) bool { return f.Match(&m.Event) }
	}
	r.plan, err = replay.NewPlan(r.recording, c)
	if errors.Is(err, replay.ErrNoHello) {
		who := "device's Hello"
		if c.As == stream.FromCloud {
			who = "cloud's Hello"
		}
		return usageError("a recording from the beginning of the session", "session %d lacks the %s: it begins in the middle, or ended before", r.recording.Session, who)
	}
	return err
}
