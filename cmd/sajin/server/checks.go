package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/postgres"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqldb/migration"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/health"
)

// What is too much, or too little.
const (
	mostSkew     = 30 * time.Second
	outboxIsLate = 5 * time.Minute
	leastFree    = 500 << 20 // bytes
	enoughFree   = 10 << 30  // however large the disk is
)

// checks look at more than that things answer. Those that ask the database leave
// it to its own check to tell that it does not.
var checks = fx.Module("checks",
	fx.Provide(
		check(func(db sqldb.DB) health.Check {
			return health.Check{Name: "migrations", Run: func(ctx context.Context) error {
				return current(migration.Version(ctx, db))(newest(db))
			}}
		}),
		check(func(db sqldb.DB) health.Check {
			return health.Check{Name: "clock", Run: func(ctx context.Context) error { return inTime(ctx, db) }}
		}),
		check(func(o *sqlstore.Outbox) health.Check {
			return health.Check{Name: "outbox", Optional: true, Run: func(ctx context.Context) error {
				if age, err := o.Oldest(ctx); err == nil && age > outboxIsLate {
					return &health.Problem{
						Err:    fmt.Errorf("an event has waited for %v to be published", age.Round(time.Second)),
						Remedy: "look for \"an event cannot be published\" in the log; a process with the role worker must run",
					}
				}
				return nil
			}}
		}),
		check(func(c config.Config) health.Check {
			folders := folders(c)
			return health.Check{Name: "disk", Optional: true, Run: func(context.Context) error { return roomy(folders) }}
		}),
	),
)

func newest(db sqldb.DB) int64 {
	if db.Dialect().Name == "sqlite" {
		return sqlite.Newest()
	}
	return postgres.Newest()
}

// current compares the version of the schema with that of this program.
func current(version int64, err error) func(newest int64) error {
	return func(newest int64) error {
		switch {
		case err != nil || version == newest:
			return nil //nolint:nilerr // the check of the database tells
		case version > newest:
			return &health.Problem{
				Err:    fmt.Errorf("the database has version %d, and this program knows %d", version, newest),
				Remedy: "run the newer sajin that has migrated the database",
			}
		default:
			return &health.Problem{Err: fmt.Errorf("the database has version %d of %d", version, newest), Remedy: "run sajin migrate"}
		}
	}
}

// inTime compares the clock of a database on another machine with ours.
func inTime(ctx context.Context, db sqldb.DB) error {
	if db.Dialect().Name == "sqlite" {
		return nil
	}
	var theirs time.Time
	asked := time.Now()
	if err := db.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&theirs); err != nil {
		return nil //nolint:nilerr // the check of the database tells
	}
	return skewed(theirs, asked, time.Now())
}

// skewed judges what another clock said at some time between two of ours.
func skewed(theirs, asked, answered time.Time) error {
	skew := max(asked.Sub(theirs), theirs.Sub(answered))
	if skew <= mostSkew {
		return nil
	}
	return &health.Problem{
		Err:    fmt.Errorf("the clocks of the database and of this machine differ by %v", skew.Round(time.Second)),
		Remedy: "set both clocks by NTP",
	}
}

// folders are those of this machine that the server fills.
func folders(c config.Config) []string {
	var all []string
	if c.DataDir != "" && c.DatabaseURL() != "sqlite::memory:" {
		all = append(all, c.DataDir)
	}
	if path := sqlitePath(c); path != "" && path != sqlite.Memory {
		all = append(all, filepath.Dir(path))
	}
	if path := blobFolder(c); path != "" {
		all = append(all, path)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func roomy(folders []string) error {
	var full []error
	for _, folder := range folders {
		free, total, err := diskSpace(folder)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = room(folder, free, total)
		}
		full = append(full, err)
	}
	return errors.Join(full...)
}

// room judges the space on a disk.
func room(folder string, free, total uint64) error {
	if free >= leastFree && (free >= total/20 || free >= enoughFree) {
		return nil
	}
	return &health.Problem{
		Err:    fmt.Errorf("%s: %d MB are free of %d", folder, free>>20, total>>20),
		Remedy: "make room, or move data_dir or blob.url to a larger disk: uploads will be refused when it is full",
	}
}

// sqlitePath is the file of the database, or "" where it is no file.
func sqlitePath(c config.Config) string {
	scheme, path, _ := strings.Cut(c.DatabaseURL().Reveal(), ":")
	if scheme != "sqlite" {
		return ""
	}
	return strings.TrimPrefix(path, "//")
}
