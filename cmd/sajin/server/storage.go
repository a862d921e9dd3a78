package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/s3blob"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/ports/link"
)

func openBucket(c config.Config) (*s3blob.Store, error) {
	o, err := s3blob.Parse(c.BlobURL().Reveal())
	if err != nil {
		return nil, fmt.Errorf("blob.url: %w", err)
	}
	o.AccessKey, o.SecretKey = c.Blob.AccessKey.Reveal(), c.Blob.SecretKey.Reveal()
	return s3blob.New(o)
}

// checkStorage looks whether objects can be had now. A store that has more to
// say of itself than an answer or none says it.
func checkStorage(b blob.Store) health.Check {
	check := health.Check{Name: "storage", Run: func(ctx context.Context) error {
		return b.List(ctx, "readiness/", func(blob.Info) bool { return false })
	}}
	if checker, ok := b.(interface {
		Check(ctx context.Context) error
	}); ok {
		check.Run = checker.Check
	}
	return check
}

// reachStorage stops the start of a server that its storage refuses: that does
// not pass by itself. A storage that does not answer may come back, and is
// waited for: /readyz tells.
func reachStorage(lc fx.Lifecycle, b blob.Store, log *slog.Logger) {
	lc.Append(fx.Hook{OnStart: func(ctx context.Context) error {
		err := checkStorage(b).Run(ctx)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, blob.ErrUnavailable) && ctx.Err() == nil:
			log.WarnContext(ctx, "the storage does not answer yet", "error", err, "remedy", health.Remedy(err))
			return nil
		default:
			return remedied(err)
		}
	}})
}

// newDelivery makes the way to the bytes of renditions: through this server, or
// from here to the storage.
func newDelivery(b blob.Store, s link.Signer, c config.Config, log *slog.Logger, now func() time.Time) httpapi.Route {
	d := &httpapi.Delivery{Blobs: b, Signer: s, Log: log, Now: now}
	if presigner, ok := b.(blob.Presigner); ok && c.Blob.Downloads == "redirect" {
		d.Direct, d.DirectTTL = presigner, c.Blob.RedirectTTL
	}
	return d.Route()
}

// remedied says what to do in the text of the error, for whoever reads only that.
func remedied(err error) error {
	if remedy := health.Remedy(err); remedy != "" {
		return fmt.Errorf("%w; %s", err, remedy)
	}
	return err
}
