package sqlstore_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/sajin-sns/sajin/adapters/postgres"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/test/pgtest"
)

// explained asks PostgreSQL how many rows its queries visit.
type explained struct {
	*postgres.DB
	t    *testing.T
	most float64 // rows of any one step of a query
}

// step is a node of a plan.
type step struct {
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []step  `json:"Plans"`
}

func (s step) visited() float64 {
	most := (s.Rows + s.Removed) * s.Loops
	for _, below := range s.Plans {
		most = max(most, below.visited())
	}
	return most
}

func (e *explained) Query(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	e.t.Helper()
	text, err := sqldb.One(ctx, e.DB, sqldb.Scalar[string], "EXPLAIN (ANALYZE, FORMAT JSON) "+query, args...)
	if err != nil {
		e.t.Fatal(err)
	}
	var plans []struct{ Plan step }
	if err := json.Unmarshal([]byte(text), &plans); err != nil {
		e.t.Fatal(err)
	}
	e.most = max(e.most, plans[0].Plan.visited())
	return e.DB.Query(ctx, query, args...)
}

// TestPlans holds the lists that everybody reads to what they may cost, with
// much in the tables that is not on the page.
func TestPlans(t *testing.T) {
	db := &explained{DB: pgtest.Open(t), t: t}
	fill := func(query string) {
		t.Helper()
		if _, err := db.Exec(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	// Account 1 follows accounts 2 to 21, who have written everything: every
	// other post is a draft. All of it has one tag, and is in its inbox.
	fill(`CREATE FUNCTION id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT lpad(to_hex(n), 32, '0')::uuid $$`)
	fill(`INSERT INTO accounts (id, email, email_key, handle, display_name, bio, password_hash, role, version, created_at)
		SELECT id(i), i, i, i, i, '', '', 'member', 1, now() FROM generate_series(1, 400) i`)
	fill(`INSERT INTO posts (id, author, caption, caption_locked, category, visibility, price_coins, kind, state, merged, version, created_at, published_at)
		SELECT id(i), id(2 + i % 20), repeat('words ', 20), 'shown', 'sea', 'public', 1, 'photo', CASE WHEN i % 2 = 0 THEN 'draft' ELSE 'published' END, false, 1,
			to_timestamp(i), CASE WHEN i % 2 = 0 THEN NULL ELSE to_timestamp(i) END FROM generate_series(1, 8000) i`)
	fill(`INSERT INTO post_counts SELECT id, 0, 0, 0, 0 FROM posts`)
	fill(`INSERT INTO post_tags SELECT id, 0, 'sea', published_at FROM posts`)
	fill(`INSERT INTO subscriptions SELECT id(1), id(c), now(), to_timestamp(0) FROM generate_series(2, 21) c`)
	fill(`INSERT INTO subscriptions SELECT id(s), id(2), now(), to_timestamp(0) FROM generate_series(22, 400) s`)
	fill(`INSERT INTO inbox_entries SELECT id(1), published_at, id, author FROM posts WHERE state = 'published'`)
	fill(`INSERT INTO inbox_entries SELECT id(s), published_at, id, author FROM posts, generate_series(22, 100) s WHERE published_at > to_timestamp(7800)`)
	fill(`ANALYZE`)

	feeds := sqlstore.NewFeeds(db)
	fan, author, page := ident.AccountID{15: 1}, ident.AccountID{15: 3}, store.Page{Limit: 20}
	list := func(f store.Filter) func(context.Context) (store.List[*store.Post], error) {
		return func(ctx context.Context) (store.List[*store.Post], error) { return feeds.Newest(ctx, fan, f, page) }
	}
	for name, c := range map[string]struct {
		read  func(context.Context) (store.List[*store.Post], error)
		items int
	}{
		"main page":                  {list(store.Filter{}), 20},
		"tag page":                   {list(store.Filter{Tag: "sea"}), 20},
		"category":                   {list(store.Filter{Category: "sea"}), 20},
		"creator":                    {list(store.Filter{Author: author}), 20},
		"films, of which are none":   {list(store.Filter{Kind: content.Video}), 0},
		"what is free, which is not": {list(store.Filter{Price: "free"}), 0},
		"what costs":                 {list(store.Filter{Price: "paid"}), 20},
		"inbox":                      {func(ctx context.Context) (store.List[*store.Post], error) { return feeds.Inbox(ctx, fan, page) }, 20},
	} {
		t.Run(name, func(t *testing.T) {
			db.most = 0
			got, err := c.read(t.Context())
			if err != nil || len(got.Items) != c.items {
				t.Fatal(len(got.Items), err)
			}
			if db.most > 500 {
				t.Errorf("%.0f rows are visited for a page of 20", db.most)
			}
		})
	}
	for name, read := range map[string]func(*sqlstore.Feeds, store.Page) (store.List[*store.Post], error){
		"main page": func(f *sqlstore.Feeds, p store.Page) (store.List[*store.Post], error) {
			return f.Newest(t.Context(), fan, store.Filter{}, p)
		},
		"inbox": func(f *sqlstore.Feeds, p store.Page) (store.List[*store.Post], error) {
			return f.Inbox(t.Context(), fan, p)
		},
		"own": func(f *sqlstore.Feeds, p store.Page) (store.List[*store.Post], error) {
			return f.Own(t.Context(), author, "", p)
		},
	} {
		t.Run(name+": as many queries for a long page as for a short one", func(t *testing.T) {
			for _, length := range []int{1, 20, 100} {
				counted := &counted{DB: db.DB}
				got, err := read(sqlstore.NewFeeds(counted), store.Page{Limit: length}) // which knows no views yet
				if err != nil || len(got.Items) != length {
					t.Fatal(len(got.Items), err)
				}
				if counted.statements != 4 || counted.trips != 2 {
					t.Errorf("a page of %d takes %d queries in %d round trips", length, counted.statements, counted.trips)
				}
			}
		})
	}
}

// counted counts what it is asked.
type counted struct {
	sqldb.DB
	statements, trips int
}

func (c *counted) Query(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	c.statements, c.trips = c.statements+1, c.trips+1
	return c.DB.Query(ctx, query, args...)
}

func (c *counted) QueryRow(ctx context.Context, query string, args ...any) sqldb.Row {
	c.statements, c.trips = c.statements+1, c.trips+1
	return c.DB.QueryRow(ctx, query, args...)
}

func (c *counted) Send(ctx context.Context, b *sqldb.Batch) error {
	c.statements, c.trips = c.statements+b.Len(), c.trips+1
	return c.DB.Send(ctx, b)
}
