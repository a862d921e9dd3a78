package sqlstore

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/store"
)

// Stock is store.Stock.
type Stock struct{ db sqldb.DB }

var _ store.Stock = (*Stock)(nil)

// NewStock makes the store of what is compared with the blob store.
func NewStock(db sqldb.DB) *Stock { return &Stock{db} }

// Holdings implements store.Stock.
func (s *Stock) Holdings(ctx context.Context, after ident.MediaID, limit int) ([]media.Holding, error) {
	q := newQuery()
	if !after.IsZero() {
		q.where("id > ?", after)
	}
	page := q.text() + ` ORDER BY id` + q.limit(limit)
	holdings, err := s.holdings(ctx, page, q.args...)
	return holdings, wrap("list holdings", err)
}

// Holding implements store.Stock.
func (s *Stock) Holding(ctx context.Context, id ident.MediaID) (media.Holding, error) {
	holdings, err := s.holdings(ctx, ` WHERE id = $1`, id)
	switch {
	case err != nil:
		return media.Holding{}, wrap("read holding", err)
	case len(holdings) == 0:
		return media.Holding{}, media.ErrNotFound
	}
	return holdings[0], nil
}

// holdings reads the media first: what is said to be ready then has its
// renditions, and what has lost them was deleted.
func (s *Stock) holdings(ctx context.Context, page string, args ...any) ([]media.Holding, error) {
	var holdings []media.Holding
	renditions := map[ident.MediaID][]media.Object{}
	var b sqldb.Batch
	b.Query(collect(&holdings, scanHolding), `SELECT id, state, retryable, size, updated_at, deleted_at FROM media`+page, args...)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var id ident.MediaID
			var o media.Object
			err := rows.Scan(&id, &o.Key, &o.Size)
			renditions[id] = append(renditions[id], o)
			return err
		})
	}, `SELECT media, key, size FROM renditions WHERE media IN (SELECT id FROM media`+page+`) ORDER BY media, position`, args...)
	if err := s.db.Send(ctx, &b); err != nil {
		return nil, err
	}
	for i, h := range holdings {
		holdings[i].Renditions = renditions[h.ID]
	}
	return holdings, nil
}

func scanHolding(row sqldb.Row) (h media.Holding, err error) {
	err = row.Scan(&h.ID, &h.State, &h.Retryable, &h.Size, &h.UpdatedAt, &h.DeletedAt)
	return h, err
}

// Unattached implements store.Stock.
func (s *Stock) Unattached(ctx context.Context, state media.State, since time.Time, after ident.MediaID, limit int) ([]store.Unattached, error) {
	q := newQuery(state, since)
	q.where("NOT attached AND deleted_at IS NULL AND state = $1 AND updated_at < $2")
	q.where("NOT EXISTS (SELECT 1 FROM accounts a WHERE a.avatar = media.id)") // set by a server that does not mark them yet
	if !after.IsZero() {
		q.where("id > ?", after)
	}
	list, err := sqldb.List(ctx, s.db, func(row sqldb.Row) (u store.Unattached, err error) {
		err = row.Scan(&u.ID, &u.Bytes)
		return u, err
	}, `SELECT id, CAST(size + coalesce((SELECT sum(r.size) FROM renditions r WHERE r.media = media.id), 0) AS bigint)
		FROM media`+q.text()+` ORDER BY id`+q.limit(limit), q.args...)
	return list, wrap("unattached media", err)
}

// Overdue implements store.Stock.
func (s *Stock) Overdue(ctx context.Context, now time.Time) (n, bytes int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT count(*), CAST(coalesce(sum(size), 0) AS bigint) FROM uploads
		WHERE state = 'open' AND expires_at <= $1`, now).Scan(&n, &bytes)
	return n, bytes, wrap("count overdue uploads", err)
}

// SaveCheck implements store.Stock.
func (s *Stock) SaveCheck(ctx context.Context, check store.StorageCheck) error {
	var b sqldb.Batch
	for _, f := range check.Findings {
		b.Exec(`INSERT INTO storage_checks (kind, found, bytes, removed, checked_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (kind) DO UPDATE SET found = excluded.found, bytes = excluded.bytes, removed = excluded.removed, checked_at = excluded.checked_at`,
			f.Kind, f.Found, f.Bytes, f.Removed, check.At)
	}
	return wrap("save storage check", s.db.Send(ctx, &b))
}

// LastCheck implements store.Stock.
func (s *Stock) LastCheck(ctx context.Context) (check store.StorageCheck, err error) {
	check.Findings, err = sqldb.List(ctx, s.db, func(row sqldb.Row) (f store.Finding, err error) {
		err = row.Scan(&f.Kind, &f.Found, &f.Bytes, &f.Removed, &check.At)
		return f, err
	}, `SELECT kind, found, bytes, removed, checked_at FROM storage_checks ORDER BY kind`)
	return check, wrap("read storage check", err)
}
