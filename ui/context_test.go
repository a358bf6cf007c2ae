package ui

import (
	"strings"
	"testing"
)

// The second line says what is shown before it says where the file lies.
func TestTheSecondLineNamesTheFileAndWhatIsShown(t *testing.T) {
	a := newApp(Options{Store: stored(events(t, "healthy-spark-fw1.5.2/capture.pcap")...), Title: "/work/of/a/long/day/healthy-spark-fw1.5.2/capture.pcap"})
	for view, want := range map[string][]string{
		"3": {"capture.pcap   session 4 of 54026f…551269   ○ CLOSED   attempt 4 of 4 [ ]"},
		"5": {"capture.pcap   session 1 of 54026f…551269   both ways (b)   as text (x)"},
		"6": {"capture.pcap   54026f…551269   / none"},
		"2": {"54026f…551269   / none   270 of 270"},
	} {
		press(a, "1", "Enter", view)
		line := strings.Split(string(capture(show(t, a, 80, 24), a.look)), "\n")[2]
		for _, text := range want {
			if !strings.Contains(line, text) {
				t.Errorf("view %s: %q lacks %q", view, line, text)
			}
		}
		if strings.Count(line, "551269") > 1 {
			t.Errorf("view %s names the device twice: %s", view, line)
		}
	}
}
