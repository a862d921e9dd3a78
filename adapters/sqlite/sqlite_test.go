package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/test/contract"
)

func open(t *testing.T, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestFile(t *testing.T) {
	contract.DB(t, func(t *testing.T) sqldb.DB { return open(t, filepath.Join(t.TempDir(), "sajin.db")) })
}

func TestMemory(t *testing.T) {
	contract.DB(t, func(t *testing.T) sqldb.DB { return open(t, sqlite.Memory) })
}
