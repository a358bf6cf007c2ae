package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/particle"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden compares what the program makes with a committed file.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not current: go test ./cmd/photonscope -update, then read the diff\n%s", path, firstLineThatDiffers(string(got), string(want)))
	}
}

func firstLineThatDiffers(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

const docsFolder = "../../docs"

func TestFieldReferenceIsCurrent(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Fields\n\nMade from the table in the code (`go test ./cmd/photonscope -update`). These names are those of NDJSON and of `-T fields -e`.\n\n")
	b.WriteString("An option without a registered name is `coap.opt.unknown_NUMBER`, bytes.\n\n")
	b.WriteString("| name | type | meaning |\n|---|---|---|\n")
	for _, d := range decode.Fields() {
		typ := d.Type.String()
		if d.Many {
			typ += " …"
		}
		if d.Help == "" {
			t.Errorf("%s has no meaning", d.Key)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", d.Key, typ, cell(d.Help))
	}
	b.WriteString("\n`…`: may occur more than once; an array in NDJSON. `word`: text of photonscope's own. `text`: text from the wire. `bytes`: lower-case hex. `any`: each value has a type of its own.\n")
	golden(t, filepath.Join(docsFolder, "fields.md"), b.Bytes())
}

func TestKindReferenceIsCurrent(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Kinds of messages\n\nMade from the table in the code (`go test ./cmd/photonscope -update`). `photon.msg` is one of these.\n\n")
	b.WriteString("| kind | sent by | meaning | source |\n|---|---|---|---|\n")
	for _, k := range particle.Kinds() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, k.By, cell(k.Means), cell(k.Source))
	}
	golden(t, filepath.Join(docsFolder, "kinds.md"), b.Bytes())
}

// cell makes text fit into a cell of a Markdown table.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s) }

// The text of a recording is what a person reads first.
func TestTextOfARecording(t *testing.T) {
	stdout, _, code := runApp(t, nil, "read", "-q", "-k", recordings+"/keys", recordings+"/healthy-brewskey-fw2.3.1/capture.pcapng")
	if code != 0 {
		t.Fatalf("exit %d", code)
	}
	golden(t, "testdata/healthy-brewskey-fw2.3.1.txt", []byte(stdout))
}

// The tree of a short session shows every byte of every layer.
func TestTreeOfARecording(t *testing.T) {
	stdout, _, code := runApp(t, nil, "read", "-q", "-v", "-k", recordings+"/keys", recordings+"/fail-mismatching-device-key-brewskey/capture.pcapng")
	if code != 0 {
		t.Fatalf("exit %d", code)
	}
	golden(t, "testdata/fail-mismatching-device-key-brewskey.tree.txt", []byte(stdout))
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
