package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/config"
)

var sandbox = []string{"sandbox"}

// complaints are the keys that Validate names, joined with spaces.
func complaints(t *testing.T, c config.Config, providers []string) string {
	t.Helper()
	err := c.Validate(providers)
	problems, ok := errors.AsType[config.Problems](err)
	if err != nil && !ok {
		t.Fatalf("not Problems: %v", err)
	}
	keys := make([]string, len(problems))
	for i, p := range problems {
		keys[i] = p.Key
	}
	return strings.Join(keys, " ")
}

func TestTheDefaultIsRight(t *testing.T) {
	if err := config.Default().Validate(sandbox); err != nil {
		t.Error(err)
	}
}

func TestOneWrongValueIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		set  map[string]any
		want string
	}{
		"no such environment":                {set: map[string]any{"env": "staging"}, want: "env"},
		"no folder":                          {set: map[string]any{"data_dir": ""}, want: "data_dir"},
		"listen without a port":              {set: map[string]any{"http.listen": "localhost"}, want: "http.listen"},
		"listen on a port that is none":      {set: map[string]any{"http.listen": "localhost:70000"}, want: "http.listen"},
		"listen on a port to be chosen":      {set: map[string]any{"http.listen": "127.0.0.1:0"}},
		"metrics where the rest is":          {set: map[string]any{"metrics.listen": "127.0.0.1:7777"}, want: "metrics.listen"},
		"metrics nowhere":                    {set: map[string]any{"metrics.listen": "here"}, want: "metrics.listen"},
		"profiles for everybody":             {set: map[string]any{"debug.listen": ":6060"}, want: "debug.listen"},
		"profiles for this machine":          {set: map[string]any{"debug.listen": "127.0.0.1:6060"}},
		"a public URL with a path":           {set: map[string]any{"http.public_url": "https://example.com/photos"}, want: "http.public_url"},
		"a public URL without a scheme":      {set: map[string]any{"http.public_url": "example.com"}, want: "http.public_url"},
		"a public URL with a password":       {set: map[string]any{"http.public_url": "https://u:p@example.com"}, want: "http.public_url"},
		"a public URL with a slash":          {set: map[string]any{"http.public_url": "https://example.com/"}},
		"proxies that are trusted":           {set: map[string]any{"http.trusted_proxies": "loopback, 10.0.0.0/8,2001:db8::/32, 192.0.2.1"}},
		"a proxy by name":                    {set: map[string]any{"http.trusted_proxies": "10.0.0.0/8,proxy"}, want: "http.trusted_proxies"},
		"a proxy with a zone":                {set: map[string]any{"http.trusted_proxies": "fe80::1%eth0"}, want: "http.trusted_proxies"},
		"no limit":                           {set: map[string]any{"limits.read_burst": 0, "limits.sign_in_per_account": 0}},
		"a limit below nothing":              {set: map[string]any{"limits.read_burst": -1}, want: "limits.read_burst"},
		"less than the least":                {set: map[string]any{"http.read_timeout": "1ms"}, want: "http.read_timeout"},
		"more than the most":                 {set: map[string]any{"wallet.fee_bps": 10_001}, want: "wallet.fee_bps"},
		"a negative duration":                {set: map[string]any{"wallet.bonus_expiry": "-1h"}, want: "wallet.bonus_expiry"},
		"a database of another kind":         {set: map[string]any{"database.url": "mysql://db"}, want: "database.url"},
		"a database without a file":          {set: map[string]any{"database.url": "sqlite:"}, want: "database.url"},
		"a database that is no URL":          {set: map[string]any{"database.url": "postgres:db"}, want: "database.url"},
		"a database in memory":               {set: map[string]any{"database.url": "sqlite::memory:"}},
		"PostgreSQL":                         {set: map[string]any{"database.url": "postgres://sajin:pw@db/sajin"}},
		"blobs of another kind":              {set: map[string]any{"blob.url": "ftp://host"}, want: "blob.url"},
		"blobs in memory":                    {set: map[string]any{"blob.url": "memory:"}},
		"a bucket without a name or keys":    {set: map[string]any{"blob.url": "s3://"}, want: "blob.url"},
		"a bucket without keys":              {set: map[string]any{"blob.url": "s3://b"}, want: "blob.access_key blob.secret_key"},
		"a bucket":                           {set: map[string]any{"blob.url": "s3://b?endpoint=http://h:9000&region=r", "blob.access_key": "a", "blob.secret_key": "s"}},
		"a bucket at no endpoint":            {set: map[string]any{"blob.url": "s3://b?endpoint=h:9000", "blob.access_key": "a", "blob.secret_key": "s"}, want: "blob.url"},
		"redirects to a folder":              {set: map[string]any{"blob.downloads": "redirect"}, want: "blob.downloads"},
		"redirects to a bucket":              {set: map[string]any{"blob.url": "s3://b", "blob.access_key": "a", "blob.secret_key": "s", "blob.downloads": "redirect"}},
		"a bucket of no style":               {set: map[string]any{"blob.url": "s3://b?style=virtual", "blob.access_key": "a", "blob.secret_key": "s"}, want: "blob.url"},
		"a bucket with capitals in a prefix": {set: map[string]any{"blob.url": "s3://b/Photos", "blob.access_key": "a", "blob.secret_key": "s"}, want: "blob.url"},
		"a bucket with a prefix and a style": {set: map[string]any{"blob.url": "s3://b/photos/of.2026?style=host", "blob.access_key": "a", "blob.secret_key": "s"}},
		"a bucket somewhere on a host":       {set: map[string]any{"blob.url": "s3://b?endpoint=http://h/s3", "blob.access_key": "a", "blob.secret_key": "s"}, want: "blob.url"},
		"parts too small for a bucket":       {set: map[string]any{"blob.url": "s3://b", "blob.access_key": "a", "blob.secret_key": "s", "uploads.part_size": "1MiB"}, want: "uploads.part_size"},
		"events over another broker":         {set: map[string]any{"events.url": "amqp://host"}, want: "events.url"},
		"events over NATS":                   {set: map[string]any{"events.url": "nats://host:4222"}},
		"events over several hosts":          {set: map[string]any{"events.url": "tls://u:p@one:4222,tls://two:4222"}},
		"one of several hosts is none":       {set: map[string]any{"events.url": "nats://one:4222,http://two"}, want: "events.url"},
		"a stream with a dot in its name":    {set: map[string]any{"events.stream": "a.b"}, want: "events.stream"},
		"some of the roles":                  {set: map[string]any{"roles": "worker,media"}},
		"no role":                            {set: map[string]any{"roles": ""}, want: "roles"},
		"a role that there is not":           {set: map[string]any{"roles": "api,web"}, want: "roles"},
		"a role twice":                       {set: map[string]any{"roles": "api,api"}, want: "roles"},
		"a session shorter than a token":     {set: map[string]any{"auth.refresh_ttl": "1m"}, want: "auth.refresh_ttl"},
		"an entry to sign in with, half set": {set: map[string]any{"auth.oidc.work.client_id": "x"}, want: "auth.oidc.work.issuer auth.oidc.work.client_secret"},
		"google, whose issuer is known":      {set: map[string]any{"auth.oidc.google.client_id": "x"}, want: "auth.oidc.google.client_secret"},
		"mail by pigeon":                     {set: map[string]any{"mail.url": "pigeon://loft"}, want: "mail.url"},
		"mail to a folder without a name":    {set: map[string]any{"mail.url": "file:"}, want: "mail.url"},
		"mail over SMTP":                     {set: map[string]any{"mail.url": "smtp://u:p@host:587", "mail.from": "사진 <a@example.com>"}},
		"mail over SMTP from nobody":         {set: map[string]any{"mail.url": "smtps://host"}, want: "mail.from"},
		"mail over SMTP to nowhere":          {set: map[string]any{"mail.url": "smtp://", "mail.from": "a@b"}, want: "mail.url"},
		"mail with TLS perhaps":              {set: map[string]any{"mail.url": "smtp://h?tls=maybe", "mail.from": "a@b"}, want: "mail.url"},
		"mail with TLS and without":          {set: map[string]any{"mail.url": "smtps://h?tls=none", "mail.from": "a@b"}, want: "mail.url"},
		"mail from no address":               {set: map[string]any{"mail.from": "nobody"}, want: "mail.from"},
		"a place of two lines":               {set: map[string]any{"mail.site_name": "a\nb"}, want: "mail.site_name"},
		"a provider that is not built in":    {set: map[string]any{"payments.providers": "sandbox,paypal"}, want: "payments.providers"},
		"a provider twice":                   {set: map[string]any{"payments.providers": "sandbox,sandbox"}, want: "payments.providers"},
		"no provider":                        {set: map[string]any{"payments.providers": ""}},
		"an API that is nowhere":             {set: map[string]any{"payments.stripe.base_url": "stripe", "payments.portone.base_url": ""}, want: "payments.stripe.base_url payments.portone.base_url"},
		"a version of PortOne to come":       {set: map[string]any{"payments.portone.api_version": "v3"}, want: "payments.portone.api_version"},
		"a pack that costs nothing":          {set: map[string]any{"wallet.coin_packs": "[{id: a, coins: 1, currency: KRW}]"}, want: "wallet.coin_packs"},
		"a pack without coins":               {set: map[string]any{"wallet.coin_packs": "[{id: a, bonus: 1, amount: 1, currency: KRW}]"}, want: "wallet.coin_packs"},
		"a pack that takes from the bonus":   {set: map[string]any{"wallet.coin_packs": "[{id: a, coins: 1, bonus: -1, amount: 1, currency: KRW}]"}, want: "wallet.coin_packs"},
		"a pack in another money":            {set: map[string]any{"wallet.coin_packs": "[{id: a, coins: 1, amount: 1, currency: XXX}]"}, want: "wallet.coin_packs"},
		"a pack twice":                       {set: map[string]any{"wallet.coin_packs": "[{id: a, coins: 1, amount: 1, currency: KRW}, {id: a, coins: 2, amount: 2, currency: KRW}]"}, want: "wallet.coin_packs"},
		"a category that is no slug":         {set: map[string]any{"content.categories": "Street Food"}, want: "content.categories"},
		"a quota below one file":             {set: map[string]any{"uploads.quota": "1MiB"}, want: "uploads.quota"},
		"no quota":                           {set: map[string]any{"uploads.quota": 0}},
		"too many parts":                     {set: map[string]any{"uploads.part_size": "1KiB"}, want: "uploads.part_size"},
		"one part too many":                  {set: map[string]any{"uploads.part_size": "1KiB", "uploads.max_bytes": "10001KiB"}, want: "uploads.part_size"},
		"exactly enough parts":               {set: map[string]any{"uploads.part_size": "1KiB", "uploads.max_bytes": "10000KiB"}},
		"a collector that is nowhere":        {set: map[string]any{"tracing.endpoint": "collector:4318"}, want: "tracing.endpoint"},
		"a collector":                        {set: map[string]any{"tracing.endpoint": "http://collector:4318", "tracing.sample_ratio": "0.25"}},
		"a level that slog has not":          {set: map[string]any{"log.level": "verbose"}, want: "log.level"},
		"a format that slog has not":         {set: map[string]any{"log.format": "xml"}, want: "log.format"},
	} {
		t.Run(name, func(t *testing.T) {
			equal(t, complaints(t, load(t, config.Sources{Flags: c.set}), sandbox), c.want)
		})
	}
}

func TestAllThatIsWrongIsNamedAtOnce(t *testing.T) {
	err := config.Config{}.Validate(nil)
	problems, _ := errors.AsType[config.Problems](err)
	if len(problems) < 10 {
		t.Fatalf("an empty configuration has only this wrong: %v", err)
	}
	known := map[string]bool{}
	for _, key := range config.Keys() {
		known[key.Name] = true
	}
	for _, p := range problems {
		if !known[p.Key] {
			t.Errorf("%s is not a key", p.Key)
		}
		if !strings.Contains(err.Error(), p.Key+" must ") {
			t.Errorf("%s: what would be right is not said: %s", p.Key, p.Message)
		}
	}
}

func TestAChosenProviderNeedsItsBlock(t *testing.T) {
	c := config.Default()
	c.Payments.Providers = []string{"stripe", "portone"}
	equal(t, complaints(t, c, []string{"stripe", "portone"}), strings.Join([]string{
		"payments.stripe.secret_key", "payments.stripe.webhook_secret", "payments.stripe.publishable_key",
		"payments.portone.api_secret", "payments.portone.store_id", "payments.portone.channel_key", "payments.portone.webhook_secret",
	}, " "))
}

func TestProduction(t *testing.T) {
	right := map[string]any{
		"env": "production", "payments.providers": "", "auth.signing_key_file": "/run/secrets/key", "http.public_url": "https://photos.example.com",
	}
	if diff := cmp.Diff("", complaints(t, load(t, config.Sources{Flags: right}), sandbox)); diff != "" {
		t.Fatal(diff)
	}
	for name, c := range map[string]struct {
		key  string
		then any
	}{
		"refuses to play at payments":          {"payments.providers", "sandbox"},
		"refuses a key that it made itself":    {"auth.signing_key_file", ""},
		"refuses links without encryption":     {"http.public_url", "http://photos.example.com"},
		"refuses them on this machine as well": {"http.public_url", "http://localhost:7777"},
		"refuses the address that it derives":  {"http.public_url", ""},
		"refuses to forget who paid":           {"database.url", "sqlite::memory:"},
		"refuses to, however it is written":    {"database.url", "sqlite://:memory:"},
		"refuses to forget what was sold":      {"blob.url", "memory:"},
	} {
		t.Run(name, func(t *testing.T) {
			flags := map[string]any{}
			for key, value := range right {
				flags[key] = value
			}
			flags[c.key] = c.then
			equal(t, complaints(t, load(t, config.Sources{Flags: flags}), sandbox), c.key)
		})
	}
}
