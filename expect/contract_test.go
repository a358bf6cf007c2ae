package expect

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestEveryFormOfARuleIsRead(t *testing.T) {
	c, err := Parse(`# a comment, and below it an empty line

within 10s photon.msg == "hello"   # behind a rule
then within 500ms photon.msg == "hello-reply"
  then photon.msg == "describe"
some photon.event.name contains "# answered followed"
every photon.msg == "ping" answered within 2s
every coap.type == 0 answered
every photon.msg == "update-begin" followed within 1m30s by photon.msg == "update-done"
every photon.msg == "describe" followed by photon.dir == "device"
never type == "malformed"
at least 3 ~m event
at most 0 photon.rtt > 2.0
exactly 1 photon.msg == "goodbye"
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	type rule struct {
		line        int
		verb        Verb
		within      time.Duration
		least, most int
		follows, by bool
	}
	want := []rule{
		{3, Some, 10 * time.Second, 0, -1, false, false},
		{4, Then, 500 * time.Millisecond, 0, -1, true, false},
		{5, Then, 0, 0, -1, true, false},
		{6, Some, 0, 0, -1, false, false},
		{7, Every, 2 * time.Second, 0, -1, false, false},
		{8, Every, 0, 0, -1, false, false},
		{9, Every, 90 * time.Second, 0, -1, false, true},
		{10, Every, 0, 0, -1, false, true},
		{11, Never, 0, 0, -1, false, false},
		{12, Number, 0, 3, -1, false, false},
		{13, Number, 0, 0, 0, false, false},
		{14, Number, 0, 1, 1, false, false},
	}
	if len(c.Rules) != len(want) {
		t.Fatalf("%d rules, want %d", len(c.Rules), len(want))
	}
	for i, r := range c.Rules {
		if got := (rule{r.Line, r.Verb, r.Within, r.Least, r.Most, r.after != nil, r.By != nil}); got != want[i] {
			t.Errorf("%s: %+v, want %+v", r.Text, got, want[i])
		}
	}
}

func TestABadContractShowsThePlace(t *testing.T) {
	for _, test := range []struct{ name, text, caret, reason string }{
		{"nothing", "# only this\n", "", "no rule"},
		{"no verb", "ok\nphoton.msg == 1", "", ""},
		{"a verb", "soon photon.msg == \"hello\"", "^~~~", "a rule begins with"},
		{"no expression", "never", "     ^", "here stands an expression"},
		{"a field", `within 1s photon.mgs == "hello"`, "          ^~~~~~~~~~", ""},
		{"an operator", `never photon.rtt >`, "", ""},
		{"a time", `within 10 photon.msg == "hello"`, "       ^~", "a time"},
		{"a negative time", `within -1s photon.msg == "hello"`, "       ^~~", "a time"},
		{"then alone", `then photon.msg == "hello"`, "^~~~", "then stands below"},
		{"then below never", "never type == \"gap\"\nthen photon.msg == \"hello\"", "^~~~", "then stands below"},
		{"every of nothing", `every photon.msg == "ping"`, strings.Repeat(" ", 26) + "^", "is followed by answered"},
		{"answered by whom", `every photon.msg == "ping" answered soon`, strings.Repeat(" ", 36) + "^~~~", "within and a time"},
		{"followed by nothing", `every photon.msg == "ping" followed`, strings.Repeat(" ", 35) + "^", "by and an expression"},
		{"how many", `at least many photon.msg == "ping"`, "         ^~~~", "how many"},
		{"at what", `at once photon.msg == "ping"`, "^~~~~~~", "a rule begins with"},
		{"later", "never photon.answered == false", "      ^~~~", "every … answered"},
		{"an umlaut before it", `some photon.event.name == "ü" nd`, "", ""},
		{"an escape sequence", "never \x1b[31m", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.text, nil)
			var fault *Error
			if !errors.As(err, &fault) {
				t.Fatalf("no error but %v", err)
			}
			if !strings.Contains(fault.Reason, test.reason) {
				t.Errorf("%v, want %q", fault, test.reason)
			}
			caret := fault.Caret()
			if strings.Contains(caret, "\x1b") {
				t.Errorf("foreign text on the terminal: %q", caret)
			}
			if _, marks, _ := strings.Cut(caret, "\n"); !strings.HasPrefix(marks, test.caret) {
				t.Errorf("the place is\n%s\nwant\n%s", caret, test.caret)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("within 10s photon.msg == \"hello\"\nthen type == \"gap\"")
	f.Add("every a answered within 2s # x")
	f.Add("at least 3 \"")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text, nil)
		var fault *Error
		switch {
		case err == nil && len(c.Rules) == 0:
			t.Error("no rule and no error")
		case err != nil && !errors.As(err, &fault):
			t.Errorf("another error: %v", err)
		case err != nil && (fault.Line < 1 || fault.Column < 1):
			t.Errorf("no place: %+v", fault)
		case err != nil:
			fault.Caret()
		}
	})
}
