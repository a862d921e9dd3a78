package wallet

import (
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// Faults of the wallet.
var (
	ErrInsufficientCoins = fault.New(fault.PaymentRequired, "wallet.insufficient-coins", "there are not enough coins in the wallet")
	ErrAlreadyOwned      = fault.New(fault.Conflict, "wallet.already-owned", "you own this post already; nothing was charged")
	ErrOwnPost           = fault.New(fault.Conflict, "wallet.own-post", "your own posts are open to you; nothing was charged")
	ErrNotForSale        = fault.New(fault.Conflict, "wallet.not-for-sale", "this post is free; nothing was charged")
	ErrPriceChanged      = fault.New(fault.Conflict, "wallet.price-changed", "the price has changed; nothing was charged")
	ErrNoReceipt         = fault.New(fault.NotFound, "wallet.receipt-not-found", "there is no such receipt")
	ErrTopUpNotFound     = fault.New(fault.NotFound, "wallet.top-up-not-found", "there is no such top-up")
	ErrTopUpReview       = fault.New(fault.Conflict, "wallet.top-up-review", "this top-up needs a person to look at it")
	ErrTooManyTopUps     = fault.New(fault.RateLimited, "wallet.too-many-top-ups", "too many purchases of coins are open: pay one, or wait until they expire")
	ErrUnknownPack       = fault.New(fault.NotFound, "wallet.unknown-pack", "there is no such coin pack")
	ErrUnknownProvider   = fault.New(fault.NotFound, "wallet.unknown-provider", "there is no such payment provider")

	errNotCreditable = fault.New(fault.Internal, "wallet.not-creditable", "only a paid top-up is credited, and only to its own account")
)

// Wallet is a fan's coins, locked for one change.
type Wallet struct {
	owner       ident.AccountID
	lots        []*Lot
	paid, bonus money.Coins // as the journal has them, expired lots included until these are booked out
	draws       []Draw
	added       []*Lot
	journals    []Journal
}

// RestoreWallet makes a wallet of what storage holds: the booked balances and
// every lot with coins left.
func RestoreWallet(owner ident.AccountID, paid, bonus money.Coins, lots []*Lot) *Wallet {
	inSpendingOrder(lots)
	return &Wallet{owner: owner, paid: paid, bonus: bonus, lots: lots}
}

// Owner, Paid and Bonus are as booked.
func (w *Wallet) Owner() ident.AccountID { return w.owner }

// Paid is the booked number of coins that were paid for.
func (w *Wallet) Paid() money.Coins { return w.paid }

// Bonus is the booked number of coins that were given.
func (w *Wallet) Bonus() money.Coins { return w.bonus }

// Draws are the lots that a change took coins from.
func (w *Wallet) Draws() []Draw { return w.draws }

// Added are the lots that a change put in.
func (w *Wallet) Added() []*Lot { return w.added }

// Journals are the bookings of the change.
func (w *Wallet) Journals() []Journal { return w.journals }

// Spendable is what the lots hold that have not expired.
func (w *Wallet) Spendable(now time.Time) (paid, bonus money.Coins) {
	for _, lot := range w.lots {
		switch {
		case lot.expired(now):
		case lot.Kind == Paid:
			paid += lot.Remaining
		default:
			bonus += lot.Remaining
		}
	}
	return paid, bonus
}

// spend takes coins out of the lots in spending order, or leaves them alone and
// fails with ErrInsufficientCoins.
func (w *Wallet) spend(cost money.Coins, now time.Time) ([]Draw, error) {
	paid, bonus := w.Spendable(now)
	if available := paid + bonus; available < cost {
		return nil, ErrInsufficientCoins.With("needed", int64(cost)).With("available", int64(available))
	}
	var draws []Draw
	for _, lot := range w.lots {
		if cost == 0 {
			break
		}
		if lot.expired(now) || lot.Remaining == 0 {
			continue
		}
		draw := lot.take(min(cost, lot.Remaining))
		cost -= draw.Coins
		w.debit(lot.Kind, draw.Coins)
		draws = append(draws, draw)
	}
	w.draws = append(w.draws, draws...)
	return draws, nil
}

func (w *Wallet) debit(kind LotKind, coins money.Coins) {
	if kind == Paid {
		w.paid -= coins
	} else {
		w.bonus -= coins
	}
}

// credit puts new lots in, all or none.
func (w *Wallet) credit(lots ...*Lot) error {
	paid, bonus := w.paid, w.bonus
	for _, lot := range lots {
		balance := &paid
		if lot.Kind == Bonus {
			balance = &bonus
		}
		sum, err := balance.Add(lot.Granted)
		if err != nil {
			return err
		}
		*balance = sum
	}
	w.paid, w.bonus = paid, bonus
	w.lots = append(w.lots, lots...)
	w.added = append(w.added, lots...)
	inSpendingOrder(w.lots)
	return nil
}
