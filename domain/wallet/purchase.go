package wallet

import (
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// Offer is what a post costs, as its own module states it.
type Offer struct {
	Post   ident.PostID
	Seller ident.AccountID
	Price  money.Coins
}

// Purchase is a post that a fan owns. It is the entitlement, too.
type Purchase struct {
	ID      ident.PurchaseID
	Buyer   ident.AccountID
	Post    ident.PostID
	Seller  ident.AccountID
	Coins   money.Coins
	Paid    money.Coins // of Coins, how many were paid for
	Bonus   money.Coins // and how many were given
	Journal ident.JournalID
	At      time.Time
}

// PurchaseSettled happens when a post was bought.
type PurchaseSettled struct{ Purchase Purchase }

// Buy pays for an offer. The platform keeps its fee, rounded down; the rest is
// the seller's, pending. With the coins moves the money behind them: out of
// what the platform holds for its fans, into what it owes the seller and its
// own revenue; given coins are paid for by the platform as promotion.
//
// Buy fails with ErrOwnPost, ErrNotForSale or ErrInsufficientCoins and then
// changes nothing.
func (w *Wallet) Buy(offer Offer, fee money.BasisPoints, ids *ident.Source, now time.Time) (Purchase, error) {
	switch {
	case offer.Seller == w.owner:
		return Purchase{}, ErrOwnPost
	case offer.Price <= 0:
		return Purchase{}, ErrNotForSale
	}
	draws, err := w.spend(offer.Price, now)
	if err != nil {
		return Purchase{}, err
	}
	p := Purchase{
		ID: ident.New[ident.PurchaseID](ids), Buyer: w.owner, Post: offer.Post, Seller: offer.Seller,
		Coins: offer.Price, At: now,
	}
	for _, draw := range draws {
		if draw.Lot.Kind == Paid {
			p.Paid += draw.Coins
		} else {
			p.Bonus += draw.Coins
		}
	}
	journal := Journal{
		ID: ident.New[ident.JournalID](ids), Kind: KindPurchase, Reference: "purchase:" + p.ID.String(),
		Owner: w.owner, Subject: offer.Post, At: now,
	}
	p.Journal = journal.ID

	total, _ := offer.Price.Split(fee)
	feeOfBonus := money.Coins(money.Prorate(int64(total), int64(p.Bonus), int64(offer.Price)))
	feeOfPaid := total - feeOfBonus
	journal.postCoins(userBonus(w.owner), creatorPending(offer.Seller), p.Bonus-feeOfBonus)
	journal.postCoins(userBonus(w.owner), platformFee(), feeOfBonus)
	journal.postCoins(userPaid(w.owner), creatorPending(offer.Seller), p.Paid-feeOfPaid)
	journal.postCoins(userPaid(w.owner), platformFee(), feeOfPaid)

	for _, sum := range byCurrency(draws, Paid) {
		kept := money.Prorate(sum.Minor, int64(feeOfPaid), int64(p.Paid))
		journal.post(prepaid(), owedToCreator(offer.Seller), Asset(sum.Currency), sum.Minor-kept)
		journal.post(prepaid(), feeRevenue(), Asset(sum.Currency), kept)
	}
	for _, sum := range byCurrency(draws, Bonus) {
		kept := money.Prorate(sum.Minor, int64(feeOfBonus), int64(p.Bonus))
		journal.post(promotion(), owedToCreator(offer.Seller), Asset(sum.Currency), sum.Minor-kept)
	}
	w.journals = append(w.journals, journal)
	return p, nil
}

// byCurrency adds up the value of the draws of one kind, in the order in which
// the currencies first appear.
func byCurrency(draws []Draw, kind LotKind) []money.Amount {
	var sums []money.Amount
next:
	for _, draw := range draws {
		if draw.Lot.Kind != kind || draw.Value == 0 {
			continue
		}
		for i := range sums {
			if sums[i].Currency == draw.Lot.Value.Currency {
				sums[i].Minor += draw.Value
				continue next
			}
		}
		sums = append(sums, money.Amount{Minor: draw.Value, Currency: draw.Lot.Value.Currency})
	}
	return sums
}
