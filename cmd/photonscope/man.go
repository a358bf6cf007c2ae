package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newManCommand is for packagers: they run it once where they build.
func newManCommand(a *app) *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:    "man --dir FOLDER",
		Hidden: true,
		Short:  "Write the manual pages, one for each command",
		Long: `Writes photonscope.1 and a photonscope-COMMAND.1 for each command into a folder.
SOURCE_DATE_EPOCH sets their date; without it they have none.`,
		Example: `  photonscope man --dir debian/man`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.writeManual(cmd.Root(), folder) },
	}
	cmd.Flags().StringVar(&folder, "dir", "", "`folder` to write to, which must be there")
	return cmd
}

func (a *app) writeManual(root *cobra.Command, folder string) (err error) {
	if folder == "" {
		return usageError("photonscope man --dir FOLDER", "no folder named to write the pages to")
	}
	if !isFolder(folder) {
		return usageError("mkdir "+quote(folder), "--dir %s: there is no such folder", folder)
	}
	date, err := a.sourceDate()
	if err != nil {
		return err
	}
	everyCommand(root, func(cmd *cobra.Command) {
		if err != nil || !documented(cmd) {
			return
		}
		path := filepath.Join(folder, pageName(cmd)+".1")
		if wrong := os.WriteFile(path, manualPage(cmd, date), 0o644); wrong != nil {
			err = fileError(path, wrong, "name another folder")
		}
	})
	return err
}

// sourceDate is the date that reproducible builds ask for.
func (a *app) sourceDate() (string, error) {
	epoch := a.getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		return "", nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return "", usageError("seconds since 1970", "SOURCE_DATE_EPOCH %s is no time", epoch)
	}
	return time.Unix(seconds, 0).UTC().Format(time.DateOnly), nil
}

// documented reports whether a command has a page: those that users type.
func documented(cmd *cobra.Command) bool { return cmd.IsAvailableCommand() || !cmd.HasParent() }

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manualPage is the page of one command in roff, with the macros of man(7).
// The texts are plain ones, written for --help: what is indented there is a table
// or an example, and stays as it is.
func manualPage(cmd *cobra.Command, date string) []byte {
	var p page
	p.line(`.TH "%s" "1" "%s" "photonscope %s" "User Commands"`, strings.ToUpper(pageName(cmd)), date, roff(version()))
	p.line(".SH NAME\n%s \\- %s", roff(pageName(cmd)), roff(cmd.Short))
	p.line(".SH SYNOPSIS\n.B %s", roff(cmd.UseLine()))
	p.section("DESCRIPTION")
	p.text(cmp.Or(cmd.Long, cmd.Short+"."))
	p.options("OPTIONS", cmd.LocalFlags().FlagUsages())
	p.options("INHERITED OPTIONS", cmd.InheritedFlags().FlagUsages())
	if cmd.HasAvailableSubCommands() {
		p.section("COMMANDS")
		for _, below := range cmd.Commands() {
			if documented(below) {
				p.line(".TP\n.BR %s (1)\n%s", roff(pageName(below)), roff(below.Short))
			}
		}
	}
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.text(cmd.Example)
	}
	if !cmd.HasParent() {
		p.surroundings()
	}
	p.seeAlso(cmd)
	return []byte(p.String())
}

// page is a manual page that is being written.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) section(title string) { p.line(".SH %s", title) }

// text writes paragraphs; lines that begin with a space stay lines.
func (p *page) text(s string) {
	verbatim := false
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\n")
		switch indented := strings.HasPrefix(line, " "); {
		case indented && !verbatim:
			p.line(".PP\n.nf")
		case !indented && verbatim:
			p.line(".fi")
		}
		verbatim = strings.HasPrefix(line, " ")
		if line == "" {
			line = ".PP"
		} else {
			line = roff(line)
		}
		p.line("%s", line)
	}
	if verbatim {
		p.line(".fi")
	}
}

// options writes what cobra says of flags: a line each, the meaning behind at
// least three spaces.
func (p *page) options(title, usages string) {
	if usages == "" {
		return
	}
	p.section(title)
	for _, f := range flagLines(usages) {
		p.line(".TP\n.B %s\n%s", roff(f.spelling), roff(f.meaning))
	}
}

// flagLine is a flag as --help has it: "-k, --key file", and what that means.
type flagLine struct{ spelling, meaning string }

// flagLines reads the lines that describe flags, unwrapped.
func flagLines(usages string) (flags []flagLine) {
	for line := range strings.Lines(usages) {
		spelling, meaning, _ := strings.Cut(strings.TrimSpace(line), "   ")
		flags = append(flags, flagLine{spelling, strings.TrimSpace(meaning)})
	}
	return flags
}

// surroundings writes what belongs to the program as a whole.
func (p *page) surroundings() {
	p.section("EXIT STATUS")
	for _, e := range exitCodes {
		p.line(".TP\n.B %d\n%s", e.code, roff(e.means))
	}
	p.section("ENVIRONMENT")
	for _, v := range environment {
		p.line(".TP\n.B %s\n%s", v.name, roff(v.means))
	}
	p.section("FILES")
	p.line(".TP\n.I ~/.local/share/photonscope/keys\n%s", roff("the key folder: public keys that devices announced, and impersonation keys"))
	p.line(".TP\n.I CAPTURE.keylog\n%s", roff("the secrets of the sessions in a recording, beside it; read with it, and readable by its owner alone"))
}

func (p *page) seeAlso(cmd *cobra.Command) {
	var names []string
	if cmd.HasParent() {
		names = append(names, pageName(cmd.Parent()))
	} else {
		names = append(names, "tshark", "tcpdump")
	}
	p.section("SEE ALSO")
	for i, name := range names {
		comma := ","
		if i == len(names)-1 {
			comma = ""
		}
		p.line(".BR %s (1)%s", roff(name), comma)
	}
}

// roff escapes a line of text: a backslash, a hyphen, which must be typed as it
// is shown, and what would be a request at the begin of a line.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}

// environment is what photonscope reads from its surroundings.
var environment = []struct{ name, means string }{
	{"PHOTONKEYLOGFILE", "file that session secrets are appended to, unless --keylog names one"},
	{"XDG_DATA_HOME", "folder of the key folder, instead of ~/.local/share"},
	{"NO_COLOR", "if it is set and not empty, text is not coloured unless --color always asks for it"},
	{"TERM", "if it is dumb or not set, the same"},
}
