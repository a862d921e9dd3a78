package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/store"
)

// most problems of one kind that a trial balance lists.
const mostProblems = "100"

// TrialBalance implements store.Wallets.
func (s *Wallets) TrialBalance(ctx context.Context) (store.TrialBalance, error) {
	lines, problems := []store.TrialLine{}, []string{}
	var b sqldb.Batch
	b.Query(func(rows sqldb.Rows) error {
		return each(rows, func() error {
			var l store.TrialLine
			err := rows.Scan(&l.Account, &l.Asset, &l.Balance)
			lines = append(lines, l)
			return err
		})
	}, `SELECT account, asset, CAST(sum(amount) AS bigint) FROM (
			SELECT credit_account AS account, asset, amount FROM postings
			UNION ALL SELECT debit_account, asset, -amount FROM postings) x
		GROUP BY account, asset ORDER BY asset, account`)

	problem := func(query string, scan func(sqldb.Row) (string, error)) {
		b.Query(func(rows sqldb.Rows) error {
			found, err := sqldb.Collect(rows, scan)
			problems = append(problems, found...)
			return err
		}, query)
	}
	problem(ownersBelowZero, scanBelowZero)
	problem(walletsAstray, scanWalletAstray)
	problem(prepaidAstray, scanPrepaidAstray)
	problem(snapshotsAstray, scanSnapshotAstray)
	problem(purchasesAstray, func(row sqldb.Row) (string, error) {
		var id ident.PurchaseID
		err := row.Scan(&id)
		return "purchase " + id.String() + " is not what its journal booked", err
	})
	problem(journalsAstray, func(row sqldb.Row) (string, error) {
		var id ident.JournalID
		err := row.Scan(&id)
		return "journal " + id.String() + " booked a purchase that is not there", err
	})
	if err := s.db.Send(ctx, &b); err != nil {
		return store.TrialBalance{}, wrap("trial balance", err)
	}
	problems = append(problems, unbalanced(lines)...)
	return store.TrialBalance{Lines: lines, Problems: problems, Balanced: len(problems) == 0}, nil
}

// unbalanced finds assets that do not add up to zero, and accounts of the
// platform that stand where they may not.
func unbalanced(lines []store.TrialLine) (problems []string) {
	sums := map[wallet.Asset]int64{}
	for _, line := range lines {
		sums[line.Asset] += line.Balance
		if line.Balance < 0 && !wallet.MayBeNegative(line.Account) {
			problems = append(problems, line.Account+" stands below zero")
		}
	}
	for _, asset := range slices.Sorted(maps.Keys(sums)) {
		if sums[asset] != 0 {
			problems = append(problems, string(asset)+" does not add up to zero")
		}
	}
	return problems
}

// ownersBelowZero are accounts of people; the law of the chart forbids that for
// each of them, not only for all together.
const ownersBelowZero = `SELECT account, owner, asset, CAST(sum(amount) AS bigint) FROM (
		SELECT credit_account AS account, credit_owner AS owner, asset, amount FROM postings WHERE credit_owner IS NOT NULL
		UNION ALL SELECT debit_account, debit_owner, asset, -amount FROM postings WHERE debit_owner IS NOT NULL) x
	GROUP BY account, owner, asset HAVING sum(amount) < 0 ORDER BY account, owner LIMIT ` + mostProblems

func scanBelowZero(row sqldb.Row) (string, error) {
	var (
		account, asset string
		owner          ident.AccountID
		balance        int64
	)
	err := row.Scan(&account, &owner, &asset, &balance)
	return fmt.Sprintf("%s of %s stands at %d %s", account, owner, balance, asset), err
}

// walletsAstray are those where the row that spendings lock, the lots and the
// journal do not agree. Whoever has any of the three is looked at.
const walletsAstray = `SELECT account, paid, bonus, lots_paid, lots_bonus, booked_paid, booked_bonus FROM (
		SELECT account, CAST(sum(paid) AS bigint) AS paid, CAST(sum(bonus) AS bigint) AS bonus,
			CAST(sum(lots_paid) AS bigint) AS lots_paid, CAST(sum(lots_bonus) AS bigint) AS lots_bonus,
			CAST(sum(booked_paid) AS bigint) AS booked_paid, CAST(sum(booked_bonus) AS bigint) AS booked_bonus FROM (
			SELECT account, paid, bonus, 0 AS lots_paid, 0 AS lots_bonus, 0 AS booked_paid, 0 AS booked_bonus FROM wallets
			UNION ALL SELECT account, 0, 0, CASE WHEN kind = 'paid' THEN remaining ELSE 0 END, CASE WHEN kind = 'bonus' THEN remaining ELSE 0 END, 0, 0 FROM lots
			UNION ALL SELECT credit_owner, 0, 0, 0, 0, CASE WHEN credit_account = 'user.paid' THEN amount ELSE 0 END,
				CASE WHEN credit_account = 'user.bonus' THEN amount ELSE 0 END FROM postings WHERE credit_account IN ('user.paid', 'user.bonus')
			UNION ALL SELECT debit_owner, 0, 0, 0, 0, CASE WHEN debit_account = 'user.paid' THEN -amount ELSE 0 END,
				CASE WHEN debit_account = 'user.bonus' THEN -amount ELSE 0 END FROM postings WHERE debit_account IN ('user.paid', 'user.bonus')) x
		GROUP BY account) y
	WHERE paid <> lots_paid OR paid <> booked_paid OR bonus <> lots_bonus OR bonus <> booked_bonus ORDER BY account LIMIT ` + mostProblems

func scanWalletAstray(row sqldb.Row) (string, error) {
	var (
		account                                                   ident.AccountID
		paid, bonus, lotsPaid, lotsBonus, bookedPaid, bookedBonus int64
	)
	err := row.Scan(&account, &paid, &bonus, &lotsPaid, &lotsBonus, &bookedPaid, &bookedBonus)
	return fmt.Sprintf("wallet %s: paid %d in the row, %d in lots, %d booked; bonus %d in the row, %d in lots, %d booked",
		account, paid, lotsPaid, bookedPaid, bonus, lotsBonus, bookedBonus), err
}

// prepaidAstray are currencies in which the platform does not owe its fans what
// their unspent coins are worth.
const prepaidAstray = `SELECT currency, CAST(sum(held) AS bigint), CAST(sum(worth) AS bigint) FROM (
		SELECT asset AS currency, amount AS held, 0 AS worth FROM postings WHERE credit_account = 'liab.prepaid'
		UNION ALL SELECT asset, -amount, 0 FROM postings WHERE debit_account = 'liab.prepaid'
		UNION ALL SELECT currency, 0, value FROM lots WHERE kind = 'paid') x
	GROUP BY currency HAVING sum(held) <> sum(worth) ORDER BY currency`

func scanPrepaidAstray(row sqldb.Row) (string, error) {
	var currency string
	var held, worth int64
	err := row.Scan(&currency, &held, &worth)
	return fmt.Sprintf("liab.prepaid in %s: booked %d, unspent coins are worth %d", currency, held, worth), err
}

// purchasesAstray are those whose journal moved other coins, or other people's.
const purchasesAstray = `SELECT k.id FROM purchases k LEFT JOIN postings p ON p.journal = k.journal AND p.asset = 'COIN'
	GROUP BY k.id, k.buyer, k.seller, k.coins, k.paid, k.bonus
	HAVING coalesce(sum(p.amount), 0) <> k.coins
		OR coalesce(sum(CASE WHEN p.debit_owner = k.buyer AND p.debit_account = 'user.paid' THEN p.amount ELSE 0 END), 0) <> k.paid
		OR coalesce(sum(CASE WHEN p.debit_owner = k.buyer AND p.debit_account = 'user.bonus' THEN p.amount ELSE 0 END), 0) <> k.bonus
		OR coalesce(sum(CASE WHEN p.credit_account = 'platform.fee' OR p.credit_account = 'creator.pending' AND p.credit_owner = k.seller THEN p.amount ELSE 0 END), 0) <> k.coins
	ORDER BY k.id LIMIT ` + mostProblems

// journalsAstray are purchases in the book that nobody owns.
const journalsAstray = `SELECT j.id FROM journals j LEFT JOIN purchases k ON k.journal = j.id
	WHERE j.kind = 'purchase' AND k.id IS NULL ORDER BY j.id LIMIT ` + mostProblems
