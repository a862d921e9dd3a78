package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/mailfolder"
	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/adapters/metrics"
	"github.com/sajin-sns/sajin/adapters/smtp"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/mail"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/throttle"
)

// mailing is what is sent to people, and the links that they are sent.
var mailing = fx.Module("mail",
	fx.Provide(
		fx.Annotate(sqlstore.NewOneTimeTokens, fx.As(new(store.OneTimeTokens))),
		comesRound(func(tokens store.OneTimeTokens, now func() time.Time) chore {
			return chore{"forget one-time tokens", time.Hour, uncounted(func(ctx context.Context) (int64, error) {
				return tokens.Forget(ctx, now())
			})}
		}),
		sender,
		func(q jobs.Queue, now func() time.Time, l throttle.Limiter, refusals metrics.Refusals, c config.Config) *accounts.Letters {
			letters := &accounts.Letters{Queue: q, Random: rand.Reader, Now: now}
			if c.Limits.Enabled {
				letters.Limiter = counting{l, "mail", refusals}
				letters.PerRecipient, letters.PerClient = perHour(c.Limits.MailPerRecipient), perHour(c.Limits.MailPerAddress)
			}
			return letters
		},
		func(s accounts.Shared) *accounts.Emails { return &accounts.Emails{Shared: s} },
		func(s accounts.Shared, q jobs.Queue, m mail.Sender, sealer link.Sealer, c config.Config, log *slog.Logger) (*accounts.Postman, error) {
			from, err := mailFrom(c)
			_, host, _ := strings.Cut(from.Address, "@")
			return &accounts.Postman{
				Shared: s, Queue: q, Sender: m, Sealer: sealer, PublicURL: c.PublicURL(), Site: c.Mail.SiteName, Host: host, Log: log,
			}, err
		},
		works(func(p *accounts.Postman) jobs.Worker { return p.Worker() }),
		measures(func(p *accounts.Postman) *metrics.Mail {
			return &metrics.Mail{Count: func() metrics.Mails { return metrics.Mails(p.Stats()) }}
		}),
		check(func(s mail.Sender) health.Check {
			c := health.Check{Name: "mail", Optional: true, Run: func(context.Context) error { return nil }}
			if looked, ok := s.(interface {
				Ready(ctx context.Context) error
			}); ok {
				c.Run = looked.Ready
			}
			return c
		}),
		resource(func(e *accounts.Emails, c *accounts.Credentials, p *accounts.Profiles) httpapi.Resource {
			return &httpapi.Emails{Emails: e, Credentials: c, Profiles: p}
		}),
		fx.Annotate(httpapi.LinkPages, fx.ResultTags(`group:"routes,flatten"`)),
	),
)

// sender is who takes mail, by the scheme of a URL.
func sender(c config.Config, now func() time.Time, log *slog.Logger) (mail.Sender, error) {
	from, err := mailFrom(c)
	if err != nil {
		return nil, err
	}
	switch where := c.MailURL(); where.Scheme() {
	case "smtp", "smtps":
		return smtp.New(where.Reveal(), smtp.Options{From: from, Hello: publicHost(c), Timeout: c.Mail.Timeout, Now: now})
	case "file":
		if c.Production() {
			log.Warn("mail is written to a folder, where nobody gets it: set mail.url", "url", where)
		}
		path := strings.TrimPrefix(where.Reveal(), "file:")
		if u, err := url.Parse(where.Reveal()); err == nil && u.Path != "" {
			path = u.Path
		}
		return mailfolder.New(path, from, log), nil
	case "memory":
		return memory.NewMailbox(), nil
	default:
		return nil, fmt.Errorf("mail.url: nobody delivers by %q", where.Scheme())
	}
}

// mailFrom is mail.from, or nobody in particular at the host of the public URL.
func mailFrom(c config.Config) (mail.Address, error) {
	if c.Mail.From == "" {
		return mail.Address{Name: c.Mail.SiteName, Address: "no-reply@" + publicHost(c)}, nil
	}
	from, err := mail.ParseAddress(c.Mail.From)
	if err != nil {
		return from, fmt.Errorf("mail.from: %w", err)
	}
	return from, nil
}

func publicHost(c config.Config) string {
	u, err := url.Parse(c.PublicURL())
	if err != nil || u.Hostname() == "" || strings.Contains(u.Hostname(), ":") {
		return "localhost"
	}
	return u.Hostname()
}
