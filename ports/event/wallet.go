package event

import (
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// PurchaseSettledV1 tells that a post was bought and paid for.
type PurchaseSettledV1 struct {
	PurchaseID ident.PurchaseID `json:"purchase_id"`
	BuyerID    ident.AccountID  `json:"buyer_id"`
	PostID     ident.PostID     `json:"post_id"`
	SellerID   ident.AccountID  `json:"seller_id"`
	Coins      money.Coins      `json:"coins"`
	At         time.Time        `json:"at"`
}

// TopUpPaidV1 tells that a top-up was paid and its coins were credited.
type TopUpPaidV1 struct {
	TopUpID   ident.TopUpID   `json:"top_up_id"`
	AccountID ident.AccountID `json:"account_id"`
	Coins     money.Coins     `json:"coins"`
	Bonus     money.Coins     `json:"bonus"`
	Amount    int64           `json:"amount"`
	Currency  money.Currency  `json:"currency"`
	At        time.Time       `json:"at"`
}

// Topic names the topic of each payload.
func (PurchaseSettledV1) Topic() string { return "wallet.purchase.settled.v1" }
func (TopUpPaidV1) Topic() string       { return "wallet.top-up.paid.v1" }
