package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandHasAManualPageWithItsFlags(t *testing.T) {
	folder := manual(t)
	everyCommand(newRoot(new(app)), func(cmd *cobra.Command) {
		b, err := os.ReadFile(filepath.Join(folder, pageName(cmd)+".1"))
		if cmd.Hidden || cmd.Name() == "help" {
			if err == nil {
				t.Errorf("%s has a page", cmd.CommandPath())
			}
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		page := string(b)
		for _, section := range []string{".TH ", ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH EXAMPLES", ".SH SEE ALSO"} {
			if !strings.Contains(page, "\n"+section) && !strings.HasPrefix(page, section) && (cmd.Example != "" || section != ".SH EXAMPLES") {
				t.Errorf("%s: the page has no %s", cmd.CommandPath(), section)
			}
		}
		for _, f := range flagLines(cmd.Flags().FlagUsages()) {
			if !strings.Contains(page, "\n.B "+roff(f.spelling)+"\n"+roff(f.meaning)+"\n") {
				t.Errorf("%s: the page does not explain %s", cmd.CommandPath(), f.spelling)
			}
		}
	})
}

// Nothing that groff warns of, and as wide as a terminal.
func TestManualPagesAreRightRoff(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		if os.Getenv("PHOTONSCOPE_INTEROP") == "require" {
			t.Fatal("groff is not installed")
		}
		t.Skip("groff is not installed")
	}
	pages, err := filepath.Glob(filepath.Join(manual(t), "*.1"))
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		var out, errs bytes.Buffer
		cmd := exec.Command(groff, "-k", "-man", "-ww", "-Tutf8", "-rLL=80n", "-P-c", page)
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil || errs.Len() > 0 {
			t.Errorf("%s: %v: %s", filepath.Base(page), err, errs.String())
		}
		text := regexp.MustCompile(".\x08").ReplaceAllString(out.String(), "") // bold by overstriking
		if !strings.Contains(text, "\nSYNOPSIS\n") {
			t.Errorf("%s: no text", filepath.Base(page))
		}
	}
}

func TestExitCodesOfTheReadmeAreThoseOfTheManual(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exitCodes {
		if !strings.Contains(string(readme), fmt.Sprintf("\n| %d | %s |\n", e.code, e.means)) {
			t.Errorf("the README says something else of exit code %d", e.code)
		}
	}
}

func TestManualSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct{ epoch, folder, want string }{
		{"", "", "no folder named to write the pages to"},
		{"", "/nowhere/at/all", "--dir /nowhere/at/all: there is no such folder"},
		{"yesterday", t.TempDir(), "SOURCE_DATE_EPOCH yesterday is no time"},
	} {
		var errs bytes.Buffer
		a := &app{stdout: &errs, stderr: &errs, getenv: func(string) string { return test.epoch }}
		if code := a.run(t.Context(), []string{"man", "--dir", test.folder}); code != exitUsage || !strings.Contains(errs.String(), test.want) {
			t.Errorf("exit %d: %s, want %s", code, errs.String(), test.want)
		}
	}
}

// manual writes the pages as a packager does.
func manual(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	var out bytes.Buffer
	a := &app{stdout: &out, stderr: &out, getenv: func(name string) string {
		return map[string]string{"SOURCE_DATE_EPOCH": "1795633200"}[name]
	}}
	if code := a.run(t.Context(), []string{"man", "--dir", folder}); code != exitOK || out.Len() > 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	main, err := os.ReadFile(filepath.Join(folder, "photonscope.1"))
	if err != nil || !strings.Contains(string(main), `"2026-11-25"`) {
		t.Fatalf("the date is missing (%v): %.100s", err, main)
	}
	return folder
}

func TestRoffOfALine(t *testing.T) {
	for line, want := range map[string]string{
		"plain": "plain", "-k FILE": `\-k FILE`, `a\b`: `a\eb`, ".hidden": `\&.hidden`, "'x'": `\&'x'`, "": "",
	} {
		if got := roff(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}
