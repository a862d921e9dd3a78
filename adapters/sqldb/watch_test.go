package sqldb_test

import (
	"context"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/postgres"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/test/contract"
)

// told are the labels of work that has ended, and how much has not.
type told struct {
	mu    sync.Mutex
	ended []string
	open  int
}

func (s *told) around(ctx context.Context, labels ...string) (context.Context, func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	return ctx, func(error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
		s.ended = append(s.ended, strings.Join(labels, " "))
	}
}

func open(t *testing.T, s *told) sqldb.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "sajin.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return sqldb.Watch(db, s.around)
}

func TestAWatchedDatabaseKeepsItsPromises(t *testing.T) {
	contract.DB(t, func(t *testing.T) sqldb.DB {
		s := &told{}
		t.Cleanup(func() {
			if s.open != 0 {
				t.Errorf("%d have never ended", s.open)
			}
		})
		return open(t, s)
	})
}

func TestWatch(t *testing.T) {
	ctx, s := t.Context(), &told{}
	db := open(t, s)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(db.Do(ctx, func(ctx context.Context) error {
		_, err := db.Exec(ctx, `CREATE TABLE notes (n INTEGER)`)
		return err
	}))
	var b sqldb.Batch
	b.Exec(`INSERT INTO notes VALUES ($1)`, 1)
	b.Exec(`INSERT INTO notes VALUES ($1)`, 2)
	must(db.Send(ctx, &b))
	n, err := sqldb.One(ctx, db, sqldb.Scalar[int64], `SELECT count(*) FROM notes`)
	must(err)
	want := []string{"CREATE TABLE notes (n INTEGER)", "transaction", "INSERT INTO notes VALUES ($1);\nINSERT INTO notes VALUES ($1)", "SELECT count(*) FROM notes"}
	if diff := cmp.Diff(want, s.ended); diff != "" || n != 2 || s.open != 0 {
		t.Error(diff, n, s.open)
	}
}

func TestWatchHidesNothing(t *testing.T) {
	for _, db := range []sqldb.DB{&sqlite.DB{}, &postgres.DB{}} {
		around := reflect.TypeOf(sqldb.Watch(db, new(told).around))
		for m := range reflect.TypeOf(db).Methods() {
			if _, ok := around.MethodByName(m.Name); !ok {
				t.Errorf("%T offers %s, which nobody sees who asks for it", db, m.Name)
			}
		}
	}
}
