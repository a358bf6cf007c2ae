package diagnose

import (
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/internal/genuine"
)

// A server that does not know a key and one that has another on file look the same
// on the wire: the first finding names both and the command that decides, and the
// second repeats nothing of it.
func TestTwoCausesThatLookTheSameAreToldAsOneProblem(t *testing.T) {
	found := findings(genuine.Items(t, genuine.Path(t, "fail-mismatching-device-key-brewskey/capture.pcapng")), Options{Keys: genuine.Keys(t, "keys/h2-server-private.pem")})
	var told []*decode.Finding
	for i := range found {
		if found[i].Session == 1 {
			told = append(told, found[i].Body.(*decode.Finding))
		}
	}
	if len(told) != 2 || told[0].ID != "PH-08" || told[1].ID != "PH-09" {
		t.Fatalf("found %s", asText(found))
	}
	unknown, another := told[0], told[1]
	if !strings.Contains(unknown.Title, "PH-09") || !strings.Contains(another.Title, "PH-08") {
		t.Errorf("they do not name each other: %q, %q", unknown.Title, another.Title)
	}
	if len(unknown.Remedy) < 2 || !strings.Contains(unknown.Remedy[1], "--server-keys") {
		t.Errorf("what decides is not the first command: %q", unknown.Remedy)
	}
	for _, step := range another.Remedy {
		if slices.Contains(unknown.Remedy, step) {
			t.Errorf("told twice: %q", step)
		}
	}
	if len(another.RuledOut) > 0 || len(another.Evidence) != 1 || strings.Contains(another.Device, "flashes") {
		t.Errorf("the second finding repeats the first: %+v", another)
	}
}
