package wallet_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	rules "github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

func (s *till) grant(t *testing.T, account ident.AccountID, coins money.Coins, reference string) {
	t.Helper()
	grants := wallet.Grants{Tx: s.db, Wallets: s.settlements.Wallets, IDs: s.IDs, Now: s.now, BonusExpiry: time.Hour}
	if err := grants.Grant(t.Context(), wallet.Grant{Account: account, Coins: coins, Reference: reference}); err != nil {
		t.Fatal(err)
	}
}

func (s *till) expire(t *testing.T) money.Coins {
	t.Helper()
	coins, err := s.expiry.ExpireCoins(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return coins
}

func TestExpireCoins(t *testing.T) {
	t.Run("given coins go when their time is over, paid ones stay", func(t *testing.T) {
		s := openTill(t)
		top := s.start(t, popular)
		s.outcome(t, top, sandboxpay.Succeeded)
		s.confirm(t, top)
		s.pass(24*time.Hour - time.Second)
		if coins := s.expire(t); coins != 0 {
			t.Fatalf("%d went early", coins)
		}
		s.pass(time.Second)
		for _, want := range []money.Coins{50, 0} {
			if coins := s.expire(t); coins != want {
				t.Fatalf("%d went, not %d", coins, want)
			}
		}
		balance, err := s.settlements.Wallets.Balance(t.Context(), s.fan, s.now())
		tb, tbErr := s.settlements.Wallets.TrialBalance(t.Context())
		if err != nil || tbErr != nil || balance != (store.Balance{Paid: 500, Total: 500}) || !tb.Balanced {
			t.Fatalf("%+v, %v, %v", balance, tb.Problems, errors.Join(err, tbErr))
		}
	})
	t.Run("all wallets have their turn, more than fit one batch", func(t *testing.T) {
		s := openTill(t)
		for i := range 230 {
			s.grant(t, ident.New[ident.AccountID](s.IDs), 3, fmt.Sprint(i))
		}
		s.pass(time.Hour)
		if coins := s.expire(t); coins != 3*230 {
			t.Fatalf("%d went", coins)
		}
	})
	t.Run("a wallet that fails does not keep the others from theirs", func(t *testing.T) {
		s := openTill(t)
		other := ident.New[ident.AccountID](s.IDs)
		s.grant(t, s.fan, 5, "a")
		s.grant(t, other, 7, "b")
		s.pass(time.Hour)
		s.expiry.Wallets = failing{s.settlements.Wallets, s.fan}
		coins, err := s.expiry.ExpireCoins(t.Context())
		if coins != 7 || !errors.Is(err, errBroken) {
			t.Fatal(coins, err)
		}
		s.expiry.Wallets = s.settlements.Wallets
		if coins := s.expire(t); coins != 5 {
			t.Fatalf("%d went", coins)
		}
	})
}

// failing is a store in which one wallet cannot be saved.
type failing struct {
	store.Wallets
	account ident.AccountID
}

func (f failing) Save(ctx context.Context, w *rules.Wallet) error {
	if w.Owner() == f.account {
		return errBroken
	}
	return f.Wallets.Save(ctx, w)
}
