package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
)

// operation is a thing that the server does, and what stands in for its limit.
type operation struct {
	name    string
	against string // the limit, in words
	least   float64
	grows   bool // worth comparing between a small and a large server

	run   func(during time.Duration) result
	limit func(ctx context.Context, during time.Duration) result
}

const (
	inbox    = "inbox page of 20"
	mainPage = "main page of 20"
)

// operations are all of them, those that write after those that read.
func operations(s *stage) []operation {
	users := s.Users
	return []operation{
		{
			name: inbox, against: "its query", least: 0.25, grows: true,
			run: s.get(func(int, int) (int, string) { return rand.IntN(users), "/v1/inbox?limit=20" }), limit: s.query(inboxQuery),
		},
		{
			name: mainPage, against: "its query", least: 0.2, grows: true,
			run: s.get(func(int, int) (int, string) { return rand.IntN(users), "/v1/posts?limit=20" }), limit: s.query(mainQuery),
		},
		{
			name: "single post", against: "its query", least: 0.2,
			run: s.get(func(int, int) (int, string) {
				return rand.IntN(users), "/v1/posts/" + s.posts[rand.IntN(len(s.posts))].String()
			}),
			limit: s.query(postQuery),
		},
		{
			name: "protected photo of 200 KiB", against: "http.ServeContent", least: 0.8,
			run: s.get(func(int, int) (int, string) { return 0, s.photos[200<<10].path }), limit: s.content(200 << 10),
		},
		{
			name: "protected photo of 4 KiB", against: "http.ServeContent", least: 0.7,
			run: s.get(func(int, int) (int, string) { return 0, s.photos[4<<10].path }), limit: s.content(4 << 10),
		},
		{
			name: "sign-in", against: "the hash alone", least: 0.9,
			run: s.ask(201, func(int, int) []byte {
				return compose("POST", "/v1/sessions", "", fmt.Sprintf(`{"email":"user_%d@example.com","password":%q}`, rand.IntN(users), password))
			}),
			limit: func(_ context.Context, during time.Duration) result { return hashLimit(during) },
		},
		{
			name: "create post", against: "its inserts", least: 0.5,
			run: s.ask(201, func(conn, n int) []byte {
				body := fmt.Sprintf(`{"caption":"One more","tags":["sea","dawn"],"media_ids":[%q]}`, s.writings[conn][n%writings])
				return compose("POST", "/v1/posts", s.tokens[users+conn], body)
			}),
			limit: s.writes(postInserts),
		},
		{
			name: "purchase, one hot seller", against: "its writes, 1,000 sellers", least: 0.6,
			run:   s.ask(201, s.buy(true)),
			limit: s.writes(purchaseWrites),
		},
		{
			name: "purchase, 1,000 sellers", against: "its writes, 1,000 sellers", least: 0.6,
			run:   s.ask(201, s.buy(false)),
			limit: s.writes(purchaseWrites),
		},
		{
			name: fmt.Sprintf("fan-out to %d subscribers", s.Fans), against: "one INSERT ... SELECT", least: 0.5,
			run: func(time.Duration) result { return times(3, s.fanOut) }, limit: func(ctx context.Context, _ time.Duration) result {
				return times(3, func(int) error { return s.insertSelect(ctx) })
			},
		},
	}
}

// get asks for paths as users.
func (s *stage) get(next func(conn, n int) (user int, path string)) func(time.Duration) result {
	return s.ask(200, func(conn, n int) []byte {
		user, path := next(conn, n)
		return compose("GET", path, s.tokens[user], "")
	})
}

func (s *stage) ask(status int, request func(conn, n int) []byte) func(time.Duration) result {
	return func(during time.Duration) result {
		warm := load(s.address, connections, time.Second, request, status)
		if warm.failed != nil {
			return warm
		}
		return load(s.address, connections, during, func(conn, n int) []byte { return request(conn, n+warmedUp) }, status)
	}
}

// warmedUp is the number of the first request that is measured.
const warmedUp = 1_000_000

// buy deals out who buys which post, so that nobody buys one twice; nil when
// there is nothing left to buy. Every other round of posts costs coins; sellers
// is 1 or all.
func (s *stage) buy(hot bool) func(conn, n int) []byte {
	buyers := s.Users - 1
	turns := s.Posts / s.Users / 2 * buyers
	return func(conn, n int) []byte {
		turn := conn + connections*(n%warmedUp)
		if n < warmedUp { // what the warm-up buys is out of the way of what is measured
			turn = turns - 1 - turn
		}
		if turn < 0 || turn >= turns {
			return nil
		}
		user, round := turn%buyers, turn/buyers
		seller := s.Users - 1
		if !hot {
			seller = (user + 1 + round*7%(s.Users-2)) % (s.Users - 1)
		}
		post := round*2*s.Users + seller
		return compose("POST", "/v1/posts/"+s.posts[post].String()+"/purchase", s.tokens[user], `{"price_coins":`+strconv.Itoa(priced)+`}`,
			"Idempotency-Key", fmt.Sprintf("bench-%d-%d-%d", user, post, rand.Int64()))
	}
}

// times does something slow a few times over.
func times(n int, do func(i int) error) result {
	var took []time.Duration
	began := time.Now()
	for i := range n {
		at := time.Now()
		if err := do(i); err != nil {
			return result{failed: err}
		}
		took = append(took, time.Since(at))
	}
	return summary(took, time.Since(began), nil)
}

// fanOut posts as the star and returns when the last of the fans has the post.
func (s *stage) fanOut(int) error {
	before, err := s.received()
	if err != nil {
		return err
	}
	body := fmt.Sprintf(`{"caption":"To all of you","media_ids":[%q]}`, s.starring)
	r := load(s.address, 1, time.Minute, func(_, n int) []byte {
		if n > 0 {
			return nil
		}
		return compose("POST", "/v1/posts", s.tokens[len(s.tokens)-1], body)
	}, 201)
	if r.failed != nil {
		return r.failed
	}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if now, err := s.received(); err != nil || now > before {
			return err
		}
	}
	return fmt.Errorf("the last fan has waited for two minutes")
}

// received counts the posts of the star in the inbox that is filled last.
func (s *stage) received() (int64, error) {
	return sqldb.One(context.Background(), s.db, sqldb.Scalar[int64], `SELECT count(*) FROM inbox_entries WHERE account = $1 AND author = $2`, s.lastFan, s.star)
}

func (s *stage) insertSelect(ctx context.Context) error {
	post := ident.PostID{}
	for i := range post {
		post[i] = byte(rand.IntN(256))
	}
	_, err := s.db.Exec(ctx, `INSERT INTO inbox_entries (account, published_at, post, author)
		SELECT subscriber, $2, $3, $1 FROM subscriptions WHERE creator = $1`, s.star, time.Now(), post)
	return err
}

func (s *stage) content(size int) func(context.Context, time.Duration) result {
	return func(ctx context.Context, during time.Duration) result {
		address, stop, err := contentServer(ctx, s.photos[size].file)
		if err != nil {
			return result{failed: err}
		}
		defer stop()
		return load(address, connections, during, func(int, int) []byte { return compose("GET", s.photos[size].path, s.tokens[0], "") }, 200)
	}
}
