package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/store/filter"
)

func newFilterCommand(a *app) *cobra.Command {
	var (
		fields, list bool
		format       string
	)
	cmd := &cobra.Command{
		Use:   "filter [flags] [EXPRESSION]",
		Short: "Say what a filter means, or list the fields it may name",
		Long: `Prints an expression of -Y in its full form: in Wireshark's syntax, macros and
named filters written out. One that is wrong is shown with the place, and the
exit code is 2. docs/filter.md has the grammar.

Your own named filters are lines "name = expression" of the file filters in
$XDG_CONFIG_HOME/photonscope, or ~/.config/photonscope; the screen's
:filter-save writes there. They count in -Y and --only as well.`,
		Example: `  photonscope filter '~q ~m event'
  photonscope filter 'coap.code == 2.05 and rtt > 500ms'
  photonscope filter --fields | grep ota`,
		Args: takes(0, 1, "one expression, in quotes"),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case (fields || list) && len(args) > 0 || fields && list:
				return usageError("one of them", "filter takes an expression, --fields or --list")
			case format != "text" && format != "ndjson":
				return usageError("one of: text, ndjson", "-T %s is no format of this list", format)
			case fields && len(args) == 0:
				_, err := a.stdout.Write(fieldList(format))
				return err
			case list && len(args) == 0:
				_, err := a.stdout.Write(a.listFilters(format))
				return err
			case len(args) == 1:
				return a.explainFilter(args[0])
			}
			return usageError("photonscope filter --fields, or photonscope filter 'photon.rtt > 0.5'", "filter takes an expression, --fields or --list")
		},
	}
	cmd.Flags().BoolVar(&fields, "fields", false, "list every field: name and short names, type, meaning")
	cmd.Flags().BoolVar(&list, "list", false, "list every named filter: the built-in ones and your own")
	cmd.Flags().StringVarP(&format, "format", "T", "text", "of a list: text or ndjson")
	return cmd
}

// explainFilter prints the canonical form of an expression.
func (a *app) explainFilter(expr string) error {
	f, err := a.parseFilter("this", expr)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, f)
	return err
}

// fieldList is the table of all fields.
func fieldList(format string) []byte {
	var b bytes.Buffer
	if format == "ndjson" {
		for _, f := range filter.Fields() {
			b.Write(fieldJSON(&f))
		}
		return b.Bytes()
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range filter.Fields() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", strings.Join(append([]string{f.Key}, f.Aliases...), ", "), fieldType(&f), f.Help)
	}
	w.Flush() // cannot fail: into memory
	return b.Bytes()
}

// fieldType is a field's type with a mark if the field may occur several times.
func fieldType(f *filter.Field) string {
	if f.Many {
		return f.Type.String() + " …"
	}
	return f.Type.String()
}

// fieldJSON is a field as a line of NDJSON. What does not apply is absent.
func fieldJSON(f *filter.Field) []byte {
	b := field.AppendJSONString([]byte(`{"name":`), f.Key)
	b = field.AppendJSONString(append(b, `,"type":`...), f.Type.String())
	b = field.AppendJSONString(append(b, `,"meaning":`...), f.Help)
	if f.Many {
		b = append(b, `,"many":true`...)
	}
	if f.Seconds {
		b = append(b, `,"unit":"s"`...)
	}
	b = appendWords(b, "short", f.Aliases)
	b = appendWords(b, "values", f.Values)
	return append(b, "}\n"...)
}

func appendWords(b []byte, key string, words []string) []byte {
	for i, w := range words {
		if i == 0 {
			b = append(append(append(b, `,"`...), key...), `":[`...)
		} else {
			b = append(b, ',')
		}
		b = field.AppendJSONString(b, w)
	}
	if len(words) > 0 {
		b = append(b, ']')
	}
	return b
}

// completeFilter completes the last word of an expression.
func (a *app) completeFilter(_ *cobra.Command, given []string, begun string) (list []string, _ cobra.ShellCompDirective) {
	silent := *a // between the keys that somebody types
	silent.stderr = io.Discard
	for _, c := range filter.Complete(begun, len(begun), silent.readFilters()) {
		list = append(list, cobra.CompletionWithDesc(begun[:c.Start]+c.Text, c.Help))
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
