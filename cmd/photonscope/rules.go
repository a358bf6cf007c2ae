package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/proxy"
	"github.com/photonscope/photonscope/rules"
	"github.com/photonscope/photonscope/ui"
)

// ruleFlags say what the proxy does to the messages that pass.
type ruleFlags struct {
	file    string
	repairs []string
	all     []*rules.Rule
}

// maxRulesFile bounds what is read of a rules file.
const maxRulesFile = 1 << 20

func (f *ruleFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "rules", "", "hold, drop, edit, inject and break messages as this `file` says (docs/rules.md)")
	cmd.Flags().StringSliceVar(&f.repairs, "repair", nil, "rewrite what is known to be broken, by `name`: "+rules.RepairNames())
}

// check reads the rules.
func (f *ruleFlags) check(a *app) error {
	f.all = nil
	for _, name := range f.repairs {
		r, err := rules.One("repair "+name, nil)
		if err != nil {
			return usageError("one of: "+rules.RepairNames(), "--repair %s is no repair", name)
		}
		f.all = append(f.all, r)
	}
	if f.file == "" {
		return nil
	}
	file, err := os.Open(f.file)
	if err != nil {
		return usageError("--rules takes a text file, see docs/rules.md", "rules %s: %v", f.file, unwrapPath(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxRulesFile+1))
	if err != nil {
		return usageError("--rules takes a text file, see docs/rules.md", "rules %s: %v", f.file, unwrapPath(err))
	}
	if len(text) > maxRulesFile {
		return usageError("split it", "rules %s: the file is larger than 1 MiB", f.file)
	}
	more, err := rules.Parse(f.file, string(text), a.readFilters())
	var fault *rules.Error
	if errors.As(err, &fault) {
		return &exitError{exitUsage, &badRule{fault}, "docs/rules.md has the language, photonscope filter --fields the fields"}
	}
	f.all = append(f.all, more...)
	return err
}

// badRule is a rule that cannot be understood. The place is shown below the
// message.
type badRule struct{ fault *rules.Error }

func (b *badRule) Error() string { return b.fault.Error() }

// engine makes what carries the rules out, nil if there is nothing to do.
func (f *ruleFlags) engine(l *live, srv *proxy.Server) *rules.Engine {
	if len(f.all) == 0 && l.screen == nil {
		return nil
	}
	e := rules.New(f.all)
	e.ServerKey = srv.ServerKey
	e.Report = func(text string) { l.inform("%s", text) }
	srv.Hooks = e.Hooks
	if l.screen != nil {
		if _, l.screen.noMeddling = insteadOfSplicing(srv); l.screen.noMeddling == "" {
			l.screen.meddle = meddling(l.app, e)
		}
	}
	if len(f.all) > 0 {
		l.inform("%s in force: what changes is shown and recorded on both legs", count(len(f.all), "rule"))
	}
	for _, r := range rules.Repairing(f.all) {
		l.inform("repair %s is active: %s", r.Name, r.Means)
	}
	return e
}

// mayAct refuses rules that could never act.
func (f *ruleFlags) mayAct(srv *proxy.Server) error {
	does, _ := insteadOfSplicing(srv)
	if len(f.all) == 0 || does == "" || slices.ContainsFunc(f.all, (*rules.Rule).AnyMode) {
		return nil
	}
	what := "--rules"
	if f.file == "" {
		what = "--repair " + strings.Join(f.repairs, ",")
	}
	return usageError("-k with the server's private key and an impersonation key (photonscope keys register)",
		"%s acts on messages, which only mode splice can read and seal: this proxy would %s", what, does)
}

// insteadOfSplicing returns what a proxy does that can splice no session, and what
// the screen says to who wants to hold messages there. Both are "" if it can.
func insteadOfSplicing(srv *proxy.Server) (does, told string) {
	relays := srv.Upstream != "" || srv.Destination != nil
	switch {
	case !relays || srv.Mode == proxy.Terminate:
		return "answer as the cloud", "This proxy is the cloud itself; holding needs an UPSTREAM and mode splice."
	case srv.Mode == proxy.Observe || srv.ServerKey == nil || srv.DeviceKey == nil:
		return "only observe", "This proxy can only observe; holding needs mode splice (see keys register)."
	}
	return "", ""
}

// meddling is what the screen can do through an engine.
func meddling(a *app, e *rules.Engine) *ui.Meddling {
	m := &ui.Meddling{
		Intercept: func(filter string) error { return e.Intercept(filter, a.readFilters()) },
		Held: func() (all []ui.Held) {
			for _, h := range e.Held() {
				all = append(all, ui.Held{
					ID: h.ID, From: h.From, Message: h.Message, Kind: h.Kind, Summary: h.Summary, Rule: h.Rule, Filter: h.Filter,
					Since: h.Since, Until: h.Until, Drops: h.Drops, Alive: h.Alive, Fuse: h.Fuse, FuseWhy: h.FuseWhy,
				})
			}
			return all
		},
		Send:      func(id uint64, instead []byte) error { return e.Decide(id, rules.Decision{Message: instead}) },
		Drop:      func(id uint64) error { return e.Decide(id, rules.Decision{Drop: true}) },
		Extend:    e.Extend,
		KeepAlive: e.KeepAlive,
		Inject: func(leg stream.ConnID, template string) error {
			t, err := rules.ParseTemplate(template)
			if err != nil {
				return err
			}
			return e.Inject(leg, t)
		},
		Format:  func(message []byte) string { return rules.Format(message, " ") },
		Compose: rules.Compose,
		Parts:   func(message []byte) []string { return strings.Split(rules.Format(message, "\n"), "\n") },
		Edit:    rules.Edit,
		Mend:    rules.Mend,
		AsRule: func(h ui.Held, instead []byte) string {
			return rules.RuleOf(rules.Held{From: h.From, Message: h.Message, Kind: h.Kind, Filter: h.Filter}, instead)
		},
	}
	for _, t := range rules.Templates {
		m.Templates = append(m.Templates, [2]string{strings.TrimSpace(t.Name + " " + t.Takes), t.Means})
	}
	return m
}
