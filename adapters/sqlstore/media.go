package sqlstore

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/store"
)

// Media is store.Media.
type Media struct{ db sqldb.DB }

var _ store.Media = (*Media)(nil)

// NewMedia makes the store of media.
func NewMedia(db sqldb.DB) *Media { return &Media{db} }

// Insert implements store.Media.
func (s *Media) Insert(ctx context.Context, m *media.Medium) error {
	r := m.Record()
	var b sqldb.Batch
	b.Exec(`INSERT INTO media (id, owner, purpose, state, stage, progress, attempt, error_code, retryable, original, size, sha256,
			kind, content_type, width, height, duration_ms, blurhash, dominant, alt, attached, created_at, updated_at, deleted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`,
		r.ID, r.Owner, r.Purpose, r.State, r.Stage, r.Progress, r.Attempt, r.Failure.Code, r.Failure.Retryable, r.Original, r.Size, r.SHA256,
		r.Kind, r.ContentType, r.Width, r.Height, r.Duration.Milliseconds(), r.Blurhash, r.Dominant, r.Alt, r.Attached, r.CreatedAt, r.UpdatedAt, r.DeletedAt)
	b.Exec(`INSERT INTO media_usage (owner, bytes) VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET bytes = media_usage.bytes + excluded.bytes`,
		r.Owner, r.Size+made(r))
	insertRenditions(&b, r)
	return wrap("insert medium", s.db.Send(ctx, &b))
}

// Save implements store.Media.
func (s *Media) Save(ctx context.Context, m *media.Medium) error {
	r := m.Record()
	var b sqldb.Batch
	if m.Deleted() {
		b.Exec(`UPDATE media_usage SET bytes = bytes - $2 WHERE owner = $1
			AND EXISTS (SELECT 1 FROM media WHERE id = $3 AND deleted_at IS NULL)`, r.Owner, r.Size, r.ID)
	}
	if size := made(r); size > 0 || m.Deleted() {
		b.Exec(`UPDATE media_usage SET bytes = bytes + $2 - (SELECT coalesce(sum(size), 0) FROM renditions WHERE media = $3) WHERE owner = $1`,
			r.Owner, size, r.ID)
	}
	b.ExecOne(media.ErrNotFound, `UPDATE media SET state = $2, stage = $3, progress = $4, attempt = $5, error_code = $6, retryable = $7, sha256 = $8,
			kind = $9, content_type = $10, width = $11, height = $12, duration_ms = $13, blurhash = $14, dominant = $15,
			alt = $16, updated_at = $17, deleted_at = $18
		WHERE id = $1`,
		r.ID, r.State, r.Stage, r.Progress, r.Attempt, r.Failure.Code, r.Failure.Retryable, r.SHA256,
		r.Kind, r.ContentType, r.Width, r.Height, r.Duration.Milliseconds(), r.Blurhash, r.Dominant, r.Alt, r.UpdatedAt, r.DeletedAt)
	b.Exec(`DELETE FROM renditions WHERE media = $1`, r.ID)
	insertRenditions(&b, r)
	return wrap("save medium", s.db.Send(ctx, &b))
}

// made is how many bytes were made of the file. They count: of a file of a few
// kilobytes come megabytes, if its sender wants that.
func made(r media.Record) (size int64) {
	for _, n := range r.Renditions {
		size += n.Size
	}
	return size
}

func insertRenditions(b *sqldb.Batch, r media.Record) {
	for i, n := range r.Renditions {
		b.Exec(`INSERT INTO renditions (media, name, position, preview, key, content_type, width, height, size)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, r.ID, n.Name, i, n.Preview, n.Key, n.ContentType, n.Width, n.Height, n.Size)
	}
}

// Lock implements store.Media.
func (s *Media) Lock(ctx context.Context, id ident.MediaID) (*media.Medium, error) {
	found, err := s.LockAll(ctx, []ident.MediaID{id})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, media.ErrNotFound
	}
	return found[0], nil
}

// LockAll implements store.Media. What belongs to the rows is read behind their
// locks, or it might be older than they are.
func (s *Media) LockAll(ctx context.Context, ids []ident.MediaID) ([]*media.Medium, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	q := newQuery()
	theirs := in(q, ids)
	var records []media.Record
	renditions := map[ident.MediaID][]media.Rendition{}
	var b sqldb.Batch
	b.Query(collect(&records, scanMedium), `SELECT id, owner, purpose, state, stage, progress, attempt, error_code, retryable, original, size, sha256,
			kind, content_type, width, height, duration_ms, blurhash, dominant, alt, attached, created_at, updated_at, deleted_at
		FROM media WHERE id`+theirs+` ORDER BY id`+s.db.Dialect().ForUpdate, q.args...)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var id ident.MediaID
			var n media.Rendition
			err := rows.Scan(&id, &n.Name, &n.Preview, &n.Key, &n.ContentType, &n.Width, &n.Height, &n.Size)
			renditions[id] = append(renditions[id], n)
			return err
		})
	}, `SELECT media, name, preview, key, content_type, width, height, size FROM renditions WHERE media`+theirs+` ORDER BY media, position`, q.args...)
	if err := s.db.Send(ctx, &b); err != nil {
		return nil, wrap("lock media", err)
	}
	all := make([]*media.Medium, len(records))
	for i, r := range records {
		r.Renditions = renditions[r.ID]
		all[i] = media.RestoreMedium(r)
	}
	return all, nil
}

func scanMedium(row sqldb.Row) (r media.Record, err error) {
	var ms int64
	err = row.Scan(&r.ID, &r.Owner, &r.Purpose, &r.State, &r.Stage, &r.Progress, &r.Attempt, &r.Failure.Code, &r.Failure.Retryable,
		&r.Original, &r.Size, &r.SHA256, &r.Kind, &r.ContentType, &r.Width, &r.Height, &ms, &r.Blurhash, &r.Dominant, &r.Alt,
		&r.Attached, &r.CreatedAt, &r.UpdatedAt, &r.DeletedAt)
	r.Duration = time.Duration(ms) * time.Millisecond
	return r, err
}

// Attach implements store.Media.
func (s *Media) Attach(ctx context.Context, ids []ident.MediaID) error {
	if len(ids) == 0 {
		return nil
	}
	q := newQuery()
	var b sqldb.Batch
	b.Exec(`UPDATE media SET attached = TRUE WHERE NOT attached AND id`+in(q, ids), q.args...)
	return wrap("attach media", s.db.Later(ctx, &b))
}

// Progress implements store.Media.
func (s *Media) Progress(ctx context.Context, id ident.MediaID, attempt int, stage string, percent int) error {
	_, err := s.db.Exec(ctx, `UPDATE media SET stage = $3, progress = $4
		WHERE id = $1 AND attempt = $2 AND state IN ('inspecting', 'processing') AND deleted_at IS NULL`, id, attempt, stage, percent)
	return wrap("note progress", err)
}

// Remaining implements store.Media.
func (s *Media) Remaining(ctx context.Context, owner ident.AccountID, after ident.MediaID, limit int) ([]ident.MediaID, error) {
	q := newQuery(owner)
	q.where("owner = $1 AND deleted_at IS NULL")
	if !after.IsZero() {
		q.where("id > ?", after)
	}
	ids, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.MediaID], `SELECT id FROM media`+q.text()+` ORDER BY id`+q.limit(limit), q.args...)
	return ids, wrap("remaining media", err)
}

// View implements store.Media.
func (s *Media) View(ctx context.Context, owner ident.AccountID, id ident.MediaID) (*store.Medium, error) {
	var views []*store.Medium
	renditions := []store.Rendition{}
	var b sqldb.Batch
	b.Query(collect(&views, scanMediumView), `SELECT id, state, stage, progress, attempt, error_code, retryable, kind, width, height, duration_ms,
			alt, blurhash, dominant, updated_at
		FROM media WHERE id = $1 AND owner = $2 AND deleted_at IS NULL`, id, owner)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var r store.Rendition
			err := rows.Scan(&r.Name, &r.ContentType, &r.Width, &r.Height, &r.Key, &r.Preview)
			renditions = append(renditions, r)
			return err
		})
	}, `SELECT name, content_type, width, height, key, preview FROM renditions WHERE media = $1 ORDER BY position`, id)
	if err := s.db.Send(ctx, &b); err != nil {
		return nil, wrap("view medium", err)
	}
	if len(views) == 0 {
		return nil, media.ErrNotFound
	}
	views[0].Renditions = renditions
	return views[0], nil
}

func scanMediumView(row sqldb.Row) (*store.Medium, error) {
	var (
		m       store.Medium
		failure store.MediumError
		updated time.Time
	)
	err := row.Scan(&m.ID, &m.State, &m.Stage, &m.Progress, &m.Attempt, &failure.Code, &failure.Retryable, &m.Kind, &m.Width, &m.Height, &m.DurationMS,
		&m.Alt, &m.Placeholder.Blurhash, &m.Placeholder.Dominant, &updated)
	if failure.Code != "" {
		m.Error = &failure
	}
	m.Version = media.Version(updated)
	return &m, err
}
