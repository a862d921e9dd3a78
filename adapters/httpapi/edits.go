package httpapi

import (
	"context"
	"net/http"

	"github.com/sajin-sns/sajin/app/content"
	"github.com/sajin-sns/sajin/ports/store"
)

// PostEdits is the resource of what published posts once said.
type PostEdits struct{ History *content.History }

func (p *PostEdits) register(r *registry) {
	register(r, operation{
		ID: "list-post-edits", Method: http.MethodGet, Path: "/v1/posts/{id}/edits", Tag: "posts", For: members,
		Summary: "The former versions of a published post, newest first",
		Description: "For its author and for moderators; anybody else has `edited_at` of the post. " +
			"The first version and the newest 99 of the others are kept.",
		Problems: []int{http.StatusNotFound},
	}, func(ctx context.Context, by caller, in *struct {
		PostPath
		Paged
	},
	) (*listed[*store.PostEdit], error) {
		return list(r, "edits of "+in.ID.String(), in.Paged, func(page store.Page) (store.List[*store.PostEdit], error) {
			return p.History.Of(ctx, by.viewer(), in.ID, page)
		})
	})
}
