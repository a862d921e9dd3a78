package httpapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/domain/ident"
)

func TestBuyingCoins(t *testing.T) {
	t.Run("from the list of packs to coins, by webhook", func(t *testing.T) {
		s := newCoinServer(t)
		packs := s.wants(s.do("GET", s.url+"/v1/coin-packs", ""), http.StatusOK, "")
		if got := compact(packs.body); got != `{"items":[{"id":"popular","coins":500,"bonus":50,"price":{"amount":5000,"currency":"KRW"},"providers":["sandbox"]}]}` {
			t.Error(got)
		}
		top := s.start(startKey)
		body := top.json()
		for _, member := range []string{"failure", "paid_at"} {
			if _, there := body[member]; there {
				t.Errorf("%s is there", member)
			}
		}
		if top.text("status") != "awaiting" || top.text("provider") != "sandbox" || top.text("pack_id") != "popular" || body["coins"] != 500.0 ||
			!strings.HasPrefix(top.text("provider_ref"), "sbx_") || top.Header.Get("Idempotency-Replayed") != "" {
			t.Error(string(top.body))
		}
		paid := s.wants(s.do("POST", top.text("client", "pay_url"), `{"outcome":"succeeded","webhook":"now"}`), http.StatusOK, "")
		if compact(paid.body) != `{"status":"paid","webhook":"delivered"}` {
			t.Error(string(paid.body))
		}
		s.work()
		s.holds(550)
		now := s.wants(s.do("GET", "/v1/top-ups/"+top.text("id"), ""), http.StatusOK, "")
		if now.text("status") != "paid" || now.text("paid_at") == "" {
			t.Error(string(now.body))
		}
	})
	t.Run("the page that comes back from paying need not wait for the webhook", func(t *testing.T) {
		s := newCoinServer(t)
		top := s.start(startKey)
		pay, confirm := top.text("client", "pay_url"), "/v1/top-ups/"+top.text("id")+"/confirm"
		for _, step := range []struct{ outcome, status, failure string }{
			{"failed", "awaiting", "card_declined"}, {"pending", "processing", ""}, {"succeeded", "paid", ""},
		} {
			s.wants(s.do("POST", pay, `{"outcome":"`+step.outcome+`","webhook":"never"}`), http.StatusOK, "")
			got := s.wants(s.do("POST", confirm, ""), http.StatusOK, "")
			if got.text("status") != step.status || got.text("failure") != step.failure {
				t.Errorf("after %s: %s", step.outcome, got.body)
			}
		}
		s.holds(550)
		s.wants(s.do("POST", confirm, ""), http.StatusOK, "")
		s.work()
		s.holds(550)
	})
	t.Run("the same key again is the same answer, byte for byte, and says so", func(t *testing.T) {
		s := newCoinServer(t)
		first := s.start(startKey)
		s.wants(s.do("POST", first.text("client", "pay_url"), `{"outcome":"succeeded"}`), http.StatusOK, "")
		s.work()
		again := s.start(`"` + startKey + `"`)
		if !bytes.Equal(first.body, again.body) || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s\n%s %v", first.body, again.body, again.Header)
		}
		s.holds(550)
	})
	t.Run("what cannot be begun says why", func(t *testing.T) {
		s := newCoinServer(t)
		post := func(body string, headers ...string) reply { return s.do("POST", "/v1/top-ups", body, headers...) }
		s.wants(post(`{"pack_id":"popular"}`), http.StatusBadRequest, "idempotency.key")
		s.wants(post(`{"pack_id":"popular"}`, "Idempotency-Key", "short"), http.StatusBadRequest, "idempotency.key")
		s.wants(post(`{"pack_id":"gone"}`, "Idempotency-Key", startKey), http.StatusNotFound, "wallet.unknown-pack")
		s.wants(post(`{"pack_id":"popular","provider":"stripe"}`, "Idempotency-Key", startKey), http.StatusUnprocessableEntity, "wallet.provider-not-offered")
		s.wants(post(`{"pack_id":"popular","amount":1}`, "Idempotency-Key", startKey), http.StatusUnprocessableEntity, "request.invalid")
		s.sandbox.Controls().Away(true)
		s.wants(post(`{"pack_id":"popular"}`, "Idempotency-Key", startKey), http.StatusServiceUnavailable, "wallet.provider-unavailable")
		s.sandbox.Controls().Away(false)
		s.start(startKey)
		s.wants(post(`{"pack_id":"gone"}`, "Idempotency-Key", startKey), http.StatusUnprocessableEntity, "idempotency.key-reused")
		s.wants(s.do("POST", s.url+"/v1/top-ups", `{"pack_id":"popular"}`, "Idempotency-Key", startKey), http.StatusUnauthorized, "accounts.sign-in")
	})
	t.Run("somebody else's top-up is not found", func(t *testing.T) {
		s := newCoinServer(t)
		id := s.start(startKey).text("id")
		s.fan = ident.AccountID{1}
		s.wants(s.do("GET", "/v1/top-ups/"+id, ""), http.StatusNotFound, "wallet.top-up-not-found")
		s.wants(s.do("POST", "/v1/top-ups/"+id+"/confirm", ""), http.StatusNotFound, "wallet.top-up-not-found")
		if got := s.wants(s.do("GET", "/v1/top-ups", ""), http.StatusOK, ""); compact(got.body) != `{"items":[],"next_cursor":null}` {
			t.Error(string(got.body))
		}
	})
	t.Run("a copy that is current is not sent again, one that is out of date is", func(t *testing.T) {
		s := newCoinServer(t)
		top := s.start(startKey)
		path := "/v1/top-ups/" + top.text("id")
		tag := s.wants(s.do("GET", path, ""), http.StatusOK, "").Header.Get("ETag")
		s.wants(s.do("GET", path, "", "If-None-Match", tag), http.StatusNotModified, "")
		s.wants(s.do("POST", top.text("client", "pay_url"), `{"outcome":"failed"}`), http.StatusOK, "")
		s.work()
		s.wants(s.do("GET", path, "", "If-None-Match", tag), http.StatusOK, "")
	})
	t.Run("the list goes on where its page ended", func(t *testing.T) {
		s := newCoinServer(t)
		var want []string
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			want = append([]string{s.start(strings.Repeat(key, 16)).text("id")}, want...)
		}
		var got []string
		for path := "/v1/top-ups?limit=2"; ; {
			var page struct {
				Items      []struct{ ID string }
				NextCursor *string `json:"next_cursor"`
			}
			s.must(json.Unmarshal(s.wants(s.do("GET", path, ""), http.StatusOK, "").body, &page))
			for _, item := range page.Items {
				got = append(got, item.ID)
			}
			if page.NextCursor == nil {
				break
			}
			path = "/v1/top-ups?limit=2&cursor=" + *page.NextCursor
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestWebhookResource(t *testing.T) {
	s := newCoinServer(t)
	top := s.start(startKey)
	s.must(s.sandbox.Controls().Outcome(t.Context(), top.text("provider_ref"), sandboxpay.Succeeded))
	header, body, err := s.sandbox.Controls().Webhook(t.Context(), top.text("provider_ref"), time.Now())
	s.must(err)
	var headers []string
	for name, values := range header {
		headers = append(headers, name, values[0])
	}
	post := func(provider, body string, headers ...string) reply {
		return s.do("POST", s.url+"/v1/webhooks/"+provider, body, headers...)
	}
	t.Run("what is forged, for nobody, too large or empty is refused, and has no effect", func(t *testing.T) {
		s := s.in(t)
		s.wants(post("sandbox", string(body)), http.StatusBadRequest, "wallet.webhook-signature")
		s.wants(post("sandbox", string(body)+" ", headers...), http.StatusBadRequest, "wallet.webhook-signature")
		s.wants(post("sandbox", "", headers...), http.StatusBadRequest, "request.malformed")
		s.wants(post("stripe", string(body), headers...), http.StatusNotFound, "wallet.unknown-provider")
		s.wants(post("sandbox", strings.Repeat("x", 64<<10+1), headers...), http.StatusRequestEntityTooLarge, "request.too-large")
		s.wants(s.do("GET", s.url+"/v1/webhooks/sandbox", ""), http.StatusMethodNotAllowed, "request.method")
		s.work()
		s.holds(0)
	})
	t.Run("a body as large as is allowed is read", func(t *testing.T) {
		s := s.in(t)
		s.wants(post("sandbox", strings.Repeat("x", 64<<10-1), headers...), http.StatusBadRequest, "wallet.webhook-signature")
	})
	t.Run("what is not JSON, but signed, is refused as that", func(t *testing.T) {
		s := s.in(t)
		form := []byte("imp_uid=imp_1&status=paid")
		signed := s.sandbox.Controls().Sign("msg_form", form, time.Now())
		r := s.do("POST", s.url+"/v1/webhooks/sandbox", string(form), "Webhook-Id", "msg_form",
			"Webhook-Timestamp", signed.Get("Webhook-Timestamp"), "Webhook-Signature", signed.Get("Webhook-Signature"))
		s.wants(r, http.StatusBadRequest, "wallet.webhook-malformed")
	})
	t.Run("what is the provider's is taken in, as often as it comes", func(t *testing.T) {
		s := s.in(t)
		for range 3 {
			if r := s.wants(post("sandbox", string(body), headers...), http.StatusOK, ""); compact(r.body) != "{}" {
				t.Error(string(r.body))
			}
			s.work()
			s.holds(550)
		}
	})
}

func TestSandboxResource(t *testing.T) {
	s := newCoinServer(t)
	pay := s.start(startKey).text("client", "pay_url")
	t.Run("it takes the words that it knows, from who holds the token", func(t *testing.T) {
		s := s.in(t)
		s.wants(s.do("POST", pay, `{"outcome":"paid"}`), http.StatusUnprocessableEntity, "request.invalid")
		s.wants(s.do("POST", pay, `{"outcome":"succeeded","webhook":"soon"}`), http.StatusUnprocessableEntity, "request.invalid")
		s.wants(s.do("POST", pay, `{}`), http.StatusUnprocessableEntity, "request.invalid")
		s.wants(s.do("POST", pay+"0", `{"outcome":"succeeded"}`), http.StatusNotFound, "sandbox.payment-not-found")
		s.holds(0)
	})
	t.Run("a late webhook comes by itself", func(t *testing.T) {
		s := s.in(t)
		r := s.wants(s.do("POST", pay, `{"outcome":"succeeded","webhook":"late"}`), http.StatusOK, "")
		if compact(r.body) != `{"status":"paid","webhook":"scheduled"}` {
			t.Error(string(r.body))
		}
		for range 500 {
			s.work()
			if s.do("GET", "/v1/wallet", "").json()["total"] == 550.0 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Error("it did not")
	})
	t.Run("what has succeeded is closed", func(t *testing.T) {
		s := s.in(t)
		s.wants(s.do("POST", pay, `{"outcome":"failed"}`), http.StatusConflict, "sandbox.payment-closed")
	})
}
