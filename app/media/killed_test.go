package media_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/tx"
)

var errKilled = errors.New("the process is dead")

// death kills the process at a point: before or after something is done to the
// blob store, before or after a transaction, or right before its commit. From
// then on nothing is done any more.
type death struct {
	at    int // 0: never
	count int
	dead  bool
}

func (d *death) point() error {
	d.count++
	if d.count == d.at {
		d.dead = true
	}
	if d.dead {
		return errKilled
	}
	return nil
}

// mortal is a process that dies.
func (s *studio) mortal(at int) (outfit, *death) {
	d := &death{at: at}
	return outfit{&mortalTx{s.db, d}, &mortalBlobs{s.blobs, d}}, d
}

type mortalTx struct {
	tx.Runner
	*death
}

func (m *mortalTx) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := m.point(); err != nil {
		return err
	}
	err := m.Runner.Do(ctx, func(ctx context.Context) error {
		if err := fn(ctx); err != nil {
			return err
		}
		return m.point()
	})
	if err != nil {
		return err
	}
	return m.point()
}

type mortalBlobs struct {
	blob.Store
	*death
}

// around does something between two points.
func around[T any](d *death, do func() (T, error)) (T, error) {
	var none T
	if err := d.point(); err != nil {
		return none, err
	}
	done, err := do()
	if err != nil {
		return done, err
	}
	if err := d.point(); err != nil {
		return none, err
	}
	return done, nil
}

func (m *mortalBlobs) Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error {
	_, err := around(m.death, func() (int, error) { return 0, m.Store.Put(ctx, key, body, size, contentType) })
	return err
}

func (m *mortalBlobs) Open(ctx context.Context, key string) (blob.Object, error) {
	return around(m.death, func() (blob.Object, error) { return m.Store.Open(ctx, key) })
}

func (m *mortalBlobs) Delete(ctx context.Context, key string) error {
	_, err := around(m.death, func() (int, error) { return 0, m.Store.Delete(ctx, key) })
	return err
}

func (m *mortalBlobs) StartUpload(ctx context.Context, key, contentType string) (blob.Upload, error) {
	return around(m.death, func() (blob.Upload, error) { return m.Store.StartUpload(ctx, key, contentType) })
}

func (m *mortalBlobs) ListParts(ctx context.Context, u blob.Upload) ([]blob.Part, error) {
	return around(m.death, func() ([]blob.Part, error) { return m.Store.ListParts(ctx, u) })
}

func (m *mortalBlobs) CompleteUpload(ctx context.Context, u blob.Upload, parts []blob.Part) (blob.Info, error) {
	return around(m.death, func() (blob.Info, error) { return m.Store.CompleteUpload(ctx, u, parts) })
}

func (m *mortalBlobs) AbortUpload(ctx context.Context, u blob.Upload) error {
	_, err := around(m.death, func() (int, error) { return 0, m.Store.AbortUpload(ctx, u) })
	return err
}

// everywhere runs a rule once for each point at which the process may die, each
// time from the beginning, until it comes through alive.
func everywhere(t *testing.T, rule func(t *testing.T, at int) *death) {
	t.Helper()
	for at := 1; ; at++ {
		d := rule(t, at)
		if t.Failed() {
			t.Fatalf("killed at point %d", at)
		}
		if !d.dead {
			if at < 4 {
				t.Fatalf("there are but %d points", at-1)
			}
			return
		}
	}
}
