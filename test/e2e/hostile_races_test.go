package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// many is so many requests made one after another.
func many(n int, next func(i int) attempt) []attempt {
	all := make([]attempt, n)
	for i := range all {
		all[i] = next(i)
	}
	return all
}

func jsonTo(method, target, token, body string) attempt {
	a := attempt{fault: method + " " + target, method: method, target: target, header: as(token, nil), body: []byte(body)}
	if body != "" {
		a.header.Set("Content-Type", "application/json")
	}
	return a
}

// TestRaces does at one moment, very often, what may have an effect once.
func TestRaces(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		c.Limits.Enabled = false
		w := start(t, c)
		db := w.database()
		author, fan := w.member("author"), w.member("fan")
		medium := author.stamped()
		w.give(fan, 1000)
		counts := func(t *testing.T, what string, answers []answer, want map[string]int) {
			t.Helper()
			if got := tally(answers); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}

		t.Run("two hundred purchases charge once", func(t *testing.T) {
			w.in(t)
			post := author.post(medium, priced(30)).ID
			answers := atOnce(t, w.server.URL, many(200, func(int) attempt { return fan.keyed(purchaseOf(post), sajin.NewKey(), "") }))
			counts(t, "purchases", answers, map[string]int{"201": 1, "409 wallet.already-owned": 199})
			if got := fan.wallet().Total; got != 970 {
				t.Errorf("%d coins are left", got)
			}
			if n := count(t, db, `SELECT count(*) FROM purchases`); n != 1 {
				t.Errorf("%d purchases", n)
			}
			sold := func() int64 { return *read(t, author.Client, post).Counts.Sales }
			w.eventually("the sale is counted", func() bool { return sold() > 0 })
			if n := sold(); n != 1 {
				t.Errorf("%d sales are counted", n)
			}
		})
		t.Run("two hundred purchases of one key are one", func(t *testing.T) {
			w.in(t)
			w.oneEffect(t, fan.keyed(purchaseOf(author.post(medium, priced(30)).ID), sajin.NewKey(), ""), 200)
			if got := fan.wallet().Total; got != 940 {
				t.Errorf("%d coins are left", got)
			}
		})
		t.Run("two hundred top-ups of one key are one", func(t *testing.T) {
			w.in(t)
			w.oneEffect(t, fan.keyed("/v1/top-ups", sajin.NewKey(), `{"pack_id":"starter"}`), 200)
			if n := len(fan.topUps()); n != 1 {
				t.Errorf("%d top-ups", n)
			}
		})
		t.Run("a top-up that two hundred confirm is credited once", func(t *testing.T) {
			w.in(t)
			top := fan.begin("starter")
			fan.pays(top, api.SandboxAttemptOutcomeSucceeded, api.SandboxAttemptWebhookNever)
			answers := atOnce(t, w.server.URL, many(200, func(int) attempt {
				return jsonTo("POST", "/v1/top-ups/"+top.ID.String()+"/confirm", fan.token(), "")
			}))
			if got := tally(answers); got["200"] == 0 || got["200"]+got["409"] != 200 {
				t.Errorf("%v", got)
			}
			w.eventually("the coins are there", func() bool { return fan.wallet().Total > 940 })
			if got := fan.wallet().Total; got != 1040 {
				t.Errorf("%d coins", got)
			}
		})
		t.Run("of fifty new passwords one is taken", func(t *testing.T) {
			w.in(t)
			hana := w.member("hana")
			hana.forget()
			link := "/v1/password-resets/" + w.mailed(hana, "reset-password")
			answers := atOnce(t, w.server.URL, many(50, func(i int) attempt {
				return jsonTo("PUT", link, "", fmt.Sprintf(`{"password":"new password %d"}`, i))
			}))
			counts(t, "resets", answers, map[string]int{"204": 1, "404 accounts.link-invalid": 49})
			taken := slices.IndexFunc(answers, func(a answer) bool { return a.status == http.StatusNoContent })
			for i := range 3 { // the one, and two others
				n := (taken + i) % len(answers)
				_, err := w.signIn(string(hana.account.Email), fmt.Sprintf("new password %d", n), "phone")
				if want := map[bool]string{true: "", false: "accounts.bad-credentials"}[n == taken]; code(err) != want {
					t.Errorf("password %d of %d: %v", n, taken, err)
				}
			}
		})
		t.Run("of fifty confirmations of an address one counts", func(t *testing.T) {
			w.in(t)
			hana := w.member("hana")
			link := "/v1/email-verifications/" + w.mailed(hana, "verify-email")
			answers := atOnce(t, w.server.URL, many(50, func(int) attempt { return jsonTo("PUT", link, "", "") }))
			counts(t, "verifications", answers, map[string]int{"204": 1, "404 accounts.link-invalid": 49})
			if !hana.now().EmailVerified {
				t.Error("the address is not verified")
			}
		})
		t.Run("an address, and a handle, is one account's", func(t *testing.T) {
			w.in(t)
			before := count(t, db, `SELECT count(*) FROM accounts`)
			answers := atOnce(t, w.server.URL, many(50, func(i int) attempt {
				return jsonTo("POST", "/v1/users", "", fmt.Sprintf(`{"email":"%s","password":%q,"handle":"runner_%d"}`, [...]string{"Run@Example.com", "run@example.com"}[i%2], password, i))
			}))
			counts(t, "of one address", answers, map[string]int{"201": 1, "409 accounts.email-taken": 49})
			answers = atOnce(t, w.server.URL, many(50, func(i int) attempt {
				return jsonTo("POST", "/v1/users", "", fmt.Sprintf(`{"email":"run%d@example.com","password":%q,"handle":"%s"}`, i, password, [...]string{"same_runner", "Same_Runner"}[i%2]))
			}))
			counts(t, "of one handle", answers, map[string]int{"201": 1, "409 accounts.handle-taken": 49})
			if n := count(t, db, `SELECT count(*) FROM accounts`); n != before+2 {
				t.Errorf("%d accounts, before %d", n, before)
			}
		})
		t.Run("an upload that fifty complete is one medium", func(t *testing.T) {
			w.in(t)
			u := author.open(true)
			answers := atOnce(t, w.server.URL, many(50, func(int) attempt {
				return jsonTo("POST", "/v1/uploads/"+u.ID.String()+"/complete", author.token(), "")
			}))
			counts(t, "completions", answers, map[string]int{"202": 50})
			for _, a := range answers {
				if !bytes.Contains(a.body, []byte(u.MediaID.String())) {
					t.Errorf("of another medium: %s", a.body)
				}
			}
			if _, err := author.WaitForMedium(t.Context(), u.MediaID); err != nil {
				t.Error(err)
			}
			if n := count(t, db, `SELECT count(*) FROM renditions WHERE media = $1`, ident.MediaID(u.MediaID)); n != 2 { // the preview and the picture, which is small
				t.Errorf("%d renditions", n)
			}
		})
		t.Run("fifty refreshes with one token have one successor", func(t *testing.T) {
			w.in(t)
			tokens, _ := fan.device()
			answers := atOnce(t, w.server.URL, many(50, func(int) attempt {
				return jsonTo("POST", "/v1/sessions/refresh", "", fmt.Sprintf(`{"refresh_token":%q}`, tokens.Refresh))
			}))
			counts(t, "refreshes", answers, map[string]int{"200": 50})
			successors := map[string]bool{}
			for _, a := range answers {
				var granted api.Credentials
				_ = json.Unmarshal(a.body, &granted)
				successors[granted.RefreshToken] = true
			}
			if len(successors) != 1 || successors[""] || successors[tokens.Refresh] {
				t.Errorf("%d successors", len(successors))
			}
		})
		w.balanced()
		(&stage{world: w}).calm(t)
	})
}

// TestQuotaIsNeverExceeded begins a hundred uploads of which two fit.
func TestQuotaIsNeverExceeded(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		c.Limits.Enabled = false
		c.Uploads.Quota, c.Uploads.MaxOpen = 200<<10, 200
		w := start(t, c)
		hoarder := w.member("hoarder")
		offer := func(size int) attempt {
			return jsonTo("POST", "/v1/uploads", hoarder.token(), fmt.Sprintf(`{"filename":"a.jpg","content_type":"image/jpeg","size":%d,"purpose":"post"}`, size))
		}
		if got := send(t, w.server.URL, offer(198<<10)); got.status != http.StatusCreated {
			t.Fatalf("%d %s", got.status, got.body)
		}
		got := tally(atOnce(t, w.server.URL, many(100, func(int) attempt { return offer(1 << 10) })))
		if got["201"] != 2 || got["422 media.quota"] != 98 {
			t.Errorf("%v", got)
		}
		limits, err := hoarder.UploadLimitsWithResponse(t.Context())
		w.must(err)
		if used := limits.JSON200.Quota.Used; used != 200<<10 {
			t.Errorf("%d bytes are used", used)
		}
		if strings.Contains(w.log.String(), `"level":"ERROR"`) {
			t.Error("the log has errors")
		}
	})
}
