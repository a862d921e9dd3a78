package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/config"
)

func TestPrecedence(t *testing.T) {
	file := write(t, "http:\n  listen: 127.0.0.1:1\n  read_timeout: 1m\nfeeds:\n  backfill: 1\ndata_dir: /from/file\n")
	c := load(t, config.Sources{
		File:    file,
		Environ: []string{"SAJIN_HTTP_LISTEN=127.0.0.1:2", "SAJIN_HTTP_READ_TIMEOUT=2m", "HOME=/home/somebody"},
		Flags:   map[string]any{"http.listen": "127.0.0.1:3"},
	})
	t.Run("a flag wins over the environment", func(t *testing.T) { equal(t, c.HTTP.Listen, "127.0.0.1:3") })
	t.Run("the environment wins over the file", func(t *testing.T) { equal(t, c.HTTP.ReadTimeout, 2*time.Minute) })
	t.Run("the file wins over the defaults", func(t *testing.T) {
		equal(t, c.DataDir, "/from/file")
		equal(t, c.Feeds.Backfill, 1)
	})
	t.Run("what nobody names keeps its default", func(t *testing.T) {
		equal(t, c.HTTP.BodyLimit, 1<<20)
		equal(t, c.Feeds.FanoutThreshold, 10_000)
	})
	t.Run("nothing at all is the default", func(t *testing.T) {
		if diff := cmp.Diff(config.Default(), load(t, config.Sources{})); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEveryKeyCanBeSetFromTheEnvironment(t *testing.T) {
	samples := []string{"17", "false", "17m", "json", "17MiB", "0.17", "[{id: a, coins: 1, bonus: 2, amount: 3, currency: USD}]"}
	for _, key := range config.Keys() {
		variable := strings.Replace(key.Env, "<NAME>", "MY_IDP", 1)
		name := strings.Replace(key.Name, "<name>", "my_idp", 1)
		set := false
		for _, sample := range samples {
			if c, err := config.Load(config.Sources{Environ: []string{variable + "=" + sample}}); err == nil {
				value := valueOf(t, c, name)
				set = set || value == sample || value == "***"
			}
		}
		if !set {
			t.Errorf("%s does not set %s to any of %q", variable, name, samples)
		}
	}
}

func TestEveryValueReadsBackAsItIsShown(t *testing.T) {
	flags := map[string]any{}
	for _, key := range config.Keys() {
		if !strings.Contains(key.Name, "<") {
			flags[key.Name] = key.Value
		}
	}
	if diff := cmp.Diff(config.Default(), load(t, config.Sources{Flags: flags})); diff != "" {
		t.Error(diff)
	}
}

func TestWays(t *testing.T) {
	t.Run("a list is written with commas, or as a list in the file", func(t *testing.T) {
		want := []string{"people", "street-food"}
		equal(t, load(t, config.Sources{Environ: []string{"SAJIN_CONTENT_CATEGORIES=people, street-food"}}).Content.Categories, want)
		equal(t, load(t, config.Sources{File: write(t, "content: {categories: [people, street-food]}")}).Content.Categories, want)
	})
	t.Run("a switch is true or false, in the file as well", func(t *testing.T) {
		equal(t, load(t, config.Sources{File: write(t, "limits: {enabled: false}")}).Limits.Enabled, false)
		equal(t, load(t, config.Sources{Environ: []string{"SAJIN_LIMITS_ENABLED=true"}}).Limits.Enabled, true)
	})
	t.Run("an empty list can be told from none", func(t *testing.T) {
		equal(t, load(t, config.Sources{Environ: []string{"SAJIN_PAYMENTS_PROVIDERS="}}).Payments.Providers, []string{})
	})
	t.Run("coin packs come from the file, or from a variable in short form", func(t *testing.T) {
		want := []config.CoinPack{{ID: "one", Coins: 10, Amount: 199, Currency: "USD"}}
		equal(t, load(t, config.Sources{File: write(t, "wallet:\n  coin_packs:\n    - id: one\n      coins: 10\n      amount: 199\n      currency: USD\n")}).Wallet.CoinPacks, want)
		equal(t, load(t, config.Sources{Environ: []string{`SAJIN_WALLET_COIN_PACKS=[{"id":"one","coins":10,"amount":199,"currency":"USD"}]`}}).Wallet.CoinPacks, want)
	})
	t.Run("a sign-in provider is put together from several sources", func(t *testing.T) {
		c := load(t, config.Sources{
			File:    write(t, "auth: {oidc: {google: {issuer: https://accounts.google.com, client_id: file}}}"),
			Environ: []string{"SAJIN_AUTH_OIDC_GOOGLE_CLIENT_SECRET=shh", "SAJIN_AUTH_OIDC_GOOGLE_CLIENT_ID=environment"},
		})
		equal(t, c.Auth.OIDC, map[string]config.OIDC{"google": {Issuer: "https://accounts.google.com", ClientID: "environment", ClientSecret: "shh"}})
	})
	t.Run("0 needs no unit", func(t *testing.T) {
		equal(t, load(t, config.Sources{File: write(t, "wallet: {bonus_expiry: 0}\nuploads: {quota: 0}")}).Wallet.BonusExpiry, 0)
	})
	t.Run("a section or a value that is left empty says nothing", func(t *testing.T) {
		equal(t, load(t, config.Sources{File: write(t, "http:\nlog: {}\ndata_dir:\n")}), config.Default())
	})
	t.Run("a flag may have the type of its field", func(t *testing.T) {
		equal(t, load(t, config.Sources{Flags: map[string]any{"auth.access_ttl": time.Second, "feeds.backfill": 3, "data_dir": nil}}).Auth.AccessTTL, time.Second)
	})
	t.Run("what Kubernetes sets for a service called sajin is left alone", func(t *testing.T) {
		equal(t, load(t, config.Sources{Environ: []string{
			"SAJIN_SERVICE_HOST=10.0.0.7", "SAJIN_SERVICE_PORT=80", "SAJIN_SERVICE_PORT_HTTP=80", "SAJIN_PORT=tcp://10.0.0.7:80", "SAJIN_PORT_80_TCP_ADDR=10.0.0.7",
		}}), config.Default())
	})
}

func TestWhatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		sources config.Sources
		want    string
	}{
		"an unknown key of the file": {config.Sources{File: write(t, "http: {listne: x}")}, `http.listne is not a key; did you mean http.listen?`},
		"a key without its section":  {config.Sources{File: write(t, "fee_bps: 1")}, `fee_bps is not a key; did you mean wallet.fee_bps?`},
		"a key of a named entry":     {config.Sources{File: write(t, "auth: {oidc: {google: {clientid: x}}}")}, `auth.oidc.google.clientid is not a key; did you mean auth.oidc.google.client_id?`},
		"a key like no other":        {config.Sources{File: write(t, "zzzzzzzzzzzzzzzzz: x")}, `zzzzzzzzzzzzzzzzz is not a key`},
		"a section with a value":     {config.Sources{File: write(t, "http: 80")}, `http is not a key`},
		"an unknown variable":        {config.Sources{Environ: []string{"SAJIN_HTTP_LISTENS=x"}}, `SAJIN_HTTP_LISTENS is not the name of any key; did you mean SAJIN_HTTP_LISTEN?`},
		"a variable with a dot's _":  {config.Sources{Environ: []string{"SAJIN_DATADIR=x"}}, `SAJIN_DATADIR is not the name of any key; did you mean SAJIN_DATA_DIR?`},
		"an unknown flag":            {config.Sources{Flags: map[string]any{"lisen": "x"}}, `lisen is not a key`},
		"a duration without a unit":  {config.Sources{Environ: []string{"SAJIN_AUTH_ACCESS_TTL=900"}}, `SAJIN_AUTH_ACCESS_TTL must be a duration with its unit, such as 30s, 15m or 24h`},
		"a number as duration":       {config.Sources{File: write(t, "auth: {access_ttl: 900}")}, `auth.access_ttl must be a duration with its unit, such as 30s, 15m or 24h`},
		"a size of another world":    {config.Sources{File: write(t, "http: {body_limit: 1 megabyte}")}, `http.body_limit must be a size such as 512KiB, 20MiB or 1GB`},
		"a size out of range":        {config.Sources{File: write(t, "http: {body_limit: 9000000TiB}")}, `http.body_limit must be a size such as 512KiB, 20MiB or 1GB`},
		"half a number":              {config.Sources{File: write(t, "feeds: {backfill: 1.5}")}, `feeds.backfill must be a whole number`},
		"yes for true":               {config.Sources{Environ: []string{"SAJIN_LIMITS_ENABLED=yes"}}, `SAJIN_LIMITS_ENABLED must be true or false`},
		"a number for true":          {config.Sources{File: write(t, "limits: {enabled: 1}")}, `limits.enabled must be true or false`},
		"an empty number":            {config.Sources{Environ: []string{"SAJIN_FEEDS_BACKFILL="}}, `SAJIN_FEEDS_BACKFILL must be a whole number`},
		"digits for a text":          {config.Sources{File: write(t, "payments: {portone: {api_secret: 0123}}")}, `payments.portone.api_secret must be a text; put it in quotes`},
		"a list of numbers":          {config.Sources{File: write(t, "content: {categories: [1]}")}, `content.categories must be a list of texts, or one text with commas`},
		"a pack with a wrong member": {config.Sources{File: write(t, "wallet: {coin_packs: [{id: a, coin: 5}]}")}, `wallet.coin_packs must be a list of {id, coins, bonus, amount, currency}: in the pack at 1, "coin" is not right`},
		"packs that are no list":     {config.Sources{Environ: []string{"SAJIN_WALLET_COIN_PACKS=starter"}}, `SAJIN_WALLET_COIN_PACKS must be a list of {id, coins, bonus, amount, currency}`},
		"an entry without a name":    {config.Sources{Environ: []string{"SAJIN_AUTH_OIDC_CLIENT_ID=x"}}, `SAJIN_AUTH_OIDC_CLIENT_ID is not the name of any key`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(c.sources)
			problems, ok := errors.AsType[config.Problems](err)
			if !ok || len(problems) != 1 {
				t.Fatalf("want one problem, got %v", err)
			}
			if got := problems[0].Error(); got != c.want && !strings.HasPrefix(got, c.want+";") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	t.Run("all sources are reported together, and no value is repeated", func(t *testing.T) {
		_, err := config.Load(config.Sources{
			File:    write(t, "http: {body_limit: hunter2, listne: hunter2}"),
			Environ: []string{"SAJIN_AUTH_ACCESS_TTL=hunter2", "SAJIN_PASSWORD=hunter2"},
			Flags:   map[string]any{"feeds.backfill": "hunter2"},
		})
		problems, _ := errors.AsType[config.Problems](err)
		if len(problems) != 5 || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("want five problems without their values, got %v", err)
		}
	})
	t.Run("a file that is not there, or no YAML, is named", func(t *testing.T) {
		for _, file := range []string{filepath.Join(t.TempDir(), "none.yaml"), write(t, "http: [")} {
			if _, err := config.Load(config.Sources{File: file}); err == nil || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func load(t *testing.T, s config.Sources) config.Config {
	t.Helper()
	c, err := config.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sajin.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func valueOf(t *testing.T, c config.Config, name string) string {
	t.Helper()
	for _, key := range c.Keys() {
		if key.Name == name {
			return key.Value
		}
	}
	t.Fatalf("%s is not among the keys", name)
	return ""
}

func equal[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
