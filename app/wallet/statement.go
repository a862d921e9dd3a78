package wallet

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Statements reads what happened to the coins.
type Statements struct {
	Wallets   store.Wallets
	Purchases store.Purchases
	Now       func() time.Time
}

// Balance is what the actor can spend now.
func (s *Statements) Balance(ctx context.Context, actor ident.AccountID) (store.Balance, error) {
	return s.Wallets.Balance(ctx, actor, s.Now())
}

// Entries lists what happened to the actor's coins, the newest first.
func (s *Statements) Entries(ctx context.Context, actor ident.AccountID, page store.Page) (store.List[store.Entry], error) {
	return s.Wallets.Statement(ctx, actor, page)
}

// Receipt reads a purchase of the actor; NotFound if it is not his.
func (s *Statements) Receipt(ctx context.Context, actor ident.AccountID, id ident.PurchaseID) (store.Receipt, error) {
	receipt, err := s.Purchases.Receipt(ctx, actor, id)
	return withURL(receipt), err
}

// Earnings is what a creator has earned, in coins.
type Earnings struct {
	Pending   money.Coins `json:"pending" doc:"Earned, and not yet cleared for payout"`
	Available money.Coins `json:"available" doc:"Cleared for payout"`
	PaidOut   money.Coins `json:"paid_out"`
}

// Earnings reads what the actor has earned as a creator.
func (s *Statements) Earnings(ctx context.Context, actor ident.AccountID) (Earnings, error) {
	pending, err := s.Wallets.Earned(ctx, actor, wallet.CreatorPending, s.Now())
	return Earnings{Pending: pending}, err
}

// TrialBalance adds the journal up, for administrators.
func (s *Statements) TrialBalance(ctx context.Context) (store.TrialBalance, error) {
	return s.Wallets.TrialBalance(ctx)
}

// Grants gives coins away.
type Grants struct {
	Tx          tx.Runner
	Wallets     store.Wallets
	IDs         *ident.Source
	Now         func() time.Time
	BonusExpiry time.Duration // 0: given coins never expire
}

// Grant names who is given how many coins. Reference makes it bookable once.
type Grant struct {
	Account   ident.AccountID
	Coins     money.Coins
	Reference string
}

// Grant gives coins that nobody paid for. Given again with the same reference
// it fails with store.ErrBooked and gives nothing.
func (s *Grants) Grant(ctx context.Context, in Grant) error {
	if in.Reference == "" || len(in.Reference) > 200 {
		return fault.Invalidf("wallet.grant-reference", "reference", "must have 1 to 200 characters")
	}
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		w, err := s.Wallets.Lock(ctx, in.Account)
		if err != nil {
			return err
		}
		now := s.Now()
		var expires time.Time
		if s.BonusExpiry > 0 {
			expires = now.Add(s.BonusExpiry)
		}
		if err := w.Grant(in.Coins, in.Reference, expires, s.IDs, now); err != nil {
			return err
		}
		return s.Wallets.Save(ctx, w)
	})
}
