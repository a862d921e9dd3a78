package contract

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
)

// atOnce runs n functions at once and answers their errors.
func atOnce(n int, run func(i int) error) []error {
	errs := make([]error, n)
	ready := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-ready
			errs[i] = run(i)
		})
	}
	close(ready)
	all.Wait()
	return errs
}

func count(errs []error, want error) (n int) {
	for _, err := range errs {
		if errors.Is(err, want) {
			n++
		}
	}
	return n
}

func walletSpending(t *testing.T, b *bank) {
	ctx := t.Context()
	total := func(owner ident.AccountID) money.Coins {
		t.Helper()
		balance, err := b.Wallets.Balance(ctx, owner, b.clock)
		b.must(t, err)
		return balance.Total
	}
	t.Run("of twenty who spend the last coins as many succeed as can be paid", func(t *testing.T) {
		b.grant(t, b.bora, 70, "a", time.Time{})
		posts := make([]ident.PostID, 20)
		for i := range posts {
			posts[i] = b.post(t, b.hana)
		}
		errs := atOnce(20, func(i int) error {
			_, err := b.buy(ctx, b.bora, b.hana, posts[i], 10)
			return err
		})
		if paid, refused := count(errs, nil), count(errs, wallet.ErrInsufficientCoins); paid != 7 || refused != 13 || total(b.bora) != 0 {
			t.Errorf("%d succeeded, %d were refused, %d coins are left: %v", paid, refused, total(b.bora), errors.Join(errs...))
		}
		b.balanced(t)
	})
	t.Run("of twenty who buy the same post one is charged", func(t *testing.T) {
		b.grant(t, b.bora, 100, "b", time.Time{})
		post := b.post(t, b.hana)
		errs := atOnce(20, func(int) error {
			_, err := b.buy(ctx, b.bora, b.hana, post, 10)
			return err
		})
		if bought, owned := count(errs, nil), count(errs, wallet.ErrAlreadyOwned); bought != 1 || owned != 19 || total(b.bora) != 90 {
			t.Errorf("%d bought it, %d owned it, %d coins are left: %v", bought, owned, total(b.bora), errors.Join(errs...))
		}
		b.balanced(t)
	})
	t.Run("two who buy of each other do not stand in each other's way", func(t *testing.T) {
		b.grant(t, b.hana, 100, "c", time.Time{})
		type trade struct {
			buyer, seller ident.AccountID
			post          ident.PostID
		}
		var trades []trade
		for range 10 {
			trades = append(trades, trade{b.bora, b.hana, b.post(t, b.hana)}, trade{b.hana, b.bora, b.post(t, b.bora)})
		}
		for _, err := range atOnce(len(trades), func(i int) error {
			_, err := b.buy(ctx, trades[i].buyer, trades[i].seller, trades[i].post, 5)
			return err
		}) {
			b.must(t, err)
		}
		if total(b.bora) != 40 || total(b.hana) != 50 {
			t.Error(total(b.bora), total(b.hana))
		}
		b.balanced(t)
	})
	t.Run("coins that expire while they are spent are spent or gone, never both", func(t *testing.T) {
		owner := ident.New[ident.AccountID](b.ids)
		for i := range 5 {
			b.grant(t, owner, 10, fmt.Sprint("d", i), b.clock.Add(time.Hour))
		}
		posts := make([]ident.PostID, 10)
		for i := range posts {
			posts[i] = b.post(t, b.hana)
		}
		atOnce(20, func(i int) error {
			if i%2 == 0 {
				_, err := b.buy(ctx, owner, b.hana, posts[i/2], 10)
				return err
			}
			return b.change(ctx, owner, func(_ context.Context, w *wallet.Wallet) error { w.Expire(b.ids, b.clock.Add(time.Hour)); return nil })
		})
		if left := total(owner); left != 0 {
			t.Errorf("%d are left", left)
		}
		b.balanced(t)
	})
}
