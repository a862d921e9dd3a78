package sqlstore

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Feeds is store.Feeds. A page takes one query that finds the posts and what
// the viewer has to do with them, and another round trip for those whose views
// are not at hand.
type Feeds struct {
	db    sqldb.DB
	views *views
}

var _ store.Feeds = (*Feeds)(nil)

// NewFeeds makes the reader of posts.
func NewFeeds(db sqldb.DB) *Feeds { return &Feeds{db, newViews(db)} }

// listing is a post in a list, before it is read: the place that it has there,
// which state of it is to be shown, and what the viewer, always $1, has to do
// with it.
type listing struct {
	at         store.Position
	published  bool
	version    version
	purchased  bool
	subscribed bool
}

// foundColumns go with foundTables, behind the two columns of the position.
const foundColumns = `p.state = 'published', p.version, a.version, ` + viewerColumns

const viewerColumns = `EXISTS (SELECT 1 FROM purchases b WHERE b.buyer = $1 AND b.post = p.id),
	p.visibility = 'subscribers' AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber = $1 AND s.creator = p.author)`

const foundTables = ` JOIN accounts a ON a.id = p.author`

func scanListing(row sqldb.Row) (l listing, err error) {
	err = row.Scan(&l.at.At, (*ident.PostID)(&l.at.ID), &l.published, &l.version.post, &l.version.author, &l.purchased, &l.subscribed)
	return l, err
}

// Post implements store.Feeds.
func (s *Feeds) Post(ctx context.Context, viewer ident.AccountID, id ident.PostID) (*store.Post, error) {
	var l listing
	var b sqldb.Batch
	byID := map[ident.PostID]*store.Post{}
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() (err error) {
			byID[id], err = scanView(rows, &l.purchased, &l.subscribed)
			return err
		})
	}, `SELECT `+viewColumns+`, `+viewerColumns+` FROM `+viewTables+`
		WHERE p.id = $2 AND (p.state = 'published' AND a.deleted_at IS NULL OR p.author = $1 AND p.state <> 'deleted'
			OR EXISTS (SELECT 1 FROM purchases b WHERE b.buyer = $1 AND b.post = p.id))`, viewer, id)
	details(&b, byID, " = $1", []any{id})
	if err := s.db.Send(ctx, &b); err != nil {
		return nil, wrap("read post", err)
	}
	if byID[id] == nil {
		return nil, content.ErrNotFound
	}
	return l.of(byID[id]), nil
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
	posts, err := s.list(ctx, page.Limit, `SELECT p.published_at, p.id, `+foundColumns+` FROM `+from+foundTables+q.text()+
		` ORDER BY `+order+limit(page.Limit+1), q.args...)
	return posts, wrap("newest posts", err)
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
	posts, err := s.read(ctx, s.views.fresh, page.Limit, `SELECT p.created_at, p.id, `+foundColumns+` FROM posts p`+foundTables+q.text()+
		` ORDER BY p.id DESC`+limit(page.Limit+1), q.args...)
	return posts, wrap("own posts", err)
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
	most := limit(page.Limit + 1)
	delivered, merged := "", ""
	if !page.After.IsZero() {
		at, id := q.arg(page.After.At), q.arg(ident.PostID(page.After.ID))
		delivered = " AND (e.published_at, e.post) < (" + at + ", " + id + ")"
		merged = " AND (m.published_at, m.id) < (" + at + ", " + id + ")"
	}
	posts, err := s.list(ctx, page.Limit, `SELECT p.published_at, p.id, `+foundColumns+` FROM (
			SELECT post FROM (
				SELECT * FROM (
					SELECT at, post FROM (
						SELECT e.published_at AS at, e.post AS post,
							(SELECT f.inbox_from FROM subscriptions f WHERE f.subscriber = e.account AND f.creator = e.author) AS since,
							(SELECT d.state FROM posts d WHERE d.id = e.post) AS state,
							(SELECT o.deleted_at FROM accounts o WHERE o.id = e.author) AS gone
						FROM inbox_entries e WHERE e.account = $1`+delivered+` ORDER BY e.published_at DESC, e.post DESC LIMIT 9223372036854775807) e
					WHERE since <= at AND state = 'published' AND gone IS NULL ORDER BY at DESC, post DESC`+most+`) x
				UNION
				SELECT * FROM (
					SELECT m.published_at AS at, m.id AS post FROM subscriptions f
					JOIN posts m ON m.author = f.creator AND m.state = 'published' AND m.merged AND m.published_at >= f.inbox_from
					JOIN accounts o ON o.id = f.creator AND o.deleted_at IS NULL
					WHERE f.subscriber = $1`+merged+` AND EXISTS (SELECT 1 FROM posts WHERE state = 'published' AND merged)
					ORDER BY m.published_at DESC, m.id DESC`+most+`) y
			) u ORDER BY at DESC, post DESC`+most+`
		) i JOIN posts p ON p.id = i.post`+foundTables+`
		ORDER BY p.published_at DESC, p.id DESC`, q.args...)
	return posts, wrap("inbox", err)
}

// Library implements store.Feeds.
func (s *Feeds) Library(ctx context.Context, account ident.AccountID, page store.Page) (store.List[*store.LibraryItem], error) {
	q := newQuery(account)
	q.where("k.buyer = $1")
	if !page.After.IsZero() {
		q.where("k.id < ?", ident.PurchaseID(page.After.ID))
	}
	receipts, err := sqldb.List(ctx, s.db, scanReceipt, `SELECT `+receiptColumns+` FROM purchases k JOIN accounts a ON a.id = k.seller`+q.text()+
		` ORDER BY k.id DESC`+limit(page.Limit+1), q.args...)
	if err != nil {
		return store.List[*store.LibraryItem]{}, wrap("library", err)
	}
	if len(receipts) == 0 {
		return store.List[*store.LibraryItem]{}, nil
	}
	bought := make([]ident.PostID, len(receipts))
	for i, r := range receipts {
		bought[i] = r.PostID
	}
	q = newQuery(account)
	posts, err := s.list(ctx, len(receipts), `SELECT p.created_at, p.id, `+foundColumns+` FROM posts p`+foundTables+
		` WHERE p.id`+in(q, bought), q.args...)
	if err != nil {
		return store.List[*store.LibraryItem]{}, wrap("library", err)
	}
	byID := make(map[ident.PostID]*store.Post, len(posts.Items))
	for _, p := range posts.Items {
		byID[p.ID] = p
	}
	return pageOf(receipts, page.Limit, func(r store.Receipt) store.Position { return store.Position{At: r.At, ID: r.ID} },
		func(r store.Receipt) *store.LibraryItem { return &store.LibraryItem{Post: byID[r.PostID], Purchase: r} }), nil
}

// list finds the posts of a page, and answers them as they were a moment ago.
func (s *Feeds) list(ctx context.Context, most int, query string, args ...any) (store.List[*store.Post], error) {
	return s.read(ctx, s.views.of, most, query, args...)
}

// read finds the posts of a page, and then their views.
func (s *Feeds) read(ctx context.Context, views func(context.Context, []listing) (map[ident.PostID]*store.Post, error), most int, query string, args ...any,
) (store.List[*store.Post], error) {
	rows, err := sqldb.List(ctx, s.db, scanListing, query, args...)
	if err != nil || len(rows) == 0 {
		return store.List[*store.Post]{}, err
	}
	page := pageOf(rows, most, func(l listing) store.Position { return l.at }, func(l listing) listing { return l })
	known, err := views(ctx, page.Items)
	if err != nil {
		return store.List[*store.Post]{}, err
	}
	l := store.List[*store.Post]{Next: page.Next, Items: make([]*store.Post, 0, len(page.Items))}
	for _, f := range page.Items {
		if view := known[ident.PostID(f.at.ID)]; f.is(view) {
			l.Items = append(l.Items, f.of(view))
		}
	}
	return l, nil
}

// is tells whether the view may be shown for what was found: a post that was
// published may have been taken away meanwhile.
func (l listing) is(v *store.Post) bool {
	return v != nil && (!l.published || v.State == content.Published)
}

// of is a post as it was found: a view, with what the viewer has to do with it.
func (l listing) of(v *store.Post) *store.Post {
	p := *v
	p.Purchased, p.Subscribed = l.purchased, l.subscribed
	return &p
}

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
