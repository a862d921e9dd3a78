package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/test/pgtest"
)

// databases runs a suite on every database that sajin ships with.
func databases(t *testing.T, suite func(t *testing.T, open func(t *testing.T) sqldb.DB)) {
	for name, open := range map[string]func(t *testing.T) sqldb.DB{
		"sqlite memory": func(t *testing.T) sqldb.DB { return openSQLite(t, ":memory:") },
		"sqlite file":   func(t *testing.T) sqldb.DB { return openSQLite(t, filepath.Join(t.TempDir(), "sajin.db")) },
		"postgres":      func(t *testing.T) sqldb.DB { return pgtest.Open(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite(t, open)
		})
	}
}

func openSQLite(t *testing.T, path string) sqldb.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}
