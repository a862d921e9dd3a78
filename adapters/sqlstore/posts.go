// Package sqlstore is every store of sajin, written once in SQL that PostgreSQL
// and SQLite both speak. What they speak differently is the business of sqldb;
// what a row means is that of the domain.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Posts is store.Posts.
type Posts struct{ db sqldb.DB }

var _ store.Posts = (*Posts)(nil)

// NewPosts makes the store of posts.
func NewPosts(db sqldb.DB) *Posts { return &Posts{db} }

// Insert implements store.Posts.
func (s *Posts) Insert(ctx context.Context, p *content.Post) error {
	r := p.Record()
	var b sqldb.Batch
	b.Exec(`INSERT INTO posts (id, author, caption, caption_locked, category, visibility, price_coins, kind, state, merged,
			version, created_at, publish_at, published_at, edited_at, deleted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		r.ID, r.Author, r.Caption, r.CaptionLocked, r.Category, r.Terms.Visibility, r.Terms.Price, r.Kind, r.State, r.Merged,
		r.Version, r.CreatedAt, r.PublishAt, r.PublishedAt, r.EditedAt, r.DeletedAt)
	b.Exec(`INSERT INTO post_counts (post, likes, comments, views, sales) VALUES ($1, 0, 0, 0, 0)`, r.ID)
	insertParts(&b, r)
	return wrap("insert post", s.db.Later(ctx, &b))
}

// Save implements store.Posts.
func (s *Posts) Save(ctx context.Context, p *content.Post) error {
	r := p.Record()
	var b sqldb.Batch
	b.ExecOne(content.ErrNotFound, `UPDATE posts SET caption = $2, caption_locked = $3, category = $4, visibility = $5,
			price_coins = $6, kind = $7, state = $8, merged = $9, version = $10, publish_at = $11, published_at = $12, edited_at = $13,
			deleted_at = $14
		WHERE id = $1`,
		r.ID, r.Caption, r.CaptionLocked, r.Category, r.Terms.Visibility,
		r.Terms.Price, r.Kind, r.State, r.Merged, r.Version, r.PublishAt, r.PublishedAt, r.EditedAt, r.DeletedAt)
	b.Exec(`DELETE FROM post_tags WHERE post = $1`, r.ID)
	b.Exec(`DELETE FROM post_media WHERE post = $1`, r.ID)
	insertParts(&b, r)
	return wrap("save post", s.db.Later(ctx, &b))
}

// insertParts adds the rows of a post's media and tags. The tags of a post that
// is not published carry no time and so are on no tag page.
func insertParts(b *sqldb.Batch, r content.Record) {
	var visible time.Time
	if r.State == content.Published {
		visible = r.PublishedAt
	}
	media, tags := newQuery(r.ID), newQuery(r.ID, visible)
	for i, id := range r.Media {
		media.row("$1, ?, ?", i, id)
	}
	for i, tag := range r.Tags {
		tags.row("$1, ?, ?, $2", i, tag)
	}
	if len(r.Media) > 0 {
		b.Exec(media.insert(`INSERT INTO post_media (post, position, media)`), media.args...)
	}
	if len(r.Tags) > 0 {
		b.Exec(tags.insert(`INSERT INTO post_tags (post, position, tag, published_at)`), tags.args...)
	}
}

// Lock implements store.Posts.
func (s *Posts) Lock(ctx context.Context, id ident.PostID) (*content.Post, error) {
	return s.one(ctx, "lock post", id, s.db.Dialect().ForUpdate)
}

// Get implements store.Posts.
func (s *Posts) Get(ctx context.Context, id ident.PostID) (*content.Post, error) {
	return s.one(ctx, "read post", id, "")
}

func (s *Posts) one(ctx context.Context, attempt string, id ident.PostID, lock string) (*content.Post, error) {
	r, err := sqldb.One(ctx, s.db, scanPost, `SELECT id, author, caption, caption_locked, category, visibility, price_coins,
			kind, state, merged, version, created_at, publish_at, published_at, edited_at, deleted_at
		FROM posts WHERE id = $1`+lock, id)
	if err != nil {
		return nil, found(attempt, err, content.ErrNotFound)
	}
	var b sqldb.Batch
	b.Query(collect(&r.Media, sqldb.Scalar[ident.MediaID]), `SELECT media FROM post_media WHERE post = $1 ORDER BY position`, id)
	b.Query(collect(&r.Tags, sqldb.Scalar[string]), `SELECT tag FROM post_tags WHERE post = $1 ORDER BY position`, id)
	if err := s.db.Send(ctx, &b); err != nil {
		return nil, wrap(attempt, err)
	}
	return content.RestorePost(r), nil
}

func scanPost(row sqldb.Row) (r content.Record, err error) {
	err = row.Scan(&r.ID, &r.Author, &r.Caption, &r.CaptionLocked, &r.Category, &r.Terms.Visibility, &r.Terms.Price,
		&r.Kind, &r.State, &r.Merged, &r.Version, &r.CreatedAt, &r.PublishAt, &r.PublishedAt, &r.EditedAt, &r.DeletedAt)
	return r, err
}

// Waiting implements store.Posts.
func (s *Posts) Waiting(ctx context.Context, media ident.MediaID) ([]ident.PostID, error) {
	ids, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.PostID], `SELECT p.id FROM post_media m JOIN posts p ON p.id = m.post
		WHERE m.media = $1 AND p.state = 'processing' ORDER BY p.id`, media)
	return ids, wrap("waiting posts", err)
}

// Showing implements store.Posts.
func (s *Posts) Showing(ctx context.Context, media ident.MediaID) ([]ident.PostID, error) {
	ids, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.PostID], `SELECT p.id FROM post_media m JOIN posts p ON p.id = m.post
		WHERE m.media = $1 AND p.state = 'published' ORDER BY p.id`, media)
	return ids, wrap("posts that show a medium", err)
}

// Crowded implements store.Posts.
func (s *Posts) Crowded(ctx context.Context, media []ident.MediaID, limit int, aside ident.PostID) (ident.MediaID, error) {
	if len(media) == 0 {
		return ident.MediaID{}, nil
	}
	q := newQuery(aside, limit)
	crowded, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.MediaID], `SELECT m.media FROM post_media m JOIN posts p ON p.id = m.post
		WHERE m.media`+in(q, media)+` AND p.state <> 'deleted' AND p.id <> $1
		GROUP BY m.media HAVING count(*) >= $2 ORDER BY m.media LIMIT 1`, q.args...)
	if err != nil || len(crowded) == 0 {
		return ident.MediaID{}, wrap("posts of media", err)
	}
	return crowded[0], nil
}

// Overdue implements store.Posts.
func (s *Posts) Overdue(ctx context.Context, limit int) ([]ident.PostID, error) {
	ids, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.PostID], `SELECT p.id FROM posts p WHERE p.state = 'processing' AND NOT EXISTS (
			SELECT 1 FROM post_media w LEFT JOIN media m ON m.id = w.media AND m.state = 'ready' WHERE w.post = p.id AND m.id IS NULL)
		ORDER BY p.id LIMIT $1`, limit)
	return ids, wrap("overdue posts", err)
}

// Remaining implements store.Posts.
func (s *Posts) Remaining(ctx context.Context, author ident.AccountID, limit int) ([]ident.PostID, error) {
	ids, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.PostID], `SELECT id FROM posts
		WHERE author = $1 AND state <> 'deleted' ORDER BY id LIMIT $2`, author, limit)
	return ids, wrap("remaining posts", err)
}

// Recent implements store.Posts.
func (s *Posts) Recent(ctx context.Context, author ident.AccountID, limit int) ([]time.Time, error) {
	times, err := sqldb.List(ctx, s.db, sqldb.Scalar[time.Time], `SELECT published_at FROM posts
		WHERE author = $1 AND state = 'published' ORDER BY published_at DESC, id DESC LIMIT $2`, author, limit)
	return times, wrap("recent posts", err)
}

// Shows implements store.Posts.
func (s *Posts) Shows(ctx context.Context, media ident.MediaID) (bool, error) {
	var shows bool
	err := s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM post_media m JOIN posts p ON p.id = m.post WHERE m.media = $1
		AND (p.state <> 'deleted' OR EXISTS (SELECT 1 FROM purchases k WHERE k.post = p.id)))`, media).Scan(&shows)
	return shows, wrap("posts with medium", err)
}

// Terms implements store.Posts. The lock is shared: a post that many buy at once
// keeps none of them waiting.
func (s *Posts) Terms(ctx context.Context, id ident.PostID) (author store.Author, terms content.Terms, err error) {
	err = s.db.QueryRow(ctx, `SELECT author, coalesce((SELECT handle FROM accounts a WHERE a.id = p.author AND a.deleted_at IS NULL), ''), visibility, price_coins
		FROM posts p WHERE id = $1 AND state = 'published'`+s.db.Dialect().ForShare, id).
		Scan(&author.ID, &author.Handle, &terms.Visibility, &terms.Price)
	if err == nil && author.Handle == "" { // who has left shows nothing
		err = sqldb.ErrNoRows
	}
	return author, terms, found("terms of post", err, content.ErrNotFound)
}

// wrap says what was attempted.
func wrap(attempt string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", attempt, err)
}

// soon is sqldb.Soon, and says what was attempted.
func soon[T any](ctx context.Context, db sqldb.DB, attempt string, b *sqldb.Batch, answer func() (T, error)) tx.Soon[T] {
	asked := sqldb.Soon(ctx, db, b, answer)
	return func() (T, error) {
		answer, err := asked()
		return answer, wrap(attempt, err)
	}
}

// found turns "no rows" into the module's own answer.
func found(attempt string, err, missing error) error {
	if errors.Is(err, sqldb.ErrNoRows) {
		return missing
	}
	return wrap(attempt, err)
}

// collect reads all rows of a batch's query into dest.
func collect[T any](dest *[]T, scan func(sqldb.Row) (T, error)) func(sqldb.Rows) error {
	return func(rows sqldb.Rows) error {
		all, err := sqldb.Collect(rows, scan)
		*dest = all
		return err
	}
}

var _ store.PostCounters = (*Posts)(nil)

// CountPosts implements store.PostCounters.
func (s *Posts) CountPosts(ctx context.Context, by map[ident.AccountID]int64) error {
	return count(ctx, s.db, `UPDATE account_counts SET posts = posts + $2 WHERE account = $1`, by)
}

// CountSales implements store.PostCounters.
func (s *Posts) CountSales(ctx context.Context, by map[ident.PostID]int64) error {
	return count(ctx, s.db, `UPDATE post_counts SET sales = sales + $2 WHERE post = $1`, by)
}

// count adds to counters, in the order of their ids: others may be adding to the
// same ones.
func count[K any](ctx context.Context, db sqldb.DB, update string, by map[ident.ID[K]]int64) error {
	var b sqldb.Batch
	for _, id := range slices.SortedFunc(maps.Keys(by), ident.ID[K].Compare) {
		b.Exec(update, id, by[id])
	}
	return wrap("count", db.Later(ctx, &b))
}
