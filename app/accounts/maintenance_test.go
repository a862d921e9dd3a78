package accounts_test

import (
	"testing"
	"time"

	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

func TestPurge(t *testing.T) {
	t.Run("makes final whose grace is over, and frees address and handle", func(t *testing.T) {
		w := newWorld(t)
		hana, bora := w.register("hana"), w.register("bora")
		w.signIn("hana")
		w.must(w.accounts.Delete(t.Context(), hana))
		w.pass(time.Hour)
		w.must(w.accounts.Delete(t.Context(), bora))
		w.pass(grace - time.Hour)
		w.topics()
		for range 2 {
			w.must(w.maintenance.Purge(t.Context()))
		}
		w.equal([]string{"accounts.account.purged.v1"}, w.topics())
		w.equal(w.clock, w.record(hana).PurgedAt)
		w.equal(true, w.record(bora).PurgedAt.IsZero())
		w.equal(0, w.count(`SELECT count(*) FROM sessions WHERE account = $1`, hana))
		w.equal(0, w.count(`SELECT count(*) FROM accounts WHERE id = $1 AND (email LIKE '%hana%' OR email_key LIKE '%hana%'
			OR handle LIKE '%hana%' OR display_name LIKE '%hana%' OR display_key LIKE '%hana%' OR password_hash LIKE '%hana%')`, hana))
		if again := w.register("hana"); again == hana {
			t.Error("the same account")
		}
		w.signIn("hana")
		w.signIn("bora")
	})
	t.Run("takes more than one batch", func(t *testing.T) {
		w := newWorld(t)
		const many = 101
		_, err := w.db.Exec(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO accounts (id, email, email_key, handle, display_name, bio, password_hash, role, version, created_at, deleted_at, purge_at)
			SELECT randomblob(16), i, i, i, i, '', '', 'member', 1, $2, $2, $2 FROM n`, many, w.clock)
		w.must(err)
		w.must(w.maintenance.Purge(t.Context()))
		w.equal(many, w.count(`SELECT count(*) FROM accounts WHERE purged_at IS NOT NULL AND purge_at IS NULL`))
	})
	t.Run("one that fails keeps no other one back, and is tried again", func(t *testing.T) {
		w := newWorld(t)
		w.accounts.Grace = 0
		first, second := w.register("first"), w.register("second")
		for _, id := range []ident.AccountID{first, second} {
			w.must(w.accounts.Delete(t.Context(), id))
		}
		blocker := w.register("blocker")
		// Somebody stands where the first would go.
		exec := func(query string, args ...any) {
			t.Helper()
			_, err := w.db.Exec(t.Context(), query, args...)
			w.must(err)
		}
		exec(`UPDATE accounts SET handle = $2 WHERE id = $1`, blocker, "deleted-"+first.String())
		w.is(w.maintenance.Purge(t.Context()), rules.ErrHandleTaken)
		w.equal(false, w.record(second).PurgedAt.IsZero())
		exec(`UPDATE accounts SET handle = 'blocker' WHERE id = $1`, blocker)
		w.must(w.maintenance.Purge(t.Context()))
		w.equal(false, w.record(first).PurgedAt.IsZero())
	})
}

func TestSweep(t *testing.T) {
	t.Run("drops what is long over, and no sooner", func(t *testing.T) {
		w := newWorld(t)
		hana := w.register("hana")
		ended, g := w.signIn("hana"), w.signIn("hana")
		w.must(w.sessions.SignOut(t.Context(), hana, ended.Session))
		sessions := func() int { return w.count(`SELECT count(*) FROM sessions`) }
		w.pass(7 * day)
		w.must(w.maintenance.Sweep(t.Context()))
		w.equal(2, sessions())
		w.pass(time.Microsecond)
		w.must(w.maintenance.Sweep(t.Context()))
		w.equal(1, sessions())

		first := g.RefreshToken
		for range 10 {
			w.pass(5 * day)
			g = w.refresh(g.RefreshToken)
			w.must(w.maintenance.Sweep(t.Context()))
		}
		w.equal(8, w.count(`SELECT count(*) FROM refresh_tokens`)) // of the last 37 days
		w.refuses(first, rules.ErrRefreshToken)
		w.in(w.refresh(g.RefreshToken), nil)
	})
	t.Run("takes more than one batch", func(t *testing.T) {
		w := newWorld(t)
		w.register("hana")
		g := w.signIn("hana")
		_, err := w.db.Exec(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
			INSERT INTO refresh_tokens (hash, session, issued_at) SELECT randomblob(32), $1, $2 FROM n`, g.Session, w.clock)
		w.must(err)
		w.pass(refreshTTL + 7*day + time.Microsecond)
		_, err = w.db.Exec(t.Context(), `UPDATE sessions SET expires_at = $1`, w.clock) // so that only its tokens are too old
		w.must(err)
		w.must(w.maintenance.Sweep(t.Context()))
		w.equal(1, w.count(`SELECT count(*) FROM sessions`))
		w.equal(0, w.count(`SELECT count(*) FROM refresh_tokens`))
	})
}
