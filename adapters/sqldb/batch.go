package sqldb

import (
	"slices"
	"strings"
)

// Batch gathers statements for Send. Its zero value is empty and ready.
type Batch struct{ statements []Statement }

// Statement is one statement of a Batch; for drivers. At most one of One,
// Affected and Rows is set.
type Statement struct {
	Query    string
	Args     []any
	One      error // answered unless it touches exactly one row
	Affected func(n int64) error
	Rows     func(Rows) error
}

// Counted tells a statement how many rows it touched.
func (s Statement) Counted(n int64) error {
	switch {
	case s.One != nil && n != 1:
		return s.One
	case s.Affected != nil:
		return s.Affected(n)
	}
	return nil
}

// Exec adds a statement of which only success matters.
func (b *Batch) Exec(query string, args ...any) {
	b.statements = append(b.statements, Statement{Query: query, Args: args})
}

// ExecOne adds a statement that must touch exactly one row: Send answers err
// when it does not. It is a plain INSERT, UPDATE or DELETE without RETURNING,
// so that a driver can put something around it.
func (b *Batch) ExecOne(err error, query string, args ...any) {
	b.statements = append(b.statements, Statement{Query: query, Args: args, One: err})
}

// ExecRows adds a statement and is told how many rows it touched; an error of
// the function stops the batch.
func (b *Batch) ExecRows(affected func(n int64) error, query string, args ...any) {
	b.statements = append(b.statements, Statement{Query: query, Args: args, Affected: affected})
}

// Query adds a statement that answers rows. The function must not use the
// database and need not close the rows; an error of it stops the batch.
func (b *Batch) Query(rows func(Rows) error, query string, args ...any) {
	b.statements = append(b.statements, Statement{Query: query, Args: args, Rows: rows})
}

// Reads tells whether every statement can only read; for drivers. WITH may hide
// an INSERT.
func (b *Batch) Reads() bool {
	return !slices.ContainsFunc(b.statements, func(s Statement) bool { return s.Rows == nil || !Selects(s.Query) })
}

// Selects tells whether a statement is a SELECT; for drivers.
func Selects(query string) bool {
	query = strings.TrimLeft(query, " \t\r\n")
	return len(query) > 6 && strings.EqualFold(query[:6], "SELECT")
}

// Len is the number of statements.
func (b *Batch) Len() int { return len(b.statements) }

// Statements are the statements in order; for drivers.
func (b *Batch) Statements() []Statement { return b.statements }
