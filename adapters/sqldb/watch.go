package sqldb

import (
	"context"
	"strings"
)

// Around is told of a piece of work before it is done, by its text, and by the
// function that it answers, of how it ended. The context is for the work.
type Around func(ctx context.Context, labels ...string) (context.Context, func(err error))

// Watch is a database that tells of its transactions ("transaction") and of its
// statements. It offers what db does.
func Watch(db DB, around Around) DB {
	w := &watched{db, around}
	if copier, ok := db.(Copier); ok {
		return &watchedCopier{w, copier}
	}
	return w
}

type watched struct {
	DB
	around Around
}

// Pool counts the connections of the database, if it does.
func (w *watched) Pool() (p Pool) {
	if pooled, ok := w.DB.(Pooled); ok {
		p = pooled.Pool()
	}
	return p
}

func (w *watched) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	ctx, end := w.around(ctx, "transaction")
	err := errPanicked // unless it comes back
	defer func() { end(err) }()
	err = w.DB.Do(ctx, fn)
	return err
}

func (w *watched) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx, end := w.around(ctx, query)
	n, err := w.DB.Exec(ctx, query, args...)
	end(err)
	return n, err
}

func (w *watched) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	ctx, end := w.around(ctx, query)
	rows, err := w.DB.Query(ctx, query, args...)
	if err != nil {
		end(err)
		return nil, err
	}
	return &watchedRows{rows, end}, nil
}

func (w *watched) QueryRow(ctx context.Context, query string, args ...any) Row {
	return FirstRow(w.Query(ctx, query, args...))
}

func (w *watched) Send(ctx context.Context, b *Batch) error { return w.batch(ctx, b, w.DB.Send) }

// Later tells of statements when they are handed in; they run a moment after.
func (w *watched) Later(ctx context.Context, b *Batch) error { return w.batch(ctx, b, w.DB.Later) }

func (w *watched) batch(ctx context.Context, b *Batch, send func(context.Context, *Batch) error) error {
	if b.Len() == 0 {
		return send(ctx, b)
	}
	queries := make([]string, b.Len())
	for i, s := range b.Statements() {
		queries[i] = s.Query
	}
	ctx, end := w.around(ctx, strings.Join(queries, ";\n"))
	err := errPanicked
	defer func() { end(err) }()
	err = send(ctx, b)
	return err
}

// watchedRows are done when they are closed, or read to their end.
type watchedRows struct {
	Rows
	end func(error)
}

func (r *watchedRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.done()
	return false
}

func (r *watchedRows) Close() {
	r.Rows.Close()
	r.done()
}

func (r *watchedRows) done() {
	if r.end != nil {
		r.end(r.Err())
		r.end = nil
	}
}

type watchedCopier struct {
	*watched
	copier Copier
}

func (w *watchedCopier) CopyFrom(ctx context.Context, table string, columns []string, rows [][]any) (int64, error) {
	ctx, end := w.around(ctx, "COPY INTO "+table)
	n, err := w.copier.CopyFrom(ctx, table, columns, rows)
	end(err)
	return n, err
}
