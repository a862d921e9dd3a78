package server

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/adapters/tracing"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/app/content"
	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/app/once"
	"github.com/sajin-sns/sajin/app/subscriptions"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/link"
	processing "github.com/sajin-sns/sajin/ports/media"
	"github.com/sajin-sns/sajin/ports/password"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/token"
	"github.com/sajin-sns/sajin/ports/tx"
)

// parts is the whole server, taken apart: what each thing is made of. A thing
// is made when another one asks for it, so the tools of the command line make
// only what they need.
var parts = fx.Options(platform, stores, modules, mailing, signingIn, publishing, limiting, collecting, background, events, web)

// platform is what everything stands on.
var platform = fx.Module("platform",
	fx.Provide(
		func(o Options) (*slog.Logger, func() time.Time) { return o.Log, o.Now },
		func(now func() time.Time) *ident.Source { return ident.NewSource(now, rand.Reader) },
		database,
		func(db sqldb.DB) tx.Runner { return db },
		openBlobs,
		openKeys,
		func(k *keyring.Ring) link.Sealer { return k },
		func(k *keyring.Ring, now func() time.Time) link.Signer { return k.Links(now) },
		fx.Annotate(func(s link.Signer, c config.Config, now func() time.Time) *httpapi.Links {
			return httpapi.NewLinks(s, c.PublicURL(), c.Media.LinkTTL, now)
		}, fx.As(new(link.Media)), fx.As(new(link.Parts))),
		func(k *keyring.Ring, c config.Config, now func() time.Time) token.Issuer {
			return k.Tokens(c.Issuer(), now)
		},
		processors,
		providers,
		check(func(db sqldb.DB) health.Check {
			return health.Check{Name: "database", Run: func(ctx context.Context) error { return db.Ping(ctx) }}
		}),
		check(checkStorage),
		check(func(k *keyring.Ring) health.Check {
			return health.Check{Name: "keys", Run: func(context.Context) error { return k.Err() }}
		}),
	),
)

// stores are the ports of storage, all on one database.
var stores = fx.Module("stores",
	fx.Provide(
		fx.Annotate(sqlstore.NewAccounts, fx.As(new(store.Accounts))),
		fx.Annotate(sqlstore.NewProfiles, fx.As(new(store.Profiles))),
		fx.Annotate(sqlstore.NewSessions, fx.As(new(store.Sessions)), fx.As(new(store.Devices))),
		fx.Annotate(sqlstore.NewMedia, fx.As(new(store.Media))),
		fx.Annotate(sqlstore.NewUploads, fx.As(new(store.Uploads))),
		fx.Annotate(sqlstore.NewPosts, fx.As(new(store.Posts)), fx.As(new(store.PostCounters))),
		fx.Annotate(sqlstore.NewFeeds, fx.As(new(store.Feeds))),
		fx.Annotate(sqlstore.NewSubscriptions, fx.As(new(store.Subscriptions))),
		fx.Annotate(sqlstore.NewInboxes, fx.As(new(store.Inboxes))),
		fx.Annotate(sqlstore.NewWallets, fx.As(new(store.Wallets))),
		fx.Annotate(sqlstore.NewPurchases, fx.As(new(store.Purchases))),
		fx.Annotate(sqlstore.NewTopUps, fx.As(new(store.TopUps))),
		fx.Annotate(sqlstore.NewIdempotency, fx.As(new(store.Idempotency))),
		fx.Annotate(sqlstore.NewOutbox, fx.As(fx.Self()), fx.As(new(event.Outbox))),
		fx.Annotate(sqlstore.NewJobs, fx.As(fx.Self()), fx.As(new(jobs.Queue))),
		sqlstore.NewSandboxBook,
	),
)

// modules are the use cases, and the questions that they ask each other.
var modules = fx.Module("modules",
	// accounts
	fx.Provide(
		accounts.NewStandings,
		fx.Annotate(argon.New, fx.As(fx.Self()), fx.As(new(password.Hasher))),
		func(o Options) argon.Options { return o.Passwords },
		func(t tx.Runner, a store.Accounts, s store.Sessions, o event.Outbox, tokens store.OneTimeTokens, letters *accounts.Letters, attempts *accounts.Attempts, standings *accounts.Standings, now func() time.Time) accounts.Shared {
			return accounts.Shared{Tx: t, Accounts: a, Sessions: s, Outbox: o, Tokens: tokens, Letters: letters, Attempts: attempts, Standings: standings, Now: now}
		},
		func(s accounts.Shared, avatars access.Avatars, c config.Config) *accounts.Accounts {
			return &accounts.Accounts{Shared: s, Avatars: avatars, Grace: c.Auth.DeleteGrace}
		},
		func(s accounts.Shared, i store.Identities, h password.Hasher, ids *ident.Source) *accounts.Credentials {
			return &accounts.Credentials{Shared: s, Identities: i, Passwords: h, IDs: ids}
		},
		func(s accounts.Shared, devices store.Devices, h password.Hasher, ids *ident.Source, tokens token.Issuer, sealer link.Sealer, c config.Config) *accounts.Sessions {
			return &accounts.Sessions{
				Shared: s, Devices: devices, Passwords: h, IDs: ids,
				Mint: accounts.Mint{Tokens: tokens, Random: rand.Reader, Sealer: sealer, AccessTTL: c.Auth.AccessTTL, RefreshTTL: c.Auth.RefreshTTL},
			}
		},
		func(s accounts.Shared, devices store.Devices, h password.Hasher, c config.Config) *accounts.StepUp {
			return &accounts.StepUp{Shared: s, Devices: devices, Passwords: h, TTL: c.Auth.StepUpTTL}
		},
		func(p store.Profiles, a store.Accounts, links link.Media) *accounts.Profiles {
			return &accounts.Profiles{Profiles: p, Accounts: a, URL: func(key string) string {
				url, _ := links.URL(key, ident.AccountID{})
				return url
			}}
		},
		func(s accounts.Shared, i store.Identities, c config.Config) *accounts.Maintenance {
			return &accounts.Maintenance{Shared: s, Identities: i, RefreshTTL: c.Auth.RefreshTTL}
		},
		fx.Annotate(accounts.NewAuthenticator, fx.As(new(httpapi.Authenticator))),
	),
	// media
	fx.Provide(
		limits,
		func(t tx.Runner, u store.Uploads, m store.Media, b blob.Store, q jobs.Queue, links link.Parts, ids *ident.Source, now func() time.Time, l rules.Limits) *media.Uploads {
			return &media.Uploads{Tx: t, Uploads: u, Media: m, Blobs: b, Queue: q, Links: links, IDs: ids, Now: now, Limits: l}
		},
		func(t tx.Runner, m store.Media, u store.Uploads, q jobs.Queue, o event.Outbox, use access.MediaUse, links link.Media, now func() time.Time) *media.Media {
			return &media.Media{Tx: t, Media: m, Uploads: u, Queue: q, Outbox: o, Use: use, Links: links, Now: now}
		},
		func(t tx.Runner, m store.Media, u store.Uploads, b blob.Store, q jobs.Queue, o event.Outbox, p []processing.Processor, now func() time.Time) *media.Processing {
			return &media.Processing{Tx: t, Media: m, Uploads: u, Blobs: b, Queue: q, Outbox: o, Processors: p, Now: now}
		},
		func(t tx.Runner, m store.Media, u store.Uploads, b blob.Store, q jobs.Queue, now func() time.Time) *media.Disposal {
			return &media.Disposal{Tx: t, Media: m, Uploads: u, Blobs: b, Queue: q, Now: now}
		},
		func(m *media.Media) *media.Leaving { return &media.Leaving{Media: m} },
		fx.Annotate(func(m store.Media) *media.Catalog { return &media.Catalog{Store: m} },
			fx.As(new(access.Media)), fx.As(new(access.Avatars))),
	),
	// content
	fx.Provide(
		func(t tx.Runner, p store.Posts, e store.Edits, m access.Media, a access.Audience, o event.Outbox, q jobs.Queue, ids *ident.Source, now func() time.Time, c config.Config) *content.Posts {
			return &content.Posts{Tx: t, Posts: p, Edits: e, Media: m, Audience: a, Outbox: o, Queue: q, IDs: ids, Now: now, Categories: c.Content.Categories}
		},
		func(p *content.Posts, q jobs.Queue) *content.Leaving { return &content.Leaving{Posts: p, Queue: q} },
		func(f store.Feeds, links link.Media, now func() time.Time) *content.Feed {
			return &content.Feed{Feeds: f, Links: links, Now: now}
		},
		func(n store.PostCounters, p *content.Posts) *content.Counters {
			return &content.Counters{Counts: n, Posts: p}
		},
		fx.Annotate(func(p store.Posts, a access.Audience) *content.Catalog {
			return &content.Catalog{Posts: p, Audience: a}
		},
			fx.As(new(access.Offers)), fx.As(new(access.RecentPosts)), fx.As(new(access.MediaUse))),
	),
	// subscriptions
	fx.Provide(
		func(t tx.Runner, s store.Subscriptions, i store.Inboxes, r access.RecentPosts, o event.Outbox, now func() time.Time, c config.Config) *subscriptions.Subscriptions {
			return &subscriptions.Subscriptions{Tx: t, Subscriptions: s, Inboxes: i, Recent: r, Outbox: o, Now: now, Backfill: c.Feeds.Backfill}
		},
		fx.Annotate(func(s store.Subscriptions, c config.Config) *subscriptions.Audience {
			return &subscriptions.Audience{Subscriptions: s, Threshold: int64(c.Feeds.FanoutThreshold)}
		}, fx.As(new(access.Audience))),
		func(s store.Subscriptions, links link.Media) *subscriptions.Lists {
			return &subscriptions.Lists{Subscriptions: s, Links: links}
		},
		func(t tx.Runner, q jobs.Queue, s store.Subscriptions, i store.Inboxes, now func() time.Time, c config.Config) *subscriptions.FanOut {
			return &subscriptions.FanOut{Tx: t, Queue: q, Subscriptions: s, Inboxes: i, Batch: c.Feeds.FanoutBatch, Now: now}
		},
	),
	// wallet
	fx.Provide(
		once.New,
		func(g *once.Guard, offers access.Offers, w store.Wallets, p store.Purchases, o event.Outbox, ids *ident.Source, now func() time.Time, c config.Config) *wallet.Purchases {
			return &wallet.Purchases{Once: g, Offers: offers, Wallets: w, Purchases: p, Outbox: o, IDs: ids, Now: now, Fee: c.Wallet.FeeBPS}
		},
		func(w store.Wallets, p store.Purchases, now func() time.Time) *wallet.Statements {
			return &wallet.Statements{Wallets: w, Purchases: p, Now: now}
		},
		func(p []payment.Provider, calls paymentCalls, t *tracing.Tracing, c config.Config) (*wallet.Market, error) {
			return wallet.NewMarket(packs(c), watchedProviders(p, calls, t), c.Payments.Providers)
		},
		func(t tx.Runner, tops store.TopUps, keys store.Idempotency, m *wallet.Market, ids *ident.Source, now func() time.Time, c config.Config, log *slog.Logger) *wallet.TopUps {
			return &wallet.TopUps{Tx: t, TopUps: tops, Keys: keys, Market: m, IDs: ids, Now: now, TTL: c.TopUps.ExpireAfter, Patience: c.TopUps.ProviderTimeout, MaxOpen: maxOpenTopUps, Log: log}
		},
		func(t tx.Runner, tops store.TopUps, w store.Wallets, o event.Outbox, m *wallet.Market, ids *ident.Source, now func() time.Time, c config.Config, log *slog.Logger) *wallet.Settlements {
			return &wallet.Settlements{
				Tx: t, TopUps: tops, Wallets: w, Outbox: o, Market: m, IDs: ids, Now: now,
				BonusExpiry: c.Wallet.BonusExpiry, AskAfter: c.TopUps.AskAfter, Log: log,
			}
		},
		func(t tx.Runner, tops store.TopUps, q jobs.Queue, s *wallet.Settlements, now func() time.Time, log *slog.Logger) *wallet.Webhooks {
			return &wallet.Webhooks{Tx: t, TopUps: tops, Queue: q, Settlements: s, Now: now, Log: log}
		},
		func(t tx.Runner, w store.Wallets, ids *ident.Source, now func() time.Time) *wallet.Expiry {
			return &wallet.Expiry{Tx: t, Wallets: w, IDs: ids, Now: now}
		},
		func(t tx.Runner, w store.Wallets, ids *ident.Source, now func() time.Time, c config.Config) *wallet.Grants {
			return &wallet.Grants{Tx: t, Wallets: w, IDs: ids, Now: now, BonusExpiry: c.Wallet.BonusExpiry}
		},
	),
)

// background is what goes on without a request.
var background = fx.Module("background",
	fx.Provide(
		func(c *content.Counters, posts *content.Leaving, files *media.Leaving, f *subscriptions.FanOut) []event.Handler {
			return slices.Concat(c.Handlers(), posts.Handlers(), files.Handlers(), f.Handlers())
		},
		func(p *media.Processing, d *media.Disposal, files *media.Leaving, posts *content.Leaving, f *subscriptions.FanOut, x more) []jobs.Worker {
			return slices.Concat(f.Workers(), []jobs.Worker{p.Worker(), d.Worker(), files.Worker(), posts.Worker()}, x.Workers)
		},
		works(func(w *wallet.Webhooks) jobs.Worker { return w.Worker() }),
		newPool,
		newSchedule,
	),
)

// web is what answers requests.
var web = fx.Module("web",
	fx.Provide(
		func(p *accounts.Profiles) httpapi.Directory { return p },
		resource(func(a *accounts.Accounts, c *accounts.Credentials, p *accounts.Profiles) httpapi.Resource {
			return &httpapi.Accounts{Credentials: c, Accounts: a, Profiles: p}
		}),
		resource(func(s *accounts.Sessions, step *accounts.StepUp, p *accounts.Profiles) httpapi.Resource {
			return &httpapi.Sessions{Sessions: s, StepUp: step, Profiles: p}
		}),
		resource(func(t token.Issuer) httpapi.Resource { return &httpapi.Keys{Tokens: t} }),
		resource(func(u *media.Uploads) httpapi.Resource { return &httpapi.Uploads{Uploads: u} }),
		resource(func(m *media.Media) httpapi.Resource { return &httpapi.Media{Media: m} }),
		resource(func(p *content.Posts, f *content.Feed, d httpapi.Directory) httpapi.Resource {
			return &httpapi.Posts{Posts: p, Feed: f, Directory: d}
		}),
		resource(func(s *subscriptions.Subscriptions, l *subscriptions.Lists, d httpapi.Directory) httpapi.Resource {
			return &httpapi.Subscriptions{Subscriptions: s, Lists: l, Directory: d}
		}),
		resource(func(p *wallet.Purchases, s *wallet.Statements) httpapi.Resource {
			return &httpapi.Wallet{Purchases: p, Statements: s}
		}),
		resource(func(t *wallet.TopUps, s *wallet.Settlements) httpapi.Resource {
			return &httpapi.TopUps{TopUps: t, Settlements: s}
		}),
		resource(func(w *wallet.Webhooks) httpapi.Resource { return &httpapi.Webhooks{Webhooks: w} }),
		fx.Annotate(sandboxPages, fx.ResultTags(`group:"resources,flatten"`)),
		fx.Annotate(service, fx.ParamTags(``, ``, `group:"checks"`), fx.ResultTags(`group:"resources"`)),
		route(func(u *media.Uploads, s link.Signer, log *slog.Logger) httpapi.Route {
			return (&httpapi.PartUpload{Uploads: u, Signer: s, Log: log}).Route()
		}),
		route(newDelivery),
		fx.Annotate(newAPI, fx.ParamTags(``, ``, ``, ``, ``, ``, `group:"resources"`, `group:"routes"`, ``, ``, ``)),
	),
)
