package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/adapters/tracing"
	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/app/content"
	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/app/once"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/store"
)

const keepConsumed = 30 * 24 * time.Hour

func newPool(queue *sqlstore.Jobs, workers []jobs.Worker, c config.Config, now func() time.Time, log *slog.Logger, traces *tracing.Tracing) (*worker.Pool, error) {
	return worker.New(queue, ours(c, workers), worker.Options{
		Kinds: map[string]worker.Limit{
			media.KindProcess: {Concurrency: c.Media.WorkerCount(), Timeout: 15 * time.Minute},
			media.KindCheck:   {Concurrency: 1, Timeout: 6 * time.Hour},
		},
		Lease: c.Jobs.Lease, Now: now, Log: log, Around: traces.Around("job"),
	})
}

func newSchedule(posts *content.Posts, a *accounts.Maintenance, u *media.Uploads, settle *wallet.Settlements, coins *wallet.Expiry, keys store.Idempotency, tops store.TopUps, outbox *sqlstore.Outbox,
	blobs blob.Store, c config.Config, now func() time.Time, log *slog.Logger, x more,
) *worker.Schedule {
	s := worker.NewSchedule(log)
	s.Every("settle overdue posts", 10*time.Minute, posts.SettleOverdue)
	s.Every("purge accounts", time.Hour, a.Purge)
	s.Every("sweep sessions", time.Hour, a.Sweep)
	s.Every("expire uploads", 10*time.Minute, u.ExpireUploads)
	s.Every("sweep top-ups", min(time.Minute, c.TopUps.AskAfter), uncounted(settle.SweepTopUps))
	s.Every("expire coins", 15*time.Minute, uncounted(coins.ExpireCoins))
	s.Every("forget idempotency keys", time.Hour, uncounted(func(ctx context.Context) (int64, error) {
		return keys.Forget(ctx, now().Add(-once.Keep))
	}))
	s.Every("forget consumed events", time.Hour, uncounted(func(ctx context.Context) (int64, error) {
		return outbox.ForgetConsumed(ctx, now().Add(-keepConsumed))
	}))
	s.Every("forget webhooks", time.Hour, uncounted(func(ctx context.Context) (int64, error) {
		return tops.ForgetMessages(ctx, now().Add(-keepConsumed))
	}))
	if b, ok := blobs.(sweeper); ok {
		s.Every("sweep unfinished writes", time.Hour, b.Sweep)
	}
	for _, chore := range x.Chores {
		s.Every(chore.name, chore.every, chore.run)
	}
	return s
}

// sweeper is a store of blobs that crashes leave something behind in.
type sweeper interface {
	Sweep(ctx context.Context) error
}

// uncounted makes a chore of what also tells how much it did.
func uncounted[N any](chore func(context.Context) (N, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := chore(ctx)
		return err
	}
}
