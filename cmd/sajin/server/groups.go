package server

import (
	"context"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/ports/jobs"
)

// chore is what comes round by the clock: see worker.Schedule.
type chore struct {
	name  string
	every time.Duration
	run   func(ctx context.Context) error
}

// more is what modules add to the background, each in its own file.
type more struct {
	fx.In
	Chores  []chore       `group:"chores"`
	Workers []jobs.Worker `group:"workers"`
}

// comesRound adds a chore.
func comesRound(constructor any) any {
	return fx.Annotate(constructor, fx.ResultTags(`group:"chores"`))
}

// works adds a jobs.Worker.
func works(constructor any) any { return fx.Annotate(constructor, fx.ResultTags(`group:"workers"`)) }
