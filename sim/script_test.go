package sim

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const everyStep = `send CON GET /t token 07
send NON POST /e/temperature payload "21.5"
send ACK 2.05 payload "\x00\n"
send CON POST /f/brew query "espresso" query "" token 01
send ACK EMPTY
send NON POST /e/blank payload ""
plain 40001234
blocks 40001234aaaaaaaaaaaaaaaaaaaaaaaa
wire 0000
expect CON GET /t within 2s
expect POST /e/* payload "x"
expect
wait 500ms
drop
reset
half-close
`

func TestAScriptReadsBackAsItIsWritten(t *testing.T) {
	s, err := ParseScript("# a comment\n\n" + everyStep)
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, step := range s {
		lines.WriteString(step.String() + "\n")
	}
	if lines.String() != everyStep {
		t.Errorf("it reads back as\n%s", lines.String())
	}
}

func TestAScriptThatIsWrongIsRefusedWithItsLine(t *testing.T) {
	for _, line := range []string{
		"sing", "wait", "wait long", "send", "send CON", "send GET within 1s", "send GET 2.5", "send GET 2.99", "send GET token x",
		"expect token 07", "expect query \"x\"", "expect what", "expect what ever", "drop it", "wire xyz", "wire 123",
		"send GET payload x", "send GET payload \"x", "expect within soon", "send GET /", "send GET token", "blocks", "blocks 0011",
		"send GET /t token 010203040506070809", "send POST /e payload \"" + strings.Repeat("x", 70000) + "\"", "send POST /e query \"" + strings.Repeat("x", 70000) + "\"",
		"send POST /" + strings.Repeat("x", 70000), "plain " + strings.Repeat("00", 70000), "blocks " + strings.Repeat("00", 80000),
	} {
		if s, err := ParseScript("wait 1s\n" + line); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q is read as %v, %v", line, s, err)
		}
	}
}

// script reads a script that is right.
func script(t *testing.T, text string) Script {
	t.Helper()
	s, err := ParseScript(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTwoScriptsTalkToEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memPipe()
		d := &Device{Handle: script(t, `
			wait 3s
			send NON POST /e/temperature payload "21.5"
			expect POST /e/warm payload "yes"
			send CON EMPTY
			expect ACK EMPTY within 1s
			half-close`).Device}
		c := &Cloud{Handle: script(t, `
			expect CON GET /e/particle
			expect NON POST /e/temp* within 4s
			send NON POST /e/warm payload "yes"
			send CON GET /d query "\x02" token 99
			expect 2.05`).Cloud}
		start := time.Now()
		if m := meet(t.Context(), d, c, a, b); m.device != nil || m.cloud != nil {
			t.Errorf("device: %v, cloud: %v", m.device, m.cloud)
		}
		wantAfter(t, time.Since(start), 3*time.Second)
	})
}

func TestAnUnmetExpectationEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		start := time.Now()
		m := meet(t.Context(), new(Device), &Cloud{Handle: script(t, "expect POST /nothing within 7s").Cloud}, a, b)
		if !errors.Is(m.cloud, ErrExpected) || !strings.Contains(m.cloud.Error(), `step 1, "expect POST /nothing within 7s"`) {
			t.Errorf("cloud: %v", m.cloud)
		}
		wantDeviceError(t, m.device, 24)
		wantAfter(t, time.Since(start), 7*time.Second)
	})
}

func TestAScriptEndsASessionInEachWay(t *testing.T) {
	for how, want := range map[string]string{"drop": "EOF", "reset": "connection reset", "half-close": "EOF"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := memPipe()
				m := meet(t.Context(), new(Device), &Cloud{Handle: script(t, "expect GET /e/spark\n"+how).Cloud}, a, b)
				wantDeviceError(t, m.device, 24)
				if m.cloud != nil || !strings.Contains(m.device.Error(), want) {
					t.Errorf("device: %v, cloud: %v", m.device, m.cloud)
				}
			})
		})
	}
}

func TestAScriptSendsWhatIsNoMessage(t *testing.T) {
	for text, code := range map[string]int{
		"wire 7fff":   4,
		"wire 001000": 23,
		"plain ffff":  24,
		"blocks 11111111111111111111111111111111": 24,
	} {
		t.Run(text, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := net.Pipe()
				m := meet(t.Context(), new(Device), &Cloud{Handle: script(t, "wait 1s\n"+text+"\nwait 13s\ndrop").Cloud}, a, b)
				wantDeviceError(t, m.device, code)
				if code == 24 && !errors.Is(m.device, io.EOF) {
					t.Errorf("device: %v", m.device)
				}
			})
		})
	}
}
