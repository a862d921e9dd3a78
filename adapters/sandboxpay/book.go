package sandboxpay

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
)

// Book is where payments are kept, as texts. Several processes may share one.
type Book interface {
	// Load reads the record of a payment; it is empty if there is none.
	Load(ctx context.Context, ref string) (record string, err error)

	// Swap puts a record in the place of an old one, empty for none, and tells
	// whether that was still there: of two that swap the same old record at
	// once, one does.
	Swap(ctx context.Context, ref, old, record string, at time.Time) (swapped bool, err error)
}

// NewMemoryBook makes a book that is gone with the process.
func NewMemoryBook() Book { return &memoryBook{records: map[string]string{}} }

type memoryBook struct {
	mu      sync.Mutex
	records map[string]string
}

func (b *memoryBook) Load(_ context.Context, ref string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.records[ref], nil
}

func (b *memoryBook) Swap(_ context.Context, ref, old, record string, _ time.Time) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.records[ref] != old {
		return false, nil
	}
	b.records[ref] = record
	return true, nil
}

// record is a payment in the book.
type record struct {
	Ref       string               `json:"ref"`
	Reference string               `json:"reference"`
	Secret    string               `json:"secret"` // whoever holds it may pay
	Title     string               `json:"title"`
	Amount    int64                `json:"amount"`
	Currency  money.Currency       `json:"currency"`
	Status    wallet.PaymentStatus `json:"status"`
	Failure   string               `json:"failure,omitempty"`
	CreatedAt time.Time            `json:"created_at"`
	ExpiresAt time.Time            `json:"expires_at"`
}

func (r record) amount() money.Amount { return money.Amount{Minor: r.Amount, Currency: r.Currency} }

func (r record) payment() wallet.Payment {
	return wallet.Payment{Ref: r.Ref, Reference: r.Reference, Status: r.Status, Amount: r.amount(), Failure: r.Failure}
}

// load reads a payment and the text that it is kept as.
func (p *Provider) load(ctx context.Context, ref string) (r record, text string, err error) {
	text, err = p.book.Load(ctx, ref)
	if err != nil {
		return r, "", fmt.Errorf("sandbox: %w: %w", payment.ErrUnavailable, err)
	}
	if text == "" {
		return r, "", fmt.Errorf("sandbox: %w: %q", payment.ErrNotFound, ref)
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, "", fmt.Errorf("sandbox: record of %s: %w", ref, err)
	}
	return r, text, nil
}

// insert writes a payment unless there is one of that ref, and answers the one
// that there is then.
func (p *Provider) insert(ctx context.Context, r record) (record, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return r, fmt.Errorf("sandbox: record of %s: %w", r.Ref, err)
	}
	inserted, err := p.book.Swap(ctx, r.Ref, "", string(text), p.now())
	switch {
	case err != nil:
		return r, fmt.Errorf("sandbox: %w: %w", payment.ErrUnknownOutcome, err)
	case inserted:
		return r, nil
	}
	r, _, err = p.load(ctx, r.Ref)
	return r, err
}

// change reads a payment, changes it and writes it, and begins again when
// somebody else was faster. What fails changes nothing.
func (p *Provider) change(ctx context.Context, ref string, change func(*record) error) (record, error) {
	for {
		r, old, err := p.load(ctx, ref)
		if err != nil {
			return r, err
		}
		if err := change(&r); err != nil {
			return r, err
		}
		text, err := json.Marshal(r)
		if err != nil {
			return r, fmt.Errorf("sandbox: record of %s: %w", ref, err)
		}
		if string(text) == old {
			return r, nil
		}
		swapped, err := p.book.Swap(ctx, ref, old, string(text), p.now())
		switch {
		case err != nil:
			return r, fmt.Errorf("sandbox: %w: %w", payment.ErrUnknownOutcome, err)
		case swapped:
			return r, nil
		}
	}
}
