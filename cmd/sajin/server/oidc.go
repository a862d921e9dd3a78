package server

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/instrument"
	"github.com/sajin-sns/sajin/adapters/metrics"
	"github.com/sajin-sns/sajin/adapters/oidc"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/adapters/tracing"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/ports/identity"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/store"
)

// identityCalls are those of identity providers.
type identityCalls struct{ *metrics.Calls }

// signingIn is signing in with identity providers.
var signingIn = fx.Module("identities",
	fx.Provide(
		fx.Annotate(sqlstore.NewIdentities, fx.As(new(store.Identities))),
		identityProviders,
		func() identityCalls { return identityCalls{metrics.NewIdentityCalls()} },
		measures(func(c identityCalls) *metrics.Calls { return c.Calls }),
		func(s accounts.Shared, sessions *accounts.Sessions, i store.Identities, t store.OneTimeTokens, p map[string]identity.Provider, sealer link.Sealer, ids *ident.Source) *accounts.Identities {
			return &accounts.Identities{
				Shared: s, Identities: i, Tokens: t, Providers: p, Sealer: sealer, Random: rand.Reader, IDs: ids, Mint: sessions.Mint,
			}
		},
		func(i *accounts.Identities, p *accounts.Profiles, c config.Config, log *slog.Logger) *httpapi.Identities {
			return &httpapi.Identities{
				Identities: i, Profiles: p, Log: log, Cookie: httpapi.TicketCookie{Secure: strings.HasPrefix(c.PublicURL(), "https:")},
			}
		},
		resource(func(i *httpapi.Identities) httpapi.Resource { return i }),
		route(func(i *httpapi.Identities) httpapi.Route { return i.Callback() }),
		check(identityChecks),
	),
)

func identityProviders(c config.Config, now func() time.Time, calls identityCalls, traces *tracing.Tracing) map[string]identity.Provider {
	all := map[string]identity.Provider{}
	for name, p := range c.IdentityProviders() {
		all[name] = instrument.Identities(name, oidc.New(oidc.Options{
			Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: p.ClientSecret.Reveal(),
			RedirectURL: c.PublicURL() + "/v1/auth/" + name + "/callback", Now: now, Around: traces.Transport,
		}), calls.Around)
	}
	return all
}

// identityChecks tell of each provider whether it answers. The server is of use
// without.
func identityChecks(providers map[string]identity.Provider) []health.Check {
	var checks []health.Check
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		checks = append(checks, health.Check{Name: "oidc." + name, Optional: true, Run: func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // whoever asks how the server is must not wait for others
			defer cancel()
			if err := providers[name].Ping(ctx); err != nil {
				return &health.Problem{Remedy: "see that this machine reaches the provider, and that auth.oidc." + name + ".issuer is exactly what its discovery document calls itself", Err: err}
			}
			return nil
		}})
	}
	return checks
}
