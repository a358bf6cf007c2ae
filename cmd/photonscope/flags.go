package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/store/filter"
	"github.com/photonscope/photonscope/ui"
)

// outputFlags say how events are printed; read, proxy and demo share them.
type outputFlags struct {
	format      string
	fields      []string
	tree        bool
	showSecrets bool
	legs        string
	quiet       bool
	color       string
	show        filterFlags
	theme       string
	screen      *tui // takes the events; nil: they are printed
	silent      bool // the command prints something else
}

// keyFlagHelp describes -k wherever it takes keys.
const keyFlagHelp = "key `file`, key log or folder of them, repeatable; server:, device: or impersonation: in front forces the role"

func (o *outputFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.format, "format", "T", autoFormat, "output: tui (the screen), text, ndjson or fields; auto: tui on a terminal, else text")
	f.StringArrayVarP(&o.fields, "field", "e", nil, "`field` to print with -T fields, repeatable (docs/fields.md lists them)")
	f.BoolVarP(&o.tree, "verbose", "v", false, "print every field of every event, with its bytes")
	f.BoolVar(&o.showSecrets, "show-secrets", false, "print AES keys, IVs and salts instead of [secret]")
	f.StringVar(&o.legs, "legs", "device", "of a proxied pair print: device (each message once) or both")
	f.StringVar(&o.color, "color", "auto", "colour text: auto (on a terminal, unless NO_COLOR is set), always or never")
	o.show.register(cmd)
	f.StringVar(&o.theme, "theme", string(ui.Ansi), "`colours` of the screen: ansi, dark, light or mono; NO_COLOR means mono")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no notes on standard error, only errors")
}

// check refuses values that mean nothing.
func (o *outputFlags) check(a *app) error {
	if !slices.Contains(formats, o.format) && o.format != autoFormat {
		return usageError("one of: "+strings.Join(formats, ", "), "-T %s is no output format", o.format)
	}
	if o.legs != "device" && o.legs != "both" {
		return usageError("one of: device, both", "--legs %s means nothing", o.legs)
	}
	if !slices.Contains(colourChoices, o.color) {
		return usageError("one of: "+strings.Join(colourChoices, ", "), "--color %s means nothing", o.color)
	}
	if (o.format == "fields") != (len(o.fields) > 0) {
		return usageError("-T fields -e time -e photon.msg", "-T fields and -e go together")
	}
	if err := o.checkTheme(); err != nil {
		return err
	}
	for _, key := range o.fields {
		if !decode.IsField(key) && slices.ContainsFunc(filter.Fields(), func(f filter.Field) bool { return f.Key == key }) {
			return usageError("-Y '"+key+"'; docs/fields.md lists what -e prints", "-e %s: it is a field of -Y only", key)
		}
		if !decode.IsField(key) {
			return usageError("docs/fields.md lists all fields", "-e %s: no field has this name", key)
		}
	}
	if o.format == screenFormat && o.show.expr != "" {
		return usageError("-T text", "-Y chooses what is printed, and the screen shows everything")
	}
	return o.show.check(a)
}
