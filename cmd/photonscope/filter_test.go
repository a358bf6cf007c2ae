package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/store/filter"
)

// healthyRead reads a recording with its keys, quietly.
func healthyRead(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	args = append([]string{"read", "-k", recordings + "/keys"}, args...)
	return runApp(t, nil, append(args, recordings+"/healthy-brewskey-fw2.3.1/capture.pcapng")...)
}

func TestOnlyEventsThatMatchArePrinted(t *testing.T) {
	all, _, _ := healthyRead(t, "-q", "-T", "ndjson")
	some, _, code := healthyRead(t, "-q", "-T", "ndjson", "-Y", `photon.msg == "event" and photon.rtt or type == "nonce"`)
	if code != exitOK {
		t.Fatalf("exit %d", code)
	}
	var want []string
	for _, e := range strings.SplitAfter(all, "\n") {
		var v event
		if e != "" && json.Unmarshal([]byte(e), &v) != nil {
			t.Fatal(e)
		}
		typ := v.str("type")
		if typ == "header" || typ == "summary" || typ == "nonce" || v.str("photon.msg") == "event" && v["photon.rtt"] != nil {
			want = append(want, e)
		}
	}
	if some != strings.Join(want, "") || len(want) < 6 {
		t.Errorf("got\n%s\nwant\n%s", some, strings.Join(want, ""))
	}
}

// An answer comes later than its request, which is printed in its place all the
// same.
func TestUnansweredRequestsArePrintedInOrder(t *testing.T) {
	out, errs, code := healthyRead(t, "-T", "fields", "-e", "type", "-e", "photon.func.name", "-Y", `~m function-call and photon.answered == false or type == "opened"`)
	means := `photon.msg == "function-call" and photon.answered == false or type == "opened"`
	if code != exitOK || !strings.Contains(errs, `-Y ~m function-call and photon.answered == false or type == "opened" means `+means+"\n") {
		t.Errorf("exit %d, said %s", code, errs)
	}
	if want := "opened\t\nmessage\tnosuchfn\nopened\t\nopened\t\nopened\t\n"; out != want {
		t.Errorf("%q, want %q", out, want)
	}
}

func TestNothingMatchedIsAnErrorIfAskedFor(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		said string
	}{
		{[]string{"-Y", "coap.mid == 70000"}, exitOK, ""},
		{[]string{"-Y", "coap.mid == 70000", "--require-match"}, exitSession, "photonscope: no event matches the filter\n"},
		{[]string{"-Y", "type", "--require-match"}, exitOK, ""},
		{[]string{"--require-match"}, exitUsage, "photonscope: --require-match needs -Y\nhint: -Y 'photon.msg == \"event\"' --require-match\n"},
	} {
		_, errs, code := healthyRead(t, append(c.args, "-q")...)
		if i := strings.Index(errs, "photonscope:"); i > 0 {
			errs = errs[i:]
		}
		if code != c.code || c.said != "" && errs != c.said {
			t.Errorf("%q: exit %d, said %q", c.args, code, errs)
		}
	}
}

func TestABadFilterIsShownWithItsPlace(t *testing.T) {
	want := ` is no filter
  dir == north and type
         ^~~~~
  photon.dir is never "north"; it is one of device, cloud
hint: photonscope filter --fields lists the fields; docs/filter.md has the grammar
`
	for where, args := range map[string][]string{
		"-Y":   {"read", "-Y", "dir == north and type", filepath.Join(t.TempDir(), "none")},
		"this": {"filter", "dir == north and type"},
	} {
		out, errs, code := runApp(t, nil, args...)
		if code != exitUsage || errs != "photonscope: "+where+want || out != "" {
			t.Errorf("%q: exit %d\n%s", args, code, errs)
		}
	}
}

func TestFilterSaysWhatAnExpressionMeans(t *testing.T) {
	out, errs, code := runApp(t, nil, "filter", `~q ~u ^/e\d`)
	if code != exitOK || errs != "" || out != `photon.dir == "device" and coap.opt.uri_path_recon matches "^/e\\d"`+"\n" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	for _, args := range [][]string{{"filter"}, {"filter", "--fields", "type"}, {"filter", "--fields", "-T", "xml"}} {
		if _, _, code := runApp(t, nil, args...); code != exitUsage {
			t.Errorf("%q: exit %d", args, code)
		}
	}
}

func TestFilterListsEveryField(t *testing.T) {
	text, _, _ := runApp(t, nil, "filter", "--fields")
	lines, _, _ := runApp(t, nil, "filter", "--fields", "-T", "ndjson")
	list := events(t, lines)
	if len(list) != len(filter.Fields()) || strings.Count(text, "\n") != len(list) {
		t.Fatalf("%d fields, %d lines", len(list), strings.Count(text, "\n"))
	}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if name := list[i].str("name"); !strings.HasPrefix(line, name) || !strings.Contains(line, list[i].str("meaning")) {
			t.Errorf("%s: %s", name, line)
		}
	}
}

func TestAShellCompletesAFilter(t *testing.T) {
	out, _, _ := runApp(t, nil, "__complete", "read", "-Y", `dir == cloud and msg == "ota3-s`)
	if first, _, _ := strings.Cut(out, "\n"); first != `dir == cloud and msg == "ota3-start"` {
		t.Error(out)
	}
}
