// Package wallet keeps the coins: what fans topped up, what they spent it on,
// and what creators earned. Every movement is a journal of double entries in
// coins and in the fiat money behind them; balances are what the journals add
// up to.
package wallet

import (
	"strings"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// Asset is what a posting counts: coins, or a currency in its minor units.
type Asset string

// Coin is the asset of coins; fiat assets are named by their currency.
const Coin Asset = "COIN"

// Account is an account of the ledger, of the platform or of one owner. Its
// balance is the sum of its credits less the sum of its debits.
type Account struct {
	Name  string
	Owner ident.AccountID // zero for the platform's own
}

// The chart of accounts. Only the mints, the clearing accounts and the expenses
// may stand below zero.
func mintPaid() Account                            { return Account{Name: "mint.paid"} }
func mintBonus() Account                           { return Account{Name: "mint.bonus"} }
func platformFee() Account                         { return Account{Name: "platform.fee"} }
func sinkExpired() Account                         { return Account{Name: "sink.expired"} }
func userPaid(owner ident.AccountID) Account       { return Account{"user.paid", owner} }
func userBonus(owner ident.AccountID) Account      { return Account{"user.bonus", owner} }
func creatorPending(owner ident.AccountID) Account { return Account{"creator.pending", owner} }

func clearing(provider string) Account            { return Account{Name: "asset.clearing." + provider} }
func prepaid() Account                            { return Account{Name: "liab.prepaid"} }
func owedToCreator(owner ident.AccountID) Account { return Account{"liab.creator", owner} }
func feeRevenue() Account                         { return Account{Name: "rev.platform_fee"} }
func promotion() Account                          { return Account{Name: "exp.promo"} }
func breakage() Account                           { return Account{Name: "rev.breakage"} }

// CreatorPending is where a creator's earnings stand until they may be paid out.
const CreatorPending = "creator.pending"

// Posting moves an amount, always above zero, from the debit account to the
// credit account. A list of postings therefore always balances.
type Posting struct {
	Debit, Credit Account
	Asset         Asset
	Amount        int64
}

// JournalKind says what happened.
type JournalKind string

// The kinds of journals.
const (
	KindTopUp    JournalKind = "top-up"
	KindPurchase JournalKind = "purchase"
	KindGrant    JournalKind = "grant"
	KindExpiry   JournalKind = "expiry"
)

// Journal is one fact, booked. It is written once and never changed.
type Journal struct {
	ID        ident.JournalID
	Kind      JournalKind
	Reference string          // makes the fact bookable once: "purchase:<id>"
	Owner     ident.AccountID // whose statement shows it
	Subject   [16]byte        // what it was for: a post, a top-up; zero for none
	At        time.Time
	Postings  []Posting
}

// post appends a posting unless there is nothing to move.
func (j *Journal) post(debit, credit Account, asset Asset, amount int64) {
	if amount > 0 {
		j.Postings = append(j.Postings, Posting{Debit: debit, Credit: credit, Asset: asset, Amount: amount})
	}
}

func (j *Journal) postCoins(debit, credit Account, coins money.Coins) {
	j.post(debit, credit, Coin, int64(coins))
}

// MayBeNegative tells whether an account may stand below zero: the mints, from
// which coins come, what providers still owe the platform, and its expenses.
func MayBeNegative(account string) bool {
	return account == mintPaid().Name || account == mintBonus().Name || account == promotion().Name ||
		strings.HasPrefix(account, "asset.clearing.")
}
