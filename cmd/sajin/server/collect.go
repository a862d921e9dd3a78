package server

import (
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/metrics"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/store"
)

// collecting compares the database with object storage. Every process plans it,
// and whichever has a hand free does it.
var collecting = fx.Module("collecting",
	fx.Provide(
		fx.Annotate(sqlstore.NewStock, fx.As(new(store.Stock))),
		func(s store.Stock, b blob.Store, u *media.Uploads, m *media.Media, q jobs.Queue, c config.Config, now func() time.Time, log *slog.Logger) *media.Collector {
			return &media.Collector{
				Stock: s, Blobs: b, Uploads: u, Media: m, Queue: q, Now: now, Every: c.Media.CheckEvery, Log: log,
				Rest: media.Rest{Orphans: c.Media.OrphanAge, Unattached: c.Media.UnattachedTTL, Failed: c.Media.FailedTTL},
			}
		},
		works(func(c *media.Collector) jobs.Worker { return c.Worker() }),
		comesRound(func(c *media.Collector) chore { return chore{"plan the check of the storage", time.Hour, c.Plan} }),
		measures(func(s store.Stock) *metrics.Storage { return metrics.NewStorage(s) }),
	),
)
