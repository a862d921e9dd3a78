package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

// TopUps is store.TopUps.
type TopUps struct{ db sqldb.DB }

var _ store.TopUps = (*TopUps)(nil)

// NewTopUps makes the store of purchases of coins.
func NewTopUps(db sqldb.DB) *TopUps { return &TopUps{db} }

const topUpColumns = `id, account, pack, coins, bonus, amount, currency, provider, provider_ref, client, state, failure, version,
	created_at, updated_at, expires_at, paid_at`

// Insert implements store.TopUps.
func (s *TopUps) Insert(ctx context.Context, t *wallet.TopUp) error {
	r := t.Record()
	client, err := encodeClient(r.Client)
	if err != nil {
		return wrap("insert top-up", err)
	}
	_, err = s.db.Exec(ctx, `INSERT INTO top_ups (`+topUpColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		r.ID, r.Account, r.Pack.ID, r.Pack.Coins, r.Pack.Bonus, r.Pack.Price.Minor, r.Pack.Price.Currency, r.Provider, r.ProviderRef,
		client, r.State, r.Failure, r.Version, r.CreatedAt, r.UpdatedAt, r.ExpiresAt, r.PaidAt)
	return wrap("insert top-up", err)
}

// Save implements store.TopUps. What was ordered never changes.
func (s *TopUps) Save(ctx context.Context, t *wallet.TopUp) error {
	r := t.Record()
	client, err := encodeClient(r.Client)
	if err != nil {
		return wrap("save top-up", err)
	}
	n, err := s.db.Exec(ctx, `UPDATE top_ups SET provider_ref = $2, client = $3, state = $4, failure = $5, version = $6, updated_at = $7, paid_at = $8
		WHERE id = $1`, r.ID, r.ProviderRef, client, r.State, r.Failure, r.Version, r.UpdatedAt, r.PaidAt)
	if err == nil && n != 1 {
		return wallet.ErrTopUpNotFound
	}
	return wrap("save top-up", err)
}

// encodeClient writes what the page is given as JSON.
func encodeClient(client map[string]string) (string, error) {
	if len(client) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(client)
	return string(text), err
}

// Lock implements store.TopUps.
func (s *TopUps) Lock(ctx context.Context, id ident.TopUpID) (*wallet.TopUp, error) {
	t, err := sqldb.One(ctx, s.db, scanTopUp, `SELECT `+topUpColumns+` FROM top_ups WHERE id = $1`+s.db.Dialect().ForUpdate, id)
	return t, found("lock top-up", err, wallet.ErrTopUpNotFound)
}

// Get implements store.TopUps.
func (s *TopUps) Get(ctx context.Context, id ident.TopUpID) (*wallet.TopUp, error) {
	t, err := sqldb.One(ctx, s.db, scanTopUp, `SELECT `+topUpColumns+` FROM top_ups WHERE id = $1`, id)
	return t, found("read top-up", err, wallet.ErrTopUpNotFound)
}

func scanTopUp(row sqldb.Row) (*wallet.TopUp, error) {
	var r wallet.TopUpRecord
	var client string
	err := row.Scan(&r.ID, &r.Account, &r.Pack.ID, &r.Pack.Coins, &r.Pack.Bonus, &r.Pack.Price.Minor, &r.Pack.Price.Currency, &r.Provider, &r.ProviderRef,
		&client, &r.State, &r.Failure, &r.Version, &r.CreatedAt, &r.UpdatedAt, &r.ExpiresAt, &r.PaidAt)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(client), &r.Client); err != nil {
		return nil, fmt.Errorf("client of top-up %s: %w", r.ID, err)
	}
	return wallet.RestoreTopUp(r), nil
}

// List implements store.TopUps.
func (s *TopUps) List(ctx context.Context, account ident.AccountID, page store.Page) (store.List[store.TopUp], error) {
	q := newQuery()
	q.where("account = ?", account)
	if !page.After.IsZero() {
		q.where("id < ?", ident.TopUpID(page.After.ID))
	}
	topUps, err := sqldb.List(ctx, s.db, scanTopUp, `SELECT `+topUpColumns+` FROM top_ups`+q.text()+` ORDER BY id DESC`+q.limit(page.Limit+1), q.args...)
	return pageOf(topUps, page.Limit,
		func(t *wallet.TopUp) store.Position { return store.Position{At: t.Record().CreatedAt, ID: t.ID()} },
		store.TopUpOf), wrap("list top-ups", err)
}

// ByRef implements store.TopUps.
func (s *TopUps) ByRef(ctx context.Context, provider, ref string) (ident.TopUpID, error) {
	id, err := sqldb.One(ctx, s.db, sqldb.Scalar[ident.TopUpID],
		`SELECT id FROM top_ups WHERE provider = $1 AND provider_ref = $2 AND provider_ref <> ''`, provider, ref)
	return id, found("find top-up", err, wallet.ErrTopUpNotFound)
}

// Unsettled implements store.TopUps.
func (s *TopUps) Unsettled(ctx context.Context, notSince time.Time, limit int) ([]ident.TopUpID, error) {
	ids, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.TopUpID], `SELECT id FROM top_ups
		WHERE state IN ('created', 'awaiting', 'processing') AND updated_at < $1 ORDER BY updated_at, id LIMIT $2`, notSince, limit)
	return ids, wrap("unsettled top-ups", err)
}

// TakeIn implements store.TopUps.
func (s *TopUps) TakeIn(ctx context.Context, m store.WebhookMessage) (fresh bool, err error) {
	n, err := s.db.Exec(ctx, `INSERT INTO webhook_events (provider, dedupe_key, kind, payment_ref, received_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (provider, dedupe_key) DO NOTHING`, m.Provider, m.DedupeKey, m.Kind, m.PaymentRef, m.ReceivedAt)
	return n == 1, wrap("take in webhook", err)
}

// ForgetMessages implements store.TopUps.
func (s *TopUps) ForgetMessages(ctx context.Context, before time.Time) (int64, error) {
	n, err := dropBefore(ctx, s.db, `webhook_events`, `provider, dedupe_key`, `received_at`, before)
	return n, wrap("forget webhooks", err)
}

// Open implements store.TopUps.
func (s *TopUps) Open(ctx context.Context, account ident.AccountID) (n int, err error) {
	err = s.db.QueryRow(ctx, `SELECT count(*) FROM top_ups WHERE account = $1 AND state IN ('created', 'awaiting', 'processing')`, account).Scan(&n)
	return n, wrap("open top-ups", err)
}
