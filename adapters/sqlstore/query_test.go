package sqlstore

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListsComeInPowersOfTwo(t *testing.T) {
	for given, want := range map[string]struct {
		list string
		args []any
	}{
		"a":     {" IN ($2)", []any{"first", "a"}},
		"ab":    {" IN ($2, $3)", []any{"first", "a", "b"}},
		"abc":   {" IN ($2, $3, $4, $5)", []any{"first", "a", "b", "c", "c"}},
		"abcde": {" IN ($2, $3, $4, $5, $6, $7, $8, $9)", []any{"first", "a", "b", "c", "d", "e", "e", "e", "e"}},
	} {
		values := make([]string, len(given))
		for i, letter := range given {
			values[i] = string(letter)
		}
		q := newQuery("first")
		if got := in(q, values); got != want.list || !cmp.Equal(q.args, want.args) || len(values) != len(given) {
			t.Errorf("%s: %s %v", given, got, q.args)
		}
	}
}

func TestRowsToInsert(t *testing.T) {
	q := newQuery("post")
	q.row("$1, ?, ?", 0, "sea")
	q.row("$1, ?, ?", 1, "dawn")
	if got, want := q.insert("INSERT INTO t (a, b, c)"), "INSERT INTO t (a, b, c) VALUES ($1, $2, $3), ($1, $4, $5)"; got != want {
		t.Error(got)
	}
	if diff := cmp.Diff([]any{"post", 0, "sea", 1, "dawn"}, q.args); diff != "" {
		t.Error(diff)
	}
}
