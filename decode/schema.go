package decode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

// schema is a JSON Schema, draft 2020-12, as far as the contract needs it.
type schema struct {
	Draft       string             `json:"$schema,omitempty"`
	ID          string             `json:"$id,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
	OneOf       []*schema          `json:"oneOf,omitempty"`
	AnyOf       []*schema          `json:"anyOf,omitempty"`
	Type        string             `json:"type,omitempty"`
	Const       string             `json:"const,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	Minimum     *int               `json:"minimum,omitempty"`
	MinItems    int                `json:"minItems,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Patterns    map[string]*schema `json:"patternProperties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Further     any                `json:"additionalProperties,omitempty"` // false, or a schema of them
	Defs        map[string]*schema `json:"$defs,omitempty"`
}

// JSONSchema returns the contract of NDJSON as a JSON Schema (draft 2020-12) of
// one line: the header, the summary, or an event of one of EventTypes. It is that
// of this version of the program and refuses keys which that does not print.
func JSONSchema() []byte {
	root := &schema{
		Draft: "https://json-schema.org/draft/2020-12/schema",
		ID:    "urn:photonscope:" + Schema,
		Title: "A line of NDJSON, " + Schema,
		Description: "The first line is the header, the last one the summary, each between them an event. " +
			"Later versions may add fields and kinds of messages.",
		OneOf: []*schema{reference("header"), reference("summary")},
		Defs:  map[string]*schema{"header": headerSchema(), "summary": summarySchema()},
	}
	for _, name := range EventTypes {
		root.OneOf = append(root.OneOf, reference(name))
		root.Defs[name] = eventSchema(name)
		always, sometimes := EventFields(name)
		for _, d := range slices.Concat(always, sometimes) {
			root.Defs[d.Key] = fieldSchema(d)
		}
	}
	delete(root.Defs, defType.Key) // each type of event has its own
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	enc.Encode(root) // cannot fail: plain values into memory
	return b.Bytes()
}

func reference(name string) *schema { return &schema{Ref: "#/$defs/" + name} }

func integer() *schema { return &schema{Type: "integer", Minimum: new(int)} }

func headerSchema() *schema {
	return &schema{
		Description: "the first line",
		Type:        "object",
		Properties: map[string]*schema{
			"schema": {Const: Schema}, "type": {Const: "header"}, "program": {Const: "photonscope"},
			"version": {Type: "string"}, "source": {Type: "string", Description: "what was read or listened to"},
		},
		Required: []string{"schema", "type", "program", "version", "source"},
		Further:  false,
	}
}

func summarySchema() *schema {
	counts := func(what string) *schema {
		return &schema{Description: what, Type: "object", Further: integer()}
	}
	return &schema{
		Description: "the last line",
		Type:        "object",
		Properties: map[string]*schema{
			"type":     {Const: "summary"},
			"complete": {Type: "boolean", Description: "the source was read to its proper end"},
			"reason":   {Type: "string", Description: "why it is not complete"},
			"sessions": integer(), "sessions_opened": integer(),
			"events": counts("events by type"), "messages": counts("messages by kind"),
		},
		Required: []string{"type", "complete", "sessions", "sessions_opened", "events", "messages"},
		Further:  false,
	}
}

func eventSchema(name string) *schema {
	s := &schema{Type: "object", Properties: make(map[string]*schema), Further: false}
	always, sometimes := EventFields(name)
	for _, d := range always {
		s.Properties[d.Key] = reference(d.Key)
		s.Required = append(s.Required, d.Key)
	}
	s.Properties[defType.Key] = &schema{Const: name}
	for _, d := range sometimes {
		s.Properties[d.Key] = reference(d.Key)
	}
	if name == "message" {
		s.Patterns = map[string]*schema{"^coap\\.opt\\.unknown_[0-9]+$": {
			Description: "an option that no registry names, or that occurs again though it may not",
			Type:        "array", MinItems: 1, Items: hexSchema(),
		}}
	}
	return s
}

// fewWords are the values of the fields that have few.
var fewWords = map[*field.Def][]string{
	&defLeg:    {"device", "cloud", "tapped"},
	&defDir:    {"device", "cloud"},
	&defMsg:    kindNames(),
	&defClose:  {"fin", "rst", "cut"},
	&defLayer:  {"wire", "plain"},
	&defSigOK:  {"verified", "failed", "not checked"},
	&defSource: {"device key", "impersonation key", "key log", otherLeg},
}

func kindNames() (names []string) {
	for _, k := range particle.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// fixedLengths are the numbers of bytes of the fields that always have the same.
var fixedLengths = map[*field.Def]int{&defNonce: 40, &defDeviceID: 12, &defIDNonce: 40, &defIDDevice: 12}

const timePattern = "^[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{9}Z$"

func fieldSchema(d *field.Def) *schema {
	s := valueSchema(d)
	if d.Many {
		s = &schema{Type: "array", MinItems: 1, Items: s}
	}
	s.Description = d.Help
	return s
}

// valueSchema is that of one value of a field.
func valueSchema(d *field.Def) *schema {
	switch {
	case d == &defTime:
		return &schema{Type: "string", Pattern: timePattern}
	case fewWords[d] != nil:
		return &schema{Enum: fewWords[d]}
	case fixedLengths[d] != 0:
		return &schema{Type: "string", Pattern: fmt.Sprintf("^[0-9a-f]{%d}$", 2*fixedLengths[d])}
	case d.Type == field.Uint && strings.HasPrefix(d.Key, "coap.opt."):
		return &schema{AnyOf: []*schema{integer(), hexSchema()}} // of more than eight bytes: no integer
	}
	return typeSchema(d.Type)
}

func typeSchema(t field.Type) *schema {
	switch t {
	case field.Uint:
		return integer()
	case field.Int:
		return &schema{Type: "integer"}
	case field.Bool:
		return &schema{Type: "boolean"}
	case field.Float:
		return &schema{AnyOf: []*schema{{Type: "number"}, {Enum: []string{"NaN", "+Inf", "-Inf"}}}}
	case field.Bytes:
		return hexSchema()
	case field.Secret:
		return &schema{AnyOf: []*schema{{Const: field.Masked}, hexSchema()}}
	case field.Any:
		return &schema{AnyOf: []*schema{{Type: "boolean"}, {Type: "number"}, {Type: "string"}}}
	}
	return &schema{Type: "string"}
}

func hexSchema() *schema { return &schema{Type: "string", Pattern: "^([0-9a-f]{2})*$"} }
