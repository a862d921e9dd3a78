package server

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb/migration"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/health"
)

func TestSchemaIsCurrent(t *testing.T) {
	ctx := t.Context()
	db, err := sqlite.Open(ctx, sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	look := func() error { return current(migration.Version(ctx, db))(newest(db)) }

	t.Run("without tables it is behind, and stays without", func(t *testing.T) {
		for range 2 {
			if err := look(); health.Remedy(err) != "run sajin migrate" || !strings.Contains(err.Error(), "version 0 of") {
				t.Error(err)
			}
		}
	})
	if err := sqlite.Migrate(ctx, db); err != nil {
		t.Fatal(err)
	}
	t.Run("migrated it is current", func(t *testing.T) {
		if err := look(); err != nil || newest(db) < 11 {
			t.Error(err, newest(db))
		}
	})
	t.Run("a newer program has migrated it", func(t *testing.T) {
		if _, err := db.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`); err != nil {
			t.Fatal(err)
		}
		if err := look(); !strings.Contains(health.Remedy(err), "newer") {
			t.Error(err)
		}
	})
	t.Run("a database that does not answer is for its own check to tell", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if err := current(migration.Version(ctx, db))(newest(db)); err != nil {
			t.Error(err)
		}
	})
}

func TestClocks(t *testing.T) {
	ours := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		theirs time.Duration
		took   time.Duration
		wrong  bool
	}{
		"the same":                           {},
		"a bit behind":                       {theirs: -20 * time.Second},
		"a slow answer is no skew":           {theirs: 50 * time.Second, took: time.Minute},
		"ahead":                              {theirs: 31 * time.Second, wrong: true},
		"behind":                             {theirs: -31 * time.Second, wrong: true},
		"ahead by more than the answer took": {theirs: 91 * time.Second, took: time.Minute, wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			err := skewed(ours.Add(c.theirs), ours, ours.Add(c.took))
			if (err != nil) != c.wrong || c.wrong && !strings.Contains(health.Remedy(err), "NTP") {
				t.Error(err)
			}
		})
	}
}

func TestRoom(t *testing.T) {
	const mb, gb = 1 << 20, 1 << 30
	for name, c := range map[string]struct {
		free, total uint64
		full        bool
	}{
		"half is free":             {50 * gb, 100 * gb, false},
		"less than 500 MB":         {400 * mb, 2 * gb, true},
		"less than a twentieth":    {4 * gb, 100 * gb, true},
		"a twentieth of very much": {20 * gb, 1000 * gb, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := room("/srv", c.free, c.total)
			if (err != nil) != c.full || c.full && !strings.Contains(health.Remedy(err), "make room") {
				t.Error(err)
			}
		})
	}
	t.Run("the disk of a folder has some room, and one that is not there yet is nobody's", func(t *testing.T) {
		free, total, err := diskSpace(t.TempDir())
		if err != nil || free == 0 || total < free {
			t.Error(free, total, err)
		}
		missing := filepath.Join(t.TempDir(), "not-yet")
		if _, _, err := diskSpace(missing); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		if err := roomy([]string{missing}); err != nil {
			t.Error(err)
		}
	})
	t.Run("all folders that the server fills are looked at", func(t *testing.T) {
		c := config.Default()
		c.DataDir, c.Database.URL, c.Blob.URL = "/srv/a", "sqlite:/srv/b/sajin.db", "file:/srv/c"
		if got := strings.Join(folders(c), " "); got != "/srv/a /srv/b /srv/c" {
			t.Error(got)
		}
		if got := folders(InMemory()); len(got) != 0 {
			t.Error(got)
		}
	})
}
