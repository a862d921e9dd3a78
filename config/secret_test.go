package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/config"
)

func TestSecretsStayHidden(t *testing.T) {
	c := config.Default()
	c.Payments.Stripe.SecretKey = "hunter2"
	c.Database.URL = "postgres://sajin:hunter2@db:5432/sajin?sslmode=require"
	c.Blob.URL = "s3://bucket?region=x&secret_key=hunter2"
	c.Events.URL = "nats://hunter2@queue"
	c.Auth.OIDC = map[string]config.OIDC{"google": {ClientSecret: "hunter2"}}
	var shown bytes.Buffer

	t.Run("printed with whatever verb", func(t *testing.T) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%8.3s"} {
			fmt.Fprintf(&shown, verb+verb+verb, c, &c, c.Payments.Stripe.SecretKey)
		}
		fmt.Fprint(&shown, c.Payments.Stripe.SecretKey, c.Database.URL, c.Database.URL.GoString(), c.Payments.Stripe.SecretKey.GoString())
	})
	t.Run("as JSON", func(t *testing.T) {
		if err := json.NewEncoder(&shown).Encode(c); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("in logs of both formats", func(t *testing.T) {
		for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
			slog.New(handler).Info("start", "config", c, "secret", c.Payments.Stripe.SecretKey, "database", c.Database.URL)
		}
	})
	t.Run("to a log handler that asks for the kind of a value", func(t *testing.T) {
		for _, value := range []any{c.Payments.Stripe.SecretKey, c.Database.URL} {
			if kind := slog.AnyValue(value).Resolve().Kind(); kind != slog.KindString {
				t.Errorf("a %T is logged as %s", value, kind)
			}
		}
	})
	t.Run("in the table of keys", func(t *testing.T) { shown.WriteString(config.Markdown(c.Keys())) })
	t.Run("in complaints", func(t *testing.T) {
		c.Database.URL, c.Events.URL = "hunter2://hunter2:hunter2@", "redis://hunter2@hunter2"
		fmt.Fprint(&shown, c.Validate(nil))
	})

	for _, form := range []string{"hunter2", fmt.Sprintf("%x", "hunter2")} {
		if at := strings.Index(shown.String(), form); at >= 0 {
			t.Errorf("the secret is seen: %s", shown.String()[max(0, at-80):at+len(form)])
		}
	}
	if got := c.Payments.Stripe.SecretKey.Reveal(); got != "hunter2" {
		t.Errorf("revealed, it is %q", got)
	}
}

func TestURLsShowWhatIsHarmless(t *testing.T) {
	for url, want := range map[config.URL]string{
		"":                                             "",
		"sqlite::memory:":                              "sqlite::memory:",
		"sqlite:/home/a@b/sajin.db":                    "sqlite:/home/a@b/sajin.db",
		"postgres://sajin@db/sajin":                    "postgres://sajin@db/sajin",
		"postgres://sajin:pw@db:5432/x":                "postgres://sajin:***@db:5432/x",
		"postgres://db/x?password=pw":                  "postgres://db/x?password=***",
		"postgres://u:p%zz@db/x":                       "***",
		"sajin:pw@db/x":                                "***",
		"host=db password=pw":                          "***",
		"host=db password=p:w":                         "***",
		"nats://token@queue:4222":                      "nats://***@queue:4222",
		"tls://token@queue:4222":                       "tls://***@queue:4222",
		"nats://a:pw@one:1,nats://b:p@two,three:3":     "nats://a:***@one:1,nats://b:***@two,three:3",
		"nats://a:p,w@one:1":                           "***,***",
		"s3://bucket?endpoint=http://h:9000&region=eu": "s3://bucket?endpoint=http://h:9000&region=eu",
	} {
		if got := url.String(); got != want {
			t.Errorf("%q shows as %q, not %q", url.Reveal(), got, want)
		}
	}
}

func TestAnUnsetSecretCanBeTold(t *testing.T) {
	if got := fmt.Sprint(config.Secret("")); got != "" {
		t.Errorf("shows as %q", got)
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]config.Size{"0": 0, "17": 17, "17B": 17, "20MiB": 20 << 20, "20 mib": 20 << 20, "1GB": 1e9, "3TiB": 3 << 40} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s reads as %d, %v", text, got, err)
		}
		var again config.Size
		if err := again.UnmarshalText([]byte(want.String())); err != nil || again != want {
			t.Errorf("%d is written %s, which reads as %d, %v", want, want, again, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "-1MiB", "1.5GiB", "1PiB", "9223372036854775807KiB", "0x10"} {
		size := config.Size(7)
		if err := size.UnmarshalText([]byte(text)); err == nil || size != 7 {
			t.Errorf("%q reads as %d", text, size)
		}
	}
}
