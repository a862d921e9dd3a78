package sqldb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const retries = 3

var (
	errOver     = errors.New("sqldb: the transaction of this context is over")
	errPanicked = errors.New("sqldb: a function within the transaction panicked")
)

// AfterCommit runs fn once the outermost transaction that ctx carries has
// committed, or at once when there is none. When the transaction rolls back,
// or is run again, fn is dropped: the next run hands in its own.
//
// It is for wake-up calls and caches. What must not be lost goes to the outbox:
// a process may die between its commit and fn.
func AfterCommit(ctx context.Context, fn func()) {
	if running, ok := ctx.Value(innermost{}).(interface{ afterCommit(func()) }); ok {
		running.afterCommit(fn)
		return
	}
	fn()
}

// Conn is one open transaction of a driver. After Commit or Rollback, whatever
// they answer, the connection is free and carries no transaction.
type Conn interface {
	Commit(ctx context.Context) error
	Rollback(ctx context.Context) error
}

// Transactions are the transactions of one database; drivers build their Do on
// it. Two databases never mix theirs, also not in one context.
type Transactions[C Conn] struct {
	begin func(context.Context) (C, error)
}

// NewTransactions makes the transactions of a database from what begins one.
func NewTransactions[C Conn](begin func(context.Context) (C, error)) *Transactions[C] {
	return &Transactions[C]{begin: begin}
}

type (
	carried[C Conn] struct{ by *Transactions[C] } // the key of a database's own transaction
	innermost       struct{}                      // the key of the transaction that was begun or joined last
)

// Current is the transaction that ctx carries, or nil. One that is over is an
// error: it must not turn into writes outside any transaction.
func (r *Transactions[C]) Current(ctx context.Context) (*Transaction[C], error) {
	t, _ := ctx.Value(carried[C]{r}).(*Transaction[C])
	if t == nil {
		return nil, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != running {
		return nil, errOver
	}
	return t, nil
}

// Do is what tx.Runner promises.
func (r *Transactions[C]) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	outer, err := r.Current(ctx)
	if err != nil {
		return err
	}
	if outer != nil {
		return outer.join(ctx, fn)
	}
	for attempt := 0; ; attempt++ {
		conflict, err := r.once(ctx, fn)
		if !conflict || attempt == retries || !pause(ctx, attempt) {
			return err
		}
	}
}

// once runs fn in a transaction of its own and tells whether it lost against
// another one.
func (r *Transactions[C]) once(ctx context.Context, fn func(ctx context.Context) error) (conflict bool, err error) {
	conn, err := r.begin(ctx)
	if err != nil {
		return errors.Is(err, ErrConflict), fmt.Errorf("begin: %w", err)
	}
	t := &Transaction[C]{Conn: conn}
	detached := context.WithoutCancel(ctx) // a request that went away must not leave a transaction behind
	defer func() {
		if t.giveUp() { // fn failed, panicked or ended its goroutine
			_ = conn.Rollback(detached) // nothing hangs on it: a driver drops a connection that cannot roll back
		}
	}()

	err = fn(t.carry(ctx, r))
	failure := t.failed()
	if err == nil {
		err = failure
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return errors.Is(err, ErrConflict) || errors.Is(failure, ErrConflict), err
	}
	t.end(committing)
	if err := conn.Commit(detached); err != nil {
		t.end(rolledBack)
		return errors.Is(err, ErrConflict), fmt.Errorf("commit: %w", err)
	}
	t.end(committed)
	for _, hook := range t.hooks {
		hook()
	}
	return false, nil
}

// pause waits before the next attempt; it tells whether there should be one.
func pause(ctx context.Context, attempt int) bool {
	base := 5 * time.Millisecond << (2 * attempt) // 5, 20, 80 ms, and up to twice as much again
	timer := time.NewTimer(base + rand.N(2*base)) //nolint:gosec // jitter may be guessed
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

type state uint8

const (
	running state = iota
	committing
	committed
	rolledBack
)

// Transaction is a running transaction; for drivers.
type Transaction[C Conn] struct {
	Conn C

	mu      sync.Mutex
	state   state
	failure error // the first one; whoever swallows it, the transaction will not commit
	hooks   []func()
}

// Failed notes that a statement failed and hands err on; nil is no failure. It
// may be called on a nil transaction.
func (t *Transaction[C]) Failed(err error) error {
	if t != nil && err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.failure == nil {
			t.failure = fmt.Errorf("sqldb: the transaction failed earlier: %w", err)
		}
	}
	return err
}

// Doomed is the failure that keeps the transaction from committing, or nil. A
// database that would go on after a failed statement asks for it first.
func (t *Transaction[C]) Doomed() error { return t.failed() }

func (t *Transaction[C]) failed() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failure
}

func (t *Transaction[C]) carry(ctx context.Context, r *Transactions[C]) context.Context {
	return context.WithValue(context.WithValue(ctx, carried[C]{r}, t), innermost{}, t)
}

func (t *Transaction[C]) join(ctx context.Context, fn func(ctx context.Context) error) error {
	returned := false
	defer func() {
		if !returned {
			_ = t.Failed(errPanicked)
		}
	}()
	err := fn(context.WithValue(ctx, innermost{}, t))
	returned = true
	return t.Failed(err)
}

// giveUp ends a transaction that has not come to its commit; it says false when
// it has.
func (t *Transaction[C]) giveUp() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != running {
		return false
	}
	t.state = rolledBack
	return true
}

// end moves a transaction on; it says false when it was past that already.
func (t *Transaction[C]) end(to state) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == committed || t.state == rolledBack {
		return false
	}
	t.state = to
	return true
}

func (t *Transaction[C]) afterCommit(fn func()) {
	t.mu.Lock()
	if t.state == running {
		t.hooks = append(t.hooks, fn)
		t.mu.Unlock()
		return
	}
	now := t.state == committed
	t.mu.Unlock()
	if now {
		fn()
	}
}
