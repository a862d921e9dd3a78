package httpapi

import (
	"context"
	"net/http"

	"github.com/sajin-sns/sajin/app/subscriptions"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Subscriptions is the resource of who follows whom.
type Subscriptions struct {
	Subscriptions *subscriptions.Subscriptions
	Lists         *subscriptions.Lists
	Directory     Directory
}

// HandlePath is embedded by the inputs of operations on one account.
type HandlePath struct {
	Handle string `path:"handle" maxLength:"40" doc:"Of the account" example:"hana"`
}

func (s *Subscriptions) register(r *registry) {
	register(r, operation{
		ID: "subscribe", Method: http.MethodPut, Path: "/v1/users/{handle}/subscription", Tag: "subscriptions", For: members, Status: http.StatusNoContent,
		Summary:     "Subscribe to a creator",
		Description: "Doing it again changes nothing. The inbox begins with the creator's most recent posts.",
		Problems:    []int{http.StatusNotFound, http.StatusConflict},
	}, s.between(func(ctx context.Context, actor, other ident.AccountID) error {
		return s.Subscriptions.Subscribe(ctx, actor, other)
	}))
	register(r, operation{
		ID: "unsubscribe", Method: http.MethodDelete, Path: "/v1/users/{handle}/subscription", Tag: "subscriptions", For: members, Status: http.StatusNoContent,
		Summary:     "Unsubscribe from a creator",
		Description: "Takes the creator's posts out of the inbox; what was bought stays in the library. Doing it again changes nothing.",
		Problems:    []int{http.StatusNotFound},
	}, s.between(func(ctx context.Context, actor, other ident.AccountID) error {
		return s.Subscriptions.Unsubscribe(ctx, actor, other)
	}))
	register(r, operation{
		ID: "remove-subscriber", Method: http.MethodDelete, Path: "/v1/users/account/subscribers/{handle}", Tag: "subscriptions", For: members, Status: http.StatusNoContent,
		Summary: "Remove one of your subscribers", Problems: []int{http.StatusNotFound},
	}, s.between(func(ctx context.Context, actor, other ident.AccountID) error {
		return s.Subscriptions.Unsubscribe(ctx, other, actor)
	}))
	register(r, operation{
		ID: "list-subscribers", Method: http.MethodGet, Path: "/v1/users/{handle}/subscribers", Tag: "subscriptions",
		Summary: "Who subscribes to a creator, newest first", Problems: []int{http.StatusNotFound},
	}, s.listed(r, "subscribers", s.Lists.Subscribers))
	register(r, operation{
		ID: "list-subscriptions", Method: http.MethodGet, Path: "/v1/users/{handle}/subscriptions", Tag: "subscriptions",
		Summary: "Whom an account subscribes to, newest first", Problems: []int{http.StatusNotFound},
	}, s.listed(r, "subscriptions", s.Lists.Creators))
}

// between makes an operation on the caller and the account in the path.
func (s *Subscriptions) between(do func(ctx context.Context, actor, other ident.AccountID) error) func(context.Context, caller, *HandlePath) (*struct{}, error) {
	return func(ctx context.Context, by caller, in *HandlePath) (*struct{}, error) {
		other, err := s.Directory.ByHandle(ctx, in.Handle)
		if err != nil {
			return nil, err
		}
		return nil, do(ctx, by.Account, other)
	}
}

type follows struct {
	HandlePath
	Paged
}

func (s *Subscriptions) listed(r *registry, name string,
	read func(context.Context, ident.AccountID, store.Page) (store.List[store.Follow], error),
) func(context.Context, caller, *follows) (*listed[store.Follow], error) {
	return func(ctx context.Context, _ caller, in *follows) (*listed[store.Follow], error) {
		account, err := s.Directory.ByHandle(ctx, in.Handle)
		if err != nil {
			return nil, err
		}
		return list(r, name, in.Paged, func(page store.Page) (store.List[store.Follow], error) {
			return read(ctx, account, page)
		})
	}
}
