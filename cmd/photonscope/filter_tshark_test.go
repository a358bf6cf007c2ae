package main

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/sim"
)

// wiresharks are expressions of fields that Wireshark has, in its own syntax.
var wiresharks = []string{
	`coap.type != 0`, `coap.type in {1..2}`, `coap.type > 1 and coap.code == 69`,
	`coap.code == GET`, `coap.code in {1, 65..69}`, `coap.code not in {1, 2}`,
	`coap.mid > 30000 || coap.mid < 0x100`, `coap.mid > coap.code`,
	`!coap.token`, `coap.token == 09`, `coap.token[0] > 0a`,
	`coap.token_len > 0 && coap.payload_length > 8`,
	`coap.opt.uri_path == "e"`, `coap.opt.uri_path != "e"`, `coap.opt.uri_path === "t"`, `coap.opt.uri_path ~= "e"`,
	`any coap.opt.uri_path != "e"`, `all coap.opt.uri_path == "d"`, `all coap.opt.uri_path > "a"`, `coap.opt.uri_path <= "d"`,
	`coap.opt.uri_path contains "em"`, `all coap.opt.uri_path contains "e"`,
	`coap.opt.uri_path matches "^E"`, `coap.opt.uri_path ~ "(?-i)^E"`, `all coap.opt.uri_path matches "^.$"`, `coap.opt.uri_path matches "[\\d/]"`, `coap.opt.uri_path matches r"\w{5}"`,
	`coap.opt.uri_path in {"e", "s".."v"}`, `coap.opt.uri_path not in {"e"}`, `all coap.opt.uri_path in {"a".."h"}`,
	`coap.opt.uri_path[0] == 65`, `coap.opt.uri_path[-1] == "e"`, `coap.opt.uri_path[1:]`, `coap.opt.uri_path[1:] == ""`, `coap.opt.uri_path[-9:2]`,
	`coap.opt.uri_path[0-1] == "ga" or coap.opt.uri_path[:2] == "br"`, `coap.opt.uri_path[0:300]`,
	`coap.opt.uri_query or coap.opt.max_age > 10 or coap.opt.uri_path == "\x65"`,
	`coap.type == 1 or coap.type == 0 and coap.code == 2`, `!(coap.type == 0) && !coap.payload || coap.code == 1`,
	`not coap.type == 0 and coap.code == 68 or not coap.payload`,
	`ip.addr == 127.0.0.0/8 and coap.type == 0`,
}

// An independent implementation of the language finds the same messages.
func TestTsharkFindsTheSameMessages(t *testing.T) {
	needTshark(t)
	profile := sim.LightSSL231 // tshark puts the blocks of later firmware together and shows the whole at the last
	_, file := tellThrough(t, &profile, &sim.Styles[0])
	matched := 0
	for _, expr := range wiresharks {
		out, errs, code := runApp(t, nil, "read", "-q", "-T", "fields", "-e", "frame.plain", "-Y", `type == "message" and (`+expr+`)`, file)
		if code != exitOK {
			t.Errorf("%s: exit %d, %s", expr, code, errs)
			continue
		}
		got := strings.Fields(out)
		want := strings.Fields(string(tshark(t, file, "-Y", `frame.interface_name == "photon-coap" && (`+expr+`)`, "-T", "fields", "-e", "udp.payload")))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d messages, tshark has %d%s", expr, len(got), len(want), firstThatDiffers(got, want))
		}
		matched += len(got)
	}
	if matched < 10*len(wiresharks) {
		t.Errorf("only %d messages matched", matched)
	}
}

func firstThatDiffers(got, want []string) string {
	for _, m := range got {
		if !slices.Contains(want, m) {
			b, _ := hex.DecodeString(m)
			return "; only ours: " + string(b)
		}
	}
	for _, m := range want {
		if !slices.Contains(got, m) {
			b, _ := hex.DecodeString(m)
			return "; only theirs: " + string(b)
		}
	}
	return ""
}
