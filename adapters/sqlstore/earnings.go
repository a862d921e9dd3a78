package sqlstore

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
)

const (
	// foldAfter is how many postings behind the snapshot make a new one.
	foldAfter = 500
	// settled is how old a journal is that no transaction can still be about to
	// commit beside: ids are in the order of time, commits need not be.
	settled = time.Hour
)

// Earned implements store.Wallets: the snapshot of the account, and what was
// booked after it.
func (s *Wallets) Earned(ctx context.Context, creator ident.AccountID, account string, now time.Time) (money.Coins, error) {
	base, through, err := s.snapshot(ctx, creator, account)
	if err != nil {
		return 0, wrap("earnings", err)
	}
	horizon := ident.At[ident.JournalID](now.Add(-settled))
	old, folded, err := s.booked(ctx, creator, account, through, horizon)
	if err != nil {
		return 0, wrap("earnings", err)
	}
	recent, _, err := s.booked(ctx, creator, account, later(through, horizon), ident.JournalID{})
	if err != nil {
		return 0, wrap("earnings", err)
	}
	if folded >= foldAfter {
		_, err = s.db.Exec(ctx, `INSERT INTO ledger_snapshots (owner, account, asset, through, balance) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (owner, account, asset) DO UPDATE SET through = excluded.through, balance = excluded.balance
			WHERE ledger_snapshots.through < excluded.through`, creator, account, wallet.Coin, horizon, base+old)
	}
	return base + old + recent, wrap("earnings", err)
}

func (s *Wallets) snapshot(ctx context.Context, owner ident.AccountID, account string) (balance money.Coins, through ident.JournalID, err error) {
	rows, err := s.db.Query(ctx, `SELECT balance, through FROM ledger_snapshots WHERE owner = $1 AND account = $2 AND asset = $3`,
		owner, account, wallet.Coin)
	if err != nil {
		return 0, through, err
	}
	defer rows.Close()
	err = each(rows, func() error { return rows.Scan(&balance, &through) })
	return balance, through, err
}

// booked adds up the postings of journals after one and up to another, zero for
// no bound, and counts them.
func (s *Wallets) booked(ctx context.Context, owner ident.AccountID, account string, after, upTo ident.JournalID) (sum money.Coins, n int64, err error) {
	side := func(name, sign string) (*query, string) {
		q := newQuery(owner, account, wallet.Coin)
		q.where(name + "_owner = $1 AND " + name + "_account = $2 AND asset = $3")
		if !after.IsZero() {
			q.where("journal > ?", after)
		}
		if !upTo.IsZero() {
			q.where("journal <= ?", upTo)
		}
		return q, `SELECT ` + sign + `amount AS amount FROM postings` + q.text()
	}
	q, credits := side("credit", "")
	_, debits := side("debit", "-")
	err = s.db.QueryRow(ctx, `SELECT CAST(coalesce(sum(amount), 0) AS bigint), count(*) FROM (`+credits+` UNION ALL `+debits+`) x`, q.args...).Scan(&sum, &n)
	return sum, n, err
}

func later(a, b ident.JournalID) ident.JournalID {
	if a.Compare(b) > 0 {
		return a
	}
	return b
}

// snapshotsAstray are those that are not what the book says up to their journal.
const snapshotsAstray = `SELECT s.owner, s.account FROM ledger_snapshots s WHERE s.balance <>
		coalesce((SELECT sum(amount) FROM postings p WHERE p.credit_owner = s.owner AND p.credit_account = s.account AND p.asset = s.asset AND p.journal <= s.through), 0) -
		coalesce((SELECT sum(amount) FROM postings p WHERE p.debit_owner = s.owner AND p.debit_account = s.account AND p.asset = s.asset AND p.journal <= s.through), 0)
	ORDER BY s.owner LIMIT ` + mostProblems

func scanSnapshotAstray(row sqldb.Row) (string, error) {
	var owner ident.AccountID
	var account string
	err := row.Scan(&owner, &account)
	return "snapshot of " + account + " of " + owner.String() + " is not what was booked", err
}
