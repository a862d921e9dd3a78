package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/tx"
)

// Wallets keeps the coins and the journal.
type Wallets interface {
	// Lock reads the account's wallet to change it; one that was never
	// touched is empty.
	Lock(ctx context.Context, account ident.AccountID) (*wallet.Wallet, error)

	// Locking is Lock for those who ask something else meanwhile.
	Locking(ctx context.Context, account ident.AccountID) tx.Soon[*wallet.Wallet]

	// Save stores what changed in a wallet that was read with Lock: balances,
	// lots and journals. It fails with ErrBooked, and so must the transaction,
	// if a journal's reference was booked before.
	Save(ctx context.Context, w *wallet.Wallet) error

	// Balance is what the account can spend at a time.
	Balance(ctx context.Context, account ident.AccountID, now time.Time) (Balance, error)

	// Statement lists the account's journals, the newest first.
	Statement(ctx context.Context, account ident.AccountID, page Page) (List[Entry], error)

	// Expired lists accounts with expired lots that are not booked out yet, in
	// the order of their ids, beginning after one; zero begins with the first.
	Expired(ctx context.Context, now time.Time, after ident.AccountID, limit int) ([]ident.AccountID, error)

	// Earned is the balance of a creator's ledger account in coins. It locks
	// nothing: sales may go on. However many there were, it looks at the latest
	// only, and takes the rest from a snapshot that it keeps.
	Earned(ctx context.Context, creator ident.AccountID, account string, now time.Time) (money.Coins, error)

	// TrialBalance adds the journal up by account name and asset, and compares
	// the wallets and lots with it.
	TrialBalance(ctx context.Context) (TrialBalance, error)
}

// Purchases keeps who owns which post.
type Purchases interface {
	// Insert stores a purchase; wallet.ErrAlreadyOwned, and nothing is
	// stored, if the buyer owns the post.
	Insert(ctx context.Context, p wallet.Purchase) error

	// Owns tells whether the account bought the post.
	Owns(ctx context.Context, account ident.AccountID, post ident.PostID) (bool, error)

	// Receipt reads a purchase of the buyer; wallet.ErrNoReceipt otherwise.
	Receipt(ctx context.Context, buyer ident.AccountID, id ident.PurchaseID) (Receipt, error)
}

// Balance is what can be spent.
type Balance struct {
	Paid  money.Coins `json:"paid" doc:"Coins that were paid for"`
	Bonus money.Coins `json:"bonus" doc:"Coins that were given, and may expire"`
	Total money.Coins `json:"total"`
}

// Entry is a line of the statement.
type Entry struct {
	ID      ident.JournalID    `json:"id" format:"uuid"`
	Kind    wallet.JournalKind `json:"kind" enum:"top-up,purchase,grant,expiry"`
	Paid    money.Coins        `json:"paid" doc:"Change of the paid coins"`
	Bonus   money.Coins        `json:"bonus" doc:"Change of the given coins"`
	PostID  *ident.PostID      `json:"post_id,omitempty" format:"uuid" doc:"What was bought"`
	TopUpID *ident.TopUpID     `json:"top_up_id,omitempty" format:"uuid" doc:"What was paid"`
	Memo    string             `json:"memo" doc:"What it was for, in words"`
	At      time.Time          `json:"at"`
}

// Receipt is a purchase as its buyer sees it.
type Receipt struct {
	ID         ident.PurchaseID `json:"id" format:"uuid"`
	PostID     ident.PostID     `json:"post_id" format:"uuid"`
	Seller     string           `json:"seller" doc:"Handle of the creator"`
	Coins      money.Coins      `json:"coins"`
	Paid       money.Coins      `json:"paid" doc:"Of coins, how many were paid for"`
	Bonus      money.Coins      `json:"bonus" doc:"Of coins, how many were given"`
	At         time.Time        `json:"at"`
	ReceiptURL string           `json:"receipt_url"`
}

// TrialBalance is the journal added up.
type TrialBalance struct {
	Lines    []TrialLine `json:"lines" nullable:"false"`
	Balanced bool        `json:"balanced" doc:"Each asset adds up to zero and every wallet agrees with the journal"`
	Problems []string    `json:"problems" nullable:"false"`
}

// TrialLine is the balance of all accounts of one name.
type TrialLine struct {
	Account string       `json:"account"`
	Asset   wallet.Asset `json:"asset"`
	Balance int64        `json:"balance"`
}
