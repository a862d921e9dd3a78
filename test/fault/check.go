package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// verdict holds the server to everything that it has acknowledged, once.
type verdict struct {
	*report
	ctx   context.Context
	crowd *crowd

	ready  map[uuid.UUID]bool  // media that can be seen
	sales  map[uuid.UUID]int64 // by post, from the libraries
	fixed  map[uuid.UUID]bool  // posts that everybody should have
	counts map[string]int64    // subscribers by creator
}

// quietWithin is how long what was begun may take to come to its end when
// nothing disturbs it any more: retries of jobs wait longer each time, and a
// fan-out that five workers died of waits ten minutes.
const quietWithin = 12 * time.Minute

func check(ctx context.Context, c *crowd, r *report) error {
	v := &verdict{report: r, ctx: ctx, crowd: c, ready: map[uuid.UUID]bool{}, sales: map[uuid.UUID]int64{}, fixed: map[uuid.UUID]bool{}, counts: map[string]int64{}}
	db, err := c.stage.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, odd := range c.strange {
		v.violates("%s", odd)
	}
	for _, look := range []func() error{
		func() error { return v.quiet(db) },
		v.mediaOf, v.postsOf, v.librariesOf, v.inboxesOf, v.moneyOf, v.counted, v.books, v.said,
	} {
		if err := look(); err != nil {
			return fmt.Errorf("check: %w", err)
		}
	}
	return nil
}

// quiet waits until nothing is left to be done, which includes what was leased
// by the dead, and every top-up that was paid.
func (v *verdict) quiet(db sqldb.DB) error {
	const left = `SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM outbox)
		+ (SELECT count(*) FROM sandbox_payments p JOIN top_ups t ON t.provider_ref = p.ref WHERE p.record LIKE '%"status":"paid"%' AND t.state <> 'paid')`
	deadline := time.Now().Add(quietWithin)
	for {
		n, err := sqldb.One(v.ctx, db, sqldb.Scalar[int64], left)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if time.Now().After(deadline) {
			v.violates("%d jobs, events or payments are left after %s", n, quietWithin)
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	n, err := sqldb.One(v.ctx, db, sqldb.Scalar[int64], `SELECT count(*) FROM parked_events`)
	if n > 0 {
		v.violates("%d events were set aside for an operator", n)
	}
	return err
}

// mediaOf: every file that was uploaded is ready, or failed with a reason.
func (v *verdict) mediaOf() error {
	for id, owner := range v.crowd.media {
		v.checked++
		resp, err := owner.GetMediumWithResponse(v.ctx, id, nil)
		switch {
		case code(err) == "media.not-found":
			v.loses("medium %s of %s", id, owner.name)
		case err != nil:
			return err
		case resp.JSON200.State == api.MediumStateReady:
			v.ready[id] = true
		case resp.JSON200.State == api.MediumStateFailed && resp.JSON200.Error != nil && resp.JSON200.Error.Code != "":
			v.failed++
		default:
			v.violates("medium %s is %s", id, resp.JSON200.State)
		}
	}
	return nil
}

// postsOf: every post is there once, and published if its medium is ready.
func (v *verdict) postsOf() error {
	for _, creator := range v.crowd.creators {
		mine, err := everyPage(func(cursor *string) ([]api.Post, *string, error) {
			resp, err := creator.ListOwnPostsWithResponse(v.ctx, &api.ListOwnPostsParams{Cursor: cursor})
			if err != nil {
				return nil, nil, err
			}
			return resp.JSON200.Items, resp.JSON200.NextCursor, nil
		})
		if err != nil {
			return err
		}
		captions, there := map[string]int{}, map[uuid.UUID]api.Post{}
		for _, p := range mine {
			there[p.ID] = p
			if captions[p.Caption]++; captions[p.Caption] > 1 {
				v.doubles("post %q", p.Caption)
			}
			if v.crowd.posts[p.ID] == nil {
				v.violates("post %s, %q, was never acknowledged", p.ID, p.Caption)
			}
		}
		for id, want := range v.crowd.posts {
			if want.author != creator {
				continue
			}
			v.checked++
			p, found := there[id]
			switch {
			case !found:
				v.loses("post %s, %q", id, want.caption)
			case p.State == api.PostStatePublished:
				v.fixed[id] = true
			case v.ready[want.medium]:
				v.violates("post %s, %q, is %s though its medium is ready", id, want.caption, p.State)
			}
		}
	}
	return nil
}

// said: no process panicked.
func (v *verdict) said() error {
	text, err := os.ReadFile(filepath.Join(v.crowd.stage.dir, "server.log"))
	if n := strings.Count(string(text), "panic: "); n > 0 {
		v.violates("%d panics are in the log", n)
	}
	return err
}

// books: the ledger balances, and object storage has what the database names.
func (v *verdict) books() error {
	v.checked++
	if out, err := v.crowd.stage.admin(v.ctx, "verify-ledger"); err != nil {
		v.violates("sajin admin verify-ledger: %v\n%s", err, out)
	}
	v.checked++
	if out, err := v.crowd.stage.admin(v.ctx, "collect", "--dry-run"); err != nil {
		v.violates("sajin admin collect --dry-run: %v\n%s", err, out)
	}
	return v.ctx.Err()
}
