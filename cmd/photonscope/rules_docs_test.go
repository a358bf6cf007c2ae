package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/photonscope/photonscope/internal/golden"
	"github.com/photonscope/photonscope/rules"
)

// rulesPage is docs/rules.md; the tables come from the code.
const rulesPage = `# Rules

` + "`photonscope proxy --rules FILE`" + ` holds, drops, edits, injects and breaks messages as a file says, one rule a line. ` + "`--repair NAME`" + ` is
the rule ` + "`repair NAME`" + `. Made from the code (` + "`go test ./cmd/photonscope -update`" + `).

` + "```" + `
# ACTION WHAT-IT-TAKES NAME=VALUE ... [when FILTER]
hold max=20s keepalive=yes when photon.msg == "function-call"
drop from=device when photon.event.name contains "debug"
edit payload="21.5" when photon.event.name == "greenhouse/temp"
inject call led on when photon.event.name == "greenhouse/alarm"
fault latency latency=800ms jitter=200ms from=device
fault swallow-ping every=3
repair ack-id
` + "```" + `

The filter is that of ` + "`-Y`" + ` ([filter.md](filter.md)), your own named filters included, asked of the message as it came; without
one, a rule is for every message. All rules that
match act, in the order of the file; each changes what those before it left, and a message is held last, when all others have acted. A rule that cannot be understood is shown with its line, its
column and a mark below the place, and nothing starts (exit 2). A value with spaces stands in quotes, as in Go: ` + "`\"two words\\x00\"`" + `. A ` + "`#`" + `
begins a comment, but not behind ` + "`when`" + `.

Messages can be read and sealed only in mode splice; what disturbs the handshake or the connection works in mode observe, too. What is
done is noted on standard error. Both versions of a message are shown and recorded, one on each leg: the second is marked (` + "`photon.altered`" + `
in NDJSON, ` + "`altered`" + ` in text and in the comments of a recording). Until the first change of a direction its frames pass byte for byte; from
then on they are sealed anew. Message IDs stay consecutive on both legs whatever is dropped or added, because the servers hang up
otherwise; acknowledgements get back the ID that their receiver used; tokens stay. Behind what was dropped or added a message
therefore has another ID where it arrives: that is one message still, which is shown once, with its sender's ID; ` + "`--legs both`" + ` shows both.
What only one leg carries was dropped (it is on its sender's leg) or added, and is marked as well, but for what the device sent and the
proxy dropped: that is printed as it comes, when nobody can know it yet. The screen names its leg, and ` + "`--legs both`" + ` shows it on one.

A frame whose length is 0 or no multiple of 16 cannot be opened and is no message: no rule sees it. It passes as it came, is shown as
malformed, and the proxy says so once for each direction of a session.

## Which messages

| setting | meaning |
|---|---|
| ` + "`from=device`, `from=cloud`" + ` | only what this end sends. ` + "`stream=upstream`, `stream=downstream`" + ` are toxiproxy's words for it |
| ` + "`skip=N`" + ` | let the first N that match pass |
| ` + "`every=N`" + ` | act on each N-th |
| ` + "`count=N`" + ` | act on N in each session, then no more. ` + "`inject`" + ` and ` + "`fault skip-id`" + ` act once unless told |
| ` + "`probability=P`" + ` | act on a share from 0 to 1; of a toxic, on that share of connections. ` + "`toxicity=`" + ` is the same |
| ` + "`seed=N`" + ` | which ones these are: the same seed gives the same choice for the n-th session |

## hold

Keeps a message back until a person decides on the screen, or ` + "`max=`" + ` is over (%s unless told): then the original goes on, or with
` + "`then=drop`" + ` nothing. Only this direction of this session waits, and whatever
its sender does behind the message, a reset too. The message is shown and recorded when it comes, and on the other leg when it goes on.
With ` + "`keepalive=yes`" + ` both peers hear something every 5 s meanwhile.

On the screen ` + "`i`" + ` asks for a filter and holds what matches from then on, without a rule; ` + "`I`" + ` lists what is held, with the time that is left and
who gives up when. Enter opens a window in which the message is edited part by part, as one line of text, or byte by byte (` + "`Ctrl-T`" + `), with
before and after below each other. Length, padding, the chain of IVs, the message ID on the other leg and the CRC of a chunk whose payload
was edited, but for bytes, are seen to. ` + "`F9`" + ` copies the rule that does the same to every such message.

## drop

Takes a message away. Whoever waits for it does not hear of that.

## edit

| setting | value |
|---|---|
%s
Lengths, padding and the cipher chain are made anew, and so is the CRC of a chunk of firmware whose payload changes, unless a query is
set. Bytes that are no text are ` + "`hex:00ff`" + `.

## inject

Adds a message behind the one that matches (` + "`place=before`" + `: before it), or to the other direction. ` + "`as=device`, `as=cloud`" + ` say who seems
to send it. What answers it ends at the proxy, and is noted.

| template | sent by | meaning |
|---|---|---|
%s
## fault

What the protocol can do wrong. ` + "`photonscope diagnose`" + ` names what it leads to.

| fault | of | takes | meaning |
|---|---|---|---|
%s
Toxiproxy's toxics, with its names and units. A number without a unit is in ms, for the slicer's delay in µs, for the rate in KB/s. With a
filter one begins with the first message that matches. The recording has bytes on one leg when they came and on the other when they
left, so a delay is the time between the two; what a toxic swallows is on the first leg alone.

| toxic | takes | meaning |
|---|---|---|
%s
## repair

Off unless named; announced when active.

| repair | rewrites | the defect, and what is done |
|---|---|---|
%s
## Examples

` + "```" + `
# A firmware that reports nonsense, without flashing it
edit payload=-40 from=device when photon.event.name == "greenhouse/temp"

# What if the device's clock is wrong?
edit payload=hex:00000000 when photon.msg == "time-reply"

# Every third of the device's pings is lost, on nine of ten sessions
fault swallow-ping every=3

# Does the firmware bear a slow network, and an update whose 17th chunk is damaged?
fault bandwidth rate=1
fault corrupt-chunk chunk=17

# Whether the user sees the alarm if the event comes twice
inject publish greenhouse/alarm fire as=device when photon.event.name == "greenhouse/alarm"
` + "```" + `
`

func TestTheRulesPageIsCurrentAndItsExamplesAreRules(t *testing.T) {
	var settings, templates, faults, toxics, repairs strings.Builder
	for _, p := range rules.Parts() {
		fmt.Fprintf(&settings, "| `%s=` | %s |\n", p.Name, p.Means)
	}
	for _, i := range rules.Templates {
		fmt.Fprintf(&templates, "| `%s` | %s | %s |\n", strings.TrimSpace(i.Name+" "+strings.ReplaceAll(i.Takes, "|", `\|`)), i.From, i.Means)
	}
	for _, f := range rules.Faults {
		if f.Toxic {
			fmt.Fprintf(&toxics, "| `%s` | %s | %s |\n", f.Name, settingsOf(f), f.Means)
		} else {
			fmt.Fprintf(&faults, "| `%s` | %s | %s | %s |\n", f.Name, f.From, settingsOf(f), f.Means)
		}
	}
	for _, r := range rules.Repairs {
		fmt.Fprintf(&repairs, "| `%s` | the %s's | %s |\n", r.Name, r.From, r.Means)
	}
	page := fmt.Sprintf(rulesPage, rules.HoldMost, &settings, &templates, &faults, &toxics, &repairs)
	golden.Check(t, filepath.Join(docsFolder, "rules.md"), []byte(page))
	for i, block := range strings.Split(page, "```\n") {
		if i%2 == 0 {
			continue
		}
		if all, err := rules.Parse("docs/rules.md", block, nil); err != nil || len(all) < 5 {
			t.Errorf("%d rules, %v", len(all), err)
		}
	}
}

func settingsOf(f rules.FaultInfo) string {
	var all []string
	for _, s := range f.Takes {
		text := "`" + s.Name + "=`"
		switch {
		case s.Default != 0 && s.Unit > 0:
			text += " " + time.Duration(s.Default).String()
		case s.Default != 0:
			text += fmt.Sprint(" ", s.Default)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}
