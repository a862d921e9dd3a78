package sqlstore

import (
	"context"
	"encoding/binary"
	"encoding/json"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Edits is store.Edits.
type Edits struct{ db sqldb.DB }

var _ store.Edits = (*Edits)(nil)

// NewEdits makes the store of former versions of posts.
func NewEdits(db sqldb.DB) *Edits { return &Edits{db} }

// Append implements store.Edits.
func (s *Edits) Append(ctx context.Context, f content.Former) error {
	media := make([]store.FormerMedium, len(f.Media))
	for i, id := range f.Media {
		media[i] = store.FormerMedium{ID: id, Alt: f.Alts[i]}
	}
	tags, err := json.Marshal(append([]string{}, f.Tags...))
	if err != nil {
		return wrap("keep former version", err)
	}
	described, err := json.Marshal(media)
	if err != nil {
		return wrap("keep former version", err)
	}
	var b sqldb.Batch
	b.Exec(`INSERT INTO post_edits (post, version, caption, caption_locked, tags, category, visibility, price_coins, media, replaced_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		f.Post, f.Version, f.Caption, f.CaptionLocked, string(tags), f.Category, f.Terms.Visibility, f.Terms.Price, string(described), f.ReplacedAt)
	b.Exec(`DELETE FROM post_edits WHERE post = $1 AND (SELECT count(*) FROM post_edits WHERE post = $1) > $2
		AND version = (SELECT min(version) FROM post_edits WHERE post = $1 AND version > (SELECT min(version) FROM post_edits WHERE post = $1))`,
		f.Post, content.MaxEdits)
	return wrap("keep former version", s.db.Send(ctx, &b))
}

// List implements store.Edits. The id of a position is the version.
func (s *Edits) List(ctx context.Context, post ident.PostID, page store.Page) (store.List[*store.PostEdit], error) {
	q := newQuery(post)
	q.where("post = $1")
	if !page.After.IsZero() {
		q.where("version < ?", int64(binary.BigEndian.Uint64(page.After.ID[8:])))
	}
	edits, err := sqldb.List(ctx, s.db, scanEdit, `SELECT version, replaced_at, caption, caption_locked, tags, category, visibility, price_coins, media
		FROM post_edits`+q.text()+` ORDER BY version DESC`+q.limit(page.Limit+1), q.args...)
	return pageOf(edits, page.Limit, func(e *store.PostEdit) store.Position {
		p := store.Position{At: e.ReplacedAt}
		binary.BigEndian.PutUint64(p.ID[8:], uint64(e.Version))
		return p
	}, func(e *store.PostEdit) *store.PostEdit { return e }), wrap("former versions", err)
}

func scanEdit(row sqldb.Row) (*store.PostEdit, error) {
	var e store.PostEdit
	var tags, media string
	if err := row.Scan(&e.Version, &e.ReplacedAt, &e.Caption, &e.CaptionLocked, &tags, &e.Category, &e.Visibility, &e.PriceCoins, &media); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(tags), &e.Tags); err != nil {
		return nil, err
	}
	return &e, json.Unmarshal([]byte(media), &e.Media)
}

// Forget implements store.Edits.
func (s *Edits) Forget(ctx context.Context, author ident.AccountID, limit int) (posts int64, err error) {
	ids, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.PostID], `SELECT p.id FROM posts p
		WHERE p.author = $1 AND EXISTS (SELECT 1 FROM post_edits e WHERE e.post = p.id) ORDER BY p.id LIMIT $2`, author, limit)
	if err != nil || len(ids) == 0 {
		return 0, wrap("forget former versions", err)
	}
	var b sqldb.Batch
	for _, id := range ids {
		b.Exec(`DELETE FROM post_edits WHERE post = $1`, id)
	}
	return int64(len(ids)), wrap("forget former versions", s.db.Send(ctx, &b))
}
