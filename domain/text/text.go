// Package text checks what people write: every name, caption and comment goes
// through it, so that one rule holds everywhere.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sajin-sns/sajin/domain/fault"
)

// Line accepts a single line of at most limit characters and trims the space
// around it. path names the field in the fault.
func Line(path, s string, limit int) (string, error) {
	return check(path, s, limit, func(r rune) bool { return false })
}

// Block accepts several lines of at most limit characters in all. Line ends
// become "\n".
func Block(path, s string, limit int) (string, error) {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return check(path, s, limit, func(r rune) bool { return r == '\n' || r == '\t' })
}

func check(path, s string, limit int, allowed func(rune) bool) (string, error) {
	if !utf8.ValidString(s) {
		return "", fault.Invalidf("text.encoding", path, "must be valid UTF-8")
	}
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > limit {
		return "", fault.Invalidf("text.too-long", path, "may have at most %d characters", limit)
	}
	for _, r := range s {
		if forbidden(r) && !allowed(r) {
			return "", fault.Invalidf("text.control", path, "may not contain the control character U+%04X", r)
		}
	}
	return s, nil
}

// forbidden are the characters that show as nothing and do something: controls,
// and the overrides that turn the direction of text around it. Joiners stay,
// because emoji and several scripts need them.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\ufeff'
}
