package contract

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/token"
)

// Tokens holds an issuer of tokens to its promises. open makes one that asks
// now what time it is; all that it makes share their keys.
func Tokens(t *testing.T, open func(t *testing.T, now func() time.Time) token.Issuer) {
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	at := start
	s := open(t, func() time.Time { return at })
	claims := token.Claims{
		Account: ident.AccountID{1}, Session: ident.SessionID{2}, Role: "creator",
		IssuedAt: start, ExpiresAt: start.Add(15 * time.Minute),
	}
	text, err := s.Issue(claims)
	if err != nil {
		t.Fatal(err)
	}

	t.Run("what was claimed is verified, by all who share the keys", func(t *testing.T) {
		finer := claims
		finer.IssuedAt = start.Add(999 * time.Millisecond).In(time.FixedZone("KST", 9*60*60))
		finer.ExpiresAt = claims.ExpiresAt.Add(time.Millisecond)
		for _, c := range []token.Claims{claims, finer} {
			text, err := s.Issue(c)
			if err != nil {
				t.Fatal(err)
			}
			got, err := open(t, func() time.Time { return at }).Verify(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(claims, got); diff != "" {
				t.Error(diff)
			}
		}
	})
	t.Run("claims that would not be accepted are not issued", func(t *testing.T) {
		for name, change := range map[string]func(c *token.Claims){
			"no account":            func(c *token.Claims) { c.Account = ident.AccountID{} },
			"no session":            func(c *token.Claims) { c.Session = ident.SessionID{} },
			"over before it begins": func(c *token.Claims) { c.ExpiresAt = c.IssuedAt },
			"far too long":          func(c *token.Claims) { c.Role = strings.Repeat("x", 1<<20) },
		} {
			c := claims
			change(&c)
			if text, err := s.Issue(c); err == nil {
				t.Errorf("%s: %.100s", name, text)
			}
		}
	})
	t.Run("a token ends at its second", func(t *testing.T) {
		defer func() { at = start }()
		for after, want := range map[time.Duration]error{-time.Nanosecond: nil, 0: token.ErrExpired, time.Hour: token.ErrExpired} {
			at = claims.ExpiresAt.Add(after)
			if _, err := s.Verify(text); err != want { //nolint:errorlint // exactly these
				t.Errorf("%s after the end: %v", after, err)
			}
		}
	})
	t.Run("a token of the future is not valid yet", func(t *testing.T) {
		defer func() { at = start }()
		at = start.Add(-time.Hour)
		tokenRefused(t, s, "of the future", text)
	})
	t.Run("the published keys verify tokens, and tell no secrets", func(t *testing.T) {
		parts := strings.Split(text, ".")
		sig, err := base64.RawURLEncoding.DecodeString(parts[2])
		verifies := func(public ed25519.PublicKey) bool {
			return ed25519.Verify(public, []byte(parts[0]+"."+parts[1]), sig)
		}
		if err != nil || !slices.ContainsFunc(tokenPublic(t, s), verifies) {
			t.Errorf("they do not: %v", err)
		}
	})
	tokenForgeries(t, s, text)
}

func tokenForgeries(t *testing.T, s token.Issuer, text string) {
	parts := strings.Split(text, ".")
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	head := func(alg string) string { return b64(`{"alg":"`+alg+`","typ":"JWT"}`) + "." + parts[1] }
	hs256 := func(key []byte) string {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(head("HS256")))
		return head("HS256") + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	for _, public := range tokenPublic(t, s) {
		tokenRefused(t, s, "HS256 with a public key", hs256(public))
	}
	for name, forged := range map[string]string{
		"nothing": "", "dots": "..", "words": "not a token", "two parts": parts[0] + "." + parts[1], "four parts": text + "." + parts[2],
		"a space before": " " + text, "a space after": text + " ", "a line end after": text + "\n", "line ends after": text + "\r\n",
		"a line end within": text[:len(text)-5] + "\n" + text[len(text)-5:], "a character after": text + "A", "padding": text + "=", "a byte after": text + "\x00",
		"other last bits": textLastBits(text), "no signature": parts[0] + "." + parts[1] + ".", "another header": textChanged(text, 5),
		"another payload": parts[0] + "." + textChanged(parts[1], 20) + "." + parts[2], "another signature": parts[0] + "." + parts[1] + "." + textChanged(parts[2], 20),
		"alg none": head("none") + ".", "alg None": head("None") + ".", "alg none, signed": head("none") + "." + parts[2],
		"HS256 with the published keys": hs256(s.PublicKeys()), "HS256 without a key": hs256(nil),
		"oversized": text + strings.Repeat("A", 1<<20), "oversized payload": parts[0] + "." + strings.Repeat("A", 1<<20) + "." + parts[2],
		"null": b64("null") + "." + b64("null") + ".", "deep": b64(strings.Repeat("[", 1000)) + "." + parts[1] + ".",
	} {
		t.Run("refused: "+name, func(t *testing.T) { tokenRefused(t, s, name, forged) })
	}
}

func tokenRefused(t *testing.T, s token.Issuer, what, text string) {
	t.Helper()
	c, err := s.Verify(text)
	if err != error(token.ErrInvalid) { //nolint:errorlint // always the same one, whatever is wrong
		t.Errorf("%s: %v", what, err)
	}
	if c != (token.Claims{}) {
		t.Errorf("%s: it still tells %+v", what, c)
	}
}

// tokenPublic are the published keys.
func tokenPublic(t *testing.T, s token.Issuer) (all []ed25519.PublicKey) {
	t.Helper()
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(s.PublicKeys(), &set); err != nil || len(set.Keys) == 0 {
		t.Fatalf("%s: %v", s.PublicKeys(), err)
	}
	for _, k := range set.Keys {
		x, err := base64.RawURLEncoding.DecodeString(k["x"])
		want := map[string]string{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": k["kid"], "x": k["x"]}
		if diff := cmp.Diff(want, k); diff != "" || k["kid"] == "" || err != nil || len(x) != ed25519.PublicKeySize {
			t.Errorf("%v %s", err, diff)
		}
		all = append(all, x)
	}
	return all
}
