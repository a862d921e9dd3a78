package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
)

// crowd is what a database is filled with.
type crowd struct {
	Users         int
	Posts         int
	Subscriptions int // of each user
	InboxDepth    int // entries that an inbox holds at most: a page reads the newest, however many follow
	Fans          int // subscribers of the one creator whose post is fanned out
}

// seeded names what was made, for the operations to use.
type seeded struct {
	crowd

	users    []ident.AccountID
	sessions []ident.SessionID // of users
	posts    []ident.PostID    // the oldest first; the author of posts[i] is users[i%Users]
	writers  []ident.AccountID // have media that are ready, and no subscribers
	writings [][]ident.MediaID // of writers
	star     ident.AccountID   // has Fans
	starring ident.MediaID
	lastFan  ident.AccountID
}

const (
	coinsEach = 1_000_000
	priced    = 10 // coins that every other post costs
	writers   = connections
	writings  = 3000 // media of each writer
)

// seeder fills a database by the table, in batches as large as it takes.
type seeder struct {
	ctx    context.Context
	db     sqldb.DB
	rand   *mathrand.Rand
	out    io.Writer
	total  int
	rows   int
	drawn  time.Time
	tables map[string]*table
}

type table struct {
	name    string
	columns []string
	rows    [][]any
}

const batch = 10_000

func seed(ctx context.Context, db sqldb.DB, c crowd, hash string, now time.Time) (*seeded, error) {
	s := &seeder{ctx: ctx, db: db, rand: mathrand.New(mathrand.NewPCG(1, 2)), out: os.Stderr, tables: map[string]*table{}}
	inbox := min(c.InboxDepth, c.Posts/c.Users*c.Subscriptions)
	s.total = c.Users*(3+c.Subscriptions+inbox) + c.Posts*10 + c.Fans*2
	made := &seeded{crowd: c}
	for _, step := range []func(*seeded, string, time.Time) error{s.people, s.follow, s.write, s.deliver, s.stars} {
		if err := step(made, hash, now); err != nil {
			return nil, fmt.Errorf("seed: %w", err)
		}
	}
	if err := s.flushAll(); err != nil {
		return nil, err
	}
	fmt.Fprintf(s.out, "\r%70s\r", "")
	grants := wallet.Grants{Tx: db, Wallets: sqlstore.NewWallets(db), IDs: ident.NewSource(time.Now, rand.Reader), Now: time.Now}
	for _, id := range made.users {
		if err := grants.Grant(ctx, wallet.Grant{Account: id, Coins: coinsEach, Reference: "bench:" + id.String()}); err != nil {
			return nil, fmt.Errorf("seed: coins: %w", err)
		}
	}
	_, err := db.Exec(ctx, "ANALYZE")
	return made, err
}

// userID and postID are ids that a script of pgbench can make of a number, too:
// see userOf and postOf. Those of posts sort as their times do.
func userID(n int) ident.AccountID { return parsed[ident.AccountID](fmt.Sprintf(userFormat, n)) }
func postID(n int) ident.PostID    { return parsed[ident.PostID](fmt.Sprintf(postFormat, n)) }

const (
	userFormat = "00000000-0000-7000-8000-%012d"
	postFormat = "%08d-0000-7000-8000-000000000000"
)

func parsed[T ~[16]byte](text string) T {
	id, err := ident.Parse[T](text)
	if err != nil {
		panic(err)
	}
	return id
}

// account adds one, with all that an account has.
func (s *seeder) account(id ident.AccountID, name, hash string, at time.Time) (ident.AccountID, ident.SessionID, error) {
	session := ident.New[ident.SessionID](ident.NewSource(func() time.Time { return at }, rand.Reader))
	return id, session, s.add(
		line("accounts", "id, email, email_key, handle, display_name, display_key, bio, password_hash, role, version, created_at",
			id, name+"@example.com", name+"@example.com", name, name, name, "", hash, "member", 1, at),
		line("account_counts", "account, posts, subscribers, subscriptions", id, 0, 0, 0),
		line("sessions", "id, account, user_agent, address, created_at, last_seen_at, expires_at, ended_why",
			session, id, "bench", "127.0.0.1", at, at, time.Now().Add(24*time.Hour), ""))
}

func (s *seeder) people(made *seeded, hash string, now time.Time) error {
	since := now.Add(-400 * 24 * time.Hour)
	for i := range made.Users {
		id, session, err := s.account(userID(i), fmt.Sprintf("user_%d", i), hash, since)
		if err != nil {
			return err
		}
		made.users, made.sessions = append(made.users, id), append(made.sessions, session)
	}
	return nil
}

// follow has user i subscribe to the users after him, round and round.
func (s *seeder) follow(made *seeded, _ string, now time.Time) error {
	since := now.Add(-399 * 24 * time.Hour)
	for i, fan := range made.users {
		for k := range made.Subscriptions {
			creator := made.users[(i+1+k)%made.Users]
			if err := s.add(line("subscriptions", "subscriber, creator, since, inbox_from", fan, creator, since, since)); err != nil {
				return err
			}
		}
	}
	return nil
}

// publishedAt spreads the posts over the last year.
func (made *seeded) publishedAt(i int, now time.Time) time.Time {
	return now.Add(-time.Hour).Add(-time.Duration(made.Posts-i) * (365 * 24 * time.Hour / time.Duration(made.Posts))).Truncate(time.Microsecond)
}

var tags = []string{"sea", "dawn", "seoul", "film", "street", "portrait", "rain", "night", "food", "travel"}

func (s *seeder) write(made *seeded, _ string, now time.Time) error {
	for i := range made.Posts {
		author, at := made.users[i%made.Users], made.publishedAt(i, now)
		post := postID(i)
		medium, err := s.medium(author, at)
		if err != nil {
			return err
		}
		price := 0
		if i/made.Users%2 == 0 { // every other post of each author
			price = priced
		}
		made.posts = append(made.posts, post)
		caption := fmt.Sprintf("Picture %d of the year, taken where the street meets the water.", i)
		if err := s.add(
			line("posts", "id, author, caption, caption_locked, category, visibility, price_coins, kind, state, merged, version, created_at, published_at",
				post, author, caption, "shown", "city", "public", price, "photo", "published", false, 2, at, at),
			line("post_counts", "post, likes, comments, views, sales", post, 0, 0, 0, 0),
			line("post_media", "post, position, media", post, 0, medium),
			line("post_tags", "post, position, tag, published_at", post, 0, tags[i%len(tags)], at),
			line("post_tags", "post, position, tag, published_at", post, 1, tags[(i+3)%len(tags)]+"_2", at),
		); err != nil {
			return err
		}
	}
	return nil
}

// medium adds one that is ready. Its renditions have no files.
func (s *seeder) medium(owner ident.AccountID, at time.Time) (ident.MediaID, error) {
	id := ident.New[ident.MediaID](ident.NewSource(func() time.Time { return at }, rand.Reader))
	lines := []row{line("media", `id, owner, purpose, state, stage, progress, attempt, error_code, retryable, original, size, sha256, kind, content_type,
		width, height, duration_ms, blurhash, dominant, alt, created_at, updated_at`,
		id, owner, "post", "ready", "", 100, 1, "", false, media.OriginalKey(id), 2_000_000, "", "photo", "image/jpeg",
		2048, 1365, 0, "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "#8899aa", "", at, at)}
	for i, name := range []string{"w320", "w1080", "w2048", "preview"} {
		lines = append(lines, line("renditions", "media, name, position, preview, key, content_type, width, height, size",
			id, name, i, name == "preview", media.RenditionKey(id, name, "jpg", []byte(name)), "image/jpeg", 320<<i, 213<<i, 20_000<<i))
	}
	return id, s.add(lines...)
}

// deliver fills each inbox with the newest posts of those whom its owner follows.
func (s *seeder) deliver(made *seeded, _ string, now time.Time) error {
	for i, fan := range made.users {
		entries := 0
		for n := made.Posts - 1; n >= 0 && entries < made.InboxDepth; n-- {
			if after := (n%made.Users - i - 1 + made.Users) % made.Users; after >= made.Subscriptions {
				continue
			}
			entries++
			if err := s.add(line("inbox_entries", "account, published_at, post, author",
				fan, made.publishedAt(n, now), made.posts[n], made.users[n%made.Users])); err != nil {
				return err
			}
		}
	}
	return nil
}

// stars adds who writes, and the creator with very many subscribers.
func (s *seeder) stars(made *seeded, hash string, now time.Time) (err error) {
	at := now.Add(-24 * time.Hour)
	for i := range writers {
		id, session, err := s.account(userID(made.Users+i), fmt.Sprintf("writer_%d", i), hash, at)
		if err != nil {
			return err
		}
		media := make([]ident.MediaID, writings)
		for i := range media {
			if media[i], err = s.medium(id, at); err != nil {
				return err
			}
		}
		made.writers, made.writings = append(made.writers, id), append(made.writings, media)
		made.sessions = append(made.sessions, session)
	}
	var session ident.SessionID
	if made.star, session, err = s.account(userID(made.Users+writers), "star", hash, at); err != nil {
		return err
	}
	made.sessions = append(made.sessions, session)
	if made.starring, err = s.medium(made.star, at); err != nil {
		return err
	}
	fans := make([]ident.AccountID, made.Fans)
	for i := range fans {
		_, _ = io.ReadFull(rand.Reader, fans[i][:])
	}
	slices.SortFunc(fans, ident.AccountID.Compare)
	for _, fan := range fans {
		if err := s.add(line("subscriptions", "subscriber, creator, since, inbox_from", fan, made.star, at, at)); err != nil {
			return err
		}
	}
	made.lastFan = fans[len(fans)-1]
	return nil
}

// row is a line of a table.
type row struct {
	table, columns string
	values         []any
}

func line(table, columns string, values ...any) row { return row{table, columns, values} }

func (s *seeder) add(rows ...row) error {
	for _, r := range rows {
		t := s.tables[r.table+r.columns]
		if t == nil {
			t = &table{name: r.table}
			for name := range strings.SplitSeq(r.columns, ",") {
				t.columns = append(t.columns, strings.TrimSpace(name))
			}
			s.tables[r.table+r.columns] = t
		}
		if t.rows = append(t.rows, r.values); len(t.rows) == batch {
			// rows refer to rows of other tables: all go at once, or none
			if err := s.flushAll(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flushAll writes what refers to others after what is referred to.
func (s *seeder) flushAll() error {
	order := []string{"accounts", "journals", "media", "posts"}
	all := make([]*table, 0, len(s.tables))
	for _, t := range s.tables {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *table) int {
		at := func(t *table) int {
			if i := slices.Index(order, t.name); i >= 0 {
				return i
			}
			return len(order)
		}
		return at(a) - at(b)
	})
	for _, t := range all {
		if err := s.flush(t); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) flush(t *table) error {
	if len(t.rows) == 0 {
		return nil
	}
	err := s.insert(t)
	s.rows += len(t.rows)
	t.rows = t.rows[:0]
	if time.Since(s.drawn) > 200*time.Millisecond {
		s.drawn = time.Now()
		done := min(40, s.rows*40/s.total)
		fmt.Fprintf(s.out, "\rseeding [%-40s] %d of %d rows", strings.Repeat("=", done), s.rows, s.total)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}

func (s *seeder) insert(t *table) error {
	if copier, ok := s.db.(sqldb.Copier); ok {
		_, err := copier.CopyFrom(s.ctx, t.name, t.columns, t.rows)
		return err
	}
	return s.db.Do(s.ctx, func(ctx context.Context) error {
		each := max(1, 64/len(t.columns)) // binding takes time by the square of the number of values
		for rows := range slices.Chunk(t.rows, each) {
			var values []string
			var args []any
			for _, r := range rows {
				places := make([]string, len(r))
				for i, value := range r {
					args = append(args, value)
					places[i] = "$" + strconv.Itoa(len(args))
				}
				values = append(values, "("+strings.Join(places, ", ")+")")
			}
			if _, err := s.db.Exec(ctx, "INSERT INTO "+t.name+" ("+strings.Join(t.columns, ", ")+") VALUES "+strings.Join(values, ", "), args...); err != nil {
				return err
			}
		}
		return nil
	})
}
