package httpapi

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/sajin-sns/sajin/ports/health"
)

const (
	checkWithin = 2 * time.Second // one check
	checkFresh  = time.Second     // how long what was found is answered again
)

// readiness answers how the server is. However many ask, the checks are made
// once a second at most: whoever floods it does not reach what they look at.
type readiness struct {
	round *health.Round
	log   *slog.Logger
	turn  chan struct{} // holds the one who looks

	at                time.Time
	missing, degraded []string
}

func newReadiness(checks []health.Check, log *slog.Logger) *readiness {
	return &readiness{round: health.NewRound(checks, checkWithin), log: log, turn: make(chan struct{}, 1)}
}

// look answers the names of what does not work.
func (r *readiness) look(ctx context.Context) (missing, degraded []string, err error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if r.at.IsZero() || time.Since(r.at) >= checkFresh {
		r.ask(context.WithoutCancel(ctx)) // others wait for it as well
		r.at = time.Now()
	}
	return r.missing, r.degraded, nil
}

func (r *readiness) ask(ctx context.Context) {
	r.missing, r.degraded = nil, []string{}
	for _, f := range r.round.Look(ctx) {
		switch {
		case f.Err == nil:
			continue
		case f.Optional:
			r.degraded = append(r.degraded, f.Name)
		default:
			r.missing = append(r.missing, f.Name)
		}
		r.log.WarnContext(ctx, "not ready", "dependency", f.Name, "optional", f.Optional, "error", f.Err, "remedy", health.Remedy(f.Err))
	}
	slices.Sort(r.missing)
	slices.Sort(r.degraded)
}
