package sqlite

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestTurn(t *testing.T) {
	t.Run("a write that waits for its own transaction is told so", func(t *testing.T) {
		outside := t.Context()
		db, err := Open(outside, Memory, Options{})
		if err != nil {
			t.Fatal(err)
		}
		db.writer.patience = 10 * time.Millisecond
		err = db.Do(outside, func(context.Context) error {
			_, err := db.Exec(outside, "CREATE TABLE t (n INTEGER)")
			return err
		})
		if !errors.Is(err, errTurn) {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
