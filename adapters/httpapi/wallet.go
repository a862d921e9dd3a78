package httpapi

import (
	"context"
	"net/http"

	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/ports/store"
)

// Wallet is the resource of coins and what they bought.
type Wallet struct {
	Purchases  *wallet.Purchases
	Statements *wallet.Statements
}

type newPurchase struct {
	PriceCoins *money.Coins `json:"price_coins,omitempty" minimum:"0" maximum:"1000000" doc:"What you were told that it costs: 409 wallet.price-changed, and nothing is charged, if it is not that any more. Who leaves it out pays whatever it costs now"`
}

func (w *Wallet) register(r *registry) {
	register(r, operation{
		ID: "purchase-post", Class: Money, Method: http.MethodPost, Path: "/v1/posts/{id}/purchase", Tag: "wallet", For: members, Status: http.StatusCreated, Idempotent: true,
		Summary: "Buy a post with coins",
		Description: "The post is in the library at once and for good. 402 `wallet.insufficient-coins` says what is `needed` and `available`; " +
			"buying again is 409 `wallet.already-owned` and charges nothing.",
		Problems: []int{http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound},
	}, func(ctx context.Context, by caller, in *struct {
		Keyed
		PostPath
		Body *newPurchase
	},
	) (*struct {
		Replayed
		Body wallet.Bought
	}, error,
	) {
		order := wallet.Buy{Post: in.ID, Key: in.key()}
		if in.Body != nil {
			order.Price = in.Body.PriceCoins
		}
		bought, again, err := w.Purchases.Buy(ctx, by.Account, order)
		return &struct {
			Replayed
			Body wallet.Bought
		}{replay(again), bought}, err
	})
	register(r, operation{
		ID: "get-wallet", Method: http.MethodGet, Path: "/v1/wallet", Tag: "wallet", For: members,
		Summary: "The coins that you can spend",
	}, func(ctx context.Context, by caller, _ *struct{}) (*struct{ Body store.Balance }, error) {
		balance, err := w.Statements.Balance(ctx, by.Account)
		return &struct{ Body store.Balance }{balance}, err
	})
	register(r, operation{
		ID: "list-wallet-entries", Method: http.MethodGet, Path: "/v1/wallet/entries", Tag: "wallet", For: members,
		Summary: "The statement: what happened to your coins, newest first",
	}, func(ctx context.Context, by caller, in *Paged) (*listed[store.Entry], error) {
		return list(r, "wallet-entries", *in, func(page store.Page) (store.List[store.Entry], error) {
			return w.Statements.Entries(ctx, by.Account, page)
		})
	})
	register(r, operation{
		ID: "get-receipt", Method: http.MethodGet, Path: "/v1/wallet/receipts/{id}", Tag: "wallet", For: members,
		Summary: "The receipt of a purchase", Problems: []int{http.StatusNotFound},
	}, func(ctx context.Context, by caller, in *struct {
		ID ident.PurchaseID `path:"id" format:"uuid"`
	},
	) (*struct{ Body store.Receipt }, error) {
		receipt, err := w.Statements.Receipt(ctx, by.Account, in.ID)
		return &struct{ Body store.Receipt }{receipt}, err
	})
	register(r, operation{
		ID: "get-earnings", Method: http.MethodGet, Path: "/v1/earnings", Tag: "wallet", For: members,
		Summary: "What you have earned as a creator, in coins",
	}, func(ctx context.Context, by caller, _ *struct{}) (*struct{ Body wallet.Earnings }, error) {
		earnings, err := w.Statements.Earnings(ctx, by.Account)
		return &struct{ Body wallet.Earnings }{earnings}, err
	})
	register(r, operation{
		ID: "get-trial-balance", Class: Expensive, Method: http.MethodGet, Path: "/v1/admin/ledger/trial-balance", Tag: "admin", For: admins,
		Summary: "The journal added up, and whether every wallet agrees with it",
	}, func(ctx context.Context, _ caller, _ *struct{}) (*struct{ Body store.TrialBalance }, error) {
		balance, err := w.Statements.TrialBalance(ctx)
		return &struct{ Body store.TrialBalance }{balance}, err
	})
}
