package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/config"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// atOnce sends requests at the same moment and answers in their order.
func atOnce(t *testing.T, base string, requests []attempt) []answer {
	t.Helper()
	answers := make([]answer, len(requests))
	ready := make(chan struct{})
	var senders sync.WaitGroup
	for i := range requests {
		senders.Go(func() {
			<-ready
			answers[i] = send(t, base, requests[i])
		})
	}
	close(ready)
	senders.Wait()
	plainly.CloseIdleConnections() // some have never been used: a server that stops waits for those
	return answers
}

func (m *member) keyed(target, key, body string) attempt {
	a := attempt{fault: key, method: "POST", target: target, header: as(m.token(), http.Header{"Idempotency-Key": {key}}), body: []byte(body)}
	if body != "" {
		a.header.Set("Content-Type", "application/json")
	}
	return a
}

func purchaseOf(post uuid.UUID) string { return "/v1/posts/" + post.String() + "/purchase" }

// tally counts answers by status and code.
func tally(answers []answer) map[string]int {
	counts := map[string]int{}
	for _, a := range answers {
		var p api.Problem
		_ = json.Unmarshal(a.body, &p)
		counts[strings.TrimSpace(fmt.Sprint(a.status, " ", p.Code))]++
	}
	return counts
}

// TestImpatience sends what must happen once many times, and much of it at once.
func TestImpatience(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		c.Limits.Enabled = false // which would answer most of it
		w := start(t, c)
		author, fan, other := w.member("author"), w.member("fan"), w.member("other")
		medium := author.stamped()
		var posts []uuid.UUID
		for range 14 {
			posts = append(posts, author.post(medium, priced(30)).ID)
		}
		fan.topUp("popular", api.SandboxAttemptWebhookNever)
		other.topUp("starter", api.SandboxAttemptWebhookNever)

		t.Run("a key is good for one request", func(t *testing.T) {
			key, again := sajin.NewKey(), sajin.NewKey()
			for _, step := range []struct {
				send   attempt
				status int
			}{
				{fan.keyed("/v1/top-ups", key, `{"pack_id":"starter"}`), 201},
				{fan.keyed("/v1/top-ups", key, `{"pack_id":"popular"}`), 422},
				{fan.keyed("/v1/top-ups", key, `{"provider":"sandbox","pack_id":"starter"}`), 422},
				{fan.keyed("/v1/top-ups", `"`+key+`"`, `{ "pack_id" : "starter" }`), 201}, // the same
				{fan.keyed(purchaseOf(posts[1]), again, ""), 201},
				{fan.keyed(purchaseOf(posts[2]), again, ""), 422},
				{fan.keyed(purchaseOf(posts[1]), again, `{"price_coins":30}`), 422},
			} {
				got := send(t, w.server.URL, step.send)
				if step.status == 422 {
					step.send.status = 422
					refused(t, step.send, got)
				} else if got.status != step.status {
					t.Errorf("%s %s: %d %s", step.send.target, step.send.body, got.status, got.body)
				}
			}
		})
		t.Run("another's key is another one", func(t *testing.T) {
			key := sajin.NewKey()
			for _, buyer := range []*member{fan, other} {
				if got := send(t, w.server.URL, buyer.keyed(purchaseOf(posts[3]), key, "")); got.status != 201 || got.header.Get("Idempotency-Replayed") != "" {
					t.Errorf("%d %v", got.status, got.header)
				}
			}
		})
		t.Run("coins for three posts buy three of ten", func(t *testing.T) {
			poor := []*member{w.member("poor"), w.member("poor")}
			var requests []attempt
			for _, fan := range poor {
				fan.topUp("starter", api.SandboxAttemptWebhookNever)
				for _, post := range posts[4:] {
					requests = append(requests, fan.keyed(purchaseOf(post), sajin.NewKey(), ""))
				}
			}
			answers := atOnce(t, w.server.URL, requests)
			for i, fan := range poor {
				if got := tally(answers[i*10 : i*10+10]); got["201"] != 3 || got["402 wallet.insufficient-coins"] != 7 {
					t.Errorf("%v", got)
				}
				if got := fan.wallet(); got.Total != 10 {
					t.Errorf("%+v", got)
				}
			}
		})
		w.balanced()
		(&stage{world: w}).calm(t)
	})
}

// oneEffect sends one request n times at once. One is done; the others hear the
// same, or that it is being done.
func (w *world) oneEffect(t *testing.T, a attempt, n int) {
	t.Helper()
	answers := atOnce(t, w.server.URL, many(n, func(int) attempt { return a }))
	answers = append(answers, send(t, w.server.URL, a)) // now that all is done
	first, replays := "", 0
	for i, got := range answers {
		switch {
		case got.status == 201:
			if got.header.Get("Idempotency-Replayed") == "true" {
				replays++
			}
			if first == "" {
				first = string(got.body)
			}
			if string(got.body) != first {
				t.Errorf("%s, and then %s", first, got.body)
			}
		case i == len(answers)-1:
			t.Errorf("in the end: %d %s", got.status, got.body)
		default:
			running := a
			running.status = http.StatusConflict
			refused(t, running, got)
		}
	}
	if counts := tally(answers); counts["201"] != replays+1 || counts["201"]+counts["409 idempotency.in-progress"] != n+1 {
		t.Errorf("%v, %d of them replayed", counts, replays)
	}
}

func (m *member) topUps() []api.TopUp {
	m.w.t.Helper()
	limit := int64(100)
	resp, err := m.ListTopUpsWithResponse(m.w.t.Context(), &api.ListTopUpsParams{Limit: &limit})
	m.w.must(err)
	return resp.JSON200.Items
}
