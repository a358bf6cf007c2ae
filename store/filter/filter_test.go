package filter

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// canonical are expressions with what they stand for, at least one for every
// production of the grammar. Each is also a seed of FuzzFilter.
var canonical = []struct{ expr, want string }{
	{`photon.rtt`, `photon.rtt`},
	{`photon.msg == "ping"`, `photon.msg == "ping"`},
	{`photon.msg == event`, `photon.msg == "event"`},
	{`msg eq ping`, `photon.msg == "ping"`},
	{`kind any_eq ping`, `photon.msg == "ping"`},
	{`path === "e"`, `coap.opt.uri_path === "e"`},
	{`path all_eq "e"`, `coap.opt.uri_path === "e"`},
	{`path != "e"`, `coap.opt.uri_path != "e"`},
	{`path ne "e"`, `coap.opt.uri_path != "e"`},
	{`path all_ne "e"`, `coap.opt.uri_path != "e"`},
	{`path !== "e"`, `coap.opt.uri_path !== "e"`},
	{`path ~= "e"`, `coap.opt.uri_path !== "e"`},
	{`path any_ne "e"`, `coap.opt.uri_path !== "e"`},
	{`any path != "e"`, `coap.opt.uri_path !== "e"`},
	{`all path == "e"`, `coap.opt.uri_path === "e"`},
	{`all path > "a"`, `all coap.opt.uri_path > "a"`},
	{`any path > "a"`, `coap.opt.uri_path > "a"`},
	{`all path matches "^.$"`, `all coap.opt.uri_path matches "^.$"`},
	{`all path contains e`, `all coap.opt.uri_path contains "e"`},
	{`all path in {"a".."b", "e"}`, `all coap.opt.uri_path in {"a".."b", "e"}`},
	{`mid > 1 and mid gt 1`, `coap.mid > 1 and coap.mid > 1`},
	{`mid >= 0x10 && mid ge 1`, `coap.mid >= 16 and coap.mid >= 1`},
	{`mid < 1 or mid lt 1`, `coap.mid < 1 or coap.mid < 1`},
	{`mid <= 1 || mid le 1`, `coap.mid <= 1 or coap.mid <= 1`},
	{`type xor rtt ^^ mid`, `type xor photon.rtt xor coap.mid`},
	{`not type`, `not type`},
	{`!(type && !rtt)`, `not (type and not photon.rtt)`},
	{`type or rtt and mid xor code`, `type or photon.rtt and coap.mid xor coap.code`},
	{`(type or rtt) and mid`, `(type or photon.rtt) and coap.mid`},
	{`((type)) and (rtt and (mid and code))`, `type and photon.rtt and coap.mid and coap.code`},
	{`not not type`, `not not type`},
	{`code == 2.05 or code in {GET, 2.01..2.05, 4.04}`, `coap.code == 69 or coap.code in {1, 65..69, 132}`},
	{`coap.type == CON`, `coap.type == 0`},
	{`msg in {"ping",ping-ack}`, `photon.msg in {"ping", "ping-ack"}`},
	{`msg not in {"ping"}`, `not photon.msg in {"ping"}`},
	{`rtt > 500ms`, `photon.rtt > 0.5`},
	{`rtt > 2m`, `photon.rtt > 120`},
	{`rtt > -0.25`, `photon.rtt > -0.25`},
	{`photon.event.ttl == 1m`, `photon.event.ttl == 60`},
	{`photon.mid_gap == -3`, `photon.mid_gap == -3`},
	{`photon.opened == false and photon.altered == 1`, `photon.opened == false and photon.altered == true`},
	{`coap.token == 09`, `coap.token == 09`},
	{`coap.token == 0x9 or coap.token == aa:BB-cc.dd or coap.token == aabb`, `coap.token == 09 or coap.token == aa:bb:cc:dd or coap.token == aa:bb`},
	{`payload contains "temp\x00\"\\\u202e\t"`, `coap.payload contains "temp\x00\"\\\u202e\x09"`},
	{`payload contains r"a\x"`, `coap.payload contains "a\\x"`},
	{`path ~ "^e\d\.\""`, `coap.opt.uri_path matches "^e\\d\\.\""`},
	{`path matches r"^e\d\.\""`, `coap.opt.uri_path matches "^e\\d\\.\\\""`},
	{`path matches "(?-i)^E\\d"`, `coap.opt.uri_path matches "(?-i)^E\\d"`},
	{`path ~ ^temp`, ``},
	{`frame.plain[0:4] == 40:02:00:01`, `frame.plain[0:4] == 40:02:00:01`},
	{`frame.plain[0-3] == 40:02:00:01`, `frame.plain[0:4] == 40:02:00:01`},
	{`frame.plain[:2] contains 4 or frame.plain[2:]`, `frame.plain[0:2] contains 04 or frame.plain[2:]`},
	{`path[-1] == "e" and path[ 1 : 2 ] matches e`, `coap.opt.uri_path[-1] == "e" and coap.opt.uri_path[1:2] matches "e"`},
	{`coap.mid == photon.request_mid`, `coap.mid == photon.request_mid`},
	{`path contains photon.event.name[0:2]`, `coap.opt.uri_path contains photon.event.name[0:2]`},
	{`ip.addr == 192.0.2.7/24 or ip.src == 192.0.2.7`, `ip.addr == 192.0.2.0/24 or ip.src == 192.0.2.7`},
	{`ipv6.addr in {fe80::/10, ::1}`, `ipv6.addr in {fe80::/10, ::1}`},
	{`time >= 2026-11-24T03:54:47.5+01:00`, `time >= "2026-11-24T02:54:47.5Z"`},
	{`photon.var.value == 21.5 or photon.var.value == true or photon.var.value == "x" or photon.var.value == y`, `photon.var.value == 21.5 or photon.var.value == true or photon.var.value == "x" or photon.var.value == "y"`},
	{`coap.opt.unknown_2222 == 00`, `coap.opt.unknown_2222 == 00`},
	{`photon.credentials.key`, `photon.credentials.key`},
	{`~q`, `photon.dir == "device"`},
	{`~s ~m ping`, `photon.dir == "cloud" and photon.msg == "ping"`},
	{`~q !~m ping not ~m ping-ack`, `photon.dir == "device" and not photon.msg == "ping" and not photon.msg == "ping-ack"`},
	{`~d 313012 ~e temp ~f brew`, `photon.device_id contains 31:30:12 and photon.event.name contains "temp" and photon.func.name contains "brew"`},
	{`(~u ^/e/) or ~b "a b" or ~c 2.05`, `coap.opt.uri_path_recon matches "^/e/" or coap.payload matches "a b" or coap.code == 69`},
	{`~edited or ~all`, `photon.altered == true or type`},
	{`~t or ~err`, builtin["handshake"] + " or " + builtin["problems"]},
	{`slow`, `photon.rtt > 1`},
	{`@slow and not pings`, `photon.rtt > 1 and not photon.msg in {"ping", "ping-ack"}`},
	{`unanswered`, `coap.type == 0 and photon.answered == false and not photon.msg in {"chunk", "describe-post"}`},
	{`handshake`, builtin["handshake"]},
	{`problems`, builtin["problems"]},
	{`ota`, builtin["ota"]},
}

func TestAnExpressionIsWrittenOutInWiresharksForm(t *testing.T) {
	for _, c := range canonical {
		f, err := Parse(c.expr, nil)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s means %s", c.expr, f)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s:\n%s", c.expr, err.(*Error).Caret())
			continue
		}
		if f.String() != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.expr, f, c.want)
		}
		again, err := Parse(f.String(), nil)
		if err != nil || again.String() != f.String() {
			t.Errorf("%s becomes %v %v", f, again, err)
		}
	}
}

func TestOnlyShortFormsAreExplained(t *testing.T) {
	for expr, want := range map[string]string{
		`~m ping`: `photon.msg == "ping"`, `slow or type`: `photon.rtt > 1 or type`, `msg == ping`: "", `type`: "",
	} {
		f, err := Parse(expr, nil)
		if err != nil || f.Expansion() != want {
			t.Errorf("%s: %q, %v", expr, f.Expansion(), err)
		}
	}
}

func TestTheUsersNamesAreKnown(t *testing.T) {
	names := map[string]string{"mine": "~d 01 or theirs", "theirs": "~d 02", "loop": "not round", "round": "loop", "bad": "type ==", "slow": "rtt > 5"}
	for expr, want := range map[string]string{
		"mine and type": `(photon.device_id contains 01 or photon.device_id contains 02) and type`,
		"@theirs":       `photon.device_id contains 02`,
		"not mine":      `not (photon.device_id contains 01 or photon.device_id contains 02)`,
		"slow":          `photon.rtt > 5`,
	} {
		f, err := Parse(expr, names)
		if err != nil || f.String() != want {
			t.Errorf("%s: %v %v", expr, f, err)
		}
	}
	for expr, want := range map[string]string{
		"type and loop": `filter: loop: round: the filter loop stands for itself at offset 9`,
		"bad":           `filter: bad: expected a word, such as "opened" at offset 0`,
	} {
		if _, err := Parse(expr, names); err == nil || err.Error() != want {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

// A handful of names can stand for more than fits the memory.
func TestNamesThatMultiplyAreBounded(t *testing.T) {
	names := map[string]string{"n0": "type"}
	for i := range 40 {
		names[fmt.Sprint("n", i+1)] = strings.Repeat(fmt.Sprint("n", i, " xor not "), 20) + "type"
	}
	if _, err := Parse("n40", names); err == nil {
		t.Error("it was accepted")
	}
}

func TestWhatIsForeignInAnExpressionCannotSteerATerminal(t *testing.T) {
	_, err := Parse("type == \"\x1b[31m\u202e\" "+strings.Repeat("x", 200), nil)
	got := err.(*Error).Caret()
	want := `type == "\x1b[31m\u202e" ` + strings.Repeat("x", 51)
	if strings.ContainsAny(got, "\x1b\u202e") || !strings.HasPrefix(got, want[:40]) {
		t.Error(got)
	}
	if line := strings.Split(got, "\n")[1]; line != `        ^~~~~~~~~~~~~~~~` {
		t.Error(line)
	}
}

func TestBoundsOfAnExpression(t *testing.T) {
	for name, c := range map[string]struct{ fits, not string }{
		"length":      {strings.Repeat(" ", MaxLen-4) + "type", strings.Repeat(" ", MaxLen-3) + "type"},
		"depth":       {strings.Repeat("(", MaxDepth) + "type" + strings.Repeat(")", MaxDepth), strings.Repeat("(", MaxDepth+1) + "type" + strings.Repeat(")", MaxDepth+1)},
		"negations":   {strings.Repeat("!", MaxDepth) + "type", strings.Repeat("!", MaxDepth+1) + "type"},
		"regex":       {`path ~ "` + strings.Repeat("a", maxRegex) + `"`, `path ~ "` + strings.Repeat("a", maxRegex+1) + `"`},
		"written out": {strings.Repeat("dir == device or ", 150) + "type", strings.Repeat("dir==device||", 300) + "type"},
	} {
		if _, err := Parse(c.fits, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Parse(c.not, nil); err == nil {
			t.Errorf("%s: too much was accepted", name)
		}
	}
}

func TestCompletionKnowsWhatMayFollow(t *testing.T) {
	for expr, want := range map[string]string{
		`photon.dir == `:      `"device" "cloud"`,
		`photon.dir == "c`:    `"cloud"`,
		`dir == cloud a`:      `and`,
		`photon.opened == `:   `true false`,
		`photon.event.na`:     `photon.event.name`,
		`coap.type == `:       `ACK CON NON RST`,
		`type and ~ed`:        `~edited`,
		`~q ~al`:              `~all`,
		`~q ~al !~e`:          ``,
		`coap.mid `:           `!= < <= == > >= in and or xor`,
		`not unans`:           `unanswered`,
		`@han`:                `handshake`,
		`all photon.fun`:      `photon.func.arg photon.func.arg_ignored photon.func.name photon.func.result`,
		`~m ota3-s`:           `ota3-start`,
		`photon.msg == pong `: ``,
		`foo `:                ``,
		`type and (`:          "",
	} {
		var got []string
		for _, c := range Complete(expr, len(expr), nil) {
			got = append(got, c.Text)
			if !strings.HasPrefix(c.Text, expr[c.Start:]) {
				t.Errorf("%s: %s at %d", expr, c.Text, c.Start)
			}
		}
		if expr == `type and (` {
			if len(got) < 200 {
				t.Errorf("%s: only %d candidates", expr, len(got))
			}
		} else if strings.Join(got, " ") != want {
			t.Errorf("%s: %s", expr, got)
		}
	}
	for _, c := range Complete("mi", 2, map[string]string{"mine": "~d 01"}) {
		if c.Text == "mine" && c.Help == "~d 01" {
			return
		}
	}
	t.Error("the user's name is not offered")
}

// What most expressions begin with is offered first, and everything once.
func TestUsualFieldsAreOfferedFirst(t *testing.T) {
	for _, expr := range []string{"", "rtt > 1 and ", "not "} {
		list := Complete(expr, len(expr), nil)
		for i, c := range usual {
			if list[i].Text != c.Text || lookup(c.Text) == nil {
				t.Errorf("%q: candidate %d is %+v, want the field %s", expr, i, list[i], c.Text)
			}
		}
		seen := map[string]bool{}
		for _, c := range list {
			if seen[c.Text] {
				t.Errorf("%q: %s is offered twice", expr, c.Text)
			}
			seen[c.Text] = true
		}
	}
}

// What is offered can be written: a candidate in its place is no fault, or one of
// the expression being unfinished.
func TestWhatIsOfferedFits(t *testing.T) {
	for _, c := range canonical {
		for at := range len(c.expr) + 1 {
			for _, candidate := range Complete(c.expr, at, nil) {
				text := c.expr[:candidate.Start] + candidate.Text
				p := begin(text, nil)
				if p.err != nil && !p.hungry && candidate.Text != "not" {
					t.Fatalf("%q offers %q: %v", c.expr[:at], candidate.Text, p.err)
				}
			}
		}
	}
}

func TestEveryFieldIsNamedOnceAndExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Fields() {
		for _, name := range append(slices.Clone(f.Aliases), f.Key) {
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		if f.Help == "" {
			t.Errorf("%s has no meaning", f.Key)
		}
		if f.in == 0 || f.get == nil {
			t.Errorf("%s occurs in no event", f.Key)
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(values)), inSeconds, slices.Collect(maps.Keys(numberNames)), slices.Collect(maps.Keys(direct)), slices.Collect(maps.Keys(treeFields))) {
		if !seen[name] {
			t.Errorf("a table has %s, which is no field", name)
		}
	}
}
