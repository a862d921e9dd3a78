package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Wallets is store.Wallets.
type Wallets struct{ db sqldb.DB }

var _ store.Wallets = (*Wallets)(nil)

// NewWallets makes the store of coins and of the journal.
func NewWallets(db sqldb.DB) *Wallets { return &Wallets{db} }

// Lock implements store.Wallets.
func (s *Wallets) Lock(ctx context.Context, account ident.AccountID) (*wallet.Wallet, error) {
	return s.Locking(ctx, account)()
}

// Locking implements store.Wallets. The row is made when it is missing, because
// one cannot lock what is not there.
func (s *Wallets) Locking(ctx context.Context, account ident.AccountID) tx.Soon[*wallet.Wallet] {
	var (
		paid, bonus money.Coins
		lots        []*wallet.Lot
		b           sqldb.Batch
	)
	b.Exec(`INSERT INTO wallets (account, paid, bonus, updated_at) VALUES ($1, 0, 0, $2) ON CONFLICT (account) DO NOTHING`,
		account, time.Unix(0, 0))
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error { return rows.Scan(&paid, &bonus) })
	}, `SELECT paid, bonus FROM wallets WHERE account = $1`+s.db.Dialect().ForUpdate, account)
	b.Query(collect(&lots, scanLot), `SELECT id, account, kind, origin, top_up, granted, remaining, value, currency, created_at, expires_at
		FROM lots WHERE account = $1 AND remaining > 0`, account)
	return soon(ctx, s.db, "lock wallet", &b, func() (*wallet.Wallet, error) { return wallet.RestoreWallet(account, paid, bonus, lots), nil })
}

func scanLot(row sqldb.Row) (*wallet.Lot, error) {
	var l wallet.Lot
	err := row.Scan(&l.ID, &l.Account, &l.Kind, &l.Origin, &l.TopUp, &l.Granted, &l.Remaining, &l.Value.Minor, &l.Value.Currency,
		&l.CreatedAt, &l.ExpiresAt)
	return &l, err
}

// Save implements store.Wallets.
func (s *Wallets) Save(ctx context.Context, w *wallet.Wallet) error {
	var b sqldb.Batch
	journals := w.Journals()
	if len(journals) == 0 {
		return nil
	}
	b.ExecOne(fmt.Errorf("wallet of %s was not locked", w.Owner()),
		`UPDATE wallets SET paid = $2, bonus = $3, updated_at = $4 WHERE account = $1`,
		w.Owner(), w.Paid(), w.Bonus(), journals[len(journals)-1].At)
	for _, draw := range w.Draws() {
		b.Exec(`UPDATE lots SET remaining = $2, value = $3 WHERE id = $1`, draw.Lot.ID, draw.Lot.Remaining, draw.Lot.Value.Minor)
	}
	for _, l := range w.Added() {
		b.Exec(`INSERT INTO lots (id, account, kind, origin, top_up, granted, remaining, value, currency, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			l.ID, l.Account, l.Kind, l.Origin, l.TopUp, l.Granted, l.Remaining, l.Value.Minor, l.Value.Currency, l.CreatedAt, l.ExpiresAt)
	}
	for _, j := range journals {
		book(&b, j)
	}
	return wrap("save wallet", s.db.Later(ctx, &b))
}

// book writes a journal; ErrBooked if its reference was booked before.
func book(b *sqldb.Batch, j wallet.Journal) {
	b.ExecOne(store.ErrBooked, `INSERT INTO journals (id, kind, reference, owner, subject, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (reference) DO NOTHING`, j.ID, j.Kind, j.Reference, j.Owner, ident.PostID(j.Subject), j.At)
	for i, p := range j.Postings {
		b.Exec(`INSERT INTO postings (journal, line, debit_account, debit_owner, credit_account, credit_owner, asset, amount)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			j.ID, i, p.Debit.Name, p.Debit.Owner, p.Credit.Name, p.Credit.Owner, p.Asset, p.Amount)
	}
}

// Balance implements store.Wallets.
func (s *Wallets) Balance(ctx context.Context, account ident.AccountID, now time.Time) (store.Balance, error) {
	var balance store.Balance
	err := s.db.QueryRow(ctx, `SELECT CAST(coalesce(sum(CASE WHEN kind = 'paid' THEN remaining ELSE 0 END), 0) AS bigint),
			CAST(coalesce(sum(CASE WHEN kind = 'bonus' THEN remaining ELSE 0 END), 0) AS bigint)
		FROM lots WHERE account = $1 AND remaining > 0 AND (expires_at IS NULL OR expires_at > $2)`, account, now).
		Scan(&balance.Paid, &balance.Bonus)
	balance.Total = balance.Paid + balance.Bonus
	return balance, wrap("balance", err)
}

// Expired implements store.Wallets.
func (s *Wallets) Expired(ctx context.Context, now time.Time, after ident.AccountID, limit int) ([]ident.AccountID, error) {
	q := newQuery(now)
	q.where("remaining > 0 AND expires_at IS NOT NULL AND expires_at <= $1")
	if !after.IsZero() {
		q.where("account > ?", after)
	}
	accounts, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.AccountID], `SELECT DISTINCT account FROM lots`+q.text()+
		` ORDER BY account`+q.limit(limit), q.args...)
	return accounts, wrap("expired lots", err)
}
