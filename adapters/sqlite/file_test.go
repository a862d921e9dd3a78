package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlite"
)

func must(t *testing.T, db sqldb.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func number(t *testing.T, db sqldb.DB, query string) int64 {
	t.Helper()
	n, err := sqldb.One(t.Context(), db, sqldb.Scalar[int64], query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestReading(t *testing.T) {
	t.Run("several reads at once wait for no writer", func(t *testing.T) {
		db := open(t, filepath.Join(t.TempDir(), "sajin.db"))
		must(t, db, "CREATE TABLE t (n INTEGER)")
		must(t, db, "INSERT INTO t VALUES (1)")
		err := db.Do(t.Context(), func(ctx context.Context) error {
			if _, err := db.Exec(ctx, "UPDATE t SET n = 2"); err != nil {
				return err
			}
			short, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var sum int64
			var b sqldb.Batch
			for range 2 {
				b.Query(func(rows sqldb.Rows) error {
					ns, err := sqldb.Collect(rows, sqldb.Scalar[int64])
					sum += ns[0]
					return err
				}, " SELECT n FROM t")
			}
			if err := db.Send(short, &b); err != nil || sum != 2 {
				return fmt.Errorf("read %d in two rows: %w", sum, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestOpen(t *testing.T) {
	t.Run("the file and a folder made for it are the owner's alone", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a", "b", "sajin.db")
		db := open(t, path)
		must(t, db, "CREATE TABLE t (n INTEGER)")
		for name, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("%s: %o, want %o", name, got, want)
			}
		}
	})
	t.Run("a path may hold any letter", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "사진 50%3F?mode=ro#&.db")
		must(t, open(t, path), "CREATE TABLE t (n INTEGER)")
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Fatal(info, err)
		}
	})
	t.Run("what cannot be opened is an error with its path", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"", file, filepath.Join(file, "below")} {
			if db, err := sqlite.Open(t.Context(), path, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%q: %v %v", path, db, err)
			}
		}
	})
	t.Run("the settings hold for who writes and who reads", func(t *testing.T) {
		db := open(t, filepath.Join(t.TempDir(), "sajin.db"))
		for pragma, want := range map[string]int64{"synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000, "temp_store": 2} {
			column := pragma
			if pragma == "busy_timeout" {
				column = "timeout"
			}
			if got := number(t, db, "SELECT "+column+" FROM pragma_"+pragma); got != want { // a reader's
				t.Errorf("%s is %d for a reader", pragma, got)
			}
			if got := number(t, db, "PRAGMA "+pragma); got != want { // the writer's
				t.Errorf("%s is %d for the writer", pragma, got)
			}
		}
		if mode, err := sqldb.One(t.Context(), db, sqldb.Scalar[string], "PRAGMA journal_mode"); err != nil || mode != "wal" {
			t.Error(mode, err)
		}
	})
	t.Run("every database in memory is another one", func(t *testing.T) {
		must(t, open(t, sqlite.Memory), "CREATE TABLE t (n INTEGER)")
		must(t, open(t, sqlite.Memory), "CREATE TABLE t (n INTEGER)")
	})
}

func TestFileConcurrency(t *testing.T) {
	t.Run("a reader does not wait for a writer, and sees what was there before", func(t *testing.T) {
		db := open(t, filepath.Join(t.TempDir(), "sajin.db"))
		must(t, db, "CREATE TABLE t (n INTEGER)")
		err := db.Do(t.Context(), func(ctx context.Context) error {
			if _, err := db.Exec(ctx, "INSERT INTO t VALUES (1)"); err != nil {
				return err
			}
			if n := number(t, db, "\n\tSELECT count(*) FROM t"); n != 0 { // not in the transaction
				t.Errorf("it sees %d", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := number(t, db, "select count(*) from t"); n != 1 {
			t.Fatal(n)
		}
	})
	t.Run("two processes on one file take turns", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "sajin.db")
		both := []*sqlite.DB{open(t, path), open(t, path)}
		must(t, both[0], "CREATE TABLE t (n INTEGER)")
		var all sync.WaitGroup
		var runs atomic.Int64
		for i := range 20 {
			all.Go(func() {
				db := both[i%2]
				for range 5 {
					err := db.Do(t.Context(), func(ctx context.Context) error {
						runs.Add(1)
						n, err := sqldb.One(ctx, db, sqldb.Scalar[int64], "SELECT count(*) FROM t")
						if err != nil {
							return err
						}
						_, err = db.Exec(ctx, "INSERT INTO t VALUES ($1)", n)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := number(t, both[0], "SELECT count(DISTINCT n) FROM t"); n != 100 {
			t.Fatalf("%d of 100 saw the one before them", n)
		}
		if n := runs.Load(); n != 100 {
			t.Fatalf("they waited before they began, and still it took %d runs", n)
		}
	})
}

func TestKill(t *testing.T) {
	const variable = "SAJIN_TEST_WRITE_TO"
	if path := os.Getenv(variable); path != "" { // the child: writes and says so until it is killed
		db := open(t, path)
		for n := 1; ; n++ {
			must(t, db, "INSERT INTO t VALUES ($1)", n)
			fmt.Fprintln(os.Stdout, "written", n)
		}
	}
	t.Run("what was answered survives kill -9", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "sajin.db")
		db := open(t, path)
		must(t, db, "CREATE TABLE t (n INTEGER)")
		child := exec.Command(os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), variable+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		answered := int64(0)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, found := strings.CutPrefix(lines.Text(), "written "); found {
				if answered, err = strconv.ParseInt(n, 10, 64); err != nil {
					t.Fatal(err)
				}
			}
			if answered == 100 {
				_ = child.Process.Kill()
			}
		}
		_ = child.Wait()
		if answered < 100 {
			t.Fatalf("the child wrote %d rows", answered)
		}
		if n := number(t, db, "SELECT count(*) FROM t"); n < answered {
			t.Fatalf("%d rows of %d are there", n, answered)
		}
		if ok, err := sqldb.One(t.Context(), db, sqldb.Scalar[string], "PRAGMA integrity_check"); err != nil || ok != "ok" {
			t.Fatal(ok, err)
		}
	})
}

func TestMigrate(t *testing.T) {
	for name, path := range map[string]string{"a file": filepath.Join(t.TempDir(), "sajin.db"), "memory": sqlite.Memory} {
		t.Run(name, func(t *testing.T) {
			db := open(t, path)
			before, err := sqlite.Migrations(t.Context(), db)
			if err != nil || len(before) == 0 || !before[0].AppliedAt.IsZero() || before[0].Version != 1 {
				t.Fatal(before, err)
			}
			for range 2 { // a second time does nothing
				if err := sqlite.Migrate(t.Context(), db); err != nil {
					t.Fatal(err)
				}
			}
			after, err := sqlite.Migrations(t.Context(), db)
			if err != nil || len(after) != len(before) {
				t.Fatal(after, err)
			}
			for i, m := range after {
				if m.Name != before[i].Name || time.Since(m.AppliedAt).Abs() > time.Hour {
					t.Errorf("%+v", m)
				}
			}
			if n := number(t, db, "SELECT count(*) FROM outbox"); n != 0 {
				t.Fatal(n)
			}
		})
	}
}
