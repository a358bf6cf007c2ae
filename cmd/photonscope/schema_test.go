package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/internal/golden"
)

func TestSchemaIsCurrent(t *testing.T) {
	stdout, stderr, code := runApp(t, nil, "read", "--schema")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit %d, said %q", code, stderr)
	}
	golden.Check(t, filepath.Join(docsFolder, "photonscope.event-1.schema.json"), []byte(stdout))
}

// All genuine recordings, one of them damaged, and sessions of every kind.
func TestAllOutputFitsTheSchema(t *testing.T) {
	s := loadJSONSchema(t)
	captures, err := filepath.Glob(recordings + "/*/capture*.pcap*")
	if err != nil || len(captures) < 5 {
		t.Fatalf("found only %d recordings (%v)", len(captures), err)
	}
	lines, types := 0, map[string]bool{}
	check := func(name string, args ...string) {
		stdout, stderr, code := runApp(t, nil, append(args, "-q", "-T", "ndjson", "--legs", "both")...)
		if code != exitOK {
			t.Fatalf("%s: exit %d: %s", name, code, stderr)
		}
		for line := range strings.Lines(stdout) {
			lines++
			types[checkLine(t, s, name, line)] = true
		}
	}
	for _, c := range captures {
		check(c, "read", c)
		check(c, "read", "-k", recordings+"/keys", c)
		check(c, "read", "--show-secrets", "-k", recordings+"/keys", c)
	}
	check("damaged", "read", "-k", recordings+"/keys", damagedCapture(t))
	for _, e := range everyKind(t) {
		lines++
		if err := s.validateLine(e); err != nil {
			t.Errorf("every kind: %v: %v", err, e)
		}
	}
	if lines < 4000 {
		t.Errorf("only %d lines were checked", lines)
	}
	for _, name := range append([]string{"header", "summary"}, decode.EventTypes...) {
		if !types[name] && name != "finding" {
			t.Errorf("no line of type %s was checked", name)
		}
	}
	t.Logf("%d lines", lines)
}

// damagedCapture is a recording without some packets in the middle, a byte of every
// tenth one changed.
func damagedCapture(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(recordings + "/healthy-spark-fw1.5.2/capture.pcap")
	if err != nil {
		t.Fatal(err)
	}
	const fileHeader, recordHeader = 24, 16
	out := slices.Clone(b[:fileHeader])
	for n, at := 0, fileHeader; at < len(b); n++ {
		end := at + recordHeader + int(binary.LittleEndian.Uint32(b[at+8:]))
		if n%10 == 9 {
			b[end-1] ^= 0x55
		}
		if n < 60 || n > 63 {
			out = append(out, b[at:end]...)
		}
		at = end
	}
	path := filepath.Join(t.TempDir(), "damaged.pcap")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func checkLine(t *testing.T, s *jsonSchema, name, line string) (eventType string) {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		t.Fatalf("%s: %v: %s", name, err, line)
	}
	if err := s.validateLine(v); err != nil {
		t.Errorf("%s: %v: %.300s", name, err, line)
	}
	return v["type"].(string)
}

func TestSchemaRefusesWhatIsNotTheContract(t *testing.T) {
	s := loadJSONSchema(t)
	const good = `{"type":"closed","time":"2026-11-24T02:54:59.939991063Z","photon.session":1,"photon.leg":"tapped","photon.dir":"device","photon.device_id":"1c052c000f47343432313012","photon.close":"fin"}`
	for _, test := range []struct{ name, old, new string }{
		{"nothing changed", "", ""},
		{"an unknown key", `"photon.leg"`, `"photon.legs"`},
		{"a key of another type of event", `"photon.close"`, `"photon.gap":3,"photon.close"`},
		{"an unknown type", `"closed"`, `"ended"`},
		{"an unknown word", `"fin"`, `"end"`},
		{"a key missing", `"photon.session":1,`, ``},
		{"text for a number", `"photon.session":1`, `"photon.session":"1"`},
		{"a fraction", `"photon.session":1`, `"photon.session":1.5`},
		{"a negative number", `"photon.session":1`, `"photon.session":-1`},
		{"null", `"photon.session":1`, `"photon.session":null`},
		{"upper-case hex", `1c052c`, `1C052C`},
		{"an ID too short", `1c052c`, `1c05`},
		{"milliseconds", `939991063Z`, `939Z`},
		{"a zone", `939991063Z`, `939991063+01:00`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var v map[string]any
			if err := json.Unmarshal([]byte(strings.Replace(good, test.old, test.new, 1)), &v); err != nil {
				t.Fatal(err)
			}
			if err := s.validateLine(v); (err == nil) != (test.old == "") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// jsonSchema is as much of draft 2020-12 as the contract uses. Nothing of the
// program is in it: it reads the committed text.
type jsonSchema struct {
	root     map[string]any
	defs     map[string]any
	patterns map[string]*regexp.Regexp
}

func (s *jsonSchema) matches(pattern, text string) bool {
	if s.patterns[pattern] == nil {
		s.patterns[pattern] = regexp.MustCompile(pattern)
	}
	return s.patterns[pattern].MatchString(text)
}

func loadJSONSchema(t *testing.T) *jsonSchema {
	t.Helper()
	stdout, _, _ := runApp(t, nil, "read", "--schema")
	s := &jsonSchema{patterns: make(map[string]*regexp.Regexp)}
	if err := json.Unmarshal([]byte(stdout), &s.root); err != nil {
		t.Fatal(err)
	}
	s.defs = s.root["$defs"].(map[string]any)
	s.onlyKnownKeywords(t, s.root)
	return s
}

var annotations = []string{"$schema", "$id", "$defs", "title", "description"}

// onlyKnownKeywords fails on keywords that this validator would pass over.
func (s *jsonSchema) onlyKnownKeywords(t *testing.T, schema map[string]any) {
	t.Helper()
	for keyword, v := range schema {
		switch below := v.(type) {
		case map[string]any:
			if slices.Contains([]string{"properties", "patternProperties", "$defs"}, keyword) {
				for _, one := range below {
					s.onlyKnownKeywords(t, one.(map[string]any))
				}
			} else {
				s.onlyKnownKeywords(t, below)
			}
		case []any:
			for _, one := range below {
				if m, ok := one.(map[string]any); ok {
					s.onlyKnownKeywords(t, m)
				}
			}
		}
		if !slices.Contains(assertions, keyword) && !slices.Contains(annotations, keyword) {
			t.Fatalf("the schema uses %s, which the validator of this test does not know", keyword)
		}
	}
}

// validateLine checks a line against the one branch that its type names, so that
// the error tells what is wrong, and then that exactly one branch fits.
func (s *jsonSchema) validateLine(line map[string]any) error {
	name, _ := line["type"].(string)
	def, ok := s.defs[name].(map[string]any)
	if !ok {
		return fmt.Errorf("type %q has no schema", name)
	}
	if err := s.validate(def, line); err != nil {
		return err
	}
	return s.validate(s.root, line)
}

func (s *jsonSchema) validate(schema map[string]any, v any) error {
	for keyword := range schema {
		if !slices.Contains(assertions, keyword) {
			continue
		}
		if err := s.check(keyword, schema, v); err != nil {
			return fmt.Errorf("%s: %w", keyword, err)
		}
	}
	return nil
}

// assertions are the keywords that check knows.
var assertions = []string{
	"$ref", "oneOf", "anyOf", "type", "const", "enum", "pattern", "minimum", "minItems", "items", "required",
	"properties", "patternProperties", "additionalProperties",
}

// check does what one keyword of a schema says, to one value.
func (s *jsonSchema) check(keyword string, schema map[string]any, v any) error {
	arg := schema[keyword]
	text, isText := v.(string)
	number, isNumber := v.(float64)
	list, _ := v.([]any)
	switch keyword {
	case "$ref":
		return s.validate(s.defs[strings.TrimPrefix(arg.(string), "#/$defs/")].(map[string]any), v)
	case "oneOf":
		return s.fits(arg, v, 1)
	case "anyOf":
		return s.fits(arg, v, math.MaxInt)
	case "type":
		return checkType(arg.(string), v)
	case "const":
		return among([]any{arg}, v)
	case "enum":
		return among(arg.([]any), v)
	case "pattern":
		if isText && !s.matches(arg.(string), text) {
			return fmt.Errorf("%q does not match %s", text, arg)
		}
	case "minimum":
		if isNumber && number < arg.(float64) {
			return fmt.Errorf("%v is less than %v", number, arg)
		}
	case "minItems":
		if list != nil && float64(len(list)) < arg.(float64) {
			return fmt.Errorf("%d are fewer than %v", len(list), arg)
		}
	case "items":
		for _, one := range list {
			if err := s.validate(arg.(map[string]any), one); err != nil {
				return err
			}
		}
	case "required":
		return checkRequired(arg.([]any), v)
	default:
		return s.checkMembers(schema, v)
	}
	return nil
}

func checkRequired(keys []any, v any) error {
	object, _ := v.(map[string]any)
	for _, key := range keys {
		if _, ok := object[key.(string)]; !ok {
			return fmt.Errorf("%s is missing", key)
		}
	}
	return nil
}

// fits checks that at least one and at most so many of the branches fit.
func (s *jsonSchema) fits(branches, v any, most int) error {
	var fitting int
	var last error
	for _, branch := range branches.([]any) {
		if err := s.validate(branch.(map[string]any), v); err != nil {
			last = err
		} else {
			fitting++
		}
	}
	if fitting == 0 || fitting > most {
		return fmt.Errorf("%d branches fit; last: %v", fitting, last)
	}
	return nil
}

func checkType(name string, v any) error {
	ok := false
	switch name {
	case "object":
		_, ok = v.(map[string]any)
	case "array":
		_, ok = v.([]any)
	case "string":
		_, ok = v.(string)
	case "boolean":
		_, ok = v.(bool)
	case "number":
		_, ok = v.(float64)
	case "integer":
		n, number := v.(float64)
		ok = number && n == math.Trunc(n)
	}
	if !ok {
		return fmt.Errorf("%v is no %s", v, name)
	}
	return nil
}

func among(list []any, v any) error {
	if !slices.Contains(list, v) {
		return fmt.Errorf("%v is none of %v", v, list)
	}
	return nil
}

// checkMembers checks every member of an object against what the three keywords
// about members say of its name.
func (s *jsonSchema) checkMembers(schema map[string]any, v any) error {
	object, _ := v.(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	patterns, _ := schema["patternProperties"].(map[string]any)
	for key, value := range object {
		below, known := properties[key]
		for pattern, b := range patterns {
			if s.matches(pattern, key) {
				below, known = b, true
			}
		}
		if further, restricted := schema["additionalProperties"]; !known && restricted {
			below = further
		}
		switch below := below.(type) {
		case map[string]any:
			if err := s.validate(below, value); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		case bool:
			return fmt.Errorf("no key %s", key)
		}
	}
	return nil
}
