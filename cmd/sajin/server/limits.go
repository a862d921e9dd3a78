package server

import (
	"context"
	"net/netip"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/adapters/metrics"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/throttle"
)

// limiting is what holds back those who ask too often: for requests a limiter
// in memory, for what must hold for all processes together, and after a restart,
// one in the database.
var limiting = fx.Module("limits",
	fx.Provide(
		fx.Annotate(sqlstore.NewThrottles, fx.As(fx.Self()), fx.As(new(throttle.Limiter))),
		comesRound(func(t *sqlstore.Throttles) chore {
			return chore{"forget full buckets", time.Hour, uncounted(func(ctx context.Context) (int64, error) { return t.Sweep(ctx) })}
		}),
		newRefusals,
		newAttempts,
		measures(func(r metrics.Refusals) metrics.Refusals { return r }),
		newEdge,
	),
)

// edge is what requests meet before anything looks at what they want.
type edge struct {
	proxies []netip.Prefix
	limits  *httpapi.Limits
}

func newEdge(c config.Config, refusals metrics.Refusals, now func() time.Time) (edge, error) {
	proxies, err := c.HTTP.Proxies()
	return edge{proxies, requestLimits(c.Limits, refusals, now)}, err
}

func newRefusals() metrics.Refusals {
	var classes []string
	for _, class := range httpapi.Classes() {
		classes = append(classes, string(class))
	}
	classes = append(classes, "password", "mail")
	return metrics.NewRefusals(classes...)
}

// counting counts who is refused by a limiter.
type counting struct {
	throttle.Limiter
	class    string
	refusals metrics.Refusals
}

func (c counting) Take(ctx context.Context, buckets ...throttle.Bucket) (time.Duration, error) {
	wait, err := c.Limiter.Take(ctx, buckets...)
	if wait > 0 {
		c.refusals.Refused(c.class)
	}
	return wait, err
}

// newAttempts are the limits of guessing at passwords, and of making accounts;
// nil, if there are none.
func newAttempts(c config.Config, l throttle.Limiter, refusals metrics.Refusals) *accounts.Attempts {
	if !c.Limits.Enabled {
		return nil
	}
	return &accounts.Attempts{
		Limiter:    counting{l, "password", refusals},
		PerDevice:  perHour(c.Limits.SignInPerDevice),
		PerAddress: perHour(c.Limits.SignInPerAddress),
		PerAccount: perHour(c.Limits.SignInPerAccount),
		PerSignUp:  perHour(c.Limits.SignUpPerAddress),
	}
}

// requestLimits are those of requests by their class; nil, if there are none.
func requestLimits(l config.Limits, refusals metrics.Refusals, now func() time.Time) *httpapi.Limits {
	if !l.Enabled {
		return nil
	}
	return &httpapi.Limits{
		Limiter: memory.NewThrottle(now),
		Rates: map[httpapi.Class]throttle.Rate{
			httpapi.Reading:     perMinute(l.ReadPerMinute, l.ReadBurst),
			httpapi.Writing:     perMinute(l.WritePerMinute, l.WriteBurst),
			httpapi.Expensive:   perMinute(l.ExpensivePerMinute, l.ExpensiveBurst),
			httpapi.Credentials: perMinute(l.CredentialsPerMinute, l.CredentialsBurst),
			httpapi.Money:       perMinute(l.MoneyPerMinute, l.MoneyBurst),
			httpapi.Webhook:     perMinute(l.WebhookPerMinute, l.WebhookBurst),
			httpapi.Transfer:    perMinute(l.DeliveryPerMinute, l.DeliveryBurst),
			httpapi.Probe:       perMinute(600, 300),
			httpapi.BadToken:    perMinute(600, 300),
		},
		Refused: func(class httpapi.Class) { refusals.Refused(string(class)) },
	}
}

// perMinute is a rate of so many in a minute, and so many at once.
func perMinute(n, burst int) throttle.Rate {
	if n <= 0 {
		return throttle.Rate{}
	}
	return throttle.Rate{Burst: burst, Per: time.Duration(burst) * time.Minute / time.Duration(n)}
}

func perHour(n int) throttle.Rate { return throttle.Rate{Burst: n, Per: time.Hour} }
