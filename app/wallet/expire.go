package wallet

import (
	"context"
	"errors"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/ports/tx"
)

const expireBatch = 100

// Expiry books coins out whose time is over. They cannot be spent from that
// moment on, booked out or not.
type Expiry struct {
	Tx      tx.Runner
	Wallets store.Wallets
	IDs     *ident.Source
	Now     func() time.Time
}

// ExpireCoins books out all coins that have expired, one wallet in a
// transaction, and tells how many they were. What fails for one wallet leaves
// the others their turn.
func (s *Expiry) ExpireCoins(ctx context.Context) (total money.Coins, err error) {
	now := s.Now()
	var after ident.AccountID
	for {
		accounts, listErr := s.Wallets.Expired(ctx, now, after, expireBatch)
		if listErr != nil || len(accounts) == 0 {
			return total, errors.Join(err, listErr)
		}
		for _, account := range accounts {
			coins, failed := s.expire(ctx, account, now)
			if failed != nil {
				err = errors.Join(err, failed)
			}
			total += coins
		}
		after = accounts[len(accounts)-1]
	}
}

func (s *Expiry) expire(ctx context.Context, account ident.AccountID, now time.Time) (coins money.Coins, err error) {
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		w, err := s.Wallets.Lock(ctx, account)
		if err != nil {
			return err
		}
		coins = w.Expire(s.IDs, now)
		return s.Wallets.Save(ctx, w)
	})
	if err != nil {
		coins = 0
	}
	return coins, err
}
