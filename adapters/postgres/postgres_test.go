package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sajin-sns/sajin/adapters/postgres"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/test/contract"
	"github.com/sajin-sns/sajin/test/pgtest"
)

func TestContract(t *testing.T) {
	contract.DB(t, func(t *testing.T) sqldb.DB { return pgtest.Open(t) })
}

func open(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func must(t *testing.T, db sqldb.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func one[T any](t *testing.T, db sqldb.DB, query string) T {
	t.Helper()
	value, err := sqldb.One(t.Context(), db, sqldb.Scalar[T], query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func TestOpen(t *testing.T) {
	t.Run("an error does not show the password", func(t *testing.T) {
		for _, url := range []string{
			"postgres://sajin:hunter2@127.0.0.1:1/sajin", "postgres://sajin:hunter2@127.0.0.1:no/sajin",
			"host=127.0.0.1 port=1 password=hunter2 sslmode=nonsense", "postgres://sajin:hunter2@/sajin?host=/nowhere",
		} {
			if _, err := postgres.Open(t.Context(), url, postgres.Options{}); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
		}
	})
	t.Run("sessions are in UTC whatever the database is set to", func(t *testing.T) {
		url := pgtest.Empty(t)
		first := open(t, url)
		must(t, first, "ALTER DATABASE "+one[string](t, first, "SELECT current_database()::text")+" SET timezone = 'Asia/Seoul'")
		if zone := one[string](t, open(t, url), "SELECT current_setting('timezone')"); zone != "UTC" {
			t.Fatal(zone)
		}
	})
	t.Run("transactions are READ COMMITTED whatever the database is set to", func(t *testing.T) {
		url := pgtest.Empty(t)
		first := open(t, url)
		must(t, first, "ALTER DATABASE "+one[string](t, first, "SELECT current_database()::text")+" SET default_transaction_isolation = 'serializable'")
		db := open(t, url)
		err := db.Do(t.Context(), func(ctx context.Context) error {
			level, err := sqldb.One(ctx, db, sqldb.Scalar[string], "SELECT current_setting('transaction_isolation')")
			if level != "read committed" {
				t.Error(level)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestConflicts(t *testing.T) {
	t.Run("a deadlock is broken and both transactions get through", func(t *testing.T) {
		db := open(t, pgtest.Empty(t))
		must(t, db, "CREATE TABLE t (id bigint PRIMARY KEY, n bigint NOT NULL)")
		must(t, db, "INSERT INTO t VALUES (1, 0), (2, 0)")
		var both, met sync.WaitGroup
		met.Add(2)
		runs := make([]int, 2)
		for i := range 2 {
			both.Go(func() {
				err := db.Do(t.Context(), func(ctx context.Context) error {
					const add = "UPDATE t SET n = n + 1 WHERE id = $1"
					if _, err := db.Exec(ctx, add, 1+i); err != nil {
						return err
					}
					if runs[i]++; runs[i] == 1 {
						met.Done()
						met.Wait() // each holds what the other wants
					}
					_, err := db.Exec(ctx, add, 2-i)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if sum := one[int64](t, db, "SELECT sum(n) FROM t"); sum != 4 || runs[0]+runs[1] < 3 {
			t.Fatal(sum, runs)
		}
	})
	t.Run("a server that hangs up is an error, and the pool finds another connection", func(t *testing.T) {
		db := open(t, pgtest.Empty(t))
		must(t, db, "CREATE TABLE t (n bigint)")
		err := db.Do(t.Context(), func(ctx context.Context) error {
			if _, err := db.Exec(ctx, "INSERT INTO t VALUES (1)"); err != nil {
				return err
			}
			_, _ = db.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
			return nil
		})
		if refused := (*pgconn.PgError)(nil); !errors.As(err, &refused) || refused.Code != "57P01" {
			t.Fatal(err)
		}
		if n := one[int64](t, db, "SELECT count(*) FROM t"); n != 0 {
			t.Fatal(n)
		}
	})
}

func TestMigrate(t *testing.T) {
	t.Run("servers that start at once migrate once", func(t *testing.T) {
		url := pgtest.Empty(t)
		var all sync.WaitGroup
		for range 3 {
			db := open(t, url)
			all.Go(func() {
				if err := postgres.Migrate(t.Context(), db); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		db := open(t, url)
		list, err := postgres.Migrations(t.Context(), db)
		if err != nil || len(list) == 0 {
			t.Fatal(list, err)
		}
		for i, m := range list {
			if i > 0 && m.Version <= list[i-1].Version || time.Since(m.AppliedAt).Abs() > time.Hour {
				t.Errorf("%+v", m)
			}
		}
		if n := one[int64](t, db, "SELECT count(*) FROM goose_db_version WHERE version_id > 0"); n != int64(len(list)) {
			t.Fatalf("%d migrations ran, of %d", n, len(list))
		}
	})
	t.Run("what is pending has no time", func(t *testing.T) {
		list, err := postgres.Migrations(t.Context(), open(t, pgtest.Empty(t)))
		if err != nil || len(list) == 0 || !list[0].AppliedAt.IsZero() {
			t.Fatal(list, err)
		}
	})
}

func TestCopyFrom(t *testing.T) {
	db := open(t, pgtest.Empty(t))
	must(t, db, "CREATE TABLE t (id uuid UNIQUE, at timestamptz, word text NOT NULL, yes boolean, blob bytea, n bigint)")
	columns := []string{"id", "at", "word", "yes", "blob", "n"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)
	type word string
	line := func(n byte, w any) []any { return []any{ident.PostID{n}, at, w, true, []byte{n}, n} }
	t.Run("rows arrive as if they were inserted", func(t *testing.T) {
		n, err := db.CopyFrom(t.Context(), "t", columns, [][]any{line(1, word("a")), line(2, "b"), {ident.PostID{}, time.Time{}, "", false, nil, 0}})
		if err != nil || n != 3 {
			t.Fatal(n, err)
		}
		var copied int64
		if err := db.QueryRow(t.Context(), "SELECT count(*) FROM t WHERE id = $1 AND at = $2 AND word = $3 AND blob = $4", ident.PostID{1}, at, word("a"), []byte{1}).Scan(&copied); err != nil || copied != 1 {
			t.Fatal(copied, err)
		}
		if n := one[int64](t, db, "SELECT count(*) FROM t WHERE id IS NULL AND at IS NULL AND blob IS NULL"); n != 1 {
			t.Fatal(n)
		}
	})
	t.Run("all of them or none", func(t *testing.T) {
		_, err := db.CopyFrom(t.Context(), "t", columns, [][]any{line(3, "c"), line(1, "a")})
		if !errors.Is(err, sqldb.ErrUnique) {
			t.Fatal(err)
		}
		if _, err := db.CopyFrom(t.Context(), "t", columns, [][]any{line(3, "c"), line(4, struct{}{})}); err == nil {
			t.Fatal("a struct was taken")
		}
		if n := one[int64](t, db, "SELECT count(*) FROM t"); n != 3 {
			t.Fatal(n)
		}
	})
	t.Run("within a transaction they share its fate", func(t *testing.T) {
		no := errors.New("no")
		err := db.Do(t.Context(), func(ctx context.Context) error {
			if _, err := db.CopyFrom(ctx, "t", columns, [][]any{line(5, "e")}); err != nil {
				return err
			}
			return no
		})
		if n := one[int64](t, db, "SELECT count(*) FROM t"); n != 3 || !errors.Is(err, no) {
			t.Fatal(n, err)
		}
	})
}

func TestWhoIsCutOffKeepsNoLocksForLong(t *testing.T) {
	db := open(t, pgtest.URL(t))
	limit, err := sqldb.One(t.Context(), db, sqldb.Scalar[string], `SELECT current_setting('idle_in_transaction_session_timeout')`)
	if err != nil || limit != "1min" {
		t.Errorf("%q, %v", limit, err)
	}
}
