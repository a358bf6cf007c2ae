package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/photonscope/photonscope/store"
	"github.com/photonscope/photonscope/ui"
)

// startPage shows what the program can do, and does what the user chooses.
func (a *app) startPage(ctx context.Context) error {
	var chosen []string
	o := &outputFlags{color: "auto", theme: string(ui.Ansi)}
	choices := startChoices(func(args ...string) func() { return func() { chosen = args } })
	err := ui.Run(ctx, ui.Options{Store: store.New(1), Choices: choices, Theme: a.theme(o), ASCII: a.onlyASCII()})
	if err != nil || chosen == nil {
		return err
	}
	if code := a.run(ctx, chosen); code != exitOK {
		return &exitError{code: code, err: silent{}}
	}
	return nil
}

// startChoices are what the start page offers. run returns what chooses a command.
func startChoices(run func(args ...string) func()) []ui.Choice {
	captured := capturesHere()
	choices := []ui.Choice{
		{Key: 'd', Name: "Demo", Does: "a simulated Photon and its server; nothing is needed", Note: "or type: photonscope demo",
			Run: run("demo")},
		{Key: 'p', Name: "Proxy", Does: "between my Photon and my server", Note: "type: photonscope proxy -k KEYS -l THIS_HOST:5683 SERVER:5683" + found("keys", keysHere())},
		{Key: 'o', Name: "Open", Does: "a capture (pcap, pcapng)", Note: "type: photonscope read FILE"},
		{Key: 'e', Name: "Keys", Does: "make, inspect, register or restore keys", Note: "or type: photonscope keys", Run: run("keys")},
		{Key: 'c', Name: "Doctor", Does: "is this host ready? port, keys, programs, terminal", Note: "or type: photonscope doctor", Run: run("doctor")},
		{Key: 'h', Name: "Help", Does: "all commands", Run: run("--help")},
	}
	if len(captured) > 0 {
		choices[2].Note = "Enter opens " + captured[0] + found("more", captured[1:])
		choices[2].Run = run("read", captured[0])
	}
	return choices
}

// silent is an error that has been told already.
type silent struct{}

func (silent) Error() string { return "" }

// found says which files were found here for a choice.
func found(what string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	more := ""
	if n := len(names) - 3; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
		names = names[:3]
	}
	return "   found " + what + ": " + strings.Join(names, ", ") + more
}

// capturesHere returns the captures in the current folder, the latest first.
func capturesHere() []string { return filesHere("*.pcapng", "*.pcap", "*.pcapng.gz", "*.pcap.gz") }

// keysHere returns what may be keys in the current folder.
func keysHere() []string { return filesHere("*.pem", "*.der", "*.keylog") }

func filesHere(patterns ...string) []string {
	type file struct {
		name string
		at   int64
	}
	var files []file
	for _, p := range patterns {
		names, _ := filepath.Glob(p) // the patterns are right
		for _, name := range names {
			if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
				files = append(files, file{name, info.ModTime().UnixNano()})
			}
		}
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(b.at, a.at) })
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.name
	}
	return names
}
