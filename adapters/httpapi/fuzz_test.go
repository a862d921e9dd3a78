package httpapi

import (
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/ports/store"
)

// FuzzCursor holds that a list takes the cursors that it gave, to the byte, and
// no others; and that it finds in them the place that it meant.
func FuzzCursor(f *testing.F) {
	c := cursors{keyring.New(rand.Reader)}
	at := store.Position{At: time.UnixMicro(1_700_000_000_000_007).UTC(), ID: [16]byte{1, 2, 3}}
	made := *c.text("posts", at)
	for _, text := range []string{made, "", "A", strings.Repeat("A", len(made)), made + "=", made + "\n", made[1:], strings.ToLower(made), made + made} {
		f.Add("posts", text, int64(0), uint16(0), byte(0))
	}
	f.Add("inbox", made, int64(-1), uint16(3), byte(1))
	f.Add("", "", int64(1)<<62, uint16(50), byte(0x80))
	f.Fuzz(func(t *testing.T, list, text string, micros int64, i uint16, flip byte) {
		mutant := []byte(made)
		mutant[int(i)%len(mutant)] ^= flip
		for _, text := range []string{text, string(mutant)} {
			page, err := c.page(list, Paged{Cursor: text})
			if good := text == "" || list == "posts" && text == made; (err == nil) != good {
				t.Errorf("%q, %q: %+v, %v", list, text, page, err)
			}
			if text == made && err == nil && page.After != at {
				t.Errorf("%+v, meant was %+v", page.After, at)
			}
		}
		p := store.Position{At: time.UnixMicro(micros).UTC(), ID: [16]byte{flip}}
		given := c.text(list, p)
		if given == nil {
			if !p.IsZero() {
				t.Errorf("no cursor of %+v", p)
			}
			return
		}
		if len(*given) > 200 { // that a cursor may have
			t.Errorf("a cursor of %d characters", len(*given))
		}
		if page, err := c.page(list, Paged{Cursor: *given}); err != nil || page.After != p {
			t.Errorf("%+v, meant was %+v, %v", page.After, p, err)
		}
	})
}

// FuzzIdempotencyKey holds that a key which is taken is one that can be kept and
// compared: visible ASCII, not too long, and the same with quotes and without.
func FuzzIdempotencyKey(f *testing.F) {
	for _, text := range []string{
		"8e03978e-40d5-43dd-bc93-6894a57f9324", `"8e03978e-40d5-43dd-bc93-6894a57f9324"`, `""`, `"`, "", "0123456789abcde", "0123456789abcdef", strings.Repeat("k", 128), strings.Repeat("k", 129),
		`"` + strings.Repeat("k", 128) + `"`, "two words are no key", "0123456789\r\nSet-Cookie: a=b", `""0123456789abcdef""`, `"0123456789abcdef`, "0123456789abc\x00def", "0123456789abcdé", `0123456789\"abcdef`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key := bareKey(text)
		if !usableKey(key) {
			return
		}
		if len(key) < 16 || len(key) > 128 || strings.ContainsFunc(key, func(c rune) bool { return c < '!' || c > '~' || c == '"' || c == '\\' }) {
			t.Errorf("%q is taken", text)
		}
		if text != key && text != `"`+key+`"` {
			t.Errorf("%q is taken for %q", text, key)
		}
		if bareKey(key) != key || bareKey(`"`+key+`"`) != key {
			t.Errorf("%q is another key with quotes", key)
		}
	})
}

// FuzzIfMatch holds that a change is made on those versions alone that the list
// names, and on any only where it says so.
func FuzzIfMatch(f *testing.F) {
	for _, list := range []string{
		"", "*", " * ", `"1-0123456789abcdef"`, `W/"1-0123456789abcdef"`, `"1-0123456789abcdef", "22-0123456789abcdef"`, `,, "1-0123456789abcdef" ,`, `*, "1-0123456789abcdef"`,
		`"1-0123456789abcdef" "2-0123456789abcdef"`, `"9223372036854775808-0123456789abcdef"`, `"-1-0123456789abcdef"`, `"0-0123456789abcdef"`, `"1-0123456789abcdef`, `"a,b"`, "\"\xff\"", `w/"1-0123456789abcdef"`, "\t", `"c4c5e9d9d1c2a2f0"`,
	} {
		f.Add(list)
	}
	const seventh = `"7-0123456789abcdef"`
	f.Fuzz(func(t *testing.T, list string) {
		_, unchanged := Conditional{IfNoneMatch: list}.fresh(0, "an answer")
		if n, ok := errors.AsType[*notModified](unchanged); ok && strings.TrimSpace(list) != "*" && !strings.Contains(list, n.etag) {
			t.Errorf("%q holds %s", list, n.etag)
		}
		versions, err := Guarded{IfMatch: list}.versions()
		if err != nil {
			if versions != nil {
				t.Errorf("%q: %v beside %v", list, versions, err)
			}
			return
		}
		if trimmed := strings.TrimSpace(list); (versions == nil) != (trimmed == "" || trimmed == "*") {
			t.Errorf("%q stands for %v", list, versions)
		}
		for _, v := range versions {
			if v < 1 || !strings.Contains(list, `"`+strconv.FormatInt(v, 10)+"-") {
				t.Errorf("%q does not name version %d", list, v)
			}
		}
		if versions == nil {
			return
		}
		for _, longer := range []string{list + "," + seventh, list + " , " + seventh + ","} {
			if got, err := (Guarded{IfMatch: longer}).versions(); err != nil || !slices.Equal(got, append(slices.Clone(versions), 7)) {
				t.Errorf("%q: %v, %v", longer, got, err)
			}
		}
	})
}
