package server

import (
	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/app/content"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/store"
)

// publishing is what becomes of posts that wait for their time, and of what they
// once said.
var publishing = fx.Module("publishing", fx.Provide(
	fx.Annotate(func(a store.Accounts) *accounts.Catalog { return &accounts.Catalog{Accounts: a} }, fx.As(new(access.Authors))),
	works(func(p *content.Posts, a access.Authors) jobs.Worker {
		return (&content.Scheduler{Posts: p, Authors: a}).Worker()
	}),
	fx.Annotate(sqlstore.NewEdits, fx.As(new(store.Edits))),
	func(p store.Posts, e store.Edits) *content.History { return &content.History{Posts: p, Edits: e} },
	resource(func(h *content.History) httpapi.Resource { return &httpapi.PostEdits{History: h} }),
))
