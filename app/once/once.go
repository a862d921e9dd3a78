// Package once makes an operation take effect once however often it is asked
// for, after the IETF draft on the Idempotency-Key header: the key is claimed,
// the effect made and the result kept in one transaction.
package once

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Keep is how long a key is remembered.
const Keep = 7 * 24 * time.Hour

// Guard makes operations idempotent.
type Guard struct {
	tx   tx.Runner
	keys store.Idempotency
	now  func() time.Time
}

// New makes a Guard.
func New(tx tx.Runner, keys store.Idempotency, now func() time.Time) *Guard {
	return &Guard{tx: tx, keys: keys, now: now}
}

// Do runs fn in a transaction unless the account has done the operation with
// this key before: then it answers the result of that time, and replayed. It
// fails with store.ErrKeyReused if the input was another one then. What fails
// leaves no trace, so the same key may be used to try again.
//
// Most keys are fresh: fn begins as if this one were, and hears with its first
// question if it is not.
func Do[T any](ctx context.Context, g *Guard, account ident.AccountID, operation, key string, input any,
	fn func(ctx context.Context) (T, error),
) (result T, replayed bool, err error) {
	k, err := Key(account, operation, key, input)
	if err != nil {
		return result, false, err
	}
	result, err = first(ctx, g, k, fn)
	if errors.Is(err, store.ErrKeyTaken) {
		return again(ctx, g, k, fn)
	}
	return result, false, err
}

// first runs fn as if nobody had used the key; store.ErrKeyTaken if somebody has.
func first[T any](ctx context.Context, g *Guard, k store.IdempotencyKey, fn func(ctx context.Context) (T, error)) (result T, err error) {
	err = g.tx.Do(ctx, func(ctx context.Context) (err error) {
		if err := g.keys.Reserve(ctx, k, g.now()); err != nil {
			return err
		}
		result, err = run(ctx, g, k, fn)
		return err
	})
	return result, err
}

// again answers what was kept under a key; if it was forgotten meanwhile, it
// runs fn.
func again[T any](ctx context.Context, g *Guard, k store.IdempotencyKey, fn func(ctx context.Context) (T, error)) (result T, replayed bool, err error) {
	err = g.tx.Do(ctx, func(ctx context.Context) error {
		kept, fresh, err := g.keys.Claim(ctx, k, g.now())
		if err != nil {
			return err
		}
		result = *new(T) // what a try that was rolled back has left
		if replayed = !fresh; replayed {
			return Replay(kept, &result)
		}
		result, err = run(ctx, g, k, fn)
		return err
	})
	return result, replayed, err
}

// run runs fn and keeps what it answers.
func run[T any](ctx context.Context, g *Guard, k store.IdempotencyKey, fn func(ctx context.Context) (T, error)) (result T, err error) {
	if result, err = fn(ctx); err != nil {
		return result, err
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		return result, fmt.Errorf("encode result of %s: %w", k.Operation, err)
	}
	return result, g.keys.Finish(ctx, k, encoded)
}

// Key names the attempt, with a digest of its input.
func Key(account ident.AccountID, operation, key string, input any) (store.IdempotencyKey, error) {
	encoded, err := json.Marshal(input)
	if err != nil {
		return store.IdempotencyKey{}, fmt.Errorf("encode input of %s: %w", operation, err)
	}
	return store.IdempotencyKey{Account: account, Operation: operation, Key: key, InputHash: sha256.Sum256(encoded)}, nil
}

// Replay reads a kept result; store.ErrKeyRunning if none was kept yet.
func Replay[T any](kept []byte, result *T) error {
	if kept == nil {
		return store.ErrKeyRunning
	}
	if err := json.Unmarshal(kept, result); err != nil {
		return fmt.Errorf("decode kept result: %w", err)
	}
	return nil
}
