package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

const modulePath = "github.com/photonscope/photonscope"

// layer is what one package may import. A package imports packages of lower
// rows only, and of other modules only what stands here.
type layer struct {
	row     int
	outside []string // packages of other modules
	banned  []ban
	pure    bool // calls no clock, prints nothing, starts no goroutine
}

// layers has a row for every package, those that later work adds included.
var layers = map[string]layer{
	"cmd/photonscope": {row: 6, outside: []string{"github.com/spf13/cobra", "golang.org/x/term"}},

	"ui":     {row: 5, outside: []string{"github.com/rivo/tview", "github.com/gdamore/tcell/v2", "github.com/rivo/uniseg"}, banned: []ban{noSockets, noFiles, noProxy}},
	"rules":  {row: 5, banned: []ban{noFiles, noLogs}},
	"replay": {row: 5, banned: []ban{noFiles}},

	"captures/gen": {row: 5, banned: []ban{noSockets, noFiles, noLogs}}, // imported by tests only

	"proxy":    {row: 4, banned: []ban{noFiles, noMeaning}},
	"captures": {row: 4, outside: []string{"github.com/google/gopacket", "github.com/google/gopacket/layers"}, banned: []ban{noSockets, noFiles}},
	"sim":      {row: 4, banned: []ban{noFiles}},
	"store":    {row: 4, banned: []ban{noSockets, noFiles, noLogs}},
	"expect":   {row: 4, banned: []ban{noSockets, noFiles, noLogs}, pure: true},
	"diagnose": {row: 4, banned: []ban{noSockets, noFiles, noLogs}, pure: true},

	"decode/explain": {row: 3, banned: []ban{noSockets, noFiles, noLogs, noLocks}, pure: true},

	"store/filter": {row: 3, banned: []ban{noSockets, noFiles, noLogs}, pure: true},

	"decode": {row: 2, banned: []ban{noSockets, noFiles, noLogs, noLocks}, pure: true},

	"decode/particle": {row: 1, banned: []ban{noSockets, noFiles, noLogs, noLocks}, pure: true},

	"decode/stream":   {row: 0, banned: []ban{noSockets, noFiles, noLogs, noLocks}, pure: true},
	"decode/field":    {row: 0, banned: []ban{noSockets, noFiles, noLogs, noLocks}, pure: true},
	"decode/coap":     {row: 0, banned: []ban{noSockets, noFiles, noLogs, noLocks}, pure: true},
	"decode/lightssl": {row: 0, banned: []ban{noSockets, noFiles, noLogs}, pure: true}, // its keyring is shared, hence a lock

	// What only tests import.
	"interop":          {row: 7},
	"internal/genuine": {row: 7},
	"internal/golden":  {row: 7},
	"sim/measure":      {row: 7},
	"sim/memnet":       {row: 7},
}

// ban forbids packages and what lies below them.
type ban struct {
	packages []string
	why      string
}

var (
	noSockets = ban{[]string{"net", "crypto/tls", "syscall", "golang.org/x/net", "golang.org/x/sys"}, "it works on bytes that others read from sockets, so that a capture and a live session are the same to it"}
	noFiles   = ban{[]string{"os", "io/ioutil", "path/filepath"}, "files are opened by the command, which knows what the user asked for"}
	noLogs    = ban{[]string{"log"}, "what it finds is a value that it returns; the caller decides who sees it"}
	noLocks   = ban{[]string{"sync"}, "it belongs to one caller at a time, and what is shared is locked above it"}
	noProxy   = ban{[]string{modulePath + "/proxy"}, "the screen acts through functions that the command fills, so that it works on captures as well"}
	noMeaning = ban{[]string{modulePath + "/decode"}, "the relay never decodes for display: a fault in decoding must not touch a session"}

	// mayImport are exceptions: a leaf of what is banned above it.
	mayImport = []string{"net/netip", modulePath + "/decode/stream", modulePath + "/decode/lightssl", modulePath + "/decode/coap"}

	// impure are the calls that a pure package does not make.
	impure = []string{
		"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTicker", "time.NewTimer",
		"fmt.Print", "fmt.Printf", "fmt.Println", "print", "println", "go",
	}
)

// requirements are the modules that go.mod may require directly.
var requirements = map[string]string{
	"github.com/google/gopacket":      "decodes packet headers of captures",
	"github.com/spf13/cobra":          "commands, flags, help and completion",
	"github.com/rivo/tview":           "widgets of the terminal UI",
	"github.com/gdamore/tcell/v2":     "the terminal under tview",
	"golang.org/x/term":               "whether there is a terminal for the screen",
	"github.com/rivo/uniseg":          "how wide a character is on the screen",
	"github.com/google/go-cmp":        "tests: what differs between two values",
	"github.com/rogpeppe/go-internal": "tests: stories of the command as scripts",
}

// source is what the files of one package, for whatever system, import and call.
type source struct {
	name    string   // its path within the module
	imports []string // full paths
	calls   []string // those of impure that occur
}

func TestPackagesImportOnlyWhatTheirLayerMay(t *testing.T) {
	sources := readModule(t)
	if len(sources) < 10 {
		t.Fatalf("found only %d packages", len(sources))
	}
	for _, s := range sources {
		for _, arrow := range broken(s) {
			t.Error(arrow)
		}
	}
}

// broken returns a sentence for each arrow of a package that its layer forbids.
func broken(s source) (sentences []string) {
	complain := func(target, why string) {
		sentences = append(sentences, fmt.Sprintf("%s → %s: %s", s.name, target, why))
	}
	own, ok := layers[s.name]
	if !ok {
		return []string{s.name + ": has no row in the table of layers_test.go; give it one"}
	}
	for _, imported := range slices.Compact(slices.Sorted(slices.Values(s.imports))) {
		if why := refusal(own, imported); why != "" {
			complain(strings.TrimPrefix(imported, modulePath+"/"), why)
		}
	}
	for _, call := range s.calls {
		if own.pure {
			complain(call, "the same input must give the same output at any time: no clock, no output, no goroutine")
		}
	}
	return sentences
}

// refusal says why a layer may not import a package, or nothing.
func refusal(own layer, imported string) string {
	for _, b := range own.banned {
		if slices.ContainsFunc(b.packages, func(p string) bool { return imported == p || strings.HasPrefix(imported, p+"/") }) &&
			!slices.Contains(mayImport, imported) {
			return b.why
		}
	}
	name, inside := strings.CutPrefix(imported, modulePath+"/")
	domain, _, _ := strings.Cut(imported, "/")
	switch below, known := layers[name]; {
	case inside && !known:
		return "has no row in the table of layers_test.go"
	case inside && below.row >= own.row:
		return fmt.Sprintf("arrows point downward only, and it is in row %d, the importer in row %d", below.row, own.row)
	case !inside && strings.Contains(domain, ".") && !slices.Contains(own.outside, imported):
		return "only the packages named in its row may come from other modules, so that each can be replaced in one place"
	}
	return ""
}

func TestBrokenArrowsAreFound(t *testing.T) {
	in := func(name string) string { return modulePath + "/" + name }
	for _, test := range []struct {
		name   string
		source source
		want   string // part of the only sentence, "" for none
	}{
		{"a codec may use the standard library", source{"decode/coap", []string{"fmt", "encoding/binary"}, nil}, ""},
		{"an address is no socket", source{"decode/stream", []string{"net/netip", "time"}, nil}, ""},
		{"a socket below decode", source{"decode/coap", []string{"net"}, nil}, "decode/coap → net: it works on bytes"},
		{"a socket by another name", source{"decode", []string{"net/http"}, nil}, "decode → net/http"},
		{"a file below decode", source{"decode/lightssl", []string{"os"}, nil}, "files are opened by the command"},
		{"a log below decode", source{"decode", []string{"log/slog"}, nil}, "a value that it returns"},
		{"a lock in the keyring", source{"decode/lightssl", []string{"sync"}, nil}, ""},
		{"a lock elsewhere below decode", source{"decode/particle", []string{"sync/atomic"}, nil}, "one caller at a time"},
		{"a clock below decode", source{"decode", nil, []string{"time.Now"}}, "decode → time.Now: the same input"},
		{"a clock in the proxy", source{"proxy", nil, []string{"time.Now", "go"}}, ""},
		{"an arrow upward", source{"decode/particle", []string{in("decode")}, nil}, "it is in row 2, the importer in row 1"},
		{"an arrow sideways", source{"decode/coap", []string{in("decode/field")}, nil}, "it is in row 0, the importer in row 0"},
		{"an arrow over several rows", source{"cmd/photonscope", []string{in("decode/stream"), in("ui")}, nil}, ""},
		{"the proxy's own codecs", source{"proxy", []string{in("decode/lightssl"), in("decode/stream"), in("decode/coap")}, nil}, ""},
		{"the proxy decodes", source{"proxy", []string{in("decode")}, nil}, "the relay never decodes"},
		{"the proxy knows meanings", source{"proxy", []string{in("decode/particle")}, nil}, "the relay never decodes"},
		{"the proxy simulates", source{"proxy", []string{in("sim")}, nil}, "proxy → sim: arrows point downward only"},
		{"the proxy stores", source{"proxy", []string{in("store")}, nil}, "proxy → store: arrows point downward only"},
		{"the proxy draws", source{"proxy", []string{in("ui")}, nil}, "proxy → ui: arrows point downward only"},
		{"the screen proxies", source{"ui", []string{in("proxy")}, nil}, "functions that the command fills"},
		{"a store with its filter", source{"store", []string{in("store/filter"), in("decode")}, nil}, ""},
		{"a capture opens its file", source{"captures", []string{"os"}, nil}, "captures → os"},
		{"gopacket where it belongs", source{"captures", []string{"github.com/google/gopacket/layers"}, nil}, ""},
		{"gopacket's own file reader", source{"captures", []string{"github.com/google/gopacket/pcapgo"}, nil}, "only the packages named in its row"},
		{"gopacket elsewhere", source{"sim", []string{"github.com/google/gopacket"}, nil}, "only the packages named in its row"},
		{"widgets elsewhere", source{"store", []string{"github.com/rivo/tview"}, nil}, "only the packages named in its row"},
		{"a program imports the test harness", source{"cmd/photonscope", []string{in("interop")}, nil}, "it is in row 7"},
		{"a new package", source{"util", nil, nil}, "util: has no row"},
		{"an arrow to a new package", source{"sim", []string{in("util")}, nil}, "sim → util: has no row"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := broken(test.source)
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("complained: %q", got)
			case test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)):
				t.Errorf("got %q, want one sentence with %q", got, test.want)
			}
		})
	}
}

func TestImpureCallsAreFound(t *testing.T) {
	for _, test := range []struct{ name, code, want string }{
		{"a clock", `import "time"; var now = time.Now()`, "time.Now"},
		{"a clock under another name", `import clock "time"; func f() { clock.Sleep(1) }`, "time.Sleep"},
		{"a clock as a value", `import "time"; var now = time.Now`, "time.Now"},
		{"a clock without its name", `import . "time"; var now = Now()`, "a dot import"},
		{"a goroutine", `func f() { go f() }`, "go"},
		{"output", `import "fmt"; func f() { fmt.Println() }`, "fmt.Println"},
		{"built-in output", `func f() { println() }`, "println"},
		{"a duration", `import "time"; var d = time.Second; func f(now int) { _ = now }`, ""},
		{"a method of the same name", `type clock struct{}; func (clock) Now() {}; func f(time clock) { time.Now() }`, ""},
		{"text", `import "fmt"; var s = fmt.Sprint(1)`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), "", "package p; "+test.code, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(calls(file), " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// readModule reads every package of this module. Tests are left out.
func readModule(t *testing.T) []source {
	t.Helper()
	sources := map[string]*source{}
	for _, file := range goFiles(t) {
		if file.test {
			continue
		}
		dir := path.Dir(file.name)
		if sources[dir] == nil {
			sources[dir] = &source{name: dir}
		}
		sources[dir].add(file.File)
	}
	all := make([]source, 0, len(sources))
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		all = append(all, *sources[name])
	}
	return all
}

func (s *source) add(file *ast.File) {
	for _, i := range file.Imports {
		s.imports = append(s.imports, strings.Trim(i.Path.Value, `"`))
	}
	s.calls = append(s.calls, calls(file)...)
}

// calls returns the impure names that a file mentions.
func calls(file *ast.File) (found []string) {
	imported := map[string]string{} // the name in this file → the package
	for _, i := range file.Imports {
		p := strings.Trim(i.Path.Value, `"`)
		name := path.Base(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		if name == "." {
			found = append(found, "a dot import")
		}
		imported[name] = p
	}
	note := func(name string) {
		if slices.Contains(impure, name) {
			found = append(found, name)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			note("go")
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok {
				note(f.Name)
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && imported[x.Name] != "" {
				note(imported[x.Name] + "." + n.Sel.Name)
			}
		}
		return true
	})
	return found
}

func TestTheModuleRequiresOnlyWhatHasAReason(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range direct(string(mod)) {
		if requirements[name] == "" {
			t.Errorf("go.mod requires %s directly; say in layers_test.go what for, or do without it", name)
		}
	}
}

// direct returns the modules that the text of a go.mod requires and does not
// mark as indirect.
func direct(mod string) (names []string) {
	block := false
	for line := range strings.Lines(mod) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == ")":
			block = false
		case words[0] == "require" && words[1] == "(":
			block = true
		case words[0] == "require":
			words = words[1:]
			fallthrough
		case block:
			if !strings.HasSuffix(strings.TrimSpace(line), "// indirect") {
				names = append(names, words[0])
			}
		}
	}
	return names
}

func TestDirectRequirementsAreFound(t *testing.T) {
	got := direct("module m\n\ngo 1.26\n\nrequire a/b v1.0.0\nrequire c/d v1.0.0 // indirect\n\nrequire (\n\te/f v1.0.0\n\tg/h v1.0.0 // indirect\n)\n\nreplace e/f => ../f\n")
	if want := []string{"a/b", "e/f"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
