package wallet

import (
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// Grant gives coins that nobody paid for: a welcome, an apology. reference
// makes the grant bookable once; expiresAt zero means never.
func (w *Wallet) Grant(coins money.Coins, reference string, expiresAt time.Time, ids *ident.Source, now time.Time) error {
	if coins <= 0 || coins > money.MaxPrice {
		return fault.Invalidf("wallet.grant-size", "coins", "must lie in 1..%d", money.MaxPrice)
	}
	lot := &Lot{
		ID: ident.New[ident.LotID](ids), Account: w.owner, Kind: Bonus, Origin: "grant",
		Granted: coins, Remaining: coins, CreatedAt: now, ExpiresAt: expiresAt,
	}
	if err := w.credit(lot); err != nil {
		return err
	}
	journal := Journal{ID: ident.New[ident.JournalID](ids), Kind: KindGrant, Reference: "grant:" + reference, Owner: w.owner, At: now}
	journal.postCoins(mintBonus(), userBonus(w.owner), coins)
	w.journals = append(w.journals, journal)
	return nil
}

// Expire books out the lots whose time has come and tells how many coins went.
func (w *Wallet) Expire(ids *ident.Source, now time.Time) money.Coins {
	var total money.Coins
	for _, lot := range w.lots {
		if !lot.expired(now) || lot.Remaining == 0 {
			continue
		}
		draw := lot.take(lot.Remaining)
		w.debit(lot.Kind, draw.Coins)
		w.draws = append(w.draws, draw)
		total += draw.Coins

		journal := Journal{ID: ident.New[ident.JournalID](ids), Kind: KindExpiry, Reference: "expiry:" + lot.ID.String(), Owner: w.owner, At: now}
		if lot.Kind == Paid {
			journal.postCoins(userPaid(w.owner), sinkExpired(), draw.Coins)
			journal.post(prepaid(), breakage(), Asset(lot.Value.Currency), draw.Value)
		} else {
			journal.postCoins(userBonus(w.owner), sinkExpired(), draw.Coins)
		}
		w.journals = append(w.journals, journal)
	}
	return total
}
