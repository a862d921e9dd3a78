package sqlstore

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/store"
)

// Uploads is store.Uploads.
type Uploads struct{ db sqldb.DB }

var _ store.Uploads = (*Uploads)(nil)

// NewUploads makes the store of files on their way in.
func NewUploads(db sqldb.DB) *Uploads { return &Uploads{db} }

// Insert implements store.Uploads.
func (s *Uploads) Insert(ctx context.Context, u *media.Upload) error {
	r := u.Record()
	_, err := s.db.Exec(ctx, `INSERT INTO uploads (id, media, owner, filename, content_type, size, sha256, part_size, blob_key, blob_ref,
			state, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.ID, r.Medium, r.Owner, r.Filename, r.ContentType, r.Size, r.SHA256, r.PartSize, r.Key, r.Ref, r.State, r.CreatedAt, r.ExpiresAt)
	return wrap("insert upload", err)
}

// Save implements store.Uploads.
func (s *Uploads) Save(ctx context.Context, u *media.Upload) error {
	r := u.Record()
	n, err := s.db.Exec(ctx, `UPDATE uploads SET blob_ref = $2, state = $3 WHERE id = $1`, r.ID, r.Ref, r.State)
	if err == nil && n != 1 {
		return media.ErrUploadNotFound
	}
	return wrap("save upload", err)
}

// Get implements store.Uploads.
func (s *Uploads) Get(ctx context.Context, id ident.UploadID) (*media.Upload, error) {
	return s.one(ctx, "read upload", ` WHERE id = $1`, id)
}

// Lock implements store.Uploads.
func (s *Uploads) Lock(ctx context.Context, id ident.UploadID) (*media.Upload, error) {
	return s.one(ctx, "lock upload", ` WHERE id = $1`+s.db.Dialect().ForUpdate, id)
}

// OfMedium implements store.Uploads.
func (s *Uploads) OfMedium(ctx context.Context, id ident.MediaID) (*media.Upload, error) {
	return s.one(ctx, "read upload of medium", ` WHERE media = $1`, id)
}

func (s *Uploads) one(ctx context.Context, attempt, where string, id any) (*media.Upload, error) {
	u, err := sqldb.One(ctx, s.db, scanUpload, `SELECT id, media, owner, filename, content_type, size, sha256, part_size, blob_key, blob_ref,
			state, created_at, expires_at
		FROM uploads`+where, id)
	if err != nil {
		return nil, found(attempt, err, media.ErrUploadNotFound)
	}
	return u, nil
}

func scanUpload(row sqldb.Row) (*media.Upload, error) {
	var r media.UploadRecord
	err := row.Scan(&r.ID, &r.Medium, &r.Owner, &r.Filename, &r.ContentType, &r.Size, &r.SHA256, &r.PartSize, &r.Key, &r.Ref,
		&r.State, &r.CreatedAt, &r.ExpiresAt)
	return media.RestoreUpload(r), err
}

// Overdue implements store.Uploads.
func (s *Uploads) Overdue(ctx context.Context, now time.Time, limit int) ([]ident.UploadID, error) {
	ids, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.UploadID], `SELECT id FROM uploads
		WHERE state = 'open' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2`, now, limit)
	return ids, wrap("overdue uploads", err)
}

// Usage implements store.Uploads.
func (s *Uploads) Usage(ctx context.Context, owner ident.AccountID, now time.Time) (media.Usage, error) {
	return s.usage(ctx, "", owner, now)
}

// LockUsage implements store.Uploads. The row is made when it is missing,
// because one cannot lock what is not there; uploads are counted behind the lock.
func (s *Uploads) LockUsage(ctx context.Context, owner ident.AccountID, now time.Time) (media.Usage, error) {
	_, err := s.db.Exec(ctx, `INSERT INTO media_usage (owner, bytes) VALUES ($1, 0) ON CONFLICT (owner) DO NOTHING`, owner)
	if err != nil {
		return media.Usage{}, wrap("usage", err)
	}
	return s.usage(ctx, s.db.Dialect().ForUpdate, owner, now)
}

func (s *Uploads) usage(ctx context.Context, lock string, owner ident.AccountID, now time.Time) (u media.Usage, err error) {
	var b sqldb.Batch
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error { return rows.Scan(&u.Bytes) })
	}, `SELECT bytes FROM media_usage WHERE owner = $1`+lock, owner)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error { return rows.Scan(&u.Open) })
	}, `SELECT count(*) FROM uploads WHERE owner = $1 AND state = 'open' AND expires_at > $2`, owner, now)
	return u, wrap("usage", s.db.Send(ctx, &b))
}
