package postgres

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/sajin-sns/sajin/adapters/sqldb/migration"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrate brings the schema to the newest version. Servers that start at the
// same time wait for the one that got there first.
func Migrate(ctx context.Context, db *DB) error {
	return db.migrating(func(std *sql.DB, files fs.FS, alone goose.ProviderOption) error {
		return migration.Up(ctx, goose.DialectPostgres, std, files, alone)
	})
}

// Newest is the version that Migrate brings the schema to.
func Newest() int64 { return migration.Newest(files) }

// Migrations lists every migration and when it was applied.
func Migrations(ctx context.Context, db *DB) (all []migration.Migration, err error) {
	err = db.migrating(func(std *sql.DB, files fs.FS, alone goose.ProviderOption) error {
		all, err = migration.List(ctx, goose.DialectPostgres, std, files, alone)
		return err
	})
	return all, err
}

func (db *DB) migrating(run func(*sql.DB, fs.FS, goose.ProviderOption) error) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // ask every second, for five minutes
	if err != nil {
		return fmt.Errorf("postgres: migration lock: %w", err)
	}
	below, err := fs.Sub(files, "migrations")
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	std := stdlib.OpenDBFromPool(db.pool)
	defer func() { _ = std.Close() }() // gives the connections back to the pool, which stays open
	if err := run(std, below, goose.WithSessionLocker(locker)); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return nil
}
