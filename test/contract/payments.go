package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
)

// PaymentControls play what happens at a provider without sajin.
type PaymentControls struct {
	Price    money.Amount // one that the provider takes
	Another  money.Amount // another one
	Refused  money.Amount // one that it does not take
	Secrets  []string     // what no client may be given
	NoCancel bool         // the provider cannot close what nobody has paid

	// Attempt plays the customer: it tries to bring the payment to be paid,
	// failed or in process.
	Attempt func(ref string, outcome wallet.PaymentStatus) error

	// Webhook is a message about where the payment stands, signed as of a time.
	// Each call makes another message.
	Webhook func(t *testing.T, ref string, at time.Time) (http.Header, []byte)

	// Unknown is a message of a type that the adapter does not know.
	Unknown func(t *testing.T, at time.Time) (http.Header, []byte)

	// Again is the provider as another process has it.
	Again func(t *testing.T) payment.Provider

	// Away makes the provider unreachable, or reachable again.
	Away func(away bool)
}

// Payments is what sajin relies on in every payment provider.
func Payments(t *testing.T, open func(t *testing.T) (payment.Provider, PaymentControls)) {
	begin := func(t *testing.T) payments {
		p, c := open(t)
		return payments{Provider: p, PaymentControls: c}
	}
	t.Run("names", func(t *testing.T) { begin(t).names(t) })
	t.Run("start", func(t *testing.T) { begin(t).start(t) })
	t.Run("read", func(t *testing.T) { begin(t).read(t) })
	t.Run("outcomes", func(t *testing.T) { begin(t).outcomes(t) })
	t.Run("cancel", func(t *testing.T) { begin(t).cancel(t) })
	t.Run("away", func(t *testing.T) { begin(t).away(t) })
	t.Run("webhooks", func(t *testing.T) { begin(t).webhooks(t) })
	t.Run("forged webhooks", func(t *testing.T) { begin(t).forged(t) })
}

type payments struct {
	payment.Provider
	PaymentControls
}

var orders atomic.Int64

// order is one that nobody made before.
func (p payments) order() payment.Order {
	return payment.Order{
		Reference: fmt.Sprintf("0190a5f0-0000-7000-8000-%012d", orders.Add(1)), Price: p.Price, Title: "550 coins",
		ExpiresAt: time.Now().Add(time.Hour),
	}
}

func (p payments) started(t *testing.T) (payment.Order, string) {
	t.Helper()
	o := p.order()
	s, err := p.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return o, s.Ref
}

func (p payments) attempt(t *testing.T, ref string, outcome wallet.PaymentStatus) {
	t.Helper()
	if err := p.Attempt(ref, outcome); err != nil {
		t.Fatal(err)
	}
}

func (p payments) is(t *testing.T, ref string, want wallet.PaymentStatus) {
	t.Helper()
	got, err := p.Get(t.Context(), ref, "")
	if err != nil || got.Status != want {
		t.Fatalf("it is %q (%v), not %s", got.Status, err, want)
	}
}

func (p payments) names(t *testing.T) {
	t.Run("its id fits a URL, a configuration key and a column", func(t *testing.T) {
		if !regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`).MatchString(p.ID()) {
			t.Errorf("it is %q", p.ID())
		}
	})
	t.Run("it says which prices it takes", func(t *testing.T) {
		if !p.Accepts(p.Price) || !p.Accepts(p.Another) || p.Accepts(p.Refused) || p.Accepts(money.Amount{Currency: p.Price.Currency}) ||
			p.Accepts(money.Amount{Minor: -p.Price.Minor, Currency: p.Price.Currency}) || p.Accepts(money.Amount{Minor: p.Price.Minor}) {
			t.Error("it takes what it should not, or does not take what it should")
		}
	})
}

func (p payments) start(t *testing.T) {
	ctx := t.Context()
	t.Run("the same order again is the same payment, also in another process and when it is over", func(t *testing.T) {
		o := p.order()
		first, err := p.Start(ctx, o)
		if err != nil || first.Ref == "" || len(first.Client) == 0 {
			t.Fatalf("%+v, %v", first, err)
		}
		for _, then := range []wallet.PaymentStatus{"", wallet.PaymentFailed, wallet.PaymentPaid} {
			if then != "" {
				p.attempt(t, first.Ref, then)
			}
			for _, p := range []payment.Provider{p.Provider, p.Again(t)} {
				again, err := p.Start(ctx, o)
				if diff := cmp.Diff(first, again); err != nil || diff != "" {
					t.Fatalf("%v %s", err, diff)
				}
			}
		}
	})
	t.Run("twenty at once are one payment", func(t *testing.T) {
		o := p.order()
		var all sync.WaitGroup
		var refs sync.Map
		for range 20 {
			all.Go(func() {
				s, err := p.Start(ctx, o)
				if err != nil {
					t.Error(err)
				}
				refs.Store(s.Ref, true)
			})
		}
		all.Wait()
		count := 0
		refs.Range(func(any, any) bool { count++; return true })
		if count != 1 {
			t.Errorf("they are %d", count)
		}
	})
	t.Run("another order is another payment", func(t *testing.T) {
		_, a := p.started(t)
		if _, b := p.started(t); a == b {
			t.Errorf("both are %s", a)
		}
	})
	t.Run("the same order at another price is refused, and the first one stands", func(t *testing.T) {
		o, ref := p.started(t)
		o.Price = p.Another
		if _, err := p.Start(ctx, o); !errors.Is(err, payment.ErrInvalid) {
			t.Errorf("got %v", err)
		}
		if got, err := p.Get(ctx, ref, ""); err != nil || got.Amount != p.Price {
			t.Errorf("it is now %v (%v)", got.Amount, err)
		}
	})
	t.Run("a price that it does not take is refused", func(t *testing.T) {
		o := p.order()
		o.Price = p.Refused
		if _, err := p.Start(ctx, o); !errors.Is(err, payment.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the page is given no secret of the server", func(t *testing.T) {
		s, err := p.Start(ctx, p.order())
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range s.Client {
			if slices.ContainsFunc(p.Secrets, func(secret string) bool { return strings.Contains(value, secret) }) {
				t.Errorf("%s holds one", key)
			}
		}
	})
}

func (p payments) read(t *testing.T) {
	ctx := t.Context()
	t.Run("a payment is found by its own id, and by ours when that is not known", func(t *testing.T) {
		for _, price := range []money.Amount{p.Price, p.Another} {
			o := p.order()
			o.Price = price
			s, err := p.Start(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			want := wallet.Payment{Ref: s.Ref, Reference: o.Reference, Status: wallet.PaymentAwaiting, Amount: price}
			for _, by := range [][2]string{{s.Ref, o.Reference}, {s.Ref, ""}, {"", o.Reference}} {
				for _, p := range []payment.Provider{p.Provider, p.Again(t)} {
					got, err := p.Get(ctx, by[0], by[1])
					if diff := cmp.Diff(want, got); err != nil || diff != "" {
						t.Errorf("by %q: %v %s", by, err, diff)
					}
				}
			}
		}
	})
	t.Run("one that nobody started is not found", func(t *testing.T) {
		for _, by := range [][2]string{{"", p.order().Reference}, {"nobody", ""}, {"nobody", "nobody"}} {
			if got, err := p.Get(ctx, by[0], by[1]); !errors.Is(err, payment.ErrNotFound) {
				t.Errorf("by %q: %+v, %v", by, got, err)
			}
		}
		if err := p.Cancel(ctx, "nobody"); !errors.Is(err, payment.ErrNotFound) {
			t.Errorf("cancel: %v", err)
		}
	})
}

func (p payments) outcomes(t *testing.T) {
	t.Run("a failed attempt says why, and another one may succeed", func(t *testing.T) {
		_, ref := p.started(t)
		p.attempt(t, ref, wallet.PaymentFailed)
		if got, err := p.Get(t.Context(), ref, ""); err != nil || got.Status != wallet.PaymentFailed || got.Failure == "" {
			t.Fatalf("%+v, %v", got, err)
		}
		p.attempt(t, ref, wallet.PaymentPaid)
		if got, err := p.Get(t.Context(), ref, ""); err != nil || got.Status != wallet.PaymentPaid || got.Failure != "" || got.Amount != p.Price {
			t.Fatalf("%+v, %v", got, err)
		}
	})
	for _, end := range []wallet.PaymentStatus{wallet.PaymentPaid, wallet.PaymentFailed} {
		t.Run("what is in process ends "+string(end), func(t *testing.T) {
			_, ref := p.started(t)
			p.attempt(t, ref, wallet.PaymentProcessing)
			p.is(t, ref, wallet.PaymentProcessing)
			p.attempt(t, ref, end)
			p.is(t, ref, end)
		})
	}
	t.Run("paid is paid", func(t *testing.T) {
		_, ref := p.started(t)
		p.attempt(t, ref, wallet.PaymentPaid)
		for _, outcome := range []wallet.PaymentStatus{wallet.PaymentFailed, wallet.PaymentProcessing, wallet.PaymentPaid} {
			_ = p.Attempt(ref, outcome)
			p.is(t, ref, wallet.PaymentPaid)
		}
	})
}

func (p payments) cancel(t *testing.T) {
	ctx := t.Context()
	t.Run("what was paid stays paid", func(t *testing.T) {
		_, ref := p.started(t)
		p.attempt(t, ref, wallet.PaymentPaid)
		for range 2 {
			if err := p.Cancel(ctx, ref); !errors.Is(err, payment.ErrAlreadyPaid) && !p.NoCancel {
				t.Errorf("got %v", err)
			}
			p.is(t, ref, wallet.PaymentPaid)
		}
	})
	if p.NoCancel {
		return
	}
	t.Run("what nobody has paid is closed for good, and canceling again is no error", func(t *testing.T) {
		for _, before := range []wallet.PaymentStatus{wallet.PaymentAwaiting, wallet.PaymentFailed} {
			o, ref := p.started(t)
			if before == wallet.PaymentFailed {
				p.attempt(t, ref, before)
			}
			for range 2 {
				if err := p.Cancel(ctx, ref); err != nil {
					t.Fatal(err)
				}
				p.is(t, ref, wallet.PaymentCanceled)
			}
			if err := p.Attempt(ref, wallet.PaymentPaid); err == nil {
				t.Error("it could be paid")
			}
			p.is(t, ref, wallet.PaymentCanceled)
			if s, err := p.Start(ctx, o); err != nil || s.Ref != ref {
				t.Errorf("starting it again gives %+v, %v", s, err)
			}
		}
	})
	t.Run("what is in process is left to its end", func(t *testing.T) {
		_, ref := p.started(t)
		p.attempt(t, ref, wallet.PaymentProcessing)
		if err := p.Cancel(ctx, ref); !errors.Is(err, payment.ErrProcessing) {
			t.Errorf("got %v", err)
		}
		p.is(t, ref, wallet.PaymentProcessing)
	})
	t.Run("a race against success has one winner, and says which", func(t *testing.T) {
		for range 25 {
			_, ref := p.started(t)
			var both sync.WaitGroup
			var canceled, paid error
			both.Go(func() { canceled = p.Cancel(ctx, ref) })
			both.Go(func() { paid = p.Attempt(ref, wallet.PaymentPaid) })
			both.Wait()
			switch {
			case canceled == nil && paid != nil:
				p.is(t, ref, wallet.PaymentCanceled)
			case errors.Is(canceled, payment.ErrAlreadyPaid) && paid == nil:
				p.is(t, ref, wallet.PaymentPaid)
			default:
				t.Fatalf("canceled: %v, paid: %v", canceled, paid)
			}
		}
	})
}

// away is about calls that do not reach the provider: whoever made them must
// not take that for an answer.
func (p payments) away(t *testing.T) {
	o, ref := p.started(t)
	calls := func(ctx context.Context) map[string]error {
		_, start := p.Start(ctx, o)
		_, get := p.Get(ctx, ref, o.Reference)
		return map[string]error{"start": start, "get": get, "cancel": p.Cancel(ctx, ref)}
	}
	unheard := func(t *testing.T, errs map[string]error) {
		t.Helper()
		for call, err := range errs {
			if !errors.Is(err, payment.ErrUnavailable) && !errors.Is(err, payment.ErrUnknownOutcome) ||
				errors.Is(err, payment.ErrInvalid) || errors.Is(err, payment.ErrNotFound) {
				t.Errorf("%s: %v", call, err)
			}
		}
	}
	t.Run("no answer is not an answer", func(t *testing.T) {
		p.Away(true)
		unheard(t, calls(t.Context()))
		p.Away(false)
		p.is(t, ref, wallet.PaymentAwaiting)
	})
	t.Run("nor is giving up waiting for one", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		unheard(t, calls(ctx))
		p.is(t, ref, wallet.PaymentAwaiting)
	})
}

func (p payments) webhooks(t *testing.T) {
	now := time.Now()
	t.Run("a message names the payment to ask about", func(t *testing.T) {
		_, ref := p.started(t)
		p.attempt(t, ref, wallet.PaymentPaid)
		for _, p := range []payments{p, {Provider: p.Again(t), PaymentControls: p.PaymentControls}} {
			header, body := p.Webhook(t, ref, now)
			hints, err := p.Parse(header, body, now)
			if err != nil || len(hints) != 1 || hints[0].Ref != ref || hints[0].DedupeKey == "" || hints[0].Kind == "" {
				t.Errorf("%+v, %v", hints, err)
			}
		}
	})
	t.Run("the same message again has the same key, another one another", func(t *testing.T) {
		_, ref := p.started(t)
		header, body := p.Webhook(t, ref, now)
		p.attempt(t, ref, wallet.PaymentFailed)
		otherHeader, otherBody := p.Webhook(t, ref, now)
		first, err1 := p.Parse(header, body, now)
		again, err2 := p.Parse(header, body, now.Add(time.Second))
		other, err3 := p.Parse(otherHeader, otherBody, now)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if first[0].DedupeKey != again[0].DedupeKey || first[0].DedupeKey == other[0].DedupeKey {
			t.Errorf("%q, %q and %q", first[0].DedupeKey, again[0].DedupeKey, other[0].DedupeKey)
		}
	})
	t.Run("a message of a type that is not known gives no hint and no error", func(t *testing.T) {
		header, body := p.Unknown(t, now)
		if hints, err := p.Parse(header, body, now); err != nil || len(hints) != 0 {
			t.Errorf("%+v, %v", hints, err)
		}
	})
	t.Run("clocks may differ by minutes", func(t *testing.T) {
		_, ref := p.started(t)
		for _, ahead := range []time.Duration{-4 * time.Minute, 4 * time.Minute} {
			header, body := p.Webhook(t, ref, now.Add(ahead))
			if _, err := p.Parse(header, body, now); err != nil {
				t.Errorf("signed %s from now: %v", ahead, err)
			}
		}
	})
}

func (p payments) forged(t *testing.T) {
	now := time.Now()
	_, ref := p.started(t)
	refused := func(t *testing.T, header http.Header, body []byte) {
		t.Helper()
		if hints, err := p.Parse(header, body, now); !errors.Is(err, payment.ErrBadSignature) || len(hints) != 0 {
			t.Errorf("it gives %+v, %v", hints, err)
		}
	}
	t.Run("a body that was changed, be it by a space", func(t *testing.T) {
		header, body := p.Webhook(t, ref, now)
		refused(t, header, append(slices.Clone(body), ' '))
		refused(t, header, append([]byte{' '}, body...))
		refused(t, header, nil)
		for i := range body {
			changed := slices.Clone(body)
			changed[i] ^= 1
			refused(t, header, changed)
		}
	})
	t.Run("a header that is missing, empty, there twice, or changed", func(t *testing.T) {
		header, body := p.Webhook(t, ref, now)
		refused(t, http.Header{}, body)
		refused(t, nil, body)
		for name, values := range header {
			if name == "Content-Type" {
				continue
			}
			for _, forged := range [][]string{nil, {""}, {values[0], values[0]}, {"garbage"}, {values[0] + "0"}, {strings.ToLower(values[0]) + ","}} {
				spoiled := header.Clone()
				spoiled[name] = forged
				refused(t, spoiled, body)
			}
		}
	})
	t.Run("a signature of another message", func(t *testing.T) {
		header, _ := p.Webhook(t, ref, now)
		_, body := p.Webhook(t, ref, now.Add(time.Second))
		_, another := p.started(t)
		_, foreign := p.Webhook(t, another, now)
		refused(t, header, foreign)
		if otherHeader, otherBody := p.Webhook(t, another, now); !bytes.Equal(otherBody, body) {
			refused(t, otherHeader, body)
		}
	})
	t.Run("what was recorded and is played again later, or is dated ahead", func(t *testing.T) {
		for _, ahead := range []time.Duration{-24 * time.Hour, -6 * time.Minute, 6 * time.Minute, 24 * time.Hour} {
			header, body := p.Webhook(t, ref, now.Add(ahead))
			refused(t, header, body)
		}
	})
}
