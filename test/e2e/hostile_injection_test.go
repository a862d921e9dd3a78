package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/config"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/oidctest"
)

const kelvin = "\u212a" // a sign that is k in small letters

// noAddresses are what would be more than one address, or a header, or looks
// like another address than it is.
var noAddresses = []string{
	"a@example.com\r\nBcc: victim@example.com", "a@example.com\nBcc: victim@example.com", "a\r\n@example.com", "a@example.com\r\n\r\nHello", "a@example.com\x00", "a@exa\tmple.com",
	"a@example.com,victim@example.com", "a@example.com;victim@example.com", "<a@example.com>", "Victim <a@example.com>", `"a b"@example.com`, `"\r\n"@example.com`, "a@b@example.com",
	"a@[127.0.0.1]", "a@example", "a@.com", "a@-example.com", "a b@example.com", "a@example.com (comment)", "@example.com", "a@", "../../etc/passwd@example.com",
	"a\u200b@example.com", "a\u202ecom@example.com", "a\u2028@example.com", "a\ufeffb@example.com", "a\u00a0b@example.com", "a\uff20example.com", "a@example\u3002com", "\ufffd@example.com",
	kelvin + "im@example.com", "kim@" + kelvin + "akao.example.com", strings.Repeat("a", 250) + "@example.com",
}

// strangeAddresses may be somebody's. They get their mail, and nobody else does.
var strangeAddresses = []string{
	"o'hara+photos@example.com", "a%0d%0aBcc=x@example.com", "=?utf-8?q?=0d=0aBcc?=@example.com", "사진@example.com", "{{.link}}@example.com", "a&b=c@example.com", "etc/passwd@example.com", "$id`id`|x@example.com",
}

// noHandles are what would be a path, a header, or look like somebody else.
var noHandles = []string{
	"hana\r\nx", "hana\n", "ha na", "hana/../x", "..", ".", "hana%2f", "hana?x", "hana#x", "<hana>", "ｈａｎａ", "h\u0430na", "hana\u200b", "\u202eanah", "hanä", kelvin + "im", "account", "admin", "API", "@hana",
}

// noLines are what no single line of text may be.
var noLines = []string{"a\r\nSet-Cookie: a=b", "a\nb", "a\rb", "a\x00b", "a\x1b[31mb", "a\x7fb", "a\u0085b", "a\u2028b", "a\u2029b", "a\u202eb", "a\u2066b", "a\ufeffb"}

// kept are texts that somebody may write, and that a careless page would run.
var kept = []string{
	"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "javascript:alert(1)", "'-alert(1)-'", "{{7*7}}", "${7*7}", "</title><svg onload=alert(1)>", "&lt;b&gt;", "%0d%0aSet-Cookie: a=b",
	"'; DROP TABLE accounts; --", "=cmd|'/c calc'!A1", "👩‍🎨 사진", "ا العربية", strings.Repeat("ﷺ", 15), "e" + strings.Repeat("\u0301", 20),
}

// TestInjection writes into every text what would mean something to whoever
// reads it next: a mail server, a browser, a header, a terminal.
func TestInjection(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		c.Limits.Enabled = false
		issuer := withIssuer(t, &c)
		w := start(t, c)
		hana, kim := w.member("hana"), w.member("kim")
		medium := hana.stamped()
		text := func(value string) string {
			encoded, _ := json.Marshal(value)
			return string(encoded)
		}
		refuse := func(t *testing.T, what string, a attempt) {
			t.Helper()
			a.fault, a.status = what, http.StatusUnprocessableEntity
			refused(t, a, send(t, w.server.URL, a), "victim@example.com", "Set-Cookie")
		}

		t.Run("addresses that are none", func(t *testing.T) {
			for _, address := range noAddresses {
				refuse(t, "sign up "+address, jsonTo("POST", "/v1/users", "", fmt.Sprintf(`{"email":%s,"password":%q,"handle":"nobody_1"}`, text(address), password)))
				refuse(t, "move to "+address, jsonTo("PUT", "/v1/users/account/email", hana.token(), fmt.Sprintf(`{"email":%s}`, text(address))))
				for _, a := range []attempt{
					jsonTo("POST", "/v1/password-resets", "", fmt.Sprintf(`{"email":%s}`, text(address))),
					jsonTo("POST", "/v1/sessions", "", fmt.Sprintf(`{"email":%s,"password":%q}`, text(address), password)),
				} {
					if got := send(t, w.server.URL, a); got.status != 202 && got.status != 401 && got.status != 422 {
						t.Errorf("%s %q: %d %s", a.target, address, got.status, got.body)
					}
				}
			}
		})
		t.Run("addresses that may be somebody's", func(t *testing.T) {
			w.in(t)
			for i, address := range strangeAddresses {
				a := jsonTo("POST", "/v1/users", "", fmt.Sprintf(`{"email":%s,"password":%q,"handle":"strange_%d"}`, text(address), password, i))
				if got := send(t, w.server.URL, a); got.status != http.StatusCreated {
					t.Errorf("%q: %d %s", address, got.status, got.body)
					continue
				}
				w.mailedTo(address, "verify-email", 1)
			}
		})
		t.Run("a new password goes to the account's address, whatever is asked for", func(t *testing.T) {
			w.in(t)
			for _, alike := range []string{strings.ToUpper(string(kim.account.Email)), strings.Replace(string(kim.account.Email), "k", kelvin, 1), "ｋ" + string(kim.account.Email)[1:], string(kim.account.Email) + "."} {
				if got := send(t, w.server.URL, jsonTo("POST", "/v1/password-resets", "", fmt.Sprintf(`{"email":%s}`, text(alike)))); got.status != 202 && got.status != 422 {
					t.Errorf("%q: %d %s", alike, got.status, got.body)
				}
			}
			w.mailed(kim, "reset-password")
		})
		t.Run("handles that are none", func(t *testing.T) {
			for i, handle := range noHandles {
				refuse(t, "sign up "+handle, jsonTo("POST", "/v1/users", "", fmt.Sprintf(`{"email":"handle%d@example.com","password":%q,"handle":%s}`, i, password, text(handle))))
				refuse(t, "be called "+handle, jsonTo("PATCH", "/v1/users/account", hana.token(), fmt.Sprintf(`{"handle":%s}`, text(handle))))
			}
		})
		t.Run("lines that are none", func(t *testing.T) {
			for _, line := range noLines {
				for target, body := range map[string]string{
					"PATCH /v1/users/account": `{"display_name":%s}`, "PATCH /v1/media/" + medium.String(): `{"alt":%s}`, "POST /v1/posts": `{"draft":true,"tags":[%s]}`, "PATCH /v1/users/account ": `{"bio":"x","display_name":%s}`,
					"POST /v1/uploads": `{"filename":%s,"content_type":"image/jpeg","size":10,"purpose":"post"}`, "POST /v1/posts ": `{"draft":true,"category":%s}`, "POST /v1/top-ups": `{"pack_id":%s}`,
				} {
					if strings.Contains(body, "alt") && strings.ContainsAny(line, "\n\r") && !strings.ContainsAny(line, "\x00\x1b") {
						continue // may have several lines
					}
					method, path, _ := strings.Cut(strings.TrimSpace(target), " ")
					a := jsonTo(method, path, hana.token(), fmt.Sprintf(body, text(line)))
					a.header.Set("Idempotency-Key", sajin.NewKey())
					a.fault = fmt.Sprintf("%s %q", target, line)
					refused(t, a, send(t, w.server.URL, a), "Set-Cookie")
				}
			}
		})
		t.Run("texts stay as they are, and are no page", func(t *testing.T) {
			for _, words := range kept {
				for target, body := range map[string]string{"PATCH /v1/users/account": `{"display_name":%s,"bio":%[1]s}`, "PATCH /v1/media/" + medium.String(): `{"alt":%s}`, "POST /v1/posts": `{"draft":true,"caption":%s}`} {
					method, path, _ := strings.Cut(target, " ")
					got := send(t, w.server.URL, jsonTo(method, path, hana.token(), fmt.Sprintf(body, text(words))))
					var back map[string]any
					if err := json.Unmarshal(got.body, &back); err != nil || got.status >= 300 || !slices.Contains([]any{back["display_name"], back["alt"], back["caption"]}, any(words)) {
						t.Errorf("%s %q: %d %s", target, words, got.status, got.body)
					}
					if got.header.Get("Content-Type") != "application/json" || got.header.Get("X-Content-Type-Options") != "nosniff" {
						t.Errorf("%s %q: a browser could take it for a page: %v %s", target, words, got.header, got.body)
					}
				}
			}
		})
		t.Run("a device may call itself anything", func(t *testing.T) {
			w.in(t)
			for _, agent := range []string{"\xff\xfe", "<script>alert(1)</script>", strings.Repeat("a", 20_000), "\xed\xa0\x80", "a\u202eb", "'; --", "\u0085\u2028"} {
				if _, err := w.signIn(string(kim.account.Email), password, agent); err != nil {
					t.Errorf("%.40q: %v", agent, err)
				}
			}
			got := send(t, w.server.URL, attempt{method: "GET", target: "/v1/sessions", header: as(kim.token(), nil)})
			if got.status != 200 || len(got.body) > 16<<10 || strings.ContainsAny(string(got.body), "\u202e\u2028\u0085") {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
		t.Run("identity providers tell things", func(t *testing.T) { w.told(t, issuer, kim) })
		t.Run("every mail went to one address, by the headers that mail has", w.plainMail)
		(&stage{world: w}).calm(t)
	})
}

// told has an identity provider name people in every strange way. They are let
// in under a clean name, or not at all, and never as somebody else.
func (w *world) told(t *testing.T, issuer *oidctest.Issuer, kim *member) {
	w.in(t)
	known := func() (ids []string) { return texts(t, w.database(), `SELECT handle FROM accounts`) }
	w.must(w.verify(w.mailed(kim, "verify-email")))
	strange := append(append(slices.Clone(noLines), kept...), noHandles...)
	for i, name := range append(strange, noAddresses...) {
		p := oidctest.Person{Subject: fmt.Sprintf("subject %d %s", i, name), Email: fmt.Sprintf("person%d@example.com", i), EmailVerified: true, Name: name}
		if slices.Contains(noAddresses, name) {
			p.Email = name
		}
		issuer.SignIn(p)
		b := w.browser()
		path, fragment := b.arrive(b.depart("/library"))
		if path != "/library" {
			t.Errorf("%q: ends at %q", name, path)
		}
		if !fragment.Has("sign_in_code") {
			continue
		}
		c, got := b.redeem(fragment.Get("sign_in_code"))
		if got.status != http.StatusCreated {
			t.Errorf("%q: %d %s", name, got.status, got.body)
			continue
		}
		if c.Account.ID == kim.account.ID {
			t.Errorf("%q is let in as kim", name)
		}
		if shown := c.Account.DisplayName + c.Account.Handle + string(c.Account.Email); strings.ContainsAny(shown, "\r\n\x00\x1b\x7f\u0085\u2028\u2029\u202e\u2066\ufeff") || strings.Contains(string(c.Account.Email), kelvin) {
			t.Errorf("%q: %+v", name, c.Account)
		}
	}
	// The address of somebody, in letters that are k to a careless comparison.
	issuer.SignIn(oidctest.Person{Subject: "a thief", Email: strings.Replace(string(kim.account.Email), "k", kelvin, 1), EmailVerified: true, Name: "Kim"})
	b := w.browser()
	if _, fragment := b.arrive(b.depart("/")); fragment.Has("sign_in_code") {
		if c, _ := b.redeem(fragment.Get("sign_in_code")); c.Account.ID == kim.account.ID {
			t.Error("who has an address that looks like kim's is let in as kim")
		}
	}
	handles := known()
	slices.Sort(handles)
	if len(slices.Compact(handles)) < 10 {
		t.Errorf("hardly anybody was let in: %q", handles)
	}
	for _, handle := range handles {
		if strings.Trim(handle, "abcdefghijklmnopqrstuvwxyz0123456789_-.") != "" {
			t.Errorf("somebody is called %q", handle)
		}
	}
	var account api.Account
	got := send(t, w.server.URL, attempt{method: "GET", target: "/v1/users/account", header: as(kim.token(), nil)})
	if err := json.Unmarshal(got.body, &account); err != nil || account.Email != kim.account.Email {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// plainMail looks at all mail as it was written.
func (w *world) plainMail(t *testing.T) {
	entries, err := filepath.Glob(filepath.Join(w.config.DataDir, "mail", "*.eml"))
	if err != nil || len(entries) < len(strangeAddresses) {
		t.Fatalf("%d mails, %v", len(entries), err)
	}
	fields := []string{"From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted", "X-Auto-Response-Suppress"}
	for _, entry := range entries {
		raw, err := os.ReadFile(entry)
		if err != nil {
			t.Fatal(err)
		}
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
		to, err := m.Header.AddressList("To")
		if err != nil || len(to) != 1 || strings.Contains(to[0].Address, "victim") || strings.Contains(to[0].Address, kelvin) {
			t.Errorf("to %v, %v", to, err)
		}
		for field, values := range m.Header {
			if !slices.Contains(fields, field) || len(values) != 1 || strings.ContainsAny(values[0], "\r\n\x00") {
				t.Errorf("%s: %q", field, values)
			}
		}
	}
}
