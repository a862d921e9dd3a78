package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/sajin-sns/sajin/adapters/sqldb/migration"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrate brings the schema to the newest version.
func Migrate(ctx context.Context, db *DB) error {
	return db.migrating(ctx, func(pool *sql.DB, files fs.FS) error {
		return migration.Up(ctx, goose.DialectSQLite3, pool, files)
	})
}

// Newest is the version that Migrate brings the schema to.
func Newest() int64 { return migration.Newest(files) }

// Migrations lists every migration and when it was applied.
func Migrations(ctx context.Context, db *DB) (all []migration.Migration, err error) {
	err = db.migrating(ctx, func(pool *sql.DB, files fs.FS) error {
		all, err = migration.List(ctx, goose.DialectSQLite3, pool, files)
		return err
	})
	return all, err
}

func (db *DB) migrating(ctx context.Context, run func(*sql.DB, fs.FS) error) error {
	below, err := fs.Sub(files, "migrations")
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if err := db.writer.lend(ctx, func(pool *sql.DB) error { return run(pool, below) }); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	return nil
}
