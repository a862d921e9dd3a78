package migration

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// Newest is the version of the last migration in files.
func Newest(files fs.FS) (newest int64) {
	names, _ := fs.Glob(files, "migrations/*.sql") // the pattern is right
	for _, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
	return newest
}

// Version is the version that the schema of a database has; 0 where there is
// none yet. It changes nothing.
func Version(ctx context.Context, db sqldb.DB) (int64, error) {
	there := `SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'goose_db_version'`
	if db.Dialect().Name == "sqlite" {
		there = `SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'`
	}
	var n, version int64
	if err := db.QueryRow(ctx, there).Scan(&n); err != nil || n == 0 {
		return 0, wrapped(err)
	}
	err := db.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&version)
	return version, wrapped(err)
}

func wrapped(err error) error {
	if err != nil {
		return fmt.Errorf("version of the schema: %w", err)
	}
	return nil
}
