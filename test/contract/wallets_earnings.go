package contract

import (
	"context"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
)

func walletEarnings(t *testing.T, b *bank) {
	ctx := t.Context()
	const many = 700
	earned := func(t *testing.T, want money.Coins) {
		t.Helper()
		for range 2 { // the second one stands on what the first one kept
			got, err := b.Wallets.Earned(ctx, b.hana, wallet.CreatorPending, b.clock)
			if err != nil || got != want {
				t.Fatalf("earned %d, %v: not %d", got, err, want)
			}
		}
	}
	snapshots := func(t *testing.T) int64 {
		t.Helper()
		n, err := sqldb.One(ctx, b.db, sqldb.Scalar[int64], `SELECT count(*) FROM ledger_snapshots`)
		b.must(t, err)
		return n
	}
	b.sell(t, many, 3)
	t.Run("what was just booked is not in a snapshot, because older ids may still be committed", func(t *testing.T) {
		earned(t, 3*many)
		if snapshots(t) != 0 {
			t.Error("there is one")
		}
	})
	t.Run("what is settled is kept in one, and what comes after is added", func(t *testing.T) {
		b.clock = b.clock.Add(2 * time.Hour)
		earned(t, 3*many)
		if snapshots(t) != 1 {
			t.Error("there is none")
		}
		b.sell(t, 5, 7)
		earned(t, 3*many+35)
		b.clock = b.clock.Add(2 * time.Hour)
		b.sell(t, many, 1)
		b.clock = b.clock.Add(2 * time.Hour)
		earned(t, 4*many+35)
	})
	t.Run("what is taken away again counts", func(t *testing.T) {
		b.must(t, b.db.Do(ctx, func(ctx context.Context) error {
			return b.transfer(ctx, "creator.pending", b.hana, "platform.fee", ident.AccountID{}, 100)
		}))
		earned(t, 4*many+35-100)
	})
	t.Run("a snapshot that the book does not bear out is seen", func(t *testing.T) {
		_, err := b.db.Exec(ctx, `UPDATE ledger_snapshots SET balance = balance + 1`)
		b.must(t, err)
		tb, err := b.Wallets.TrialBalance(ctx)
		b.must(t, err)
		if tb.Balanced {
			t.Error("it is not")
		}
	})
}

// sell books n sales of hana's, as far as her earnings go.
func (b *bank) sell(t *testing.T, n int, coins int64) {
	t.Helper()
	b.must(t, b.db.Do(t.Context(), func(ctx context.Context) error {
		for range n {
			if err := b.transfer(ctx, "mint.bonus", ident.AccountID{}, "creator.pending", b.hana, coins); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (b *bank) transfer(ctx context.Context, from string, owner ident.AccountID, to string, receiver ident.AccountID, coins int64) error {
	id := ident.New[ident.JournalID](b.ids)
	var batch sqldb.Batch
	batch.Exec(`INSERT INTO journals (id, kind, reference, at) VALUES ($1, 'grant', $2, $3)`, id, "test:"+id.String(), b.clock)
	batch.Exec(`INSERT INTO postings (journal, line, debit_account, debit_owner, credit_account, credit_owner, asset, amount)
		VALUES ($1, 0, $2, $3, $4, $5, 'COIN', $6)`, id, from, owner, to, receiver, coins)
	return b.db.Send(ctx, &batch)
}
