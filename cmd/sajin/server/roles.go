package server

import (
	"slices"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/bus"
	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/jobs"
)

// What a process does of all that the server can do is decided here, by its
// roles. Every process answers for itself on its listener, whatever they are.

// duties starts what goes on without requests, in the order in which it can
// work. What this process does not do is not made either.
func duties(c config.Config) fx.Option {
	var all []fx.Option
	if c.Has(config.RoleWorker) {
		all = append(all, fx.Invoke(func(lc fx.Lifecycle, b *bus.Bus) { lc.Append(fx.Hook{OnStart: b.Start, OnStop: b.Stop}) }))
	}
	if c.Has(config.RoleWorker) || c.Has(config.RoleMedia) {
		all = append(all, fx.Invoke(func(lc fx.Lifecycle, p *worker.Pool) { lc.Append(fx.Hook{OnStart: p.Start, OnStop: p.Stop}) }))
	}
	if c.Has(config.RoleWorker) {
		all = append(all, fx.Invoke(func(lc fx.Lifecycle, s *worker.Schedule) { lc.Append(fx.Hook{OnStart: s.Start, OnStop: s.Stop}) }))
	}
	return fx.Options(all...)
}

// ours are the workers whose jobs this process does.
func ours(c config.Config, workers []jobs.Worker) []jobs.Worker {
	return slices.DeleteFunc(slices.Clone(workers), func(w jobs.Worker) bool {
		role := config.RoleWorker
		if w.Kind == media.KindProcess || w.Kind == media.KindDiscard {
			role = config.RoleMedia
		}
		return !c.Has(role)
	})
}

// served is what the listener of this process answers: without the role, how
// the process itself is.
func served(c config.Config, routes []httpapi.Route, resources []httpapi.Resource) ([]httpapi.Route, []httpapi.Resource) {
	if c.Has(config.RoleAPI) {
		return routes, resources
	}
	return slices.DeleteFunc(slices.Clone(routes), func(r httpapi.Route) bool { return r.Name != "metrics" }),
		slices.DeleteFunc(slices.Clone(resources), func(r httpapi.Resource) bool {
			_, itself := r.(*httpapi.Service)
			return !itself
		})
}
