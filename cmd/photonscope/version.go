package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is that of the module, or devel for a build from a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, the commit, and what it was built with",
		Example: "  photonscope version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			_, err := a.stdout.Write([]byte(buildText(info)))
			return err
		},
	}
}

// addVersionFlag gives the root --version, without the short -v, which means
// verbose elsewhere.
func addVersionFlag(root *cobra.Command) {
	info, _ := debug.ReadBuildInfo()
	root.Version = version()
	root.Flags().Bool("version", false, "the same as the command version")
	root.SetVersionTemplate(buildText(info))
}

// buildText says what a bug report should: info may be nil.
func buildText(info *debug.BuildInfo) string {
	var b strings.Builder
	fmt.Fprintf(&b, "photonscope %s\n", version())
	commit, date, changed := "unknown", "", ""
	if info != nil {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value
			case s.Key == "vcs.time":
				date = " of " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = ", with changes"
			}
		}
	}
	fmt.Fprintf(&b, "commit %s%s%s\n", commit, date, changed)
	fmt.Fprintf(&b, "%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if info != nil {
		for _, m := range info.Deps {
			fmt.Fprintf(&b, "with %s %s\n", m.Path, m.Version)
		}
	}
	return b.String()
}
