// Package migration brings a database to the newest schema, the same way for
// every driver.
package migration

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/pressly/goose/v3"
)

// Migration is one numbered change of the schema.
type Migration struct {
	Version   int64
	Name      string    // the file, "00001_platform.sql"
	AppliedAt time.Time // UTC; zero while it is pending
}

// Up applies what is pending, in order, each migration in a transaction.
func Up(ctx context.Context, dialect goose.Dialect, db *sql.DB, files fs.FS, options ...goose.ProviderOption) error {
	provider, err := open(dialect, db, files, options)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// List answers every migration that files holds, by version. It makes the
// table that versions are kept in and changes nothing else.
func List(ctx context.Context, dialect goose.Dialect, db *sql.DB, files fs.FS, options ...goose.ProviderOption) ([]Migration, error) {
	provider, err := open(dialect, db, files, options)
	if err != nil {
		return nil, err
	}
	status, err := provider.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	all := make([]Migration, len(status))
	for i, s := range status {
		all[i] = Migration{Version: s.Source.Version, Name: path.Base(s.Source.Path), AppliedAt: s.AppliedAt.UTC()}
		if s.State != goose.StateApplied {
			all[i].AppliedAt = time.Time{}
		}
	}
	return all, nil
}

func open(dialect goose.Dialect, db *sql.DB, files fs.FS, options []goose.ProviderOption) (*goose.Provider, error) {
	provider, err := goose.NewProvider(dialect, db, files, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}
