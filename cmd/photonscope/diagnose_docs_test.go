package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/diagnose"
	"github.com/photonscope/photonscope/internal/golden"
	"github.com/photonscope/photonscope/rules"
)

func TestDiagnosisDocumentIsCurrent(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Why a device does not get online\n\nMade from the catalogue in package `diagnose` (`go test ./cmd/photonscope -update`). `photonscope diagnose` finds these causes, `photonscope explain ID` prints one of them.\n\n")
	b.WriteString("Seen on the *wire*: in a capture or a live session. In *files*: in the key files themselves. On the *host*: no session shows it; the tool's checklist names it.\n\n")
	b.WriteString("| ID | cause | seen | stage |\n|---|---|---|---|\n")
	for _, c := range diagnose.Causes() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", c.ID, strings.ToLower(c.ID), cell(c.Title), c.Seen, c.Stage)
	}
	for _, c := range diagnose.Causes() {
		writeCause(&b, &c)
	}
	golden.Check(t, filepath.Join(docsFolder, "diagnosis.md"), b.Bytes())
}

func writeCause(b *bytes.Buffer, c *diagnose.Cause) {
	fmt.Fprintf(b, "\n## %s\n\n%s.\n\n%s\n\n- **Seen** on the %s, stage %s.\n", c.ID, upperFirst(c.Title), nowhere.Fill(c.Means), c.Seen, c.Stage)
	fmt.Fprintf(b, "- **On the device:** %s\n", nowhere.Fill(c.Device))
	if c.Servers != "" {
		fmt.Fprintf(b, "- **Servers say:** %s\n", nowhere.Fill(c.Servers))
	}
	if c.Repair != "" {
		fmt.Fprintf(b, "- **Repair:** `photonscope proxy --repair %s` lets such sessions live.\n", c.Repair)
	}
	if c.Rows != "" {
		fmt.Fprintf(b, "- **In the catalogue:** [protocol.md](protocol.md) section 7, %s.\n", c.Rows)
	}
	for _, address := range c.Read {
		fmt.Fprintf(b, "- **Read:** <%s>\n", address)
	}
	b.WriteString("\nRemedy:\n\n")
	for _, step := range c.Remedy {
		if cmd, ok := strings.CutPrefix(nowhere.Fill(step), "$ "); ok {
			fmt.Fprintf(b, "    %s\n\n", cmd)
			continue
		}
		fmt.Fprintf(b, "%s\n\n", nowhere.Fill(step))
	}
}

func TestEveryRepairThatACauseNamesExists(t *testing.T) {
	named := 0
	for _, c := range diagnose.Causes() {
		if c.Repair == "" {
			continue
		}
		named++
		if !slices.ContainsFunc(rules.Repairs, func(r rules.RepairInfo) bool { return r.Name == c.Repair }) {
			t.Errorf("%s names repair %s, which there is not", c.ID, c.Repair)
		}
	}
	if named < 4 {
		t.Errorf("%d causes name a repair", named)
	}
}

// Every cause has all that a person needs, and every command can be typed.
func TestEveryCauseIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range diagnose.Causes() {
		if seen[c.ID] || c.Title == "" || c.Means == "" || c.Device == "" || len(c.Remedy) == 0 {
			t.Errorf("%s: twice, or incomplete", c.ID)
		}
		seen[c.ID] = true
		if strings.HasSuffix(c.Title, ".") || !strings.HasSuffix(c.Means, ".") {
			t.Errorf("%s: a title has no full stop, a meaning has one", c.ID)
		}
		if strings.ContainsAny(nowhere.Fill(strings.Join(append(c.Remedy, c.Means, c.Device, c.Servers), " ")), "{}") {
			t.Errorf("%s: a brace is not filled", c.ID)
		}
	}
	for i := range 25 {
		if id := fmt.Sprintf("PH-%02d", i+1); !seen[id] {
			t.Errorf("%s is missing", id)
		}
	}
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
