// Package contract holds a suite for each port. Every adapter runs the suite
// of the port that it serves, and so may adapters that are kept elsewhere.
package contract

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
)

// DB is what the stores rely on in every database. open answers a database
// that holds no tables of the names below; it may hold others.
func DB(t *testing.T, open func(t *testing.T) sqldb.DB) {
	t.Run("values", func(t *testing.T) { dbValues(t, dbTables(t, open(t))) })
	t.Run("rows", func(t *testing.T) { dbRows(t, dbTables(t, open(t))) })
	t.Run("errors", func(t *testing.T) { dbErrors(t, dbTables(t, open(t))) })
	t.Run("batch", func(t *testing.T) { dbBatch(t, dbTables(t, open(t))) })
	t.Run("later", func(t *testing.T) { dbLater(t, dbTables(t, open(t))) })
	t.Run("transactions", func(t *testing.T) { dbTransactions(t, dbTables(t, open(t))) })
	t.Run("after commit", func(t *testing.T) { dbAfterCommit(t, dbTables(t, open(t))) })
	t.Run("retries", func(t *testing.T) { dbRetries(t, dbTables(t, open(t))) })
	t.Run("contexts", func(t *testing.T) { dbContexts(t, dbTables(t, open(t))) })
	t.Run("concurrency", func(t *testing.T) { dbConcurrency(t, dbTables(t, open(t))) })
	t.Run("two databases do not share a transaction", func(t *testing.T) { dbTwo(t, dbTables(t, open(t)), dbTables(t, open(t))) })
}

// dbTables makes the suite's tables, spelled as the migrations spell theirs.
func dbTables(t *testing.T, db sqldb.DB) sqldb.DB {
	t.Helper()
	for _, ddl := range []string{
		`CREATE TABLE contract_values (n bigint NOT NULL PRIMARY KEY, id uuid, at timestamptz, blob bytea, yes boolean, word text, coins bigint, share double precision)`,
		`CREATE TABLE contract_owners (id bigint NOT NULL PRIMARY KEY, name text NOT NULL UNIQUE, age bigint NOT NULL CHECK (age >= 0))`,
		`CREATE TABLE contract_things (id bigint NOT NULL PRIMARY KEY, owner bigint NOT NULL REFERENCES contract_owners (id))`,
		`CREATE TABLE contract_late (id bigint NOT NULL PRIMARY KEY, owner bigint NOT NULL REFERENCES contract_owners (id) DEFERRABLE INITIALLY DEFERRED)`,
		`CREATE TABLE contract_counts (id bigint NOT NULL PRIMARY KEY, n bigint NOT NULL)`,
	} {
		if db.Dialect().Name == "sqlite" {
			ddl = strings.NewReplacer("uuid", "BLOB", "bytea", "BLOB", "bigint", "INTEGER", "boolean", "INTEGER", "timestamptz", "INTEGER", "double precision", "REAL").Replace(ddl) + " STRICT"
		}
		dbExec(t, t.Context(), db, ddl)
	}
	return db
}

func dbExec(t *testing.T, ctx context.Context, db sqldb.DB, query string, args ...any) int64 {
	t.Helper()
	n, err := db.Exec(ctx, query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func dbInt(t *testing.T, ctx context.Context, db sqldb.DB, query string, args ...any) int64 {
	t.Helper()
	n, err := sqldb.One(ctx, db, sqldb.Scalar[int64], query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// dbIs fails unless err is want, in the sense of errors.Is.
func dbIs(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

// Named types with methods of their own: what is stored and read is the value,
// not what it prints as or would like to parse.
type (
	dbWord  string
	dbCoins int64
)

func (dbWord) String() string  { return "printed" }
func (dbCoins) String() string { return "printed" }

func (*dbWord) Scan(any) error  { return errors.New("asked") }
func (*dbCoins) Scan(any) error { return errors.New("asked") }

type dbRecord struct {
	ID    ident.PostID
	At    time.Time
	Blob  []byte
	Yes   bool
	Word  dbWord
	Coins dbCoins
	Share float64
}

func dbRecordOf(row sqldb.Row) (r dbRecord, err error) {
	err = row.Scan(&r.ID, &r.At, &r.Blob, &r.Yes, &r.Word, &r.Coins, &r.Share)
	return r, err
}

func dbValues(t *testing.T, db sqldb.DB) {
	const insert = "INSERT INTO contract_values (n, id, at, blob, yes, word, coins, share) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
	const fields = "SELECT id, at, blob, yes, word, coins, share FROM contract_values WHERE n = $1"
	ctx := t.Context()
	id := ident.PostID{0x01, 0x90, 0xa5, 0xf0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}

	trip := func(t *testing.T, n int, in dbRecord) dbRecord {
		t.Helper()
		dbExec(t, ctx, db, insert, n, in.ID, in.At, in.Blob, in.Yes, in.Word, in.Coins, in.Share)
		out, err := sqldb.One(ctx, db, dbRecordOf, fields, n)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	t.Run("what is written is read", func(t *testing.T) {
		in := dbRecord{id, time.Date(2026, 11, 20, 1, 2, 3, 456789000, time.UTC), []byte{0, 255, '\''}, true, "사진 'quoted' \\", 1<<62 + 1, 0.1}
		if diff := cmp.Diff(in, trip(t, 1, in)); diff != "" {
			t.Fatal(diff)
		}
	})
	t.Run("zero ids, zero times and nil bytes are NULL and come back zero", func(t *testing.T) {
		if diff := cmp.Diff(dbRecord{}, trip(t, 2, dbRecord{})); diff != "" {
			t.Fatal(diff)
		}
		if n := dbInt(t, ctx, db, "SELECT count(*) FROM contract_values WHERE n = 2 AND id IS NULL AND at IS NULL AND blob IS NULL"); n != 1 {
			t.Fatal("they are not NULL")
		}
	})
	t.Run("a destination that held something is overwritten by NULL", func(t *testing.T) {
		gotID, at, blob := id, time.Now(), []byte("old")
		if err := db.QueryRow(ctx, "SELECT id, at, blob FROM contract_values WHERE n = 2").Scan(&gotID, &at, &blob); err != nil {
			t.Fatal(err)
		}
		if !gotID.IsZero() || !at.IsZero() || blob != nil {
			t.Fatalf("left over: %v %v %q", gotID, at, blob)
		}
	})
	t.Run("an empty blob is not NULL", func(t *testing.T) {
		if out := trip(t, 3, dbRecord{Blob: []byte{}}); out.Blob == nil || len(out.Blob) != 0 {
			t.Fatalf("got %#v", out.Blob)
		}
	})
	t.Run("times lose what is below a microsecond and their zone", func(t *testing.T) {
		seoul := time.FixedZone("KST", 9*3600)
		out := trip(t, 4, dbRecord{At: time.Date(2026, 1, 1, 3, 0, 0, 123456999, seoul)})
		if want := time.Date(2025, 12, 31, 18, 0, 0, 123456000, time.UTC); !out.At.Equal(want) || out.At.Location() != time.UTC {
			t.Fatalf("got %v, want %v", out.At, want)
		}
	})
	t.Run("times before 1970 and far away are exact", func(t *testing.T) {
		for n, at := range []time.Time{time.Date(1923, 4, 5, 6, 7, 8, 999999000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Unix(0, 0).UTC()} {
			if out := trip(t, 5+n, dbRecord{At: at}); !out.At.Equal(at) {
				t.Fatalf("got %v, want %v", out.At, at)
			}
		}
	})
	t.Run("times compare as times, also with what they were truncated from", func(t *testing.T) {
		at := time.Date(2026, 1, 1, 0, 0, 0, 123456999, time.UTC)
		dbExec(t, ctx, db, insert, 10, id, at, nil, nil, nil, nil, nil)
		if n := dbInt(t, ctx, db, "SELECT count(*) FROM contract_values WHERE n = 10 AND at = $1 AND at < $2", at, at.Add(time.Microsecond)); n != 1 {
			t.Fatal("not found by its own time")
		}
	})
	t.Run("an aggregate of times is a time", func(t *testing.T) {
		at, err := sqldb.One(ctx, db, sqldb.Scalar[time.Time], "SELECT max(at) FROM contract_values WHERE n = 10")
		if err != nil || !at.Equal(time.Date(2026, 1, 1, 0, 0, 0, 123456000, time.UTC)) {
			t.Fatal(at, err)
		}
	})
	t.Run("pointers are what they point at, nil pointers NULL", func(t *testing.T) {
		word, none := dbWord("here"), (*string)(nil)
		dbExec(t, ctx, db, "INSERT INTO contract_values (n, id, word) VALUES ($1, $2, $3)", 11, &id, &word)
		dbExec(t, ctx, db, "INSERT INTO contract_values (n, id, word) VALUES ($1, $2, $3)", 12, (*ident.PostID)(nil), none)
		got, err := sqldb.List(ctx, db, sqldb.Scalar[*string], "SELECT word FROM contract_values WHERE n IN (11, 12) ORDER BY n")
		if err != nil || len(got) != 2 || got[0] == nil || *got[0] != "here" || got[1] != nil {
			t.Fatal(got, err)
		}
		if n := dbInt(t, ctx, db, "SELECT n FROM contract_values WHERE word = 'here' AND id = $1", id); n != 11 {
			t.Fatal(n)
		}
	})
	t.Run("NULL into a plain string or number is an error", func(t *testing.T) {
		for _, dest := range []any{new(string), new(dbWord), new(int64), new(dbCoins), new(bool)} {
			if err := db.QueryRow(ctx, "SELECT word FROM contract_values WHERE n = 12").Scan(dest); err == nil {
				t.Errorf("a %T took NULL", dest)
			}
		}
	})
	t.Run("what has no column type is refused before the database sees it", func(t *testing.T) {
		for _, bad := range []any{time.Second, []string{"a"}, struct{}{}, map[string]int{}, uint64(1 << 63)} {
			if _, err := db.Exec(ctx, "UPDATE contract_values SET word = $1", bad); err == nil || !strings.Contains(err.Error(), "$1") {
				t.Errorf("%T: %v", bad, err)
			}
		}
	})
	t.Run("placeholders go by their number", func(t *testing.T) {
		dbExec(t, ctx, db, "INSERT INTO contract_values (n, word, coins) VALUES ($2, $1, $2)", "twice", 77)
		if n := dbInt(t, ctx, db, "SELECT coins FROM contract_values WHERE word = $2 AND n = $1 AND coins = $1", 77, "twice"); n != 77 {
			t.Fatal(n)
		}
		got, err := sqldb.List(ctx, db, sqldb.Scalar[int64], "SELECT n FROM contract_values WHERE word = $1 AND n IN ($2, $3, $4)", "twice", 1, 77, 2)
		if err != nil || !cmp.Equal(got, []int64{77}) {
			t.Fatal(got, err)
		}
	})
}

func dbRows(t *testing.T, db sqldb.DB) {
	ctx := t.Context()
	for n := range 3 {
		dbExec(t, ctx, db, "INSERT INTO contract_counts (id, n) VALUES ($1, $2)", n, 10*n)
	}
	t.Run("no row is ErrNoRows", func(t *testing.T) {
		_, err := sqldb.One(ctx, db, sqldb.Scalar[int64], "SELECT n FROM contract_counts WHERE id = 99")
		dbIs(t, err, sqldb.ErrNoRows)
	})
	t.Run("an empty list is no error", func(t *testing.T) {
		got, err := sqldb.List(ctx, db, sqldb.Scalar[int64], "SELECT n FROM contract_counts WHERE id = 99")
		if err != nil || got != nil {
			t.Fatal(got, err)
		}
	})
	t.Run("a list keeps the order", func(t *testing.T) {
		got, err := sqldb.List(ctx, db, sqldb.Scalar[int64], "SELECT n FROM contract_counts ORDER BY id DESC")
		if err != nil || !cmp.Equal(got, []int64{20, 10, 0}) {
			t.Fatal(got, err)
		}
	})
	t.Run("Exec counts the rows it touched", func(t *testing.T) {
		if n := dbExec(t, ctx, db, "UPDATE contract_counts SET n = n WHERE id > 0"); n != 2 {
			t.Fatal(n)
		}
		if n := dbExec(t, ctx, db, "INSERT INTO contract_counts (id, n) VALUES (1, 1) ON CONFLICT DO NOTHING"); n != 0 {
			t.Fatal(n)
		}
	})
	t.Run("RETURNING answers and writes", func(t *testing.T) {
		if n := dbInt(t, ctx, db, "UPDATE contract_counts SET n = n + 1 WHERE id = 1 RETURNING n"); n != 11 {
			t.Fatal(n)
		}
		if n := dbInt(t, ctx, db, "SELECT n FROM contract_counts WHERE id = 1"); n != 11 {
			t.Fatal(n)
		}
	})
	t.Run("a scan that fails leaves no rows open", func(t *testing.T) {
		refuse := errors.New("refused")
		err := db.Do(ctx, func(ctx context.Context) error {
			_, err := sqldb.List(ctx, db, func(sqldb.Row) (int, error) { return 0, refuse }, "SELECT n FROM contract_counts")
			dbIs(t, err, refuse)
			dbInt(t, ctx, db, "SELECT count(*) FROM contract_counts")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a transaction takes no statement while rows are open", func(t *testing.T) {
		err := db.Do(ctx, func(ctx context.Context) error {
			rows, err := db.Query(ctx, "SELECT n FROM contract_counts")
			if err != nil {
				return err
			}
			defer rows.Close()
			if _, err := db.Exec(ctx, "UPDATE contract_counts SET n = 0"); err == nil {
				t.Error("it took one")
			}
			return errors.New("roll back")
		})
		if err == nil {
			t.Fatal("committed")
		}
		if n := dbInt(t, ctx, db, "SELECT n FROM contract_counts WHERE id = 2"); n != 20 {
			t.Fatal(n)
		}
	})
	t.Run("Ping reaches it", func(t *testing.T) {
		if err := db.Ping(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

func dbErrors(t *testing.T, db sqldb.DB) {
	ctx := t.Context()
	dbExec(t, ctx, db, "INSERT INTO contract_owners (id, name, age) VALUES (1, 'kim', 20)")
	dbExec(t, ctx, db, "INSERT INTO contract_things (id, owner) VALUES (1, 1)")
	for _, test := range []struct {
		rule, query string
		want        error
	}{
		{"a primary key is unique", "INSERT INTO contract_owners (id, name, age) VALUES (1, 'lee', 20)", sqldb.ErrUnique},
		{"a unique column is unique", "INSERT INTO contract_owners (id, name, age) VALUES (2, 'kim', 20)", sqldb.ErrUnique},
		{"rows out of a SELECT are held to it too", "INSERT INTO contract_owners (id, name, age) SELECT id, name, age FROM contract_owners", sqldb.ErrUnique},
		{"a foreign key must point at something", "INSERT INTO contract_things (id, owner) VALUES (2, 9)", sqldb.ErrForeignKey},
		{"what is pointed at stays", "DELETE FROM contract_owners WHERE id = 1", sqldb.ErrForeignKey},
		{"a check holds", "UPDATE contract_owners SET age = -1", sqldb.ErrCheck},
		{"NOT NULL holds", "UPDATE contract_owners SET name = NULL", sqldb.ErrCheck},
	} {
		t.Run(test.rule, func(t *testing.T) {
			_, err := db.Exec(ctx, test.query)
			dbIs(t, err, test.want)
			_, err = sqldb.One(ctx, db, sqldb.Scalar[int64], test.query+" RETURNING 1")
			dbIs(t, err, test.want)
			var b sqldb.Batch
			b.Exec(test.query)
			dbIs(t, db.Send(ctx, &b), test.want)
		})
	}
	t.Run("bad SQL is none of them", func(t *testing.T) {
		_, err := db.Exec(ctx, "UPDATE no_such_table SET unique_foreign_key = 1")
		for _, kind := range []error{nil, sqldb.ErrUnique, sqldb.ErrForeignKey, sqldb.ErrCheck, sqldb.ErrConflict, sqldb.ErrNoRows} {
			if errors.Is(err, kind) {
				t.Fatalf("%v is %v", err, kind)
			}
		}
	})
}
