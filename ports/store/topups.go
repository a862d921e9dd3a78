package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
)

// TopUps keeps the purchases of coins.
type TopUps interface {
	// Insert stores a new top-up.
	Insert(ctx context.Context, t *wallet.TopUp) error

	// Lock reads a top-up to change it; wallet.ErrTopUpNotFound if there is none.
	Lock(ctx context.Context, id ident.TopUpID) (*wallet.TopUp, error)

	// Open counts the account's top-ups that still wait for their provider.
	Open(ctx context.Context, account ident.AccountID) (int, error)

	// Get reads a top-up; wallet.ErrTopUpNotFound if there is none.
	Get(ctx context.Context, id ident.TopUpID) (*wallet.TopUp, error)

	// Save stores a changed top-up that was read with Lock.
	Save(ctx context.Context, t *wallet.TopUp) error

	// List lists the account's top-ups, the newest first.
	List(ctx context.Context, account ident.AccountID, page Page) (List[TopUp], error)

	// ByRef finds the top-up of a provider's payment; wallet.ErrTopUpNotFound.
	ByRef(ctx context.Context, provider, ref string) (ident.TopUpID, error)

	// Unsettled lists top-ups that still wait for their provider and were not
	// looked at since a time, the longest waiting first.
	Unsettled(ctx context.Context, notSince time.Time, limit int) ([]ident.TopUpID, error)

	// TakeIn records a provider's message and tells whether it is new. Of two
	// transactions that take the same one in at once, one waits for the other.
	TakeIn(ctx context.Context, m WebhookMessage) (fresh bool, err error)

	// ForgetMessages drops the records of messages that were taken in before a
	// time: no provider sends one again so late.
	ForgetMessages(ctx context.Context, before time.Time) (int64, error)
}

// WebhookMessage is a provider's message, as it was taken in.
type WebhookMessage struct {
	Provider   string
	DedupeKey  string
	Kind       string
	PaymentRef string
	ReceivedAt time.Time
}

// TopUp is a purchase of coins as its buyer sees it.
type TopUp struct {
	ID          ident.TopUpID     `json:"id" format:"uuid"`
	Status      wallet.TopUpState `json:"status" enum:"created,awaiting,processing,canceled,expired,paid,review" doc:"awaiting: for you to pay; processing: you have, the outcome is open; paid: the coins are in your wallet; review: something does not fit, and a person looks at it"`
	Provider    string            `json:"provider" doc:"Who takes the money"`
	ProviderRef string            `json:"provider_ref" doc:"The provider's own id of the payment"`
	Client      map[string]string `json:"client" nullable:"false" doc:"What the page needs to pay in place, in the provider's words"`
	PackID      string            `json:"pack_id"`
	Coins       money.Coins       `json:"coins" doc:"Coins that are paid for"`
	Bonus       money.Coins       `json:"bonus" doc:"Coins that are given on top"`
	Price       Price             `json:"price"`
	Failure     string            `json:"failure,omitempty" doc:"Why the last attempt to pay failed, or what does not fit"`
	CreatedAt   time.Time         `json:"created_at"`
	ExpiresAt   time.Time         `json:"expires_at" doc:"Until when it can be paid"`
	PaidAt      *time.Time        `json:"paid_at,omitempty"`
	Version     int64             `json:"-"`
}

// Price is an amount of money.
type Price struct {
	Amount   int64          `json:"amount" doc:"In minor units: 150 is $1.50, and 150 yen"`
	Currency money.Currency `json:"currency" doc:"ISO 4217" example:"KRW"`
}

// PriceOf is the view of an amount.
func PriceOf(a money.Amount) Price { return Price{Amount: a.Minor, Currency: a.Currency} }

// TopUpOf is the view of a top-up.
func TopUpOf(t *wallet.TopUp) TopUp {
	r := t.Record()
	view := TopUp{
		ID: r.ID, Status: r.State, Provider: r.Provider, ProviderRef: r.ProviderRef, Client: r.Client,
		PackID: r.Pack.ID, Coins: r.Pack.Coins, Bonus: r.Pack.Bonus, Price: PriceOf(r.Pack.Price),
		Failure: r.Failure, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt, Version: r.Version,
	}
	if view.Client == nil {
		view.Client = map[string]string{}
	}
	if !r.PaidAt.IsZero() {
		view.PaidAt = &r.PaidAt
	}
	return view
}
