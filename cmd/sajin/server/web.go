package server

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"reflect"
	"slices"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/metrics"
	"github.com/sajin-sns/sajin/adapters/tracing"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/health"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/payment"
)

func resource(constructor any) any {
	return fx.Annotate(constructor, fx.ResultTags(`group:"resources"`))
}

func route(constructor any) any { return fx.Annotate(constructor, fx.ResultTags(`group:"routes"`)) }

// check adds a health.Check, or several, for /readyz and `sajin doctor`. The
// constructor is a function that only makes them, and looks at nothing.
func check(constructor any) any {
	registered = append(registered, constructor)
	group := `group:"checks"`
	if reflect.TypeOf(constructor).Out(0).Kind() == reflect.Slice {
		group = `group:"checks,flatten"`
	}
	return fx.Annotate(constructor, fx.ResultTags(group))
}

// registered are the constructors of all checks; it is filled while the program
// is initialised.
var registered []any

func newAPI(c config.Config, o Options, auth httpapi.Authenticator, sealer link.Sealer, ids *ident.Source, log *slog.Logger,
	resources []httpapi.Resource, routes []httpapi.Route, requests *metrics.Requests, traces *tracing.Tracing, stepUp *accounts.StepUp, e edge,
) *httpapi.API {
	routes = append(routes, httpapi.Pages(o.Version)...)
	routes, resources = served(c, routes, resources)
	return httpapi.New(httpapi.Options{
		Version: o.Version, PublicURL: c.PublicURL(), BodyLimit: int64(c.HTTP.BodyLimit), Log: log, Auth: auth, StepUp: stepUp, Sealer: sealer,
		NewID:    func() string { return ident.New[ident.EventID](ids).String() },
		Requests: logged(c), Observer: requests, Trace: traces.Requests(), Proxies: e.proxies, Limits: e.limits,
	}, routes, resources...)
}

func service(c config.Config, o Options, checks []health.Check) httpapi.Resource {
	return &httpapi.Service{
		Version: o.Version,
		Capabilities: slices.Concat([]string{"posts", "uploads", "subscriptions", "wallet"}, prefixed("payments.", c.Payments.Providers),
			prefixed("signin.", slices.Sorted(maps.Keys(c.Auth.OIDC)))),
		Categories: c.Content.Categories,
		Checks:     checks,
	}
}

// sandboxPages are where customers of the sandbox provider pay, if there is one.
func sandboxPages(providers []payment.Provider) (pages []httpapi.Resource) {
	for _, p := range providers {
		if customer, ok := p.(httpapi.SandboxCustomer); ok {
			pages = append(pages, &httpapi.Sandbox{Customer: customer})
		}
	}
	return pages
}

func prefixed(prefix string, names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = prefix + name
	}
	return all
}

// run answers requests, after everything else has started and until it stops.
func run(lc fx.Lifecycle, s *Server, listener net.Listener, c config.Config, log *slog.Logger,
	api *httpapi.API, metrics scrapes,
) {
	if c.Metrics.Listen != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", metrics)
		lc.Append(listen(s, c, log, mux, func(ctx context.Context) (net.Listener, error) {
			return (&net.ListenConfig{}).Listen(ctx, "tcp", c.Metrics.Listen)
		}))
	}
	lc.Append(listen(s, c, log, api, func(context.Context) (net.Listener, error) { return listener, nil }))
}

// listen answers requests with a handler for as long as the server runs.
func listen(s *Server, c config.Config, log *slog.Logger, h http.Handler, open func(context.Context) (net.Listener, error)) fx.Hook {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       c.HTTP.ReadTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return fx.Hook{
		OnStart: func(ctx context.Context) error {
			l, err := open(ctx)
			if err != nil {
				return err
			}
			go func() {
				if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
					s.fail(err)
				}
			}()
			return nil
		},
		OnStop: server.Shutdown,
	}
}
