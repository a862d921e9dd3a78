package sandboxpay_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/test/contract"
)

const secret = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0"

func TestProvider(t *testing.T) {
	contract.Payments(t, func(t *testing.T) (payment.Provider, contract.PaymentControls) {
		return open(t, sandboxpay.NewMemoryBook())
	})
}

var outcomes = map[wallet.PaymentStatus]string{
	wallet.PaymentPaid: sandboxpay.Succeeded, wallet.PaymentFailed: sandboxpay.Failed, wallet.PaymentProcessing: sandboxpay.Pending,
}

func open(t *testing.T, book sandboxpay.Book) (payment.Provider, contract.PaymentControls) {
	begin := func(t *testing.T) *sandboxpay.Provider {
		p, err := sandboxpay.New(book, sandboxpay.Options{PublicURL: "http://sajin.example", WebhookSecret: secret})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		return p
	}
	p := begin(t)
	c := p.Controls()
	return p, contract.PaymentControls{
		Price:   money.Amount{Minor: 5000, Currency: "KRW"},
		Another: money.Amount{Minor: 150, Currency: "USD"},
		Refused: money.Amount{Minor: 100_000_000, Currency: "KRW"},
		Secrets: []string{secret, "c2VjcmV0IG9mIHRoZSB0ZXN0", "secret of the test"},
		Attempt: func(ref string, outcome wallet.PaymentStatus) error {
			return c.Outcome(t.Context(), ref, outcomes[outcome])
		},
		Webhook: func(t *testing.T, ref string, at time.Time) (http.Header, []byte) {
			header, body, err := c.Webhook(t.Context(), ref, at)
			if err != nil {
				t.Fatal(err)
			}
			return header, body
		},
		Unknown: func(_ *testing.T, at time.Time) (http.Header, []byte) {
			body := []byte(`{"type":"payout.paid","data":{"id":"po_1"}}`)
			return c.Sign("msg_1", body, at), body
		},
		Again: func(t *testing.T) payment.Provider { return begin(t) },
		Away:  c.Away,
	}
}
