package sqlstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Profiles is store.Profiles.
type Profiles struct{ db sqldb.DB }

var _ store.Profiles = (*Profiles)(nil)

// NewProfiles makes the reader of accounts.
func NewProfiles(db sqldb.DB) *Profiles { return &Profiles{db} }

// Own implements store.Profiles.
func (s *Profiles) Own(ctx context.Context, id ident.AccountID) (*store.OwnAccount, error) {
	a, err := sqldb.One(ctx, s.db, scanOwn, `SELECT a.id, a.email, a.email_verified_at IS NOT NULL, coalesce(a.pending_email, ''), a.role, a.handle, a.display_name, a.bio, a.avatar, coalesce(av.key, ''),
			c.posts, c.subscribers, c.subscriptions, a.created_at, a.version
		FROM accounts a JOIN account_counts c ON c.account = a.id
		LEFT JOIN renditions av ON av.media = a.avatar AND av.name = 'w320'
		WHERE a.id = $1 AND a.deleted_at IS NULL`, id)
	if err != nil {
		return nil, found("own account", err, accounts.ErrNotFound)
	}
	return a, nil
}

func scanOwn(row sqldb.Row) (*store.OwnAccount, error) {
	var a store.OwnAccount
	var avatar ident.MediaID
	err := row.Scan(&a.ID, &a.Email, &a.EmailVerified, &a.PendingEmail, &a.Role, &a.Handle, &a.DisplayName, &a.Bio, &avatar, &a.AvatarKey,
		&a.Counts.Posts, &a.Counts.Subscribers, &a.Counts.Subscriptions, &a.CreatedAt, &a.Version)
	if !avatar.IsZero() {
		a.AvatarMediaID = &avatar
	}
	return &a, err
}

// profileColumns are an account and what the viewer, always $1, has to do with
// it. They go with profileTables.
const profileColumns = `a.id, a.handle, a.display_name, a.bio, coalesce(av.key, ''), c.posts, c.subscribers, c.subscriptions,
	s.subscriber IS NOT NULL, a.created_at, a.version`

const profileTables = ` JOIN account_counts c ON c.account = a.id
	LEFT JOIN renditions av ON av.media = a.avatar AND av.name = 'w320'
	LEFT JOIN subscriptions s ON s.subscriber = $1 AND s.creator = a.id`

func scanProfile(viewer ident.AccountID) func(sqldb.Row) (*store.Profile, error) {
	return func(row sqldb.Row) (*store.Profile, error) {
		var p store.Profile
		err := row.Scan(&p.ID, &p.Handle, &p.DisplayName, &p.Bio, &p.AvatarKey,
			&p.Counts.Posts, &p.Counts.Subscribers, &p.Counts.Subscriptions, &p.Viewer.Subscribed, &p.CreatedAt, &p.Version)
		p.Viewer.Self = p.ID == viewer
		return &p, err
	}
}

// Profile implements store.Profiles.
func (s *Profiles) Profile(ctx context.Context, viewer ident.AccountID, handle string) (*store.Profile, error) {
	p, err := sqldb.One(ctx, s.db, scanProfile(viewer), `SELECT `+profileColumns+` FROM accounts a`+profileTables+`
		WHERE a.handle = $2 AND a.deleted_at IS NULL`, viewer, handle)
	if err != nil {
		return nil, found("profile", err, accounts.ErrNotFound)
	}
	return p, nil
}

// Search implements store.Profiles. Handles and names are searched apart, each
// along its own index. Names come in another order than the answer's, so all
// that are looked at have to be sorted: hence their bound.
func (s *Profiles) Search(ctx context.Context, viewer ident.AccountID, prefix string, page store.Page) (store.List[*store.Profile], error) {
	q := newQuery(viewer)
	first := strings.ToLower(prefix)
	from, to := q.arg(first), q.arg(first+"\U0010ffff") // behind everything that begins so
	lower, notLast, after := from, "", ""
	if !page.After.IsZero() {
		id := q.arg(ident.AccountID(page.After.ID))
		// One bound for the index: of two, SQLite may begin at the farther.
		lower = `(SELECT CASE WHEN handle > ` + from + ` THEN handle ELSE ` + from + ` END FROM accounts WHERE id = ` + id + `)`
		notLast = ` AND id <> ` + id
		after = ` WHERE handle > (SELECT handle FROM accounts WHERE id = ` + id + `)`
	}
	limit := q.limit(page.Limit + 1)
	beginning := func(column, lower string) string {
		return `SELECT id, handle FROM accounts WHERE ` + column + ` >= ` + lower + ` AND ` + column + ` < ` + to + ` AND deleted_at IS NULL`
	}
	next := func(matches string) string {
		return `SELECT id FROM (` + matches + ` ORDER BY handle` + limit + `) next`
	}
	handles := next(beginning("handle", lower) + notLast)
	names := next(`SELECT id, handle FROM (` + beginning("display_key", from) + `
		ORDER BY display_key, handle LIMIT ` + strconv.Itoa(store.MaxNames) + `) first_names` + after)
	profiles, err := sqldb.List(ctx, s.db, scanProfile(viewer), `SELECT `+profileColumns+`
		FROM (`+handles+` UNION `+names+`) m JOIN accounts a ON a.id = m.id`+profileTables+`
		ORDER BY a.handle`+limit, q.args...)
	return pageOf(profiles, page.Limit,
		func(p *store.Profile) store.Position { return store.Position{At: p.CreatedAt, ID: p.ID} },
		func(p *store.Profile) *store.Profile { return p }), wrap("search accounts", err)
}
