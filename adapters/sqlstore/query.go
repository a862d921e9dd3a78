package sqlstore

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// query gathers conditions, or rows, and their arguments.
type query struct {
	conditions []string
	rows       []string
	args       []any
}

func newQuery(args ...any) *query { return &query{args: args} }

// arg adds an argument and answers its placeholder.
func (q *query) arg(value any) string {
	q.args = append(q.args, value)
	return "$" + strconv.Itoa(len(q.args))
}

// where adds a condition; each ? stands for the next of values.
func (q *query) where(condition string, values ...any) {
	q.conditions = append(q.conditions, q.filled(condition, values))
}

func (q *query) filled(text string, values []any) string {
	for _, value := range values {
		text = strings.Replace(text, "?", q.arg(value), 1)
	}
	return text
}

// in writes a list of values, at least one, behind IN. The last of them is there as often as it
// takes to a power of two: of each length there is, every connection prepares
// and keeps a statement.
func in[T any](q *query, values []T) string {
	list := make([]string, 0, len(values))
	for _, value := range padded(values) {
		list = append(list, q.arg(value))
	}
	return " IN (" + strings.Join(list, ", ") + ")"
}

func padded[T any](values []T) []T {
	all := slices.Clone(values)
	for n := len(all); n&(n-1) != 0; n++ {
		all = append(all, values[len(values)-1])
	}
	return all
}

// row adds a row to insert; each ? stands for the next of values.
func (q *query) row(columns string, values ...any) {
	q.rows = append(q.rows, "("+q.filled(columns, values)+")")
}

// insert writes the rows behind INSERT INTO.
func (q *query) insert(into string) string { return into + " VALUES " + strings.Join(q.rows, ", ") }

// after adds the condition of a list by time and id, newest first.
func (q *query) after(at, id string, p store.Position) {
	if !p.IsZero() {
		q.where("("+at+", "+id+") < (?, ?)", p.At, ident.PostID(p.ID))
	}
}

func (q *query) text() string {
	if len(q.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(q.conditions, " AND ")
}

func (q *query) limit(n int) string { return " LIMIT " + q.arg(n) }

// limit is one that the database knows when it makes its plan: of a limit that
// it does not know, PostgreSQL thinks that it is a tenth of everything.
func limit(n int) string { return " LIMIT " + strconv.Itoa(n) }
