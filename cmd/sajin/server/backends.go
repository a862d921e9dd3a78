package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/fileblob"
	"github.com/sajin-sns/sajin/adapters/imaging"
	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/adapters/postgres"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqldb/migration"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/config"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	processing "github.com/sajin-sns/sajin/ports/media"
)

// Which adapter serves is decided here, by the scheme of a URL.

// OpenDatabase opens the database that the configuration names, and brings it
// to the newest schema.
func OpenDatabase(ctx context.Context, c config.Config) (sqldb.DB, error) {
	at := c.DatabaseURL()
	switch scheme, path, _ := strings.Cut(at.Reveal(), ":"); scheme {
	case "sqlite":
		db, err := sqlite.Open(ctx, strings.TrimPrefix(path, "//"), sqlite.Options{})
		if err != nil {
			return nil, err
		}
		return migrated(db, sqlite.Migrate(ctx, db))
	case "postgres", "postgresql":
		db, err := postgres.Open(ctx, at.Reveal(), postgres.Options{MaxConns: c.Database.MaxConns})
		if err != nil {
			return nil, err
		}
		return migrated(db, postgres.Migrate(ctx, db))
	default:
		return nil, fmt.Errorf("database.url: no database speaks %q", at.Scheme())
	}
}

// Migrations lists the migrations of the database that the configuration names.
func Migrations(ctx context.Context, c config.Config) ([]migration.Migration, error) {
	switch scheme, path, _ := strings.Cut(c.DatabaseURL().Reveal(), ":"); scheme {
	case "sqlite":
		db, err := sqlite.Open(ctx, strings.TrimPrefix(path, "//"), sqlite.Options{})
		if err != nil {
			return nil, err
		}
		defer db.Close()
		return sqlite.Migrations(ctx, db)
	default:
		db, err := postgres.Open(ctx, c.DatabaseURL().Reveal(), postgres.Options{MaxConns: 2})
		if err != nil {
			return nil, err
		}
		defer db.Close()
		return postgres.Migrations(ctx, db)
	}
}

// database is OpenDatabase, closed at the end.
func database(lc fx.Lifecycle, c config.Config) (sqldb.DB, error) {
	db, err := OpenDatabase(context.Background(), c)
	if err == nil {
		lc.Append(fx.Hook{OnStop: func(context.Context) error { return db.Close() }})
	}
	return db, err
}

func migrated(db sqldb.DB, err error) (sqldb.DB, error) {
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("migrate the database: %w", err)
	}
	return db, nil
}

func openBlobs(c config.Config) (blob.Store, error) {
	at := c.BlobURL()
	switch scheme, _, _ := strings.Cut(at.Reveal(), ":"); scheme {
	case "file":
		return fileblob.Open(blobFolder(c))
	case "memory":
		return memory.NewBlob(), nil
	case "s3":
		return openBucket(c)
	default:
		return nil, fmt.Errorf("blob.url: no storage speaks %q", at.Scheme())
	}
}

// blobFolder is the folder that blobs are in, or "" where they are not in one.
func blobFolder(c config.Config) string {
	at := c.BlobURL()
	scheme, path, _ := strings.Cut(at.Reveal(), ":")
	if scheme != "file" {
		return ""
	}
	if u, err := url.Parse(at.Reveal()); err == nil && u.Path != "" {
		return u.Path
	}
	return path
}

func openKeys(c config.Config) (*keyring.Ring, error) {
	if c.Auth.SigningKeyFile != "" {
		return keyring.Open(c.Auth.SigningKeyFile)
	}
	if c.DataDir == "" || c.DatabaseURL().Reveal() == "sqlite::memory:" {
		return keyring.New(rand.Reader), nil // what it signs does not outlive the process either
	}
	return keyring.Open(KeyFile(c))
}

// KeyFile is where the signing keys are.
func KeyFile(c config.Config) string {
	if c.Auth.SigningKeyFile != "" {
		return c.Auth.SigningKeyFile
	}
	return filepath.Join(c.DataDir, "signing-keys.pem")
}

// processors are what can make renditions here and now.
func processors(c config.Config) []processing.Processor {
	return []processing.Processor{
		imaging.New(imaging.Options{MaxBytes: int64(c.Uploads.MaxBytes), MaxPixels: c.Media.MaxPixels}),
	}
}

// limits are what the server takes in: what it can process.
func limits(c config.Config, p []processing.Processor) rules.Limits {
	return rules.Limits{
		Types: media.Types(p), MaxBytes: int64(c.Uploads.MaxBytes), MaxPixels: c.Media.MaxPixels, PartSize: int64(c.Uploads.PartSize),
		MaxOpen: c.Uploads.MaxOpen, Quota: int64(c.Uploads.Quota), TTL: c.Uploads.TTL,
	}
}
