package server

import (
	"context"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/ports/store"
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
	),
)
