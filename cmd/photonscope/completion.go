package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/rules"

	"github.com/photonscope/photonscope/decode"
)

// shells are those that complete command lines of ours.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "Print what makes a shell complete commands, fields and files",
		Long: `Prints a script for a shell. Put it where the shell looks for such, or load it
when the shell starts; bash needs the package bash-completion.`,
		Example: `  photonscope completion bash > /etc/bash_completion.d/photonscope
  photonscope completion zsh > "${fpath[1]}/_photonscope"
  photonscope completion fish > ~/.config/fish/completions/photonscope.fish
  photonscope completion powershell | Out-String | Invoke-Expression`,
		Args: takes(1, 1, "one shell: "+strings.Join(shells, ", ")),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.stdout)
			}
			return usageError("one of: "+strings.Join(shells, ", "), "completion: %s is no shell that photonscope knows", args[0])
		},
		ValidArgsFunction: func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(given) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return shells, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// completeCommand completes the words that name a command.
func completeCommand(cmd *cobra.Command, given []string, begun string) (names []string, _ cobra.ShellCompDirective) {
	above, _, err := cmd.Root().Find(given)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, c := range above.Commands() {
		if c.IsAvailableCommand() && strings.HasPrefix(c.Name(), begun) {
			names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// addCompletions tells the shell what may stand behind every flag and command.
// Flags of one name mean the same in all commands, so one table serves.
func addCompletions(a *app, root *cobra.Command) {
	flags, args := flagCompletions(a), argCompletions(a)
	everyCommand(root, func(cmd *cobra.Command) {
		if cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = nothing
			for _, arg := range slices.Backward(args) {
				if strings.Contains(cmd.Use, arg.word) {
					cmd.ValidArgsFunction = arg.complete
				}
			}
		}
		for name, complete := range flags {
			if cmd.LocalFlags().Lookup(name) != nil {
				_ = cmd.RegisterFlagCompletionFunc(name, complete) // fails only if it has one already
			}
		}
	})
}

// everyCommand visits a command and all below it.
func everyCommand(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, below := range cmd.Commands() {
		everyCommand(below, visit)
	}
}

// flagCompletions are what may stand behind a flag, by its name.
func flagCompletions(a *app) map[string]cobra.CompletionFunc {
	return map[string]cobra.CompletionFunc{
		"field":     completeField,
		"format":    completeFormat,
		"fault":     completeFault,
		"theme":     oneOf(themeNames()...),
		"color":     oneOf(colourChoices...),
		"log-level": oneOf(logLevelNames...),
		"log":       anyFile,
		"legs":      oneOf("device", "both"),
		"rules":     anyFile,
		"repair":    oneOf(strings.Split(rules.RepairNames(), ", ")...),
		"mode":      oneOf("auto", "observe", "splice", "terminate"),
		"as":        oneOf(strings.Split(keyForms, ", ")...),
		"style":     completeStyle,
		"device":    a.completeDevice,
		"id":        a.completeDevice,
		"firmware":  oneOf(strings.Split(firmwareNames(), ", ")...),
		"script":    anyFile,

		"on-divergence": oneOf(divergenceChoices...),
		"ignore":        completeField,

		"key":         a.completeKey,
		"keylog":      anyFile,
		"write":       filesOf("pcapng"),
		"out":         anyFile,
		"folder":      folders,
		"dir":         folders,
		"server-keys": folders,

		"display-filter": a.completeFilter,
		"only":           a.completeFilter,

		"listen":       nothing,
		"allow-client": nothing,
		"allow-dest":   nothing,
		"max-devices":  nothing,
		"function":     nothing,
		"variable":     nothing,
		"for":          nothing,
		"report":       oneOf("md"),
		"to-server":    nothing,
		"session":      nothing,
		"from":         nothing,
		"to":           nothing,
		"speed":        nothing,
		"wait":         nothing,
		"port":         nothing,
	}
}

// argCompletion is what an argument may be that the usage line calls by a word.
type argCompletion struct {
	word     string
	complete cobra.CompletionFunc
}

// argCompletions are those of all commands; the first that fits counts.
func argCompletions(a *app) []argCompletion {
	return []argCompletion{
		{" ID", a.completeDevice},
		{"[EXPRESSION]", a.completeFilter},
		{"{FILE | FOLDER}", a.completeKey},
		{"CONTRACT", anyFile},
		{"FILE", filesOf("pcap", "pcapng", "cap", "gz")},
	}
}

// completeFormat completes a form of output; a report has fewer than events.
func completeFormat(cmd *cobra.Command, given []string, begun string) ([]string, cobra.ShellCompDirective) {
	if cmd.LocalFlags().Lookup("field") == nil {
		return oneOf("text", "ndjson")(cmd, given, begun)
	}
	return oneOf(formats...)(cmd, given, begun)
}

// completeStyle completes the name of a server, or of the cloud that is none.
func completeStyle(cmd *cobra.Command, given []string, begun string) ([]string, cobra.ShellCompDirective) {
	if cmd.Name() == "server" {
		return oneOf(cloudStyles...)(cmd, given, begun)
	}
	return oneOf("spark", "brewskey")(cmd, given, begun)
}

func nothing(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

func anyFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// filesOf completes folders, and files with one of these endings.
func filesOf(endings ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(endings, cobra.ShellCompDirectiveFilterFileExt)
}

func oneOf(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// completeField completes the name of a field, with its meaning.
func completeField(_ *cobra.Command, _ []string, begun string) (names []string, _ cobra.ShellCompDirective) {
	for _, d := range decode.Fields() {
		if strings.HasPrefix(d.Key, begun) {
			names = append(names, cobra.CompletionWithDesc(d.Key, d.Help))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeKey completes a path. Without a role in front the shell does that
// itself; with one it does not know where the path begins.
func (a *app) completeKey(_ *cobra.Command, _ []string, begun string) (paths []string, _ cobra.ShellCompDirective) {
	role, path, found := strings.Cut(begun, ":")
	if forced, _ := splitRole(begun, ""); !found || forced.String() != role {
		return nil, cobra.ShellCompDirectiveDefault
	}
	folder, start := filepath.Split(path)
	in := folder
	if below, ok := strings.CutPrefix(folder, "~/"); ok {
		in = filepath.Join(a.getenv("HOME"), below)
	}
	entries, _ := os.ReadDir(filepath.Clean(in)) // what cannot be read has nothing to offer
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, start) || strings.HasPrefix(name, ".") != strings.HasPrefix(start, ".") {
			continue
		}
		if isFolder(filepath.Join(in, name)) {
			name += "/"
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		paths = append(paths, role+":"+folder+name)
	}
	return paths, directive
}

// completeDevice completes the ID of a device that the key folder knows.
func (a *app) completeDevice(cmd *cobra.Command, given []string, begun string) (ids []string, _ cobra.ShellCompDirective) {
	folder := defaultKeyFolder(a.getenv)
	if f := cmd.Flag("folder"); f != nil && f.Value.String() != "" {
		folder = f.Value.String()
	}
	names, _, _ := keyFileNames(folder) // a folder that is not there knows no device
	for _, name := range names {
		id, _, ok := cutDeviceID(filepath.Base(name))
		if s := id.String(); ok && strings.HasPrefix(s, begun) && !slices.Contains(given, s) && !slices.Contains(ids, s) {
			ids = append(ids, s)
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
