package config

import (
	"fmt"
	"strings"
)

// Problem is one key, or variable, and what would be right.
type Problem struct {
	Key     string
	Message string
}

func (p Problem) Error() string { return p.Key + " " + p.Message }

// Problems are all that was found wrong.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = "\n  " + problem.Error()
	}
	return "the configuration is not right:" + strings.Join(lines, "")
}

func (p *Problems) add(key, format string, args ...any) {
	*p = append(*p, Problem{Key: key, Message: fmt.Sprintf(format, args...)})
}

// suggest names the known name that is nearest to an unknown one, if one is near.
func suggest(unknown string, known []string) string {
	best, least := "", max(2, len(unknown)/4)+1
	for _, name := range known {
		name = entryLike(name, unknown)
		d := distance(unknown, name)
		if strings.HasSuffix(name, "."+unknown) {
			d = min(d, 1) // the section was left out
		}
		if d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// entryLike puts the name in unknown into the place of a known name that has
// one: auth.oidc.google.clientid is near to auth.oidc.google.client_id.
func entryLike(known, unknown string) string {
	before, after, named := strings.Cut(known, "<")
	rest, alike := strings.CutPrefix(unknown, before)
	if !named || !alike {
		return known
	}
	name, _, _ := strings.Cut(rest, before[len(before)-1:])
	return before + name + after[len(namePlace)-1:]
}

// distance is how many characters must be added, dropped or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

func keyNames() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.key
	}
	return names
}

func envNames() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.env()
	}
	return names
}
