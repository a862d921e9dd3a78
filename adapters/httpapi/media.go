package httpapi

import (
	"context"
	"net/http"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Media is the resource of media, for their owners.
type Media struct{ Media *media.Media }

// MediumPath is embedded by the inputs of operations on one medium.
type MediumPath struct {
	ID ident.MediaID `path:"id" format:"uuid"`
}

type editedMedium struct {
	Alt string `json:"alt" maxLength:"500" doc:"What the picture shows"`
}

type oneMedium struct {
	Tagged
	Body *store.Medium
}

func (m *Media) register(r *registry) {
	register(r, operation{
		ID: "get-medium", Method: http.MethodGet, Path: "/v1/media/{id}", Tag: "media", For: members,
		Summary:     "Read one of your media: how far it is, and where its renditions are",
		Description: "`failed` says why in `error`; the original itself is not delivered.",
		Problems:    []int{http.StatusNotFound, http.StatusNotModified},
	}, func(ctx context.Context, by caller, in *struct {
		MediumPath
		Conditional
	},
	) (*oneMedium, error) {
		return m.read(ctx, by, in.ID, in.Conditional)
	})
	register(r, operation{
		ID: "edit-medium", Method: http.MethodPatch, Path: "/v1/media/{id}", Tag: "media", For: members,
		Summary:  "Describe a medium to those who cannot see it",
		Problems: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusPreconditionFailed},
	}, func(ctx context.Context, by caller, in *struct {
		MediumPath
		Guarded
		Body editedMedium
	},
	) (*oneMedium, error) {
		versions, err := in.versions()
		if err != nil {
			return nil, err
		}
		if err := m.Media.Describe(ctx, by.Account, in.ID, versions, in.Body.Alt); err != nil {
			return nil, err
		}
		return m.read(ctx, by, in.ID, Conditional{})
	})
	register(r, operation{
		ID: "retry-medium", Method: http.MethodPost, Path: "/v1/media/{id}/retry", Tag: "media", For: members, Status: http.StatusAccepted,
		Summary:  "Process a medium again that failed for a passing reason",
		Problems: []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, by caller, in *MediumPath) (*oneMedium, error) {
		if err := m.Media.Retry(ctx, by.Account, in.ID); err != nil {
			return nil, err
		}
		return m.read(ctx, by, in.ID, Conditional{})
	})
	register(r, operation{
		ID: "delete-medium", Method: http.MethodDelete, Path: "/v1/media/{id}", Tag: "media", For: members, Status: http.StatusNoContent,
		Summary:     "Take a medium away, with its file",
		Description: "409 `media.in-use` while a post shows it.",
		Problems:    []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, by caller, in *MediumPath) (*struct{}, error) {
		return nil, m.Media.Delete(ctx, by.Account, in.ID)
	})
}

func (m *Media) read(ctx context.Context, by caller, id ident.MediaID, held Conditional) (*oneMedium, error) {
	medium, err := m.Media.Get(ctx, by.Account, id)
	if err != nil {
		return nil, err
	}
	tag, err := held.fresh(medium.Version, medium)
	return &oneMedium{Tagged: tag, Body: medium}, err
}
