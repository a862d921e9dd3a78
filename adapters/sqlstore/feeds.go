package sqlstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Feeds is store.Feeds.
type Feeds struct{ db sqldb.DB }

var _ store.Feeds = (*Feeds)(nil)

// NewFeeds makes the reader of posts.
func NewFeeds(db sqldb.DB) *Feeds { return &Feeds{db} }

// viewed is a post in a list, with the place that it has there.
type viewed struct {
	post *store.Post
	at   store.Position
}

// viewColumns are a post's own columns and what the viewer, always $1, has to
// do with it. They go with viewTables.
const viewColumns = `p.id, p.author, a.handle, a.display_name, coalesce(av.key, ''), p.caption, p.caption_locked, p.category, p.visibility,
	p.price_coins, p.kind, p.state, p.version, c.likes, c.comments, c.views, c.sales, p.created_at, p.publish_at, p.published_at, p.edited_at,
	b.id IS NOT NULL, s.subscriber IS NOT NULL`

const viewTables = ` JOIN accounts a ON a.id = p.author
	JOIN post_counts c ON c.post = p.id
	LEFT JOIN renditions av ON av.media = a.avatar AND av.name = 'w320'
	LEFT JOIN purchases b ON b.buyer = $1 AND b.post = p.id
	LEFT JOIN subscriptions s ON s.subscriber = $1 AND s.creator = p.author`

func scanViewed(row sqldb.Row) (viewed, error) {
	var (
		v                      = viewed{post: &store.Post{}}
		p                      = v.post
		sales                  int64
		due, published, edited time.Time
	)
	err := row.Scan(&v.at.At, (*ident.PostID)(&v.at.ID), &p.ID, &p.Author.ID, &p.Author.Handle, &p.Author.DisplayName, &p.Author.AvatarKey,
		&p.Caption, &p.CaptionLocked, &p.Category, &p.Visibility,
		&p.PriceCoins, &p.Kind, &p.State, &p.Version, &p.Counts.Likes, &p.Counts.Comments, &p.Counts.Views, &sales,
		&p.CreatedAt, &due, &published, &edited, &p.Purchased, &p.Subscribed)
	p.Counts.Sales = &sales
	p.PublishAt, p.PublishedAt, p.EditedAt = optional(due), optional(published), optional(edited)
	return v, err
}

// Post implements store.Feeds.
func (s *Feeds) Post(ctx context.Context, viewer ident.AccountID, id ident.PostID) (*store.Post, error) {
	posts, err := s.list(ctx, `SELECT p.created_at, p.id, `+viewColumns+` FROM posts p`+viewTables+`
		WHERE p.id = $2 AND (p.state = 'published' AND a.deleted_at IS NULL OR p.author = $1 AND p.state <> 'deleted' OR b.id IS NOT NULL)`, viewer, id)
	if err != nil {
		return nil, wrap("read post", err)
	}
	if len(posts) == 0 {
		return nil, content.ErrNotFound
	}
	return posts[0].post, nil
}

// Newest implements store.Feeds.
func (s *Feeds) Newest(ctx context.Context, viewer ident.AccountID, f store.Filter, page store.Page) (store.List[*store.Post], error) {
	q := newQuery(viewer)
	from, order := "posts p", "p.published_at DESC, p.id DESC"
	if f.Tag != "" {
		from, order = "post_tags t JOIN posts p ON p.id = t.post", "t.published_at DESC, t.post DESC"
		q.where("t.tag = ? AND t.published_at IS NOT NULL", f.Tag) // PostgreSQL has NULL first, and would pass over every draft
		q.after("t.published_at", "t.post", page.After)
	} else {
		q.after("p.published_at", "p.id", page.After)
	}
	q.where("p.state = 'published' AND a.deleted_at IS NULL")
	if !f.Author.IsZero() {
		q.where("p.author = ?", f.Author)
	}
	if f.Category != "" {
		q.where("p.category = ?", f.Category)
	}
	if f.Kind != "" {
		q.where("p.kind = ?", f.Kind)
	}
	switch f.Price {
	case "free":
		q.where("p.price_coins = 0")
	case "paid":
		q.where("p.price_coins > 0")
	}
	posts, err := s.list(ctx, `SELECT p.published_at, p.id, `+viewColumns+` FROM `+from+viewTables+q.text()+
		` ORDER BY `+order+q.limit(page.Limit+1), q.args...)
	return pageOf(posts, page.Limit, viewed.position, viewed.view), wrap("newest posts", err)
}

// Own implements store.Feeds.
func (s *Feeds) Own(ctx context.Context, author ident.AccountID, state content.State, page store.Page) (store.List[*store.Post], error) {
	q := newQuery(author)
	q.where("p.author = $1 AND p.state <> 'deleted'")
	if state != "" {
		q.where("p.state = ?", state)
	}
	if !page.After.IsZero() {
		q.where("p.id < ?", ident.PostID(page.After.ID))
	}
	posts, err := s.list(ctx, `SELECT p.created_at, p.id, `+viewColumns+` FROM posts p`+viewTables+q.text()+
		` ORDER BY p.id DESC`+q.limit(page.Limit+1), q.args...)
	return pageOf(posts, page.Limit, viewed.position, viewed.view), wrap("own posts", err)
}

// Inbox implements store.Feeds. Two sources are merged: what was delivered, and
// the posts of creators with too many subscribers to deliver to. Both are held
// against the subscription as it is now, so that what a delivery wrote while
// the subscriber left is not seen. Whatever is not seen is left out before the
// page is cut: a short page would be taken for the last one.
//
// What was delivered is walked entry by entry until the page is full: joins, and
// the want of a limit that limits nothing, would have PostgreSQL read and sort
// the whole inbox, in which it expects to find little.
func (s *Feeds) Inbox(ctx context.Context, account ident.AccountID, page store.Page) (store.List[*store.Post], error) {
	q := newQuery(account)
	limit := q.arg(page.Limit + 1)
	delivered, merged := "", ""
	if !page.After.IsZero() {
		at, id := q.arg(page.After.At), q.arg(ident.PostID(page.After.ID))
		delivered = " AND (e.published_at, e.post) < (" + at + ", " + id + ")"
		merged = " AND (m.published_at, m.id) < (" + at + ", " + id + ")"
	}
	posts, err := s.list(ctx, `SELECT p.published_at, p.id, `+viewColumns+` FROM (
			SELECT post FROM (
				SELECT * FROM (
					SELECT at, post FROM (
						SELECT e.published_at AS at, e.post AS post,
							(SELECT f.inbox_from FROM subscriptions f WHERE f.subscriber = e.account AND f.creator = e.author) AS since,
							(SELECT d.state FROM posts d WHERE d.id = e.post) AS state,
							(SELECT o.deleted_at FROM accounts o WHERE o.id = e.author) AS gone
						FROM inbox_entries e WHERE e.account = $1`+delivered+` ORDER BY e.published_at DESC, e.post DESC LIMIT 9223372036854775807) e
					WHERE since <= at AND state = 'published' AND gone IS NULL ORDER BY at DESC, post DESC LIMIT `+limit+`) x
				UNION
				SELECT * FROM (
					SELECT m.published_at AS at, m.id AS post FROM subscriptions f
					JOIN posts m ON m.author = f.creator AND m.state = 'published' AND m.merged AND m.published_at >= f.inbox_from
					JOIN accounts o ON o.id = f.creator AND o.deleted_at IS NULL
					WHERE f.subscriber = $1`+merged+` ORDER BY m.published_at DESC, m.id DESC LIMIT `+limit+`) y
			) u ORDER BY at DESC, post DESC LIMIT `+limit+`
		) i JOIN posts p ON p.id = i.post`+viewTables+`
		ORDER BY p.published_at DESC, p.id DESC`, q.args...)
	return pageOf(posts, page.Limit, viewed.position, viewed.view), wrap("inbox", err)
}

// Library implements store.Feeds.
func (s *Feeds) Library(ctx context.Context, account ident.AccountID, page store.Page) (store.List[*store.LibraryItem], error) {
	q := newQuery(account)
	q.where("k.buyer = $1")
	if !page.After.IsZero() {
		q.where("k.id < ?", ident.PurchaseID(page.After.ID))
	}
	type bought struct {
		viewed
		receipt store.Receipt
	}
	rows, err := sqldb.List(ctx, s.db, func(row sqldb.Row) (b bought, err error) {
		b.receipt, err = scanReceipt(row)
		return b, err
	}, `SELECT `+receiptColumns+` FROM purchases k JOIN accounts a ON a.id = k.seller`+q.text()+
		` ORDER BY k.id DESC`+q.limit(page.Limit+1), q.args...)
	if err != nil {
		return store.List[*store.LibraryItem]{}, wrap("library", err)
	}
	if len(rows) == 0 {
		return store.List[*store.LibraryItem]{}, nil
	}
	args := []any{account}
	for _, row := range rows {
		args = append(args, row.receipt.PostID)
	}
	posts, err := s.list(ctx, `SELECT p.created_at, p.id, `+viewColumns+` FROM posts p`+viewTables+
		` WHERE p.id IN (`+sqldb.Placeholders(2, len(rows))+`)`, args...)
	if err != nil {
		return store.List[*store.LibraryItem]{}, wrap("library", err)
	}
	byID := make(map[ident.PostID]*store.Post, len(posts))
	for _, v := range posts {
		byID[v.post.ID] = v.post
	}
	for i := range rows {
		rows[i].post = byID[rows[i].receipt.PostID]
		rows[i].at = store.Position{At: rows[i].receipt.At, ID: rows[i].receipt.ID}
	}
	return pageOf(rows, page.Limit, func(b bought) store.Position { return b.at }, func(b bought) *store.LibraryItem {
		return &store.LibraryItem{Post: b.post, Purchase: b.receipt}
	}), nil
}

// list reads posts, and then the tags, media and renditions of them all.
func (s *Feeds) list(ctx context.Context, query string, args ...any) ([]viewed, error) {
	posts, err := sqldb.List(ctx, s.db, scanViewed, query, args...)
	if err != nil || len(posts) == 0 {
		return nil, err
	}
	ids := make([]any, len(posts))
	byID := make(map[ident.PostID]*store.Post, len(posts))
	for i, v := range posts {
		ids[i] = v.post.ID
		v.post.Tags, v.post.Media = []string{}, []store.PostMedium{}
		byID[v.post.ID] = v.post
	}
	in := ` IN (` + sqldb.Placeholders(1, len(ids)) + `)`

	var b sqldb.Batch
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var post ident.PostID
			var tag string
			if err := rows.Scan(&post, &tag); err != nil {
				return err
			}
			byID[post].Tags = append(byID[post].Tags, tag)
			return nil
		})
	}, `SELECT post, tag FROM post_tags WHERE post`+in+` ORDER BY post, position`, ids...)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var post ident.PostID
			m := store.PostMedium{Renditions: []store.Rendition{}}
			if err := rows.Scan(&post, &m.ID, &m.Kind, &m.State, &m.Width, &m.Height, &m.DurationMS, &m.Alt,
				&m.Placeholder.Blurhash, &m.Placeholder.Dominant); err != nil {
				return err
			}
			byID[post].Media = append(byID[post].Media, m)
			return nil
		})
	}, `SELECT pm.post, m.id, m.kind, m.state, m.width, m.height, m.duration_ms, m.alt, m.blurhash, m.dominant
		FROM post_media pm JOIN media m ON m.id = pm.media WHERE pm.post`+in+` ORDER BY pm.post, pm.position`, ids...)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var post ident.PostID
			var media ident.MediaID
			var r store.Rendition
			if err := rows.Scan(&post, &media, &r.Name, &r.ContentType, &r.Width, &r.Height, &r.Key, &r.Preview); err != nil {
				return err
			}
			for i := range byID[post].Media {
				if m := &byID[post].Media[i]; m.ID == media {
					m.Renditions = append(m.Renditions, r)
				}
			}
			return nil
		})
	}, `SELECT pm.post, r.media, r.name, r.content_type, r.width, r.height, r.key, r.preview
		FROM post_media pm JOIN renditions r ON r.media = pm.media WHERE pm.post`+in+` ORDER BY pm.post, r.media, r.position`, ids...)
	return posts, s.db.Send(ctx, &b)
}

func (v viewed) position() store.Position { return v.at }
func (v viewed) view() *store.Post        { return v.post }

// pageOf cuts rows that were read one too many into a page.
func pageOf[R, T any](rows []R, limit int, at func(R) store.Position, item func(R) T) store.List[T] {
	var l store.List[T]
	if len(rows) > limit {
		rows = rows[:limit]
		l.Next = at(rows[limit-1])
	}
	l.Items = make([]T, len(rows))
	for i, row := range rows {
		l.Items[i] = item(row)
	}
	return l
}

// each calls visit for every row; for the functions of a Batch.
func each(rows sqldb.Rows, visit func() error) error {
	for rows.Next() {
		if err := visit(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// optional makes a time that may be missing.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// query gathers conditions and their arguments.
type query struct {
	conditions []string
	args       []any
}

func newQuery(args ...any) *query { return &query{args: args} }

// arg adds an argument and answers its placeholder.
func (q *query) arg(value any) string {
	q.args = append(q.args, value)
	return "$" + strconv.Itoa(len(q.args))
}

// where adds a condition; each ? stands for the next of values.
func (q *query) where(condition string, values ...any) {
	for _, value := range values {
		condition = strings.Replace(condition, "?", q.arg(value), 1)
	}
	q.conditions = append(q.conditions, condition)
}

// after adds the condition of a list by time and id, newest first.
func (q *query) after(at, id string, p store.Position) {
	if !p.IsZero() {
		q.where("("+at+", "+id+") < (?, ?)", p.At, ident.PostID(p.ID))
	}
}

func (q *query) text() string {
	if len(q.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(q.conditions, " AND ")
}

func (q *query) limit(n int) string { return " LIMIT " + q.arg(n) }
