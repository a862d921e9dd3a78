package sqlstore

import (
	"context"
	"strconv"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

// Statement implements store.Wallets.
func (s *Wallets) Statement(ctx context.Context, account ident.AccountID, page store.Page) (store.List[store.Entry], error) {
	q := newQuery(account)
	q.where("owner = $1")
	if !page.After.IsZero() {
		q.where("id < ?", ident.JournalID(page.After.ID))
	}
	entries, err := sqldb.List(ctx, s.db, scanEntry, `SELECT j.id, j.kind, j.subject, j.at,
			CAST(sum(`+change("user.paid")+`) AS bigint), CAST(sum(`+change("user.bonus")+`) AS bigint),
			coalesce(max(a.handle), ''), coalesce(max(t.pack), '')
		FROM (SELECT * FROM journals`+q.text()+` ORDER BY id DESC`+q.limit(page.Limit+1)+`) j
		JOIN postings p ON p.journal = j.id AND p.asset = 'COIN'
		LEFT JOIN posts o ON j.kind = 'purchase' AND o.id = j.subject
		LEFT JOIN accounts a ON a.id = o.author
		LEFT JOIN top_ups t ON j.kind = 'top-up' AND t.id = j.subject
		GROUP BY j.id, j.kind, j.subject, j.at ORDER BY j.id DESC`, q.args...)
	return pageOf(entries, page.Limit,
		func(e store.Entry) store.Position { return store.Position{At: e.At, ID: e.ID} },
		func(e store.Entry) store.Entry { return e }), wrap("statement", err)
}

// change is what a posting does to one of the owner's accounts.
func change(account string) string {
	return `CASE WHEN p.credit_owner = $1 AND p.credit_account = '` + account + `' THEN p.amount
		WHEN p.debit_owner = $1 AND p.debit_account = '` + account + `' THEN -p.amount ELSE 0 END`
}

func scanEntry(row sqldb.Row) (store.Entry, error) {
	var (
		e             store.Entry
		subject       ident.PostID
		creator, pack string
	)
	err := row.Scan(&e.ID, &e.Kind, &subject, &e.At, &e.Paid, &e.Bonus, &creator, &pack)
	switch e.Kind {
	case wallet.KindPurchase:
		e.PostID, e.Memo = &subject, "Post by @"+creator
	case wallet.KindTopUp:
		topUp := ident.TopUpID(subject)
		e.TopUpID, e.Memo = &topUp, "Coin pack "+pack
	case wallet.KindGrant:
		e.Memo = "Coins given to you"
	case wallet.KindExpiry:
		e.Memo = "Coins that expired"
	}
	return e, err
}

// TrialBalance implements store.Wallets.
func (s *Wallets) TrialBalance(ctx context.Context) (store.TrialBalance, error) {
	tb := store.TrialBalance{Lines: []store.TrialLine{}, Problems: []string{}}
	var wallets []string
	var b sqldb.Batch
	b.Query(collect(&tb.Lines, func(row sqldb.Row) (l store.TrialLine, err error) {
		err = row.Scan(&l.Account, &l.Asset, &l.Balance)
		return l, err
	}), `SELECT account, asset, CAST(sum(amount) AS bigint) FROM (
			SELECT credit_account AS account, asset, amount FROM postings
			UNION ALL SELECT debit_account, asset, -amount FROM postings) x
		GROUP BY account, asset ORDER BY asset, account`)
	b.Query(collect(&wallets, func(row sqldb.Row) (string, error) {
		var account ident.AccountID
		var paid, bonus, lotsPaid, lotsBonus, bookedPaid, bookedBonus money.Coins
		err := row.Scan(&account, &paid, &bonus, &lotsPaid, &lotsBonus, &bookedPaid, &bookedBonus)
		return "wallet " + account.String() + ": paid " + three(paid, lotsPaid, bookedPaid) + ", bonus " + three(bonus, lotsBonus, bookedBonus), err
	}), `SELECT * FROM (SELECT w.account, w.paid, w.bonus, `+lotSum("paid")+` AS lp, `+lotSum("bonus")+` AS lb,
			`+booked("user.paid")+` AS jp, `+booked("user.bonus")+` AS jb FROM wallets w) x
		WHERE paid <> lp OR bonus <> lb OR paid <> jp OR bonus <> jb ORDER BY account LIMIT 100`)
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var currency string
			var held, worth int64
			if err := rows.Scan(&currency, &held, &worth); err != nil {
				return err
			}
			if held != worth {
				tb.Problems = append(tb.Problems, "liab.prepaid in "+currency+": booked "+strconv.FormatInt(held, 10)+", unspent lots are worth "+strconv.FormatInt(worth, 10))
			}
			return nil
		})
	}, `SELECT currency, CAST(sum(held) AS bigint), CAST(sum(worth) AS bigint) FROM (
			SELECT asset AS currency, amount AS held, 0 AS worth FROM postings WHERE credit_account = 'liab.prepaid'
			UNION ALL SELECT asset, -amount, 0 FROM postings WHERE debit_account = 'liab.prepaid'
			UNION ALL SELECT currency, 0, value FROM lots WHERE kind = 'paid') x
		GROUP BY currency`)
	if err := s.db.Send(ctx, &b); err != nil {
		return tb, wrap("trial balance", err)
	}
	tb.Problems = append(tb.Problems, wallets...)
	sums := map[wallet.Asset]int64{}
	for _, line := range tb.Lines {
		sums[line.Asset] += line.Balance
		if line.Balance < 0 && !wallet.MayBeNegative(line.Account) {
			tb.Problems = append(tb.Problems, line.Account+" stands below zero")
		}
	}
	for asset, sum := range sums {
		if sum != 0 {
			tb.Problems = append(tb.Problems, string(asset)+" does not add up to zero")
		}
	}
	tb.Balanced = len(tb.Problems) == 0
	return tb, nil
}

func three(row, lots, journal money.Coins) string {
	return fmtCoins(row) + " in the row, " + fmtCoins(lots) + " in lots, " + fmtCoins(journal) + " booked"
}

func fmtCoins(c money.Coins) string { return strconv.FormatInt(int64(c), 10) }

func lotSum(kind string) string {
	return `CAST(coalesce((SELECT sum(remaining) FROM lots l WHERE l.account = w.account AND l.kind = '` + kind + `'), 0) AS bigint)`
}

func booked(account string) string {
	return `CAST(coalesce((SELECT sum(amount) FROM postings WHERE credit_owner = w.account AND credit_account = '` + account + `'), 0) -
		coalesce((SELECT sum(amount) FROM postings WHERE debit_owner = w.account AND debit_account = '` + account + `'), 0) AS bigint)`
}
