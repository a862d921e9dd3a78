package server

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/instrument"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/tracing"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/blob"
)

// newTracing is nil where no traces are wanted: then nothing stands in between
// that could cost time.
func newTracing(lc fx.Lifecycle, c config.Config, o Options, log *slog.Logger) (*tracing.Tracing, error) {
	if c.Tracing.Endpoint == "" || c.Tracing.SampleRatio == 0 {
		return nil, nil
	}
	t, err := tracing.New(context.Background(), tracing.Options{
		Endpoint: c.Tracing.Endpoint.Reveal(), Ratio: float64(c.Tracing.SampleRatio), Version: o.Version, Log: log,
	})
	if err == nil {
		lc.Append(fx.Hook{OnStop: func(ctx context.Context) error {
			t.Stop(ctx)
			return nil
		}})
	}
	return t, err
}

// watched puts what tells of calls around those who answer them. It goes beside
// the modules, for it is to hold in all of them.
var watched = fx.Decorate(
	func(b blob.Store, calls blobCalls, t *tracing.Tracing) blob.Store {
		around := []instrument.Around{calls.Around}
		if t != nil {
			around = append(around, t.Around("blob"))
		}
		return instrument.Blobs(b, around...)
	},
	func(db sqldb.DB, t *tracing.Tracing) sqldb.DB {
		if t == nil {
			return db
		}
		return sqldb.Watch(db, t.Around("database"))
	},
)
