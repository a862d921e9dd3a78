package wallet

import (
	"cmp"
	"slices"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// LotKind tells coins that were paid for from those that were given.
type LotKind string

// The kinds of lots.
const (
	Paid  LotKind = "paid"
	Bonus LotKind = "bonus"
)

// Lot is a number of coins of one origin. The law treats paid and given coins
// differently, a refund must find the coins of its top-up, and an unspent coin
// is worth what was paid for it: so coins are kept by where they came from.
type Lot struct {
	ID        ident.LotID
	Account   ident.AccountID
	Kind      LotKind
	Origin    string        // "top-up" or "grant"
	TopUp     ident.TopUpID // zero for a grant
	Granted   money.Coins
	Remaining money.Coins
	Value     money.Amount // what the remaining coins are worth; what a bonus coin costs the platform when a creator earns it
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
}

// Draw is what a spending took out of a lot.
type Draw struct {
	Lot   *Lot
	Coins money.Coins
	Value int64
}

// take removes coins, at most the remaining ones, and with them their part of
// the lot's value. Rounding leaves the odd minor unit with the last coin, so
// the values of all draws of a lot add up to what was paid for it.
func (l *Lot) take(coins money.Coins) Draw {
	value := money.Prorate(l.Value.Minor, int64(coins), int64(l.Remaining))
	l.Remaining -= coins
	l.Value.Minor -= value
	return Draw{Lot: l, Coins: coins, Value: value}
}

func (l *Lot) expired(now time.Time) bool {
	return !l.ExpiresAt.IsZero() && !now.Before(l.ExpiresAt)
}

// inSpendingOrder sorts lots the way that is kindest to the fan: given coins
// before paid ones, which could still be refunded; what expires first before
// what expires later; then the oldest first.
func inSpendingOrder(lots []*Lot) {
	slices.SortStableFunc(lots, func(a, b *Lot) int {
		return cmp.Or(
			cmp.Compare(spendingRank(a), spendingRank(b)),
			compareExpiry(a.ExpiresAt, b.ExpiresAt),
			a.CreatedAt.Compare(b.CreatedAt),
			a.ID.Compare(b.ID),
		)
	})
}

func spendingRank(l *Lot) int {
	if l.Kind == Bonus {
		return 0
	}
	return 1
}

func compareExpiry(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	default:
		return a.Compare(b)
	}
}
