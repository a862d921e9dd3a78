package contract

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

func (b *bank) key(name string) store.IdempotencyKey {
	return store.IdempotencyKey{Account: b.bora, Operation: "buy", Key: name, InputHash: [32]byte{1}}
}

// claim claims a key and answers what was kept, or "fresh".
func (b *bank) claim(t *testing.T, k store.IdempotencyKey) string {
	t.Helper()
	result, fresh, err := b.Keys.Claim(t.Context(), k, b.clock)
	b.must(t, err)
	switch {
	case fresh && result == nil:
		return "fresh"
	case fresh:
		t.Fatalf("it is fresh and has the result %q", result)
	case result == nil:
		return "nothing yet"
	}
	return string(result)
}

func idempotencyKeys(t *testing.T, b *bank) {
	ctx := t.Context()
	is := func(t *testing.T, got, want string) {
		t.Helper()
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	t.Run("a key is fresh once, and then answers what was kept last", func(t *testing.T) {
		k := b.key("a")
		is(t, b.claim(t, k), "fresh")
		is(t, b.claim(t, k), "nothing yet")
		for _, result := range []string{`{"half":"done"}`, `{"memo": "사진 & <b>",  "n":1}`, ``} {
			b.must(t, b.Keys.Finish(ctx, k, []byte(result)))
			is(t, b.claim(t, k), result)
		}
	})
	t.Run("another input is refused, and changes nothing", func(t *testing.T) {
		k := b.key("b")
		is(t, b.claim(t, k), "fresh")
		b.must(t, b.Keys.Finish(ctx, k, []byte("kept")))
		other := k
		other.InputHash[31] = 9
		_, fresh, err := b.Keys.Claim(ctx, other, b.clock)
		dbIs(t, err, store.ErrKeyReused)
		if fresh {
			t.Error("it is fresh")
		}
		is(t, b.claim(t, k), "kept")
	})
	t.Run("another account, operation or key is another one", func(t *testing.T) {
		k := b.key("c")
		is(t, b.claim(t, k), "fresh")
		account, operation := k, k
		account.Account, operation.Operation = b.hana, "subscribe"
		for _, k := range []store.IdempotencyKey{account, operation, b.key("C")} {
			is(t, b.claim(t, k), "fresh")
		}
	})
	t.Run("a key whose transaction failed is fresh again", func(t *testing.T) {
		k, wrong := b.key("d"), errors.New("wrong")
		dbIs(t, b.db.Do(ctx, func(ctx context.Context) error {
			_, _, err := b.Keys.Claim(ctx, k, b.clock)
			b.must(t, err)
			b.must(t, b.Keys.Finish(ctx, k, []byte("x")))
			return wrong
		}), wrong)
		is(t, b.claim(t, k), "fresh")
	})
	t.Run("a key that nobody has used can be reserved, and is claimed with that", func(t *testing.T) {
		k := b.key("r")
		b.must(t, b.db.Do(ctx, func(ctx context.Context) error {
			b.must(t, b.Keys.Reserve(ctx, k, b.clock))
			return b.Keys.Finish(ctx, k, []byte("kept"))
		}))
		is(t, b.claim(t, k), "kept")
	})
	t.Run("who reserves a key that is taken does nothing at all", func(t *testing.T) {
		beside := b.key("beside")
		dbIs(t, b.db.Do(ctx, func(ctx context.Context) error {
			if err := b.Keys.Reserve(ctx, b.key("r"), b.clock); err != nil {
				return err
			}
			return b.Keys.Reserve(ctx, beside, b.clock)
		}), store.ErrKeyTaken)
		is(t, b.claim(t, beside), "fresh")
		is(t, b.claim(t, b.key("r")), "kept")
	})
	t.Run("a result cannot be kept under a key that nobody claimed", func(t *testing.T) {
		if err := b.Keys.Finish(ctx, b.key("e"), []byte("x")); err == nil {
			t.Error("it can")
		}
	})
	t.Run("old keys are forgotten, and may be used for anything", func(t *testing.T) {
		b.clock = b.clock.Add(time.Hour)
		young := b.key("young")
		is(t, b.claim(t, young), "fresh")
		n, err := b.Keys.Forget(ctx, b.clock)
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		is(t, b.claim(t, young), "nothing yet")
		again := b.key("a")
		again.InputHash = [32]byte{7}
		is(t, b.claim(t, again), "fresh")
	})
}

func idempotencyClaims(t *testing.T, b *bank) {
	t.Run("of twenty who claim a key at once one does, and the others hear its result", func(t *testing.T) {
		for round := range 5 {
			k := b.key("race")
			k.Account = ident.New[ident.AccountID](b.ids)
			var fresh, heard atomic.Int64
			for _, err := range atOnce(20, func(int) error {
				return b.db.Do(t.Context(), func(ctx context.Context) error {
					result, first, err := b.Keys.Claim(ctx, k, b.clock)
					switch {
					case err != nil:
						return err
					case first:
						fresh.Add(1)
						return b.Keys.Finish(ctx, k, []byte("done"))
					case string(result) == "done":
						heard.Add(1)
					}
					return nil
				})
			}) {
				b.must(t, err)
			}
			if fresh.Load() != 1 || heard.Load() != 19 {
				t.Fatalf("round %d: %d claimed it, %d heard the result", round, fresh.Load(), heard.Load())
			}
		}
	})
	t.Run("of twenty who reserve a key at once one does, and the others hear that it is taken", func(t *testing.T) {
		k := b.key("reserved")
		reserved, taken := 0, 0
		for _, err := range atOnce(20, func(int) error {
			return b.db.Do(t.Context(), func(ctx context.Context) error { return b.Keys.Reserve(ctx, k, b.clock) })
		}) {
			switch {
			case err == nil:
				reserved++
			case errors.Is(err, store.ErrKeyTaken):
				taken++
			default:
				t.Error(err)
			}
		}
		if reserved != 1 || taken != 19 {
			t.Errorf("%d reserved it, %d heard that it is taken", reserved, taken)
		}
	})
	t.Run("of twenty who find a key given back one takes it, and the others hear that", func(t *testing.T) {
		k := b.key("given back")
		b.claim(t, k)
		b.must(t, b.Keys.Finish(t.Context(), k, []byte("free")))
		var took atomic.Int64
		for _, err := range atOnce(20, func(int) error {
			return b.db.Do(t.Context(), func(ctx context.Context) error {
				result, _, err := b.Keys.Claim(ctx, k, b.clock)
				if err != nil || string(result) != "free" {
					return err
				}
				took.Add(1)
				return b.Keys.Finish(ctx, k, []byte("taken"))
			})
		}) {
			b.must(t, err)
		}
		if took.Load() != 1 {
			t.Errorf("%d took it", took.Load())
		}
	})
}
