package config_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/config"
)

var update = flag.Bool("update", false, "write the golden files anew")

const intro = `# Configuration

Every key has a default; ` + "`sajin config`" + ` prints this table with the values in force.

`

func TestKeyTable(t *testing.T) {
	const golden = "../docs/configuration.md"
	got := intro + config.Markdown(config.Keys())
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the keys changed; if that is meant: go test ./config -update\n%s", diff)
	}
}

func TestEveryKeyIsExplainedAndHasItsOwnVariable(t *testing.T) {
	seen := map[string]string{}
	for _, key := range config.Keys() {
		if key.Doc == "" {
			t.Errorf("%s is not explained", key.Name)
		}
		if other, taken := seen[key.Env]; taken {
			t.Errorf("%s is the variable of both %s and %s", key.Env, other, key.Name)
		}
		seen[key.Env] = key.Name
	}
}

func TestNamedEntriesAreListedByName(t *testing.T) {
	c := config.Default()
	c.Auth.OIDC = map[string]config.OIDC{"b": {Issuer: "https://b"}, "a": {Issuer: "https://a", ClientSecret: "x"}}
	equal(t, valueOf(t, c, "auth.oidc.a.issuer"), "https://a")
	equal(t, valueOf(t, c, "auth.oidc.a.client_secret"), "***")
	equal(t, valueOf(t, c, "auth.oidc.b.client_secret"), "")
}

func TestWhatIsDerived(t *testing.T) {
	t.Run("the public URL is where one would browse to", func(t *testing.T) {
		for listen, want := range map[string]string{
			"127.0.0.1:7777": "http://127.0.0.1:7777", ":80": "http://localhost:80", "0.0.0.0:7777": "http://localhost:7777",
			"[::]:7777": "http://localhost:7777", "[::1]:7777": "http://[::1]:7777", "photos.test:1": "http://photos.test:1",
		} {
			c := config.Default()
			c.HTTP.Listen = listen
			equal(t, c.PublicURL(), want)
		}
	})
	t.Run("Google's issuer goes without saying, and nobody else's", func(t *testing.T) {
		c := config.Default()
		c.Auth.OIDC = map[string]config.OIDC{"google": {ClientID: "x"}, "work": {}}
		equal(t, c.IdentityProviders()["google"].Issuer, "https://accounts.google.com")
		equal(t, c.IdentityProviders()["google"].ClientID, "x")
		equal(t, c.IdentityProviders()["work"].Issuer, "")
		equal(t, c.Auth.OIDC["google"].Issuer, "")
		c.Auth.OIDC["google"] = config.OIDC{Issuer: "https://other"}
		equal(t, c.IdentityProviders()["google"].Issuer, "https://other")
	})
	t.Run("unless it is set", func(t *testing.T) {
		c := config.Default()
		c.HTTP.PublicURL = "https://photos.example.com/"
		equal(t, c.PublicURL(), "https://photos.example.com")
		equal(t, c.Issuer(), "https://photos.example.com")
		c.Auth.Issuer = "sajin"
		equal(t, c.Issuer(), "sajin")
	})
	t.Run("database and blobs are in data_dir", func(t *testing.T) {
		c := config.Default()
		c.DataDir = "/srv/sajin"
		equal(t, c.DatabaseURL().Reveal(), "sqlite:/srv/sajin/sajin.db")
		equal(t, c.BlobURL().Reveal(), "file:/srv/sajin/blobs")
		c.Database.URL, c.Blob.URL = "sqlite::memory:", "memory:"
		equal(t, c.DatabaseURL().Scheme(), "sqlite")
		equal(t, c.BlobURL().Scheme(), "memory")
	})
	t.Run("there is always a worker", func(t *testing.T) {
		if n := (config.Media{}).WorkerCount(); n < 1 {
			t.Errorf("%d workers", n)
		}
		equal(t, config.Media{Workers: 7}.WorkerCount(), 7)
	})
	t.Run("the level is slog's", func(t *testing.T) {
		equal(t, config.Log{Level: "debug"}.Severity().String(), "DEBUG")
	})
}
