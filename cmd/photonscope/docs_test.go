package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
	"github.com/photonscope/photonscope/internal/golden"
	"github.com/photonscope/photonscope/sim"
)

const docsFolder = "../../docs"

func TestFieldReferenceIsCurrent(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Fields\n\nMade from the table in the code (`go test ./cmd/photonscope -update`). These names are those of NDJSON and of `-T fields -e`.\n\n")
	b.WriteString("An option without a registered name is `coap.opt.unknown_NUMBER`, bytes.\n\n")
	b.WriteString("| name | type | in | meaning | source | example |\n|---|---|---|---|---|---|\n")
	sections, examples := protocolSections(t), fieldExamples(t)
	for _, d := range decode.Fields() {
		typ := d.Type.String()
		if d.Many {
			typ += " …"
		}
		if d.Help == "" {
			t.Errorf("%s has no meaning", d.Key)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", d.Key, typ, eventsWith(d), cell(d.Help), fieldSource(t, d.Key, sections), examples[d.Key])
	}
	b.WriteString("\n`…`: may occur more than once; an array in NDJSON. `word`: text of photonscope's own. `text`: text from the wire. `bytes`: lower-case hex. `any`: each value has a type of its own.\n")
	b.WriteString("In `tree`: shown by `-v`, on its bytes, and printed by `-e`; no field of NDJSON. Source: a section of [protocol.md](protocol.md), which names the files of firmware and servers; no source: photonscope's own. The examples are the first ones of the recordings in `captures/testdata` or, failing that, of a simulated session; long ones are cut.\n")
	golden.Check(t, filepath.Join(docsFolder, "fields.md"), b.Bytes())
}

// eventsWith names the types of events whose lines can have a field.
func eventsWith(d *field.Def) string {
	var names []string
	for _, name := range decode.EventTypes {
		always, sometimes := decode.EventFields(name)
		if slices.Contains(always, d) || slices.Contains(sometimes, d) {
			names = append(names, name)
		}
	}
	switch len(names) {
	case 0:
		return "tree"
	case len(decode.EventTypes):
		return "all"
	case len(decode.EventTypes) - 1:
		return "all but opened"
	}
	return strings.Join(names, ", ")
}

// fieldSources says in which section of docs/protocol.md the fields stand whose
// names begin so. The longest beginning counts; "" is a field of our own making.
var fieldSources = map[string]string{
	"frame.": "1.4", "frame.padding": "2.4", "photon.close": "1.1", "photon.gap": "1.4", "photon.offset": "1.6", "photon.layer": "1.6",
	"photon.nonce": "2.2", "photon.identity.": "2.3", "photon.device_id": "2.3", "photon.credentials.": "2.4", "photon.credentials.salt": "2.5",
	"photon.opened": "2.9", "photon.reason": "2.9",
	"coap.": "4", "coap.token": "4.1", "coap.type": "4.2", "coap.mid": "4.4", "coap.opt.": "4.5", "coap.code": "4.6",
	"photon.rtt": "4.3", "photon.request": "4.3", "photon.mid_gap": "4.4", "photon.misnumbered": "8.2", "photon.msg": "5", "photon.payload.": "5",
	"photon.presence.": "5.1", "photon.key_change.": "5.1", "photon.hello.": "5.2", "photon.time.": "5.3",
	"photon.describe.": "5.4", "photon.metrics.": "5.4", "photon.block": "5.4", "photon.func.": "5.5", "photon.var.": "5.5",
	"photon.event.": "5.6", "photon.subscribe.": "5.6", "photon.signal.": "5.7", "photon.ota.": "5.8", "photon.goodbye.": "5.9",
	"type": "", "time": "", "photon.session": "", "photon.leg": "", "photon.dir": "", "photon.device_addr": "", "photon.cloud_addr": "",
	"photon.altered": "", "photon.finding": "", "photon.mark": "", "frame.comment": "",
}

// fieldSource links to the section of docs/protocol.md that describes a field.
func fieldSource(t *testing.T, key string, sections map[string]string) string {
	t.Helper()
	longest, found := "", false
	for beginning := range fieldSources {
		if strings.HasPrefix(key, beginning) && len(beginning) >= len(longest) {
			longest, found = beginning, true
		}
	}
	number := fieldSources[longest]
	switch {
	case !found:
		t.Errorf("%s: fieldSources does not say where it is described", key)
	case number == "":
		return ""
	case sections[number] == "":
		t.Errorf("%s: docs/protocol.md has no section %s", key, number)
	}
	return fmt.Sprintf("[§%s](protocol.md#%s)", number, sections[number])
}

// protocolSections returns the anchors of docs/protocol.md by section number.
func protocolSections(t *testing.T) map[string]string {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(docsFolder, "protocol.md"))
	if err != nil {
		t.Fatal(err)
	}
	anchors := make(map[string]string)
	for _, m := range regexp.MustCompile(`(?m)^##+ (([0-9.]*[0-9])\.? .*)$`).FindAllStringSubmatch(string(doc), -1) {
		kept := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		anchors[m[2]] = strings.ReplaceAll(kept, " ", "-")
	}
	return anchors
}

// fieldExamples returns the first value of each field, from the genuine
// recordings or, failing that, sessions of every kind.
func fieldExamples(t *testing.T) map[string]string {
	t.Helper()
	captures, err := filepath.Glob(recordings + "/*/capture*.pcap*")
	if err != nil {
		t.Fatal(err)
	}
	captures = append(captures, damagedCapture(t))
	examples := make(map[string]string)
	take := func(list []event) {
		for _, e := range list {
			if !slices.Contains(decode.EventTypes, e.str("type")) {
				continue
			}
			for key, value := range e {
				if value != "" && examples[key] == "" {
					examples[key] = example(value)
				}
			}
		}
	}
	for _, c := range captures {
		out, _, _ := runApp(t, nil, "read", "-k", recordings+"/keys", "-q", "-T", "ndjson", c)
		take(events(t, out))
	}
	take(everyKind(t))
	return examples
}

// everyKind returns the events of sessions in which every kind of message occurs
// that a simulated device and cloud say to each other.
func everyKind(t *testing.T) (all []event) {
	t.Helper()
	for _, p := range sim.Profiles {
		for _, style := range sim.Styles {
			p.HangsUp = p.HangsUp && style.EventReply != sim.AckSpark // or the answer to its first event ends the session
			list, _ := tellThrough(t, &p, &style)
			all = append(all, list...)
		}
	}
	return all
}

// example makes a JSON value a cell of a table, not too wide.
func example(value any) string {
	if list, ok := value.([]any); ok {
		value = list[0]
	}
	text, ok := value.(string)
	if !ok {
		b, _ := json.Marshal(value)
		text = string(b)
	}
	text = string(field.AppendPrintable(nil, text))
	const most = 32
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return "`" + cell(text) + "`"
}

func TestKindReferenceIsCurrent(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Kinds of messages\n\nMade from the table in the code (`go test ./cmd/photonscope -update`). `photon.msg` is one of these.\n\n")
	b.WriteString("| kind | sent by | meaning | source |\n|---|---|---|---|\n")
	for _, k := range particle.Kinds() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, k.By, cell(k.Means), cell(k.Source))
	}
	golden.Check(t, filepath.Join(docsFolder, "kinds.md"), b.Bytes())
}

// cell makes text fit into a cell of a Markdown table.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s) }

// The text of a recording is what a person reads first.
func TestTextOfARecording(t *testing.T) {
	stdout, _, code := runApp(t, nil, "read", "-q", "-k", recordings+"/keys", recordings+"/healthy-brewskey-fw2.3.1/capture.pcapng")
	if code != 0 {
		t.Fatalf("exit %d", code)
	}
	golden.Check(t, "testdata/healthy-brewskey-fw2.3.1.txt", []byte(stdout))
}

// The tree of a short session shows every byte of every layer.
func TestTreeOfARecording(t *testing.T) {
	stdout, _, code := runApp(t, nil, "read", "-q", "-v", "-k", recordings+"/keys", recordings+"/fail-mismatching-device-key-brewskey/capture.pcapng")
	if code != 0 {
		t.Fatalf("exit %d", code)
	}
	golden.Check(t, "testdata/fail-mismatching-device-key-brewskey.tree.txt", []byte(stdout))
}

// Each example is a line of the recording it names, "…" standing for what was
// cut out.
func TestExamplesOfNDJSONAreReal(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(docsFolder, "ndjson.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(doc), "```json\n")
	examples, _, _ := strings.Cut(after, "```")
	t.Chdir(filepath.Join(recordings, "healthy-brewskey-fw2.3.1"))
	out, _, _ := runApp(t, nil, "read", "-q", "-T", "ndjson", "-k", "../keys", "capture.pcapng")
	for line := range strings.Lines(examples) {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(line)), "…", ".*")
		if !regexp.MustCompile("(?m)^" + pattern + "$").MatchString(out) {
			t.Errorf("no line of the program is like the example %s", line)
		}
	}
	if strings.Count(examples, "\n") < 5 {
		t.Error("ndjson.md has no examples any more")
	}
}
