package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"
)

// The limits in SQL. A word in braces is what changes from call to call: {user}
// and {post} are ids that are there, {new} is an id that is not, {now} is the
// time. The same text serves pgbench and SQLite.

const pageColumns = `p.id, p.author, a.handle, a.display_name, p.caption, p.caption_locked, p.category, p.visibility, p.price_coins, p.kind, p.state, p.version,
	c.likes, c.comments, c.views, c.sales, p.created_at, p.published_at, p.edited_at, b.id IS NOT NULL, s.subscriber IS NOT NULL`

const pageTables = ` JOIN accounts a ON a.id = p.author JOIN post_counts c ON c.post = p.id
	LEFT JOIN purchases b ON b.buyer = {user} AND b.post = p.id
	LEFT JOIN subscriptions s ON s.subscriber = {user} AND s.creator = p.author`

const (
	inboxQuery = `SELECT ` + pageColumns + ` FROM inbox_entries e JOIN posts p ON p.id = e.post AND p.state = 'published'` + pageTables + `
		WHERE e.account = {user} ORDER BY e.published_at DESC, e.post DESC LIMIT 21`
	mainQuery = `SELECT ` + pageColumns + ` FROM posts p` + pageTables + `
		WHERE p.state = 'published' AND a.deleted_at IS NULL ORDER BY p.published_at DESC, p.id DESC LIMIT 21`
	postQuery = `SELECT ` + pageColumns + ` FROM posts p` + pageTables + ` WHERE p.id = {post} AND p.state = 'published'`
)

var postInserts = []string{
	`INSERT INTO posts (id, author, caption, caption_locked, category, visibility, price_coins, kind, state, merged, version, created_at, published_at)
		VALUES ({new}, {user}, 'One more', 'shown', '', 'public', 0, 'photo', 'published', false, 1, {now}, {now})`,
	`INSERT INTO post_counts (post, likes, comments, views, sales) VALUES ({new}, 0, 0, 0, 0)`,
	`INSERT INTO post_media (post, position, media) VALUES ({new}, 0, {user})`,
	`INSERT INTO post_tags (post, position, tag, published_at) VALUES ({new}, 0, 'sea', {now})`,
	`INSERT INTO post_tags (post, position, tag, published_at) VALUES ({new}, 1, 'dawn', {now})`,
	`INSERT INTO outbox (id, topic, payload, trace_id, occurred_at, due_at, attempts, last_error, delivery)
		VALUES ({new}, 'content.post.published.v1', '{"post_id":"0198","author_id":"0198","published_at":"2026"}', '', {now}, {now}, 0, '', {new})`,
}

// purchaseWrites draw on the buyer's one lot and book two postings, as a
// purchase with coins of one kind does.
var purchaseWrites = []string{
	`INSERT INTO idempotency_keys (account, operation, key, input_hash, result, created_at) VALUES ({user}, 'purchase-post', CAST({new} AS text), {hash}, '{}', {now})`,
	`UPDATE wallets SET bonus = bonus - 10, updated_at = {now} WHERE account = {user}`,
	`UPDATE lots SET remaining = remaining - 10 WHERE account = {user} AND remaining > 0`,
	`INSERT INTO journals (id, kind, reference, owner, subject, at) VALUES ({new}, 'purchase', CAST({new} AS text), {user}, {post}, {now})`,
	`INSERT INTO postings (journal, line, debit_account, debit_owner, credit_account, credit_owner, asset, amount)
		VALUES ({new}, 0, 'user.bonus', {user}, 'creator.pending', {seller}, 'coins', 8)`,
	`INSERT INTO postings (journal, line, debit_account, debit_owner, credit_account, asset, amount)
		VALUES ({new}, 1, 'user.bonus', {user}, 'platform.fee', 'coins', 2)`,
	`INSERT INTO purchases (id, buyer, post, seller, coins, paid, bonus, journal, at) VALUES ({new}, {user}, {new}, {seller}, 10, 0, 10, {new}, {now})`,
	`INSERT INTO outbox (id, topic, payload, trace_id, occurred_at, due_at, attempts, last_error, delivery)
		VALUES ({new}, 'wallet.purchase.settled.v1', '{"purchase_id":"0198","buyer_id":"0198","seller_id":"0198"}', '', {now}, {now}, 0, '', {new})`,
}

// query is the limit of a page.
func (s *stage) query(text string) func(context.Context, time.Duration) result {
	return s.against([]string{text}, false)
}

// writes is the limit of what changes something: one transaction.
func (s *stage) writes(texts []string) func(context.Context, time.Duration) result {
	return s.against(texts, true)
}

func (s *stage) against(texts []string, writes bool) func(context.Context, time.Duration) result {
	if s.postgres != nil {
		text := s.forPgbench(texts, writes)
		return func(ctx context.Context, during time.Duration) result {
			return pgbench(ctx, s.postgres, s.limits, text, during)
		}
	}
	prepared := make([]func(call) (string, []any), len(texts))
	for i, text := range texts {
		prepared[i] = forSQLite(text)
	}
	return func(_ context.Context, during time.Duration) result {
		return sqliteLimit(s.limits, func(int) ([]string, [][]any, bool) {
			c := call{user: rand.IntN(s.Users), post: rand.IntN(s.Posts), seller: rand.IntN(s.Users), now: time.Now()}
			for i := range c.fresh {
				c.fresh[i] = byte(rand.IntN(256))
			}
			args := make([][]any, len(prepared))
			sent := make([]string, len(prepared))
			for i, p := range prepared {
				sent[i], args[i] = p(c)
			}
			return sent, args, writes
		}, during)
	}
}

// forPgbench writes a script. Numbers become ids in the database, which costs it
// next to nothing beside the queries.
func (s *stage) forPgbench(texts []string, writes bool) script {
	var b strings.Builder
	fmt.Fprintf(&b, "\\set user random(0, %d)\n\\set seller random(0, %d)\n\\set post random(0, %d)\n\\set a random(0, 9999999)\n\\set b random(0, 99999999999)\n", s.Users-1, s.Users-1, s.Posts-1)
	if writes {
		b.WriteString("BEGIN;\n")
	}
	replace := strings.NewReplacer(
		"{user}", userIn("user"), "{seller}", userIn("seller"), "{post}", "CAST(lpad(CAST(:post AS text), 8, '0') || '-0000-7000-8000-000000000000' AS uuid)",
		"{new}", "CAST('9' || lpad(CAST(:a AS text), 7, '0') || '-0000-7000-8000-' || lpad(CAST(:b AS text), 12, '0') AS uuid)", "{now}", "now()", "{hash}", "decode(repeat('00', 32), 'hex')",
	)
	for _, text := range texts {
		b.WriteString(strings.Join(strings.Fields(replace.Replace(text)), " ") + ";\n")
	}
	if writes {
		b.WriteString("COMMIT;\n")
	}
	return script(b.String())
}

func userIn(name string) string {
	return "CAST('00000000-0000-7000-8000-' || lpad(CAST(:" + name + " AS text), 12, '0') AS uuid)"
}

// call is what one call of a limit on SQLite is about.
type call struct {
	user, seller, post int
	fresh              [16]byte
	now                time.Time
}

var braces = regexp.MustCompile(`\{(user|seller|post|new|now)\}`)

// forSQLite numbers what changes, and answers its values for a call.
func forSQLite(text string) func(call) (string, []any) {
	var names []string
	text = strings.ReplaceAll(text, "{hash}", "zeroblob(32)")
	text = braces.ReplaceAllStringFunc(text, func(name string) string {
		names = append(names, name)
		return fmt.Sprintf("?%d", len(names))
	})
	return func(c call) (string, []any) {
		args := make([]any, len(names))
		for i, name := range names {
			switch name {
			case "{user}":
				id := userID(c.user)
				args[i] = id[:]
			case "{seller}":
				id := userID(c.seller)
				args[i] = id[:]
			case "{post}":
				id := postID(c.post)
				args[i] = id[:]
			case "{new}":
				args[i] = c.fresh[:]
			case "{now}":
				args[i] = c.now.UnixMicro()
			}
		}
		return text, args
	}
}
