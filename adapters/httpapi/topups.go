package httpapi

import (
	"context"
	"net/http"

	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// TopUps is the resource of coins that are bought with money.
type TopUps struct {
	TopUps      *wallet.TopUps
	Settlements *wallet.Settlements
}

type newTopUp struct {
	PackID   string `json:"pack_id" minLength:"1" maxLength:"32" example:"popular"`
	Provider string `json:"provider,omitempty" maxLength:"32" doc:"One of the pack's; the first of them if left out"`
}

// TopUpPath is embedded by the inputs of operations on one top-up.
type TopUpPath struct {
	ID ident.TopUpID `path:"id" format:"uuid"`
}

type coinPacks struct {
	Items []wallet.CoinPack `json:"items" nullable:"false"`
}

type startedTopUp struct {
	Replayed
	Body store.TopUp
}

type oneTopUp struct {
	Tagged
	Body store.TopUp
}

func (p *TopUps) register(r *registry) {
	register(r, operation{
		ID: "list-coin-packs", Method: http.MethodGet, Path: "/v1/coin-packs", Tag: "wallet",
		Summary: "The coins that you can buy",
	}, func(context.Context, caller, *struct{}) (*struct{ Body coinPacks }, error) {
		return &struct{ Body coinPacks }{coinPacks{p.TopUps.Market.Packs()}}, nil
	})
	register(r, operation{
		ID: "start-top-up", Class: Money, Method: http.MethodPost, Path: "/v1/top-ups", Tag: "wallet", For: members, Status: http.StatusCreated, Idempotent: true,
		Summary: "Begin to buy coins",
		Description: "`client` holds what the page needs to pay in place. When you did not hear the answer, or it is 503 " +
			"`wallet.provider-unavailable`, send the same request with the same key again: it stays one top-up and one payment.",
		Problems: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, by caller, in *struct {
		Keyed
		Body newTopUp
	},
	) (*startedTopUp, error) {
		top, again, err := p.TopUps.StartTopUp(ctx, by.Account, wallet.StartTopUp{PackID: in.Body.PackID, Provider: in.Body.Provider, Key: in.key()})
		return &startedTopUp{replay(again), top}, err
	})
	register(r, operation{
		ID: "list-top-ups", Method: http.MethodGet, Path: "/v1/top-ups", Tag: "wallet", For: members,
		Summary: "Your purchases of coins, newest first",
	}, func(ctx context.Context, by caller, in *Paged) (*listed[store.TopUp], error) {
		return list(r, "top-ups", *in, func(page store.Page) (store.List[store.TopUp], error) {
			return p.TopUps.List(ctx, by.Account, page)
		})
	})
	register(r, operation{
		ID: "get-top-up", Method: http.MethodGet, Path: "/v1/top-ups/{id}", Tag: "wallet", For: members,
		Summary:  "Where a purchase of coins stands, as far as is known here",
		Problems: []int{http.StatusNotFound, http.StatusNotModified},
	}, func(ctx context.Context, by caller, in *struct {
		TopUpPath
		Conditional
	},
	) (*oneTopUp, error) {
		top, err := p.TopUps.TopUp(ctx, by.Account, in.ID)
		if err != nil {
			return nil, err
		}
		tag, err := in.fresh(top.Version, top)
		return &oneTopUp{tag, top}, err
	})
	register(r, operation{
		ID: "confirm-top-up", Class: Money, Method: http.MethodPost, Path: "/v1/top-ups/{id}/confirm", Tag: "wallet", For: members,
		Summary: "Ask the provider where a purchase of coins stands",
		Description: "For when the customer comes back from paying. The coins are credited once, whoever finds out first; " +
			"a status of `awaiting` or `processing` means: ask again later.",
		Problems: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, by caller, in *TopUpPath) (*struct{ Body store.TopUp }, error) {
		top, err := p.Settlements.ConfirmTopUp(ctx, by.Account, in.ID)
		return &struct{ Body store.TopUp }{top}, err
	})
}
