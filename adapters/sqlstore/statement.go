package sqlstore

import (
	"context"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
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
