package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a write waits for its turn. It is far above what writes
// take: who waits so long waits for itself.
const patience = 30 * time.Second

var errTurn = errors.New("sqlite: no turn to write in a long time: is something written within a Do, without the context of that Do?")

// writer is the one connection that writes. Whoever has the turn has it alone.
type writer struct {
	pool     *sql.DB
	turn     chan struct{} // holds one token while nobody has the turn
	patience time.Duration
	conn     *sql.Conn
	statements

	waits, waited atomic.Int64 // for the turn; how often and how many nanoseconds
}

func newWriter(ctx context.Context, name string) (*writer, error) {
	pool, err := pool(name, 1)
	if err != nil {
		return nil, err
	}
	w := &writer{pool: pool, turn: make(chan struct{}, 1), patience: patience}
	if err := w.connect(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	w.turn <- struct{}{}
	return w, nil
}

func (w *writer) connect(ctx context.Context) (err error) {
	if w.conn, err = w.pool.Conn(ctx); err != nil {
		return err
	}
	w.statements = statements{prepare: w.conn.PrepareContext}
	return nil
}

func (w *writer) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-w.turn:
		return nil
	default:
	}
	w.waits.Add(1)
	defer func(since time.Time) { w.waited.Add(int64(time.Since(since))) }(time.Now())
	timer := time.NewTimer(w.patience)
	defer timer.Stop()
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errTurn
	}
}

func (w *writer) release() { w.turn <- struct{}{} }

// lend hands the pool, and its only connection, to something that wants them whole.
func (w *writer) lend(ctx context.Context, use func(*sql.DB) error) error {
	if err := w.acquire(ctx); err != nil {
		return err
	}
	defer w.release()
	w.forget()
	if err := w.conn.Close(); err != nil {
		return err
	}
	err := use(w.pool)
	return errors.Join(err, w.connect(context.WithoutCancel(ctx)))
}

func (w *writer) close() error {
	<-w.turn
	w.forget()
	return errors.Join(w.conn.Close(), w.pool.Close())
}

// readers are the connections that only read.
type readers struct {
	pool *sql.DB
	statements
}

func newReaders(ctx context.Context, name string, count int) (*readers, error) {
	pool, err := pool(name, count)
	if err != nil {
		return nil, err
	}
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &readers{pool: pool, statements: statements{prepare: pool.PrepareContext}}, nil
}

func (r *readers) close() error {
	r.forget()
	return r.pool.Close()
}

// statements are the prepared statements of a connection or a pool, by text.
type statements struct {
	prepare func(ctx context.Context, query string) (*sql.Stmt, error)

	mu    sync.RWMutex
	known map[string]*sql.Stmt
}

// most is how many are kept: more than sajin has, but for IN lists of many lengths.
const most = 512

// get answers a prepared statement and what to call when it is done with.
func (s *statements) get(ctx context.Context, query string) (*sql.Stmt, func(), error) {
	keep := func() {}
	s.mu.RLock()
	stmt, full := s.known[query], len(s.known) >= most
	s.mu.RUnlock()
	if stmt != nil {
		return stmt, keep, nil
	}
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return nil, nil, err
	}
	if full {
		return stmt, func() { _ = stmt.Close() }, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.known[query]; other != nil {
		_ = stmt.Close()
		return other, keep, nil
	}
	if s.known == nil {
		s.known = map[string]*sql.Stmt{}
	}
	s.known[query] = stmt
	return stmt, keep, nil
}

func (s *statements) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.known {
		_ = stmt.Close()
	}
	s.known = nil
}
