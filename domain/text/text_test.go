package text_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/text"
)

func TestLine(t *testing.T) {
	for name, c := range map[string]struct{ in, want, code string }{
		"space around is trimmed":               {"  사진  ", "사진", ""},
		"characters are counted, not bytes":     {strings.Repeat("가", 10), strings.Repeat("가", 10), ""},
		"an emoji of several code points stays": {"👩‍🎨", "👩‍🎨", ""},
		"one character too many is refused":     {strings.Repeat("가", 11), "", "text.too-long"},
		"a line end is refused":                 {"a\nb", "", "text.control"},
		"a NUL is refused":                      {"a\x00b", "", "text.control"},
		"a direction override is refused":       {"a\u202eb", "", "text.control"},
		"bytes that are no UTF-8 are refused":   {"a\xffb", "", "text.encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := text.Line("name", c.in, 10)
			if got != c.want || code(err) != c.code {
				t.Errorf("%q gives %q, %v", c.in, got, err)
			}
		})
	}
}

func TestBlock(t *testing.T) {
	t.Run("line ends of every system become one", func(t *testing.T) {
		if got, err := text.Block("caption", "a\r\nb\nc", 10); err != nil || got != "a\nb\nc" {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("other controls are still refused", func(t *testing.T) {
		if _, err := text.Block("caption", "a\x1b[31mb", 20); code(err) != "text.control" {
			t.Error(err)
		}
	})
}

func code(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f.Code
	}
	return ""
}
