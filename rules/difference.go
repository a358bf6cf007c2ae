package rules

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/photonscope/photonscope/decode/stream"
)

// Settings returns the settings with which an edit makes one message of another: of
// each part that differs, or hex= and all bytes where parts cannot say it. It is ""
// if both are the same.
func Settings(before, after []byte) string {
	if bytes.Equal(before, after) {
		return ""
	}
	was, is := byPart(before), byPart(after)
	var words, fewer []string // fewer lacks what follows from the others: the CRC of a chunk
	for _, part := range is {
		if slices.ContainsFunc(was, func(o partOf) bool { return o.name == part.name && slices.Equal(o.words, part.words) }) {
			continue
		}
		words = append(words, part.words...)
		if part.name != "query" {
			fewer = append(fewer, part.words...)
		}
	}
	for _, part := range was {
		gone := !slices.ContainsFunc(is, func(o partOf) bool { return o.name == part.name })
		if none := nothing[part.name]; gone && none != "" {
			words, fewer = append(words, none), append(fewer, none)
		}
	}
	for _, settings := range []string{strings.Join(fewer, " "), strings.Join(words, " ")} {
		if b, err := Edit(before, settings); err == nil && bytes.Equal(b, after) {
			return settings
		}
	}
	return "hex=" + hex.EncodeToString(after)
}

// nothing are the settings that take a part away, of those that can be taken away.
var nothing = map[string]string{"payload": "payload=none", "token": "token="}

// partOf is the settings of one part of a message.
type partOf struct {
	name  string
	words []string
}

// byPart returns a message's settings by part, in the order in which they begin.
func byPart(message []byte) (all []partOf) {
	for _, w := range strings.Split(Format(message, "\n"), "\n") {
		name, _, _ := strings.Cut(w, "=")
		i := slices.IndexFunc(all, func(o partOf) bool { return o.name == name })
		if i < 0 {
			i = len(all)
			all = append(all, partOf{name: name})
		}
		all[i].words = append(all[i].words, w)
	}
	return all
}

// Edit changes a message as an edit rule with these settings does. Without any it
// is a copy. An error is an [*Error], or says that the message is no CoAP.
func Edit(message []byte, settings string) ([]byte, error) {
	c, err := parseChange(settings)
	if err != nil {
		return nil, err
	}
	if c.settings == nil && c.whole == nil {
		return slices.Clone(message), nil
	}
	return c.apply(message)
}

// EditRule returns the rule that makes one message of another, among those of a
// sender that match a filter; "" is any.
func EditRule(before, after []byte, from stream.Direction, filter string) string {
	rule := "edit " + Settings(before, after) + " from=" + from.String()
	if filter != "" {
		rule += " when " + filter
	}
	return rule
}

// RuleOf returns the rule that makes of messages like a held one what a person made
// of it: of those that match the filter it was held by, or, where it was held without
// one, that are of its kind.
func RuleOf(h Held, after []byte) string {
	filter := h.Filter
	if kind := fmt.Sprintf("photon.msg == %q", h.Kind); filter == "" && h.Kind != "" {
		if _, err := compile(kind, nil); err == nil {
			filter = kind
		}
	}
	return EditRule(h.Message, after, h.From, filter)
}
