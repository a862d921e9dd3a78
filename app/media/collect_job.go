package media

import (
	"context"
	"errors"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/store"
)

// KindCheck is the kind of the job that compares the database with the blob
// store. There is one, whichever process does it.
const KindCheck = "media.check-storage"

// everything is the subject of the only job of KindCheck, and its owner.
var everything = [16]byte{15: 1}

// Plan has the check made if it is time for one. It is called every now and then
// in every process.
func (c *Collector) Plan(ctx context.Context) error {
	due, err := c.due(ctx)
	if err != nil || !due {
		return err
	}
	return c.Queue.Enqueue(ctx, jobs.Job{Kind: KindCheck, Subject: everything, Owner: ident.AccountID(everything)})
}

func (c *Collector) due(ctx context.Context) (bool, error) {
	if c.Every <= 0 {
		return false, nil
	}
	last, err := c.Stock.LastCheck(ctx)
	return err == nil && !c.Now().Before(last.At.Add(c.Every)), err
}

// Worker is the worker of KindCheck. A check that is given up is planned again.
func (c *Collector) Worker() jobs.Worker {
	return jobs.Worker{Kind: KindCheck, Run: c.run, GiveUp: func(ctx context.Context, l jobs.Lease, _ error) error {
		return c.Queue.Finish(ctx, l)
	}}
}

func (c *Collector) run(ctx context.Context, l jobs.Lease) error {
	due, err := c.due(ctx) // it may have been asked for once more while it ran
	if err != nil {
		return err
	}
	if due {
		r, err := c.Collect(ctx, Collect{})
		c.tell(ctx, r)
		if errors.Is(err, ErrMixedUp) { // an operator has to look at it: trying again does not help
			c.Log.ErrorContext(ctx, "nothing was collected", "error", err)
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return c.Queue.Finish(ctx, l)
}

// tell logs a report.
func (c *Collector) tell(ctx context.Context, r *Report) {
	for _, f := range r.Findings {
		if f.Found > 0 && f.Kind != store.MissingObjects {
			c.Log.InfoContext(ctx, "the storage was checked", "kind", f.Kind, "found", f.Found, "bytes", f.Bytes, "removed", f.Removed)
		}
	}
	if missing := r.Finding(store.MissingObjects); missing.Found > 0 {
		c.Log.ErrorContext(ctx, "objects that the database names are not in the storage", "count", missing.Found, "first", r.Missing)
	}
}
