package captures

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/photonscope/photonscope/decode/stream"
)

// What people wrote at a packet are comments of its block (opt_comment), which
// Wireshark shows as frame.comment and lets its users write. A mark is a comment
// of the form "mark a".
const markForm = "mark "

// maxComment is how many bytes of a packet's comments are kept.
const maxComment = 4 << 10

// maxMarks is how many bytes of marks a packet has.
const maxMarks = 64

// annotate adds a comment to what was written at a packet. The note is new, or
// was not handed out yet.
func annotate(n *stream.Note, comment []byte) *stream.Note {
	if n == nil {
		n = new(stream.Note)
	}
	if mark, ok := bytes.CutPrefix(comment, []byte(markForm)); ok && utf8.RuneCount(mark) == 1 {
		if len(n.Mark) < maxMarks && !strings.Contains(n.Mark, string(mark)) {
			n.Mark += string(mark)
		}
		return n
	}
	if n.Comment != "" && len(n.Comment) < maxComment {
		n.Comment += "\n"
	}
	room := maxComment - len(n.Comment)
	n.Comment += string(comment[:min(len(comment), room)])
	return n
}

// appendNote appends the comments of a note to a packet's options.
func appendNote(dst []byte, n *stream.Note) []byte {
	if n == nil {
		return dst
	}
	for _, mark := range n.Mark {
		dst = appendOption(dst, optComment, markForm+string(mark))
	}
	if n.Comment != "" {
		dst = appendOption(dst, optComment, n.Comment[:min(len(n.Comment), maxComment)])
	}
	return dst
}

// ofRecording reports whether a comment is one that recordings have by themselves.
func ofRecording(comment []byte) bool {
	return bytes.HasPrefix(comment, []byte(strings.TrimSuffix(numberForm, "%d"))) ||
		bytes.Equal(comment, []byte(unseenOpening)) || bytes.HasSuffix(comment, []byte(missingForm))
}
