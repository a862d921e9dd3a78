package httpapi

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestBodiesMeanOneThing(t *testing.T) {
	for what, test := range map[string]struct {
		body string
		want error
	}{
		"an object":                        {`{"a":{"a":[1,"a",null]},"b":[{"a":1},{"a":2}]}`, nil},
		"escapes":                          {`{"a":"\u0041\\ud800\"\ud83d\ude00"}`, nil},
		"nothing":                          {``, errNotJSON},
		"two values":                       {`{}{}`, errNotJSON},
		"nesting without end":              {strings.Repeat("[", 100_000), errNotJSON},
		"nesting with an end":              {strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), errNotJSON},
		"no UTF-8":                         {"\"\xff\"", errNotText},
		"half a character":                 {`"\ud83d"`, errSurrogate},
		"half a character, and another":    {`"\ud83d\u0041"`, errSurrogate},
		"half a character, and a letter":   {`"\ud83dA"`, errSurrogate},
		"the other half":                   {`"\ude00"`, errSurrogate},
		"both halves, the wrong way round": {`"\ude00\ud83d"`, errSurrogate},
		"a member twice":                   {`{"a":1,"a":1}`, errTwice},
		"a member twice, once escaped":     {`{"a":1,"\u0061":1}`, errTwice},
		"a member twice, further down":     {`[{"b":{"a":1,"a":1}}]`, errTwice},
		"ten thousand values":              {"[" + strings.Repeat("1,", 9_998) + "1]", nil},
		"one more":                         {"[" + strings.Repeat("1,", 9_999) + "1]", errTooMany},
	} {
		var v any
		if err := unmarshal([]byte(test.body), &v); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", what, err, test.want)
		}
	}
}

func TestNullIsNotTheSameAsLeftOut(t *testing.T) {
	type body struct {
		Text   *string     `json:"text,omitempty"`
		Number int         `json:"number,omitempty"`
		At     time.Time   `json:"at,omitzero"`
		Medium mediumOrNot `json:"medium,omitempty"`
	}
	for text, good := range map[string]bool{
		`{}`: true, `{"text":"null"}`: true, `{"medium":null}`: true, `{"text":"a","number":1}`: true,
		`{"text":null}`: false, `{"number":null}`: false, `{"medium":null,"text":null}`: false, `{"at":null}`: false,
	} {
		optional := &body{}
		for _, into := range []any{&body{}, &optional} {
			if err := unmarshal([]byte(text), into); (err == nil) != good {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

func TestNullInAList(t *testing.T) {
	var list []*int
	if err := unmarshal([]byte("[null]"), &list); err != nil {
		t.Error(err) // what a list holds, the schema says
	}
}

func FuzzBodies(f *testing.F) {
	for _, seed := range []string{`{"a":"\ud83d\ude00"}`, `"\\u"`, `"\ud800\u"`, `[{"a":1,"a":null}]`, `"\uDC00`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, want any
		if unmarshal(text, &got) == nil && json.Unmarshal(text, &want) != nil {
			t.Errorf("%q is not JSON", text)
		}
	})
}
