package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/config"
)

// debug answers who looks for what takes the time and the memory: Go's
// profiles, on a listener of their own, where one is configured.
func debug(lc fx.Lifecycle, s *Server, c config.Config, log *slog.Logger) {
	if c.Debug.Listen == "" {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	c.HTTP.ReadTimeout = 10 * time.Minute // a profile is taken for as long as one asks
	lc.Append(listen(s, c, log, mux, func(ctx context.Context) (net.Listener, error) {
		return (&net.ListenConfig{}).Listen(ctx, "tcp", c.Debug.Listen)
	}))
}
