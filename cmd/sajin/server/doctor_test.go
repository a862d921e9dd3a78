package server

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/test/pgtest"
)

// at is a configuration that keeps everything in a folder.
func at(folder string) config.Config {
	c := config.Default()
	c.DataDir, c.HTTP.Listen = folder, "127.0.0.1:0"
	return c
}

// want fails unless the findings of these checks have these statuses: "database:
// ok, disk: warning". It answers the last of them.
func want(t *testing.T, findings []Finding, list string) (last Finding) {
	t.Helper()
	for one := range strings.SplitSeq(list, ", ") {
		check, status, _ := strings.Cut(one, ": ")
		i := slices.IndexFunc(findings, func(f Finding) bool { return f.Check == check })
		if i < 0 {
			t.Errorf("nothing is said of %s: %+v", check, findings)
			continue
		}
		if last = findings[i]; last.Status != status {
			t.Errorf("%s is %s: %s", check, last.Status, last.Detail)
		}
	}
	return last
}

func TestDoctor(t *testing.T) {
	ctx := t.Context()
	t.Run("on an empty machine all is well, and nothing is made", func(t *testing.T) {
		folder := t.TempDir()
		findings := Diagnose(ctx, at(filepath.Join(folder, "data", "sajin")), Options{})
		want(t, findings, "data_dir: ok, database: ok, storage: ok, keys: ok, database writing: skipped, storage probe: skipped, migrations: skipped")
		for _, f := range findings {
			if f.Status == Problem || f.Status == Warning && f.Check != "disk" {
				t.Errorf("%+v", f)
			}
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
			t.Error(left, err)
		}
	})
	t.Run("while a server runs on the same folder everything is looked at, and nothing is left", func(t *testing.T) {
		c := at(t.TempDir())
		s, err := Start(ctx, c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Stop(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
		}()
		findings := Diagnose(ctx, c, Options{})
		for _, f := range findings {
			if f.Status != Fine && f.Check != "disk" {
				t.Errorf("%+v", f)
			}
		}
		want(t, findings, "database: ok, database durability: ok, database writing: ok, storage probe: ok, migrations: ok, clock: ok, outbox: ok, keys: ok")
		if left, err := filepath.Glob(filepath.Join(c.DataDir, "blobs", "objects", "doctor", "*")); err != nil || len(left) != 0 {
			t.Error(left, err)
		}
	})
	t.Run("a database that is away hides nothing else", func(t *testing.T) {
		c := at(t.TempDir())
		c.Database.URL = "postgres://sajin:hunter2@127.0.0.1:1/sajin"
		if err := os.MkdirAll(filepath.Join(c.DataDir, "blobs"), 0o700); err != nil {
			t.Fatal(err)
		}
		findings := Diagnose(ctx, c, Options{})
		want(t, findings, "storage probe: ok, migrations: skipped, clock: skipped, database writing: skipped")
		if f := want(t, findings, "database: problem"); !strings.Contains(f.Remedy, "start the database") || strings.Contains(f.Detail, "hunter2") {
			t.Errorf("%+v", f)
		}
	})
	t.Run("one that hangs is told of in time", func(t *testing.T) {
		deaf, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer deaf.Close()
		c := at(t.TempDir())
		c.Database.URL = config.URL("postgres://sajin@" + deaf.Addr().String() + "/sajin")
		done := make(chan []Finding)
		go func() { done <- diagnose(ctx, c, Options{}, 300*time.Millisecond) }()
		select {
		case findings := <-done:
			want(t, findings, "data_dir: ok, migrations: skipped, database: problem")
		case <-time.After(time.Minute):
			t.Fatal("the doctor hangs as well")
		}
	})
	t.Run("a folder that cannot be written to", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, folder := range []string{file, filepath.Join(file, "below")} {
			if f := want(t, Diagnose(ctx, at(folder), Options{}), "data_dir: problem"); !strings.Contains(f.Remedy, "data_dir") {
				t.Errorf("%+v", f)
			}
		}
	})
	t.Run("keys that others can read", func(t *testing.T) {
		c := at(t.TempDir())
		if err := os.WriteFile(KeyFile(c), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(KeyFile(c), 0o644); err != nil {
			t.Fatal(err)
		}
		if f := want(t, Diagnose(ctx, c, Options{}), "keys: problem"); !strings.Contains(f.Remedy, "chmod 600") {
			t.Errorf("%+v", f)
		}
	})
	t.Run("a file that is no database", func(t *testing.T) {
		c := at(t.TempDir())
		file := filepath.Join(c.DataDir, "sajin.db")
		if err := os.WriteFile(file, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		want(t, Diagnose(ctx, c, Options{}), "database: problem")
	})
	t.Run("an address that leads nobody here", func(t *testing.T) {
		c := at(t.TempDir())
		c.HTTP.Listen = "0.0.0.0:7777"
		findings := Diagnose(ctx, c, Options{})
		if f := want(t, findings, "payments: warning, public_url: warning"); !strings.Contains(f.Remedy, "http.public_url") {
			t.Errorf("%+v", f)
		}
		c.Env = "production"
		want(t, Diagnose(ctx, c, Options{}), "public_url: problem, payments: problem")
	})
}

func TestDoctorMakesEveryCheck(t *testing.T) {
	before := registered
	defer func() { registered = before }()
	_ = check(func(config.Config) health.Check {
		return health.Check{Name: "fax", Optional: true, Run: func(context.Context) error {
			return &health.Problem{Remedy: "put paper in", Err: errors.New("refused")}
		}}
	})
	_ = check(func(c config.Config) (health.Check, error) { panic("not today") })
	_ = check(func(ids *ident.Source) health.Check {
		return health.Check{Name: "ids", Run: func(context.Context) error { panic("no ids") }}
	})
	_ = check(func(config.Config) []health.Check {
		return []health.Check{{Name: "oidc.a", Run: func(context.Context) error { return nil }}, {Name: "oidc.b", Run: func(context.Context) error { return nil }}}
	})
	findings := Diagnose(t.Context(), at(t.TempDir()), Options{})
	want(t, findings, "oidc.a: ok, oidc.b: ok")
	want(t, findings, "ids: problem, check of config.Config: problem")
	if f := want(t, findings, "fax: warning"); f.Detail != "refused" || f.Remedy != "put paper in" {
		t.Errorf("%+v", f)
	}
}

func TestWhateverReadinessAsksTheDoctorAsks(t *testing.T) {
	c := InMemory()
	c.Auth.OIDC = map[string]config.OIDC{"work": {Issuer: "http://127.0.0.1:1", ClientID: "sajin", ClientSecret: "secret"}}
	var asked []string
	type group struct {
		fx.In
		Checks []health.Check `group:"checks"`
	}
	s, err := Start(t.Context(), c, Options{With: func(all group) {
		for _, c := range all.Checks {
			asked = append(asked, c.Name)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if !slices.Contains(asked, "oidc.work") {
		t.Error(asked)
	}
	findings := Diagnose(t.Context(), c, Options{})
	for _, name := range asked {
		if !slices.ContainsFunc(findings, func(f Finding) bool { return f.Check == name }) {
			t.Errorf("the doctor says nothing of %s: give the check to the server by check(...)", name)
		}
	}
}

func TestDoctorOnPostgreSQL(t *testing.T) {
	c := at(t.TempDir())
	c.Database.URL = config.URL(pgtest.Empty(t))
	t.Run("without tables, what to do is said and nothing is made", func(t *testing.T) {
		for range 2 {
			findings := Diagnose(t.Context(), c, Options{})
			want(t, findings, "database: ok, clock: ok, database writing: ok, storage: ok")
			if f := want(t, findings, "migrations: problem"); f.Remedy != "run sajin migrate" {
				t.Errorf("%+v", f)
			}
		}
	})
	t.Run("migrated, all is well but for what the tests have switched off", func(t *testing.T) {
		db, err := OpenDatabase(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		findings := Diagnose(t.Context(), c, Options{})
		want(t, findings, "migrations: ok, clock: ok, outbox: ok, database writing: ok")
		if f := want(t, findings, "database: ok"); !strings.HasPrefix(f.Detail, "PostgreSQL ") {
			t.Errorf("%+v", f)
		}
		if f := want(t, findings, "database durability: problem"); f.Remedy != "set fsync = on in postgresql.conf" {
			t.Errorf("%+v", f)
		}
	})
	t.Run("a database that is not there is told from one that does not answer", func(t *testing.T) {
		gone := c
		gone.Database.URL = config.URL(strings.Replace(c.Database.URL.Reveal(), "?", "_gone?", 1))
		if f := want(t, Diagnose(t.Context(), gone, Options{}), "database: problem"); !strings.Contains(f.Remedy, "createdb") {
			t.Errorf("%+v", f)
		}
	})
}
