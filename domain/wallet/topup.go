package wallet

import (
	"maps"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// PaymentStatus is what a payment provider says of a payment, in sajin's words.
type PaymentStatus string

// The statuses of a payment.
const (
	PaymentAwaiting   PaymentStatus = "awaiting"   // the customer has still to act
	PaymentProcessing PaymentStatus = "processing" // the customer has acted, the outcome is open
	PaymentFailed     PaymentStatus = "failed"     // this attempt failed; another may follow
	PaymentCanceled   PaymentStatus = "canceled"   // it can no longer be paid
	PaymentPaid       PaymentStatus = "paid"
	PaymentUnknown    PaymentStatus = "unknown" // a status that the adapter does not know
)

// Payment is a provider's own record of a payment, read from the provider: the
// one source that coins are credited from.
type Payment struct {
	Ref       string // the provider's id
	Reference string // ours, as the provider stored it: the top-up's id
	Status    PaymentStatus
	Amount    money.Amount
	Failure   string // why an attempt failed, in the provider's code
}

// TopUpState is where a top-up stands.
type TopUpState string

// The states of a top-up. Paid is never left; review is left only when the
// provider says that exactly what was ordered was paid after all. Failed
// attempts leave a top-up awaiting.
const (
	TopUpCreated    TopUpState = "created"  // written down, not yet known to the provider
	TopUpAwaiting   TopUpState = "awaiting" // the provider waits for the customer
	TopUpProcessing TopUpState = "processing"
	TopUpCanceled   TopUpState = "canceled"
	TopUpExpired    TopUpState = "expired"
	TopUpPaid       TopUpState = "paid"
	TopUpReview     TopUpState = "review" // the provider's record does not fit: a person must look
)

// TopUp is one purchase of coins with money. The pack's numbers are kept as
// they were offered, whatever the price list says later.
type TopUp struct{ r TopUpRecord }

// TopUpRecord is a top-up laid open, for storage.
type TopUpRecord struct {
	ID          ident.TopUpID
	Account     ident.AccountID
	Pack        Pack
	Provider    string
	ProviderRef string
	Client      map[string]string
	State       TopUpState
	Failure     string
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ExpiresAt   time.Time
	PaidAt      time.Time
}

// NewTopUp writes down the intent to buy a pack.
func NewTopUp(id ident.TopUpID, account ident.AccountID, pack Pack, provider string, now time.Time, ttl time.Duration) *TopUp {
	return &TopUp{TopUpRecord{
		ID: id, Account: account, Pack: pack, Provider: provider, State: TopUpCreated, Version: 1,
		CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(ttl),
	}}
}

// RestoreTopUp makes a top-up of what storage holds.
func RestoreTopUp(r TopUpRecord) *TopUp { return &TopUp{r} }

// Record lays the top-up open.
func (t *TopUp) Record() TopUpRecord { return t.r }

// ID is the top-up's id, which the provider stores as our reference.
func (t *TopUp) ID() ident.TopUpID { return t.r.ID }

// Account is who tops up.
func (t *TopUp) Account() ident.AccountID { return t.r.Account }

// State is where the top-up stands.
func (t *TopUp) State() TopUpState { return t.r.State }

// Settled tells whether nothing more is expected of the provider.
func (t *TopUp) Settled() bool {
	switch t.r.State {
	case TopUpCreated, TopUpAwaiting, TopUpProcessing:
		return false
	default:
		return true
	}
}

// Started records that the provider knows the payment, and what the page needs
// to pay in place. An answer that comes late, to a top-up that is settled by
// now, is kept as well: the payment is out there and may be paid.
func (t *TopUp) Started(ref string, client map[string]string, now time.Time) error {
	if t.r.ProviderRef != "" && t.r.ProviderRef != ref {
		t.review("the provider answered a second payment for one top-up", now)
		return ErrTopUpReview
	}
	t.r.ProviderRef, t.r.Client = ref, maps.Clone(client)
	if t.r.State == TopUpCreated {
		t.r.State = TopUpAwaiting
	}
	t.touch(now)
	return nil
}

// Refused closes a top-up that the provider would not start.
func (t *TopUp) Refused(why string, now time.Time) {
	if t.r.State == TopUpCreated {
		t.r.Failure = why
		t.move(TopUpCanceled, now)
	}
}

// Apply takes in the provider's record of the payment, as it was read at a
// time, and tells whether the coins are to be credited now. However often
// records come in, and in whatever order, the top-up ends in the same state and
// at most one Apply of all answers true:
//
//   - that exactly what was ordered was paid wins over everything, also when the
//     top-up was canceled, expired or put up for review: the customer did pay;
//   - next comes what does not fit or cannot be understood: it is for a person
//     to look at;
//   - then that the payment can no longer be paid;
//   - and while all of it is open, the record that was read last.
func (t *TopUp) Apply(p Payment, readAt time.Time) (credit bool) {
	if t.r.State == TopUpPaid {
		return false
	}
	if p.Reference != t.r.ID.String() || t.r.ProviderRef != "" && p.Ref != t.r.ProviderRef {
		t.review("the payment is of another top-up", readAt)
		return false
	}
	if t.r.ProviderRef != p.Ref { // the answer to the start was lost, or is on its way
		t.r.ProviderRef = p.Ref
		t.touch(readAt)
	}
	switch p.Status {
	case PaymentPaid:
		if p.Amount != t.r.Pack.Price {
			t.review("the paid amount or currency is not the ordered one", readAt)
			return false
		}
		t.r.Failure, t.r.PaidAt = "", readAt
		t.move(TopUpPaid, readAt)
		return true
	case PaymentCanceled:
		if !t.Settled() {
			t.r.Failure = p.Failure
			t.move(TopUpCanceled, readAt)
		}
	case PaymentProcessing:
		t.follow(TopUpProcessing, p.Failure, readAt)
	case PaymentAwaiting, PaymentFailed:
		t.follow(TopUpAwaiting, p.Failure, readAt)
	default:
		t.review("the provider answered a status that is not known", readAt)
	}
	return false
}

// follow goes where an open payment stands, unless a later reading is known.
func (t *TopUp) follow(to TopUpState, failure string, readAt time.Time) {
	if !t.Settled() && !readAt.Before(t.r.UpdatedAt) {
		t.r.Failure = failure
		t.move(to, readAt)
	}
}

// Looked records that the provider was asked in vain, so that others get their
// turn to be asked about.
func (t *TopUp) Looked(now time.Time) { t.touch(now) }

// Overdue tells whether nobody has paid in time and nobody is about to.
func (t *TopUp) Overdue(now time.Time) bool {
	return !t.Settled() && t.r.State != TopUpProcessing && !now.Before(t.r.ExpiresAt)
}

// Expire closes a top-up that is overdue; asked of the provider before, because
// a late success counts.
func (t *TopUp) Expire(now time.Time) bool {
	if !t.Overdue(now) {
		return false
	}
	t.move(TopUpExpired, now)
	return true
}

func (t *TopUp) move(to TopUpState, now time.Time) {
	t.r.State = to
	t.touch(now)
}

func (t *TopUp) touch(now time.Time) {
	t.r.Version++
	if now.After(t.r.UpdatedAt) {
		t.r.UpdatedAt = now
	}
}

// review puts the top-up up for a person to look at; the first reason stays.
func (t *TopUp) review(why string, now time.Time) {
	if t.r.State != TopUpPaid && t.r.State != TopUpReview {
		t.r.Failure = why
		t.move(TopUpReview, now)
	}
}

// TopUpPaidEvent happens when a top-up was paid and its coins were credited.
type TopUpPaidEvent struct {
	TopUp   ident.TopUpID
	Account ident.AccountID
	Coins   money.Coins
	Bonus   money.Coins
	Price   money.Amount
	At      time.Time
}

// CreditTopUp puts the coins of a paid top-up into its account's wallet.
// bonusExpiry zero means that the given coins never expire.
func (w *Wallet) CreditTopUp(t *TopUp, bonusExpiry time.Duration, ids *ident.Source, now time.Time) (TopUpPaidEvent, error) {
	if t.r.State != TopUpPaid || t.r.Account != w.owner {
		return TopUpPaidEvent{}, errNotCreditable
	}
	pack := t.r.Pack
	lots := []*Lot{{
		ID: ident.New[ident.LotID](ids), Account: w.owner, Kind: Paid, Origin: "top-up", TopUp: t.r.ID,
		Granted: pack.Coins, Remaining: pack.Coins, Value: pack.Price, CreatedAt: now,
	}}
	if pack.Bonus > 0 {
		worth := money.Amount{Minor: money.Prorate(pack.Price.Minor, int64(pack.Bonus), int64(pack.Coins)), Currency: pack.Price.Currency}
		bonus := &Lot{
			ID: ident.New[ident.LotID](ids), Account: w.owner, Kind: Bonus, Origin: "top-up", TopUp: t.r.ID,
			Granted: pack.Bonus, Remaining: pack.Bonus, Value: worth, CreatedAt: now,
		}
		if bonusExpiry > 0 {
			bonus.ExpiresAt = now.Add(bonusExpiry)
		}
		lots = append(lots, bonus)
	}
	if err := w.credit(lots...); err != nil {
		return TopUpPaidEvent{}, err
	}
	journal := Journal{
		ID: ident.New[ident.JournalID](ids), Kind: KindTopUp, Reference: "top-up:" + t.r.ID.String(),
		Owner: w.owner, Subject: t.r.ID, At: now,
	}
	journal.postCoins(mintPaid(), userPaid(w.owner), pack.Coins)
	journal.postCoins(mintBonus(), userBonus(w.owner), pack.Bonus)
	journal.post(clearing(t.r.Provider), prepaid(), Asset(pack.Price.Currency), pack.Price.Minor)
	w.journals = append(w.journals, journal)
	return TopUpPaidEvent{TopUp: t.r.ID, Account: w.owner, Coins: pack.Coins, Bonus: pack.Bonus, Price: pack.Price, At: now}, nil
}
