package sandboxpay_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
)

// server stands for sajin: it takes webhooks in, or does not.
type server struct {
	*httptest.Server
	refuse int // so many first

	mu   sync.Mutex
	took []taken
}

type taken struct {
	header http.Header
	body   string
}

func listen(t *testing.T) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.Path != "/v1/webhooks/sandbox" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if s.refuse > 0 {
			s.refuse--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		s.took = append(s.took, taken{r.Header.Clone(), string(body)})
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) received() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]taken(nil), s.took...)
}

// await waits until so many webhooks have come.
func (s *server) await(t *testing.T, n int) []taken {
	t.Helper()
	for range 500 {
		if got := s.received(); len(got) >= n {
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d webhooks came, not %d", len(s.received()), n)
	return nil
}

func with(t *testing.T, o sandboxpay.Options) *sandboxpay.Provider {
	t.Helper()
	o.WebhookSecret = secret
	p, err := sandboxpay.New(sandboxpay.NewMemoryBook(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// begin starts a payment and answers its ref and the token to pay it with.
func begin(t *testing.T, p *sandboxpay.Provider, public string) (ref, token string) {
	t.Helper()
	s, err := p.Start(t.Context(), payment.Order{Reference: t.Name() + time.Now().String(), Price: money.Amount{Minor: 5000, Currency: "KRW"}})
	if err != nil {
		t.Fatal(err)
	}
	token, ok := strings.CutPrefix(s.Client["pay_url"], public+sandboxpay.PayPath)
	if !ok || !strings.HasPrefix(s.Ref, "sbx_") {
		t.Fatalf("%+v", s)
	}
	return s.Ref, token
}

func TestPay(t *testing.T) {
	ctx := t.Context()
	t.Run("a webhook that is wanted now has come before the answer", func(t *testing.T) {
		s := listen(t)
		p := with(t, sandboxpay.Options{PublicURL: s.URL + "/"})
		for outcome, want := range map[string]wallet.PaymentStatus{
			sandboxpay.Pending: wallet.PaymentProcessing, sandboxpay.Failed: wallet.PaymentFailed, sandboxpay.Succeeded: wallet.PaymentPaid,
		} {
			ref, token := begin(t, p, s.URL)
			before := len(s.received())
			status, delivery, err := p.Pay(ctx, token, outcome, sandboxpay.Now)
			got := s.received()
			if err != nil || status != string(want) || delivery != "delivered" || len(got) != before+1 {
				t.Fatalf("%s: %s, %s, %v, and %d webhooks", outcome, status, delivery, err, len(got)-before)
			}
			last := got[len(got)-1]
			hints, err := p.Parse(last.header, []byte(last.body), time.Now())
			if err != nil || len(hints) != 1 || hints[0].Ref != ref || last.header.Get("Content-Type") != "application/json" {
				t.Fatalf("%+v, %v", hints, err)
			}
		}
	})
	t.Run("a late one comes later, one that is lost never does", func(t *testing.T) {
		s := listen(t)
		p := with(t, sandboxpay.Options{PublicURL: s.URL, Late: 50 * time.Millisecond})
		_, token := begin(t, p, s.URL)
		if _, delivery, err := p.Pay(ctx, token, sandboxpay.Pending, sandboxpay.Never); err != nil || delivery != "none" {
			t.Fatal(delivery, err)
		}
		_, delivery, err := p.Pay(ctx, token, sandboxpay.Succeeded, sandboxpay.Late)
		if err != nil || delivery != "scheduled" || len(s.received()) != 0 {
			t.Fatal(delivery, err, s.received())
		}
		if got := s.await(t, 1); !strings.Contains(got[0].body, "payment.succeeded") {
			t.Fatal(got)
		}
		time.Sleep(100 * time.Millisecond)
		if n := len(s.received()); n != 1 {
			t.Fatalf("%d came", n)
		}
	})
	t.Run("one that is not taken does not undo the payment, and is tried again with the same id", func(t *testing.T) {
		s := listen(t)
		s.refuse = 3
		p := with(t, sandboxpay.Options{PublicURL: s.URL, Backoff: []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond, time.Millisecond}})
		ref, token := begin(t, p, s.URL)
		status, delivery, err := p.Pay(ctx, token, sandboxpay.Succeeded, sandboxpay.Now)
		if err != nil || status != "paid" || delivery != "retrying" {
			t.Fatal(status, delivery, err)
		}
		got := s.await(t, 1)
		if hints, err := p.Parse(got[0].header, []byte(got[0].body), time.Now()); err != nil || hints[0].Ref != ref {
			t.Fatal(hints, err)
		}
		time.Sleep(50 * time.Millisecond)
		if n := len(s.received()); n != 1 {
			t.Errorf("it was taken, and came %d times", n)
		}
	})
	t.Run("nobody there to take it is no failure of the payment", func(t *testing.T) {
		s := listen(t)
		url := s.URL
		s.Close()
		p := with(t, sandboxpay.Options{PublicURL: url})
		_, token := begin(t, p, url)
		if status, delivery, err := p.Pay(ctx, token, sandboxpay.Succeeded, sandboxpay.Now); err != nil || status != "paid" || delivery != "retrying" {
			t.Fatal(status, delivery, err)
		}
	})
	t.Run("failed is not the end, success is, and so is canceling", func(t *testing.T) {
		p := with(t, sandboxpay.Options{PublicURL: "http://sajin.example"})
		pay := func(token, outcome string) error {
			_, _, err := p.Pay(ctx, token, outcome, sandboxpay.Never)
			return err
		}
		_, token := begin(t, p, "http://sajin.example")
		for _, outcome := range []string{sandboxpay.Failed, sandboxpay.Pending, sandboxpay.Failed, sandboxpay.Succeeded, sandboxpay.Succeeded} {
			if err := pay(token, outcome); err != nil {
				t.Fatal(outcome, err)
			}
		}
		ref, canceled := begin(t, p, "http://sajin.example")
		if err := p.Cancel(ctx, ref); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{pay(token, sandboxpay.Failed), pay(token, sandboxpay.Pending), pay(canceled, sandboxpay.Succeeded)} {
			if !errors.Is(err, sandboxpay.ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
	})
	t.Run("only who holds the token pays, and it is in no way the ref", func(t *testing.T) {
		p := with(t, sandboxpay.Options{PublicURL: "http://sajin.example"})
		ref, token := begin(t, p, "http://sajin.example")
		_, other := begin(t, p, "http://sajin.example")
		_, otherSecret, _ := strings.Cut(other, "_secret_")
		if len(otherSecret) < 32 {
			t.Errorf("%q can be guessed", otherSecret)
		}
		for _, forged := range []string{"", ref, ref + "_secret_", ref + "_secret_" + otherSecret, token + "0", token[:len(token)-1], "sbx_0_secret_" + otherSecret} {
			if _, _, err := p.Pay(ctx, forged, sandboxpay.Succeeded, sandboxpay.Never); !errors.Is(err, sandboxpay.ErrNoPayment) {
				t.Errorf("with %q: %v", forged, err)
			}
		}
		if got, err := p.Get(ctx, ref, ""); err != nil || got.Status != wallet.PaymentAwaiting {
			t.Error(got, err)
		}
	})
	t.Run("words that it does not know are refused and change nothing", func(t *testing.T) {
		p := with(t, sandboxpay.Options{PublicURL: "http://sajin.example"})
		ref, token := begin(t, p, "http://sajin.example")
		for _, words := range [][2]string{{"succeeded", "soon"}, {"succeeded", ""}, {"paid", "now"}, {"", "now"}} {
			if _, _, err := p.Pay(ctx, token, words[0], words[1]); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q: %v", words, err)
			}
		}
		if got, err := p.Get(ctx, ref, ""); err != nil || got.Status != wallet.PaymentAwaiting {
			t.Error(got, err)
		}
	})
}

func TestControls(t *testing.T) {
	ctx := t.Context()
	t.Run("webhooks are lost and doubled", func(t *testing.T) {
		s := listen(t)
		p := with(t, sandboxpay.Options{PublicURL: s.URL})
		p.Controls().LoseWebhooks(1)
		p.Controls().DuplicateWebhooks(1)
		for i, want := range []int{0, 2, 3} {
			_, token := begin(t, p, s.URL)
			if _, _, err := p.Pay(ctx, token, sandboxpay.Succeeded, sandboxpay.Now); err != nil {
				t.Fatal(err)
			}
			if got := s.received(); len(got) != want {
				t.Errorf("after %d payments %d webhooks came, not %d", i+1, len(got), want)
			}
		}
		if got := s.received(); got[0].header.Get("Webhook-Id") != got[1].header.Get("Webhook-Id") || got[1].header.Get("Webhook-Id") == got[2].header.Get("Webhook-Id") {
			t.Error("a double has the id of its original, and only that")
		}
	})
	t.Run("a lost answer leaves the payment behind", func(t *testing.T) {
		p := with(t, sandboxpay.Options{PublicURL: "http://sajin.example"})
		p.Controls().LoseAnswers(1)
		o := payment.Order{Reference: "r", Price: money.Amount{Minor: 1, Currency: "USD"}}
		_, err := p.Start(ctx, o)
		found, getErr := p.Get(ctx, "", "r")
		s, again := p.Start(ctx, o)
		if !errors.Is(err, payment.ErrUnknownOutcome) || getErr != nil || again != nil || s.Ref != found.Ref {
			t.Fatal(err, getErr, again, s, found)
		}
	})
}

func TestNew(t *testing.T) {
	for name, o := range map[string]sandboxpay.Options{
		"an empty secret":            {PublicURL: "http://sajin.example"},
		"a secret of nothing":        {PublicURL: "http://sajin.example", WebhookSecret: "whsec_"},
		"a secret that is no base64": {PublicURL: "http://sajin.example", WebhookSecret: "whsec_*"},
		"a URL that is not absolute": {PublicURL: "/v1", WebhookSecret: secret},
		"no URL":                     {WebhookSecret: secret},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if _, err := sandboxpay.New(sandboxpay.NewMemoryBook(), o); err == nil {
				t.Error("it was taken")
			}
		})
	}
}

func TestSignatures(t *testing.T) {
	p := with(t, sandboxpay.Options{PublicURL: "http://sajin.example"})
	now := time.Now()
	body := []byte(`{"type":"payment.succeeded","data":{"id":"sbx_1"}}`)
	signed := p.Controls().Sign("msg_1", body, now)
	signature := signed.Get("Webhook-Signature")
	stranger := strings.Repeat("A", 43) + "="
	for name, c := range map[string]struct {
		signature string
		holds     bool
	}{
		"the one":                            {signature, true},
		"one of several holds, the last":     {"v1," + stranger + " " + signature, true},
		"one of several holds, the first":    {signature + " v1," + stranger, true},
		"other versions are passed over":     {"v1a,xyz v2," + stranger + " " + signature, true},
		"only other versions":                {"v1a," + strings.TrimPrefix(signature, "v1,"), false},
		"another secret's":                   {"v1," + stranger, false},
		"the version is part of it":          {strings.TrimPrefix(signature, "v1,"), false},
		"hexadecimal as another scheme has":  {"v1,00ff", false},
		"a truncated one":                    {signature[:20], false},
		"an empty one":                       {"v1,", false},
		"two that are joined without spaces": {signature + "," + signature, false},
	} {
		t.Run(name, func(t *testing.T) {
			header := signed.Clone()
			header.Set("Webhook-Signature", c.signature)
			hints, err := p.Parse(header, body, now)
			if holds := err == nil && len(hints) == 1; holds != c.holds {
				t.Errorf("%+v, %v", hints, err)
			}
		})
	}
	t.Run("a message without an id could not be told from others", func(t *testing.T) {
		if _, err := p.Parse(p.Controls().Sign("", body, now), body, now); !errors.Is(err, payment.ErrBadSignature) {
			t.Error(err)
		}
	})
	t.Run("a test vector of the specification holds", func(t *testing.T) {
		p, err := sandboxpay.New(sandboxpay.NewMemoryBook(), sandboxpay.Options{
			PublicURL: "http://sajin.example", WebhookSecret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		})
		if err != nil {
			t.Fatal(err)
		}
		header := http.Header{}
		header.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
		header.Set("webhook-timestamp", "1614265330")
		header.Set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
		if _, err := p.Parse(header, []byte(`{"test": 2432232314}`), time.Unix(1614265330, 0)); err != nil {
			t.Error(err)
		}
	})
	t.Run("what is signed and cannot be read is invalid, not forged", func(t *testing.T) {
		for _, body := range []string{"", "not JSON", `[]`, `{"type":"payment.succeeded"}`, `a=b&c=d`} {
			if _, err := p.Parse(p.Controls().Sign("msg_1", []byte(body), now), []byte(body), now); !errors.Is(err, payment.ErrInvalid) || errors.Is(err, payment.ErrBadSignature) {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
	t.Run("five minutes are the limit, both ways, to the second", func(t *testing.T) {
		at := time.Unix(1_700_000_000, 0)
		for ahead, holds := range map[time.Duration]bool{-301 * time.Second: false, -300 * time.Second: true, 300 * time.Second: true, 301 * time.Second: false} {
			if _, err := p.Parse(p.Controls().Sign("msg_1", body, at.Add(ahead)), body, at); (err == nil) != holds {
				t.Errorf("signed %s from now: %v", ahead, err)
			}
		}
	})
}

func TestCloseEndsWhatWaits(t *testing.T) {
	s := listen(t)
	p := with(t, sandboxpay.Options{PublicURL: s.URL, Late: time.Hour})
	_, token := begin(t, p, s.URL)
	if _, _, err := p.Pay(t.Context(), token, sandboxpay.Succeeded, sandboxpay.Late); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = p.Close(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("it waits for the webhook")
	}
}
