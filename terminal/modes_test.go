package terminal

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// sequence matches one control sequence or control character.
var sequence = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[\\]PX^_][^\x1b\a]*(?:\a|\x1b\\\\)|\x1b[ -/]*[0-~]|[\x00-\x1f\x7f]|\u0080|[\u0081-\u009f]")

// allowed are the control sequences that the program may write: moving and
// hiding the cursor, erasing, colours, the alternate screen, mouse and paste
// modes, the keypad, its own title's place, and line ends.
var allowed = regexp.MustCompile("^(?:" + strings.Join([]string{
	`\x1b\[[0-9;]*[ABCDGHJKdfm]`, // cursor, erase, colours
	`\x1b\[\?(?:1|7|12|25|1000|1002|1003|1004|1006|1049|2004|2026|9001)(?:;[0-9]+)*[hl]`, // modes
	`\x1b\[2[23];[0-2](?:;[0-2])?t`, // title on and off the stack
	`\x1b\[>2t`,                     // title in UTF-8
	`\x1b\[[0-6]? q`,                // shape of the cursor
	`\x1b\[[<>=?]?[0-9;]*[umn]`,     // keyboard protocols
	`\x1b\[[>=]?[0-9]*c`,            // who are you
	`\x1b[()][0B]`, `\x1b[=>78]`,    // character sets, keypad, cursor
	`\x1b\[!p`,
	`\x1b\]8;;\x1b\\`, `\x1b\]112\x07`, `\x1b\]2;photonscope[^\x1b\x07]*(?:\x07|\x1b\\)`,
	`[\r\n\x08\x0e\x0f]`,
}, "|") + ")$")

// checkSequences fails if the program wrote anything else.
func checkSequences(t *testing.T, output []byte) {
	t.Helper()
	seen := make(map[string]bool)
	for _, s := range sequence.FindAllString(string(output), -1) {
		if !allowed.MatchString(s) && !seen[s] {
			seen[s] = true
			t.Errorf("the terminal got %q", s)
		}
	}
}

var mode = regexp.MustCompile("\x1b\\[\\?([0-9;]+)([hl])")

// left is how a terminal is when nothing was changed: only these modes are on.
var left = map[string]bool{"7": true, "25": true, "12": true}

// checkRestored fails unless the terminal is as it was before the program.
func (s *screen) checkRestored() {
	s.t.Helper()
	on := map[string]bool{"7": true, "25": true}
	for _, m := range mode.FindAllStringSubmatch(string(s.output()), -1) {
		for number := range strings.SplitSeq(m[1], ";") {
			on[number] = m[2] == "h"
		}
	}
	for number, is := range on {
		if is != left[number] && number != "12" {
			s.t.Errorf("mode %s was left: %t", number, is)
		}
	}
	after, err := unix.IoctlGetTermios(int(s.tty.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	if *after != s.before {
		s.t.Errorf("line settings were left: %+v, before %+v", *after, s.before)
	}
	if s.shown.IsAltScreen() || s.shown.CursorHidden() {
		s.t.Error("the alternate screen or a hidden cursor was left")
	}
}
