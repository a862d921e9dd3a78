package contract

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

func walletStatement(t *testing.T, b *bank) {
	ctx := t.Context()
	tick := func() { b.clock = b.clock.Add(time.Second) }
	all := func(t *testing.T, owner ident.AccountID) []store.Entry {
		t.Helper()
		list, err := b.Wallets.Statement(ctx, owner, store.Page{Limit: 100})
		b.must(t, err)
		if list.Next != (store.Position{}) {
			t.Error("there is more")
		}
		return list.Items
	}
	t.Run("every line says what it was for and what it did to which coins, the newest first", func(t *testing.T) {
		if got := all(t, b.bora); len(got) != 0 {
			t.Fatalf("%+v", got)
		}
		begun := b.clock
		b.grant(t, b.bora, 3, "a", b.clock.Add(time.Minute))
		tick()
		top := b.credit(t, b.bora, packOfWon)
		tick()
		post := b.post(t, b.hana)
		_, err := b.buy(ctx, b.bora, b.hana, post, 60)
		b.must(t, err)
		b.clock = begun.Add(25 * time.Hour)
		b.must(t, b.change(ctx, b.bora, func(_ context.Context, w *wallet.Wallet) error {
			b.must(t, w.Grant(1, "b", time.Time{}, b.ids, b.clock))
			return nil
		}))
		want := []store.Entry{
			{Kind: wallet.KindGrant, Bonus: 1, Memo: "Coins given to you", At: begun.Add(25 * time.Hour)},
			{Kind: wallet.KindPurchase, Paid: -7, Bonus: -53, PostID: &post, Memo: "Post by @hana", At: begun.Add(2 * time.Second)},
			{Kind: wallet.KindTopUp, Paid: 500, Bonus: 50, TopUpID: &top, Memo: "Coin pack popular", At: begun.Add(time.Second)},
			{Kind: wallet.KindGrant, Bonus: 3, Memo: "Coins given to you", At: begun},
		}
		got := all(t, b.bora)
		for i := range got {
			if got[i].ID.IsZero() {
				t.Error("a line has no id")
			}
			got[i].ID = ident.JournalID{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
	t.Run("coins that expired are a line as well", func(t *testing.T) {
		b.grant(t, b.bora, 4, "c", b.clock.Add(time.Hour))
		b.clock = b.clock.Add(time.Hour)
		b.must(t, b.change(ctx, b.bora, func(_ context.Context, w *wallet.Wallet) error { w.Expire(b.ids, b.clock); return nil }))
		got := all(t, b.bora)[0]
		if got.Kind != wallet.KindExpiry || got.Bonus != -4 || got.Paid != 0 || got.Memo != "Coins that expired" {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("the lines add up to the balance", func(t *testing.T) {
		var paid, bonus money.Coins
		for _, line := range all(t, b.bora) {
			paid += line.Paid
			bonus += line.Bonus
		}
		balance, err := b.Wallets.Balance(ctx, b.bora, b.clock)
		if err != nil || balance.Paid != paid || balance.Bonus != bonus {
			t.Fatalf("%d and %d: %+v, %v", paid, bonus, balance, err)
		}
	})
	t.Run("a sale is no line of the seller's statement, nor is anybody else's", func(t *testing.T) {
		if got := all(t, b.hana); len(got) != 0 {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("pages miss nothing and show nothing twice while new lines arrive", func(t *testing.T) {
		owner := ident.New[ident.AccountID](b.ids)
		var want []ident.JournalID
		book := func(i int) {
			tick()
			b.grant(t, owner, 1, fmt.Sprint("page", i), time.Time{})
		}
		for i := range 23 {
			book(i)
		}
		for _, line := range all(t, owner) {
			want = append(want, line.ID)
		}
		var got []ident.JournalID
		page := store.Page{Limit: 5}
		for {
			list, err := b.Wallets.Statement(ctx, owner, page)
			b.must(t, err)
			if len(list.Items) > 5 {
				t.Fatalf("a page has %d", len(list.Items))
			}
			for _, line := range list.Items {
				got = append(got, line.ID)
			}
			book(100 + len(got))
			if page.After = list.Next; page.After.IsZero() {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func walletTrialBalance(t *testing.T, b *bank) {
	ctx := t.Context()
	t.Run("an empty book is balanced", func(t *testing.T) {
		tb, err := b.Wallets.TrialBalance(ctx)
		if err != nil || !tb.Balanced || tb.Lines == nil || len(tb.Lines) != 0 || tb.Problems == nil || len(tb.Problems) != 0 {
			t.Fatalf("%+v, %v", tb, err)
		}
	})
	dollars := wallet.Pack{ID: "dollars", Coins: 300, Price: money.Amount{Minor: 299, Currency: "USD"}}
	b.credit(t, b.bora, packOfWon)
	b.credit(t, b.bora, dollars)
	b.credit(t, b.hana, dollars)
	_, err := b.buy(ctx, b.bora, b.hana, b.post(t, b.hana), 601)
	b.must(t, err)
	b.grant(t, b.bora, 5, "a", b.clock.Add(time.Hour))
	b.must(t, b.change(ctx, b.bora, func(_ context.Context, w *wallet.Wallet) error { w.Expire(b.ids, b.clock.Add(time.Hour)); return nil }))
	t.Run("it adds every account up", func(t *testing.T) {
		tb, err := b.Wallets.TrialBalance(ctx)
		if err != nil || !tb.Balanced {
			t.Fatalf("%v, %v", tb.Problems, err)
		}
		got := map[string]int64{}
		for _, line := range tb.Lines {
			got[line.Account+" "+string(line.Asset)] = line.Balance
		}
		// 601 coins are 50 given ones, 500 for 4999 won and 51 for 299*51/300 = 50 cents; the fee is 120, 9 of it of given coins.
		want := map[string]int64{
			"mint.paid COIN": -1100, "mint.bonus COIN": -55, "user.paid COIN": 549, "user.bonus COIN": 0, "sink.expired COIN": 5,
			"creator.pending COIN": 481, "platform.fee COIN": 120,
			"asset.clearing.sandbox KRW": -4999, "liab.prepaid KRW": 0, "asset.clearing.sandbox USD": -598, "liab.prepaid USD": 548,
		}
		for account, balance := range want {
			if got[account] != balance {
				t.Errorf("%s is %d, not %d", account, got[account], balance)
			}
		}
		if rest := got["liab.creator KRW"] + got["rev.platform_fee KRW"] + got["exp.promo KRW"]; rest != 4999 || got["exp.promo KRW"] >= 0 {
			t.Errorf("creators, fee and promotion share %d won", rest)
		}
		if rest := got["liab.creator USD"] + got["rev.platform_fee USD"]; rest != 50 {
			t.Errorf("creators and fee share %d cents", rest)
		}
	})
	t.Run("whatever row is tampered with, it is seen", func(t *testing.T) {
		one := func(table, where string) string {
			return ` WHERE ` + map[string]string{"lots": "id", "wallets": "account"}[table] + ` = (SELECT ` +
				map[string]string{"lots": "id", "wallets": "account"}[table] + ` FROM ` + table + ` WHERE ` + where + ` ORDER BY 1 LIMIT 1)`
		}
		posting := func(where string) string {
			return ` WHERE (journal, line) = (SELECT journal, line FROM postings WHERE ` + where + ` ORDER BY journal, line LIMIT 1)`
		}
		for _, tamper := range []struct{ query, mentions string }{
			{`UPDATE wallets SET paid = paid + 1` + one("wallets", "paid > 0"), "wallet "},
			{`UPDATE wallets SET bonus = bonus + 1` + one("wallets", "paid > 0"), "wallet "},
			{`UPDATE lots SET remaining = remaining + 1` + one("lots", "kind = 'paid'"), "wallet "},
			{`UPDATE lots SET remaining = remaining - 1` + one("lots", "remaining > 0"), "wallet "},
			{`UPDATE lots SET value = value + 1` + one("lots", "kind = 'paid'"), "liab.prepaid"},
			{`UPDATE lots SET currency = 'JPY'` + one("lots", "kind = 'paid' AND value > 0"), "liab.prepaid"},
			{`UPDATE lots SET kind = 'bonus'` + one("lots", "kind = 'paid' AND remaining > 0"), "wallet "},
			{`DELETE FROM lots` + one("lots", "remaining > 0"), "wallet "},
			{`UPDATE postings SET amount = amount + 1` + posting("debit_account = 'mint.paid'"), "wallet "},
			{`UPDATE postings SET amount = amount + 1` + posting("credit_account = 'creator.pending'"), "wallet "},
			{`UPDATE postings SET amount = amount + 1` + posting("credit_account = 'liab.prepaid'"), "liab.prepaid"},
			{`UPDATE postings SET amount = amount - 1` + posting("debit_account = 'liab.prepaid' AND amount > 1"), "liab.prepaid"},
			{`UPDATE postings SET credit_account = 'user.bonus'` + posting("debit_account = 'mint.paid'"), "wallet "},
			{`UPDATE postings SET asset = 'USD'` + posting("credit_account = 'liab.prepaid' AND asset = 'KRW'"), "liab.prepaid"},
			{`UPDATE postings SET debit_account = 'sink.expired', debit_owner = NULL` + posting("debit_account = 'mint.bonus'"), "sink.expired stands below zero"},
			{`DELETE FROM postings` + posting("credit_account = 'user.paid'"), "wallet "},
			{`DELETE FROM postings` + posting("debit_account = 'user.bonus'"), "wallet "},
			{`DELETE FROM wallets`, "wallet "},
			{`DELETE FROM purchases`, "booked a purchase that is not there"},
			{`UPDATE purchases SET coins = coins - 1, paid = paid - 1`, "is not what its journal booked"},
			{`UPDATE purchases SET buyer = seller`, "is not what its journal booked"},
			{`UPDATE postings SET credit_owner = debit_owner` + posting("credit_account = 'creator.pending'"), "is not what its journal booked"},
			{`UPDATE postings SET debit_account = 'creator.pending'` + posting("debit_account = 'user.paid'"), "stands at -"},
		} {
			undo := errors.New("undo")
			err := b.db.Do(ctx, func(ctx context.Context) error {
				b.exec(t, ctx, tamper.query)
				tb, err := b.Wallets.TrialBalance(ctx)
				b.must(t, err)
				if tb.Balanced || !strings.Contains(strings.Join(tb.Problems, "; "), tamper.mentions) {
					t.Errorf("%s: balanced %t, %v", tamper.query, tb.Balanced, tb.Problems)
				}
				return undo
			})
			dbIs(t, err, undo)
		}
		b.balanced(t)
	})
}
