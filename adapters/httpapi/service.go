package httpapi

import (
	"context"
	"net/http"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/ports/health"
)

// Service is the resource that tells how the server itself is.
type Service struct {
	Version      string
	Capabilities []string
	Categories   []string // that posts may have
	Checks       []health.Check
}

type alive struct {
	Status string `json:"status" enum:"ok"`
}

type ready struct {
	Status   string   `json:"status" enum:"ok,degraded"`
	Degraded []string `json:"degraded" nullable:"false" doc:"What does not work, and is not needed at once"`
}

type about struct {
	Name         string   `json:"name"`
	Version      string   `json:"version"`
	Capabilities []string `json:"capabilities" nullable:"false"`
	Categories   []string `json:"categories" nullable:"false" doc:"That posts may have"`
}

var errNotReady = fault.New(fault.Unavailable, "service.not-ready", "something that the server needs does not answer")

func (s *Service) register(r *registry) {
	how := newReadiness(s.Checks, r.log)
	register(r, operation{
		ID: "health", Class: Probe, Method: http.MethodGet, Path: "/healthz", Tag: "service", Summary: "Whether the process lives",
	}, func(context.Context, caller, *struct{}) (*struct{ Body alive }, error) {
		return &struct{ Body alive }{alive{"ok"}}, nil
	})
	register(r, operation{
		ID: "readiness", Class: Probe, Method: http.MethodGet, Path: "/readyz", Tag: "service", Summary: "Whether everything that the server needs answers",
		Problems: []int{http.StatusServiceUnavailable},
	}, func(ctx context.Context, _ caller, _ *struct{}) (*struct{ Body ready }, error) {
		missing, degraded, err := how.look(ctx)
		switch {
		case err != nil:
			return nil, err
		case len(missing) > 0:
			return nil, errNotReady.With("missing", missing)
		case len(degraded) > 0:
			return &struct{ Body ready }{ready{"degraded", degraded}}, nil
		default:
			return &struct{ Body ready }{ready{"ok", []string{}}}, nil
		}
	})
	register(r, operation{
		ID: "service", Method: http.MethodGet, Path: "/v1/service", Tag: "service", Summary: "What runs here, and what it can do",
	}, func(context.Context, caller, *struct{}) (*struct{ Body about }, error) {
		return &struct{ Body about }{about{Name: "sajin", Version: s.Version, Capabilities: s.Capabilities, Categories: s.Categories}}, nil
	})
}
