package sqlstore

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

const (
	viewsKept = 4096            // posts; some 4 KiB each, and twice as much once they were shown
	viewsFor  = 5 * time.Second // until counts are read again
)

// views are posts as they are for everybody: what the same post is for one
// viewer or another is in the rows that found it. Published ones are kept: the
// versions of a post and of its author, which are read with every list, tell
// whether what is kept is still so.
type views struct {
	db   sqldb.DB
	kept *lru.Cache[ident.PostID, *kept]
}

// version is what a post was read in.
type version struct{ post, author int64 }

type kept struct {
	post    *store.Post
	version version
	at      time.Time
}

func newViews(db sqldb.DB) *views {
	cache, err := lru.New[ident.PostID, *kept](viewsKept)
	if err != nil {
		panic(err) // it is of no size
	}
	return &views{db, cache}
}

// of answers the views of what was found.
func (s *views) of(ctx context.Context, rows []listing) (map[ident.PostID]*store.Post, error) {
	all := make(map[ident.PostID]*store.Post, len(rows))
	var missing []ident.PostID
	now := time.Now()
	for _, f := range rows {
		id := ident.PostID(f.at.ID)
		if k, ok := s.kept.Get(id); ok && f.published && k.version == f.version && now.Sub(k.at) < viewsFor {
			all[id] = k.post
		} else {
			missing = append(missing, id)
		}
	}
	read, err := s.load(ctx, missing)
	if err != nil {
		return nil, err
	}
	for id, p := range read {
		all[id] = p
		if p.State == content.Published {
			p.Shared = &store.Shared{}
			s.kept.Add(id, &kept{p, version{p.Version, p.Author.Version}, now})
		}
	}
	return all, nil
}

// fresh answers the views of what was found as they are now, for authors, who
// watch the counts.
func (s *views) fresh(ctx context.Context, rows []listing) (map[ident.PostID]*store.Post, error) {
	ids := make([]ident.PostID, len(rows))
	for i, l := range rows {
		ids[i] = ident.PostID(l.at.ID)
	}
	return s.load(ctx, ids)
}

func (s *views) load(ctx context.Context, posts []ident.PostID) (map[ident.PostID]*store.Post, error) {
	if len(posts) == 0 {
		return nil, nil
	}
	var b sqldb.Batch
	read := s.read(&b, posts)
	return read, s.db.Send(ctx, &b)
}

// read has a batch read posts, with their tags, media and renditions.
func (s *views) read(b *sqldb.Batch, posts []ident.PostID) map[ident.PostID]*store.Post {
	byID := make(map[ident.PostID]*store.Post, len(posts))
	q := newQuery()
	theirs := in(q, posts)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			p, err := scanView(rows)
			byID[p.ID] = p
			return err
		})
	}, `SELECT `+viewColumns+` FROM `+viewTables+` WHERE p.id`+theirs, q.args...)
	details(b, byID, theirs, q.args)
	return byID
}

const (
	viewColumns = `p.id, p.author, a.handle, a.display_name, coalesce(av.key, ''), a.version, p.caption, p.caption_locked, p.category, p.visibility,
		p.price_coins, p.kind, p.state, p.version, c.likes, c.comments, c.views, c.sales, p.created_at, p.publish_at, p.published_at, p.edited_at`
	viewTables = `posts p JOIN accounts a ON a.id = p.author JOIN post_counts c ON c.post = p.id
		LEFT JOIN renditions av ON av.media = a.avatar AND av.name = 'w320'`
)

// details has a batch read tags, media and renditions of posts that it has read.
func details(b *sqldb.Batch, byID map[ident.PostID]*store.Post, theirs string, args []any) {
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var post ident.PostID
			var tag string
			if err := rows.Scan(&post, &tag); err != nil {
				return err
			}
			if p := byID[post]; p != nil {
				p.Tags = append(p.Tags, tag)
			}
			return nil
		})
	}, `SELECT post, tag FROM post_tags WHERE post`+theirs+` ORDER BY post, position`, args...)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var post ident.PostID
			var r store.Rendition
			m := store.PostMedium{Renditions: []store.Rendition{}}
			if err := rows.Scan(&post, &m.ID, &m.Kind, &m.State, &m.Width, &m.Height, &m.DurationMS, &m.Alt,
				&m.Placeholder.Blurhash, &m.Placeholder.Dominant, &r.Name, &r.ContentType, &r.Width, &r.Height, &r.Key, &r.Preview); err != nil {
				return err
			}
			if p := byID[post]; p != nil {
				addMedium(p, m, r)
			}
			return nil
		})
	}, `SELECT pm.post, m.id, m.kind, m.state, m.width, m.height, m.duration_ms, m.alt, m.blurhash, m.dominant,
			coalesce(r.name, ''), coalesce(r.content_type, ''), coalesce(r.width, 0), coalesce(r.height, 0), coalesce(r.key, ''), coalesce(r.preview, false)
		FROM post_media pm JOIN media m ON m.id = pm.media LEFT JOIN renditions r ON r.media = m.id
		WHERE pm.post`+theirs+` ORDER BY pm.post, pm.position, r.position`, args...)
}

// addMedium takes in a row: a medium with one of its renditions, which come one
// after the other, or without any.
func addMedium(p *store.Post, m store.PostMedium, r store.Rendition) {
	if n := len(p.Media); n == 0 || p.Media[n-1].ID != m.ID {
		p.Media = append(p.Media, m)
	}
	if r.Name != "" {
		last := &p.Media[len(p.Media)-1]
		last.Renditions = append(last.Renditions, r)
	}
}

// scanView reads viewColumns, and more behind them.
func scanView(row sqldb.Row, more ...any) (*store.Post, error) {
	var (
		p                      = &store.Post{Tags: []string{}, Media: []store.PostMedium{}}
		sales                  int64
		due, published, edited time.Time
	)
	err := row.Scan(append([]any{
		&p.ID, &p.Author.ID, &p.Author.Handle, &p.Author.DisplayName, &p.Author.AvatarKey, &p.Author.Version,
		&p.Caption, &p.CaptionLocked, &p.Category, &p.Visibility,
		&p.PriceCoins, &p.Kind, &p.State, &p.Version, &p.Counts.Likes, &p.Counts.Comments, &p.Counts.Views, &sales,
		&p.CreatedAt, &due, &published, &edited,
	}, more...)...)
	p.Counts.Sales = &sales
	p.PublishAt, p.PublishedAt, p.EditedAt = optional(due), optional(published), optional(edited)
	return p, err
}
