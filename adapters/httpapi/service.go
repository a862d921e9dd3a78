package httpapi

import (
	"context"
	"net/http"
	"slices"

	"github.com/sajin-sns/sajin/domain/fault"
)

// Service is the resource that tells how the server itself is.
type Service struct {
	Version      string
	Capabilities []string
	Categories   []string                               // that posts may have
	Checks       map[string]func(context.Context) error // what must work for the server to be of use
}

type health struct {
	Status string `json:"status" enum:"ok"`
}

type about struct {
	Name         string   `json:"name"`
	Version      string   `json:"version"`
	Capabilities []string `json:"capabilities" nullable:"false"`
	Categories   []string `json:"categories" nullable:"false" doc:"That posts may have"`
}

var errNotReady = fault.New(fault.Unavailable, "service.not-ready", "something that the server needs does not answer")

func (s *Service) register(r *registry) {
	register(r, operation{
		ID: "health", Method: http.MethodGet, Path: "/healthz", Tag: "service", Summary: "Whether the process lives",
	}, func(context.Context, caller, *struct{}) (*struct{ Body health }, error) {
		return &struct{ Body health }{health{"ok"}}, nil
	})
	register(r, operation{
		ID: "readiness", Method: http.MethodGet, Path: "/readyz", Tag: "service", Summary: "Whether everything that the server needs answers",
		Problems: []int{http.StatusServiceUnavailable},
	}, func(ctx context.Context, _ caller, _ *struct{}) (*struct{ Body health }, error) {
		var missing []string
		for name, check := range s.Checks {
			if err := check(ctx); err != nil {
				r.log.WarnContext(ctx, "not ready", "dependency", name, "error", err)
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			slices.Sort(missing)
			return nil, errNotReady.With("missing", missing)
		}
		return &struct{ Body health }{health{"ok"}}, nil
	})
	register(r, operation{
		ID: "service", Method: http.MethodGet, Path: "/v1/service", Tag: "service", Summary: "What runs here, and what it can do",
	}, func(context.Context, caller, *struct{}) (*struct{ Body about }, error) {
		return &struct{ Body about }{about{Name: "sajin", Version: s.Version, Capabilities: s.Capabilities, Categories: s.Categories}}, nil
	})
}
