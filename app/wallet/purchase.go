// Package wallet holds the use cases of coins: buying a post with them, topping
// them up, and reading what happened to them. It knows posts only as offers and
// payment providers only as ports.
package wallet

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/app/once"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/access"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/failpoint"
	"github.com/sajin-sns/sajin/ports/store"
)

// Purchases buys posts.
type Purchases struct {
	Once      *once.Guard
	Offers    access.Offers
	Wallets   store.Wallets
	Purchases store.Purchases
	Outbox    event.Outbox
	IDs       *ident.Source
	Now       func() time.Time
	Fee       money.BasisPoints // the platform's share of a price
}

// Buy names a post, what the buyer was told that it costs, and the attempt.
type Buy struct {
	Post  ident.PostID
	Price *money.Coins `json:",omitempty"` // nil: whatever it costs now
	Key   string       `json:"-"`          // idempotency key
}

// Bought is what a purchase answers.
type Bought struct {
	Purchase store.Receipt `json:"purchase"`
	Wallet   store.Balance `json:"wallet"`
}

// Buy pays for a post with the actor's coins and puts it into his library, in
// one transaction. The same key again answers the same, and replayed.
//
// It fails with NotFound if the post is not visible, Forbidden if it is for
// subscribers only, wallet.ErrAlreadyOwned, ErrOwnPost or ErrNotForSale,
// wallet.ErrPriceChanged if the price is not the one that the buyer was told,
// and wallet.ErrInsufficientCoins with what is needed and available.
func (s *Purchases) Buy(ctx context.Context, actor ident.AccountID, in Buy) (out Bought, replayed bool, err error) {
	out, replayed, err = once.Do(ctx, s.Once, actor, "purchase-post", in.Key, in, func(ctx context.Context) (Bought, error) {
		locked := s.Wallets.Locking(ctx, actor) // from here on no other purchase of the actor runs
		offer, err := s.Offers.Offer(ctx, actor, in.Post)
		if err != nil {
			return Bought{}, s.unlessOwned(ctx, actor, in.Post, err)
		}
		w, err := locked()
		if err != nil {
			return Bought{}, err
		}
		p, err := pay(w, offer, in.Price, s.Fee, s.IDs, s.Now().UTC().Truncate(time.Microsecond))
		if err != nil {
			return Bought{}, s.unlessOwned(ctx, actor, in.Post, err)
		}
		if err := s.Wallets.Save(ctx, w); err != nil {
			return Bought{}, err
		}
		if err := s.Purchases.Insert(ctx, p); err != nil { // or the commit fails, with ErrAlreadyOwned
			return Bought{}, err
		}
		if err := s.Outbox.Append(ctx, wallet.PurchaseSettled{Purchase: p}); err != nil {
			return Bought{}, err
		}
		return bought(w, p, offer.Handle), nil
	})
	failpoint.Hit("wallet.purchase.committed")
	return out, replayed, err
}

// pay takes the price from the wallet, if it is the one that the buyer was told.
func pay(w *wallet.Wallet, o access.Offer, told *money.Coins, fee money.BasisPoints, ids *ident.Source, now time.Time) (wallet.Purchase, error) {
	if told != nil && *told != o.Price {
		return wallet.Purchase{}, wallet.ErrPriceChanged.With("price_coins", int64(o.Price))
	}
	return w.Buy(wallet.Offer{Post: o.Post, Seller: o.Seller, Price: o.Price}, fee, ids, now)
}

// unlessOwned is why a post cannot be bought. Who owns it hears that first,
// whatever else has become of it.
func (s *Purchases) unlessOwned(ctx context.Context, buyer ident.AccountID, post ident.PostID, why error) error {
	owns, err := s.Purchases.Owns(ctx, buyer, post)
	if err != nil {
		return err
	}
	if owns {
		return wallet.ErrAlreadyOwned
	}
	return why
}

func bought(w *wallet.Wallet, p wallet.Purchase, seller string) Bought {
	paid, bonus := w.Spendable(p.At)
	return Bought{
		Purchase: withURL(store.Receipt{ID: p.ID, PostID: p.Post, Seller: seller, Coins: p.Coins, Paid: p.Paid, Bonus: p.Bonus, At: p.At}),
		Wallet:   store.Balance{Paid: paid, Bonus: bonus, Total: paid + bonus},
	}
}

// withURL adds where the receipt can be read.
func withURL(r store.Receipt) store.Receipt {
	r.ReceiptURL = "/v1/wallet/receipts/" + r.ID.String()
	return r
}
