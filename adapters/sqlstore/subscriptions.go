package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Subscriptions is store.Subscriptions.
type Subscriptions struct{ db sqldb.DB }

var _ store.Subscriptions = (*Subscriptions)(nil)

// NewSubscriptions makes the store of who follows whom.
func NewSubscriptions(db sqldb.DB) *Subscriptions { return &Subscriptions{db} }

// Insert implements store.Subscriptions.
func (s *Subscriptions) Insert(ctx context.Context, sub subscriptions.Subscription) (fresh bool, err error) {
	n, err := s.db.Exec(ctx, `INSERT INTO subscriptions (subscriber, creator, since, inbox_from) VALUES ($1, $2, $3, $4)
		ON CONFLICT (subscriber, creator) DO NOTHING`, sub.Subscriber, sub.Creator, sub.Since, sub.InboxFrom)
	return n == 1, wrap("insert subscription", err)
}

// Delete implements store.Subscriptions.
func (s *Subscriptions) Delete(ctx context.Context, subscriber, creator ident.AccountID) (existed bool, err error) {
	n, err := s.db.Exec(ctx, `DELETE FROM subscriptions WHERE subscriber = $1 AND creator = $2`, subscriber, creator)
	return n == 1, wrap("delete subscription", err)
}

// Exists implements store.Subscriptions.
func (s *Subscriptions) Exists(ctx context.Context, subscriber, creator ident.AccountID) (bool, error) {
	var exists bool
	err := s.db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM subscriptions WHERE subscriber = $1 AND creator = $2)`, subscriber, creator).Scan(&exists)
	return exists, wrap("read subscription", err)
}

// Creator implements store.Subscriptions.
func (s *Subscriptions) Creator(ctx context.Context, creator ident.AccountID) tx.Soon[store.Creator] {
	var found []store.Creator
	var b sqldb.Batch
	b.Query(collect(&found, func(row sqldb.Row) (c store.Creator, err error) {
		err = row.Scan(&c.ID, &c.Handle, &c.DisplayName, &c.AvatarKey, &c.Version, &c.Subscribers)
		return c, err
	}), `SELECT a.id, a.handle, a.display_name, coalesce(av.key, ''), a.version, c.subscribers
		FROM accounts a JOIN account_counts c ON c.account = a.id LEFT JOIN renditions av ON av.media = a.avatar AND av.name = 'w320'
		WHERE a.id = $1`, creator)
	return soon(ctx, s.db, "read creator", &b, func() (store.Creator, error) {
		if len(found) == 0 {
			return store.Creator{}, accounts.ErrNotFound
		}
		return found[0], nil
	})
}

// Adjust implements store.Subscriptions. The rows are taken in the order of their
// ids: two who subscribe to each other do not wait for each other.
func (s *Subscriptions) Adjust(ctx context.Context, subscriber, creator ident.AccountID, by int64) error {
	var b sqldb.Batch
	followed := func() {
		b.Exec(`UPDATE account_counts SET subscribers = subscribers + $2 WHERE account = $1`, creator, by)
	}
	follows := func() {
		b.Exec(`UPDATE account_counts SET subscriptions = subscriptions + $2 WHERE account = $1`, subscriber, by)
	}
	if creator.Compare(subscriber) < 0 {
		followed()
		follows()
	} else {
		follows()
		followed()
	}
	return wrap("adjust subscription counts", s.db.Send(ctx, &b))
}

// Subscribers implements store.Subscriptions.
func (s *Subscriptions) Subscribers(ctx context.Context, creator ident.AccountID, page store.Page) (store.List[store.Follow], error) {
	return s.follows(ctx, "creator", "subscriber", creator, page)
}

// Creators implements store.Subscriptions.
func (s *Subscriptions) Creators(ctx context.Context, subscriber ident.AccountID, page store.Page) (store.List[store.Follow], error) {
	return s.follows(ctx, "subscriber", "creator", subscriber, page)
}

// follows lists the accounts at the other end of the subscriptions of one side.
func (s *Subscriptions) follows(ctx context.Context, side, other string, account ident.AccountID, page store.Page) (store.List[store.Follow], error) {
	q := newQuery(account)
	q.where("s." + side + " = $1 AND a.deleted_at IS NULL")
	q.after("s.since", "s."+other, page.After)
	follows, err := sqldb.List(ctx, s.db, scanFollow, `SELECT a.id, a.handle, a.display_name, coalesce(av.key, ''), s.since
		FROM subscriptions s JOIN accounts a ON a.id = s.`+other+`
		LEFT JOIN renditions av ON av.media = a.avatar AND av.name = 'w320'`+q.text()+`
		ORDER BY s.since DESC, s.`+other+` DESC`+q.limit(page.Limit+1), q.args...)
	return pageOf(follows, page.Limit,
		func(f store.Follow) store.Position { return store.Position{At: f.Since, ID: f.Account.ID} },
		func(f store.Follow) store.Follow { return f }), wrap("list subscriptions", err)
}

func scanFollow(row sqldb.Row) (f store.Follow, err error) {
	err = row.Scan(&f.Account.ID, &f.Account.Handle, &f.Account.DisplayName, &f.Account.AvatarKey, &f.Since)
	return f, err
}

// Inboxes is store.Inboxes.
type Inboxes struct{ db sqldb.DB }

var _ store.Inboxes = (*Inboxes)(nil)

// NewInboxes makes the store of what was delivered.
func NewInboxes(db sqldb.DB) *Inboxes { return &Inboxes{db} }

// Deliver implements store.Inboxes.
func (s *Inboxes) Deliver(ctx context.Context, d store.Delivery, after ident.AccountID, limit int) (ident.AccountID, error) {
	q := newQuery(d.Author)
	q.where("creator = $1")
	if !after.IsZero() {
		q.where("subscriber > ?", after)
	}
	ends, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.AccountID], `SELECT subscriber FROM subscriptions`+q.text()+
		` ORDER BY subscriber LIMIT 1 OFFSET `+q.arg(limit-1), q.args...)
	if err != nil {
		return ident.AccountID{}, wrap("deliver post", err)
	}
	var last ident.AccountID
	q = newQuery(d.Author, d.PublishedAt, d.Post)
	q.where("creator = $1 AND inbox_from <= $2")
	if !after.IsZero() {
		q.where("subscriber > ?", after)
	}
	if len(ends) == 1 {
		last = ends[0]
		q.where("subscriber <= ?", last)
	}
	_, err = s.db.Exec(ctx, `INSERT INTO inbox_entries (account, published_at, post, author)
		SELECT subscriber, $2, $3, $1 FROM subscriptions`+q.text()+` ON CONFLICT (account, published_at, post) DO NOTHING`, q.args...)
	return last, wrap("deliver post", err)
}

// DeliverSmall implements store.Inboxes. Entries of one inbox are written in the
// order of their time, as Fill does.
func (s *Inboxes) DeliverSmall(ctx context.Context, all []store.Delivery, limit int) (large []store.Delivery, err error) {
	if len(all) == 0 {
		return nil, nil
	}
	authors, posts := make([]ident.AccountID, len(all)), make([]ident.PostID, 0, len(all))
	for i, d := range all {
		authors[i] = d.Author
	}
	q := newQuery(limit)
	crowds, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.AccountID], `SELECT id FROM accounts WHERE id`+in(q, authors)+`
		AND (SELECT subscriber FROM subscriptions WHERE creator = accounts.id ORDER BY subscriber LIMIT 1 OFFSET $1) IS NOT NULL`, q.args...)
	if err != nil {
		return nil, wrap("deliver posts", err)
	}
	for _, d := range all {
		if slices.Contains(crowds, d.Author) {
			large = append(large, d)
		} else {
			posts = append(posts, d.Post)
		}
	}
	if len(posts) == 0 {
		return large, nil
	}
	var b sqldb.Batch
	q = newQuery()
	b.Exec(`INSERT INTO inbox_entries (account, published_at, post, author)
		SELECT s.subscriber, p.published_at, p.id, p.author FROM posts p JOIN subscriptions s ON s.creator = p.author AND s.inbox_from <= p.published_at
		WHERE p.id`+in(q, posts)+` AND p.state = 'published'
		ORDER BY s.subscriber, p.published_at, p.id ON CONFLICT (account, published_at, post) DO NOTHING`, q.args...)
	return large, wrap("deliver posts", s.db.Later(ctx, &b))
}

// Fill implements store.Inboxes.
func (s *Inboxes) Fill(ctx context.Context, subscriber, creator ident.AccountID, since time.Time) error {
	_, err := s.db.Exec(ctx, `INSERT INTO inbox_entries (account, published_at, post, author)
		SELECT $1, published_at, id, author FROM posts WHERE author = $2 AND state = 'published' AND NOT merged AND published_at >= $3
		ORDER BY published_at, id ON CONFLICT (account, published_at, post) DO NOTHING`, subscriber, creator, since)
	return wrap("fill inbox", err)
}

// Clear implements store.Inboxes.
func (s *Inboxes) Clear(ctx context.Context, subscriber, creator ident.AccountID) error {
	_, err := s.db.Exec(ctx, `DELETE FROM inbox_entries WHERE account = $1 AND author = $2`, subscriber, creator)
	return wrap("clear inbox", err)
}

// Withdraw implements store.Inboxes.
func (s *Inboxes) Withdraw(ctx context.Context, post ident.PostID, limit int) (int64, error) {
	n, err := s.db.Exec(ctx, `DELETE FROM inbox_entries WHERE post = $1
		AND account IN (SELECT account FROM inbox_entries WHERE post = $1 LIMIT $2)`, post, limit)
	return n, wrap("withdraw post", err)
}
