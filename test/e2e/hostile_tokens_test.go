package e2e

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
)

// jwt is a token taken apart, to be put together wrongly.
type jwt struct{ header, claims map[string]any }

var base64url = base64.RawURLEncoding

func takeApart(t *testing.T, token string) jwt {
	t.Helper()
	var j jwt
	parts := strings.Split(token, ".")
	for i, into := range []*map[string]any{&j.header, &j.claims} {
		text, err := base64url.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return j
}

// with changes members of the header or of the claims, whichever has them.
func (j jwt) with(changes map[string]any) jwt {
	j = jwt{maps.Clone(j.header), maps.Clone(j.claims)}
	for name, value := range changes {
		switch name {
		case "alg", "kid", "typ", "jwk", "jku", "x5u", "crit", "b64":
			j.header[name] = value
		default:
			j.claims[name] = value
		}
	}
	return j
}

func (j jwt) text() string {
	header, _ := json.Marshal(j.header)
	claims, _ := json.Marshal(j.claims)
	return base64url.EncodeToString(header) + "." + base64url.EncodeToString(claims)
}

func (j jwt) signed(key ed25519.PrivateKey) string {
	return j.text() + "." + base64url.EncodeToString(ed25519.Sign(key, []byte(j.text())))
}

func (j jwt) hmac(secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(j.text()))
	return j.text() + "." + base64url.EncodeToString(mac.Sum(nil))
}

// signingKey is the key that a server signs with.
func signingKey(t *testing.T, c config.Config) ed25519.PrivateKey {
	t.Helper()
	text, err := os.ReadFile(server.KeyFile(c))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(ed25519.PrivateKey)
}

// forged are tokens that open nothing, by what is wrong with them.
func (s *stage) forged(t *testing.T) map[string]string {
	good := s.actor.Tokens().Access
	j, key := takeApart(t, good), signingKey(t, s.config)
	if got := send(t, s.server.URL, attempt{method: "GET", target: "/v1/users/account", header: as(j.signed(key), nil)}); got.status != http.StatusOK {
		t.Fatalf("the test signs otherwise than the server does: %d %s", got.status, got.body)
	}
	public := key.Public().(ed25519.PublicKey)
	der, _ := x509.MarshalPKIXPublicKey(public)
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	jwks := send(t, s.server.URL, attempt{method: "GET", target: "/.well-known/jwks.json"}).body
	_, other, _ := ed25519.GenerateKey(rand.Reader)
	parts := strings.Split(good, ".")
	now := time.Now().Unix()
	hs256 := j.with(map[string]any{"alg": "HS256"})
	tokens := map[string]string{
		"expired":                    j.with(map[string]any{"iat": now - 3600, "exp": now - 60}).signed(key),
		"of tomorrow":                j.with(map[string]any{"iat": now + 86400, "exp": now + 90000}).signed(key),
		"not good yet":               j.with(map[string]any{"nbf": now + 86400}).signed(key),
		"of another server":          j.with(map[string]any{"iss": "https://other.example.com"}).signed(key),
		"for another server":         j.with(map[string]any{"aud": "https://other.example.com"}).signed(key),
		"of no session":              j.with(map[string]any{"sid": "01890000-0000-7000-8000-000000000000"}).signed(key),
		"of nobody":                  j.with(map[string]any{"sub": "00000000-0000-0000-0000-000000000000"}).signed(key),
		"of somebody else's session": j.with(map[string]any{"sub": s.author.account.ID.String()}).signed(key),
		"without an end":             j.with(map[string]any{"exp": nil}).signed(key),
		"with an endless end":        j.with(map[string]any{"exp": "9999999999"}).signed(key),
		"signed by another key":      j.signed(other),
		"signed by a key it brings":  j.with(map[string]any{"jwk": map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64url.EncodeToString(other.Public().(ed25519.PublicKey))}}).signed(other),
		"signed by a key elsewhere":  j.with(map[string]any{"jku": "http://127.0.0.1:1/jwks.json"}).signed(other),
		"with demands":               j.with(map[string]any{"crit": []string{"b64"}, "b64": false}).signed(key),
		"of an unknown key":          j.with(map[string]any{"kid": "unknown"}).signed(key),
		"of a key that is a file":    j.with(map[string]any{"kid": "../../../../../../dev/null"}).signed(key),
		"of a key that is SQL":       j.with(map[string]any{"kid": "x' UNION SELECT 'a"}).signed(key),
		"of a file's HMAC":           hs256.with(map[string]any{"kid": "../../../../../../dev/null"}).hmac(nil),
		"of the public key's HMAC":   hs256.hmac(public),
		"of the PEM's HMAC":          hs256.hmac(block),
		"of the DER's HMAC":          hs256.hmac(der),
		"of the JWKS's HMAC":         hs256.hmac(jwks),
		"an administrator's":         parts[0] + "." + strings.Split(j.with(map[string]any{"role": "admin"}).text(), ".")[1] + "." + parts[2],
		"unsigned":                   parts[0] + "." + parts[1] + ".",
		"without a signature":        parts[0] + "." + parts[1],
		"of another spelling":        good + "=",
		"with something behind it":   good + ".zq7",
		"changed":                    good[:len(good)-10] + "AAAAAAAAAA",
		"cut off":                    good[:len(good)-1],
		"huge":                       strings.Repeat("A", 20_000) + "." + parts[1] + "." + parts[2],
		"a refresh token":            s.actor.Tokens().Refresh,
		"nothing":                    "",
		"two":                        good + " " + good,
		"no token":                   marker,
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", ""} {
		tokens["of the algorithm "+alg] = j.with(map[string]any{"alg": alg}).text() + "."
		tokens["of the algorithm "+alg+", signed"] = j.with(map[string]any{"alg": alg}).signed(key)
	}
	return tokens
}

// TestHostileTokens shows every kind of bad credentials.
func TestHostileTokens(t *testing.T) {
	t.Parallel()
	s := newStage(t, oneBackend(t))
	leaver, goner := s.member("leaver"), s.member("goner")
	tokens := s.forged(t)
	tokens["of a session that has ended"], tokens["of an account that was deleted"] = leaver.token(), goner.token()
	before := s.rows()
	for _, end := range []attempt{
		{method: "DELETE", target: "/v1/sessions/current", header: as(leaver.token(), nil)},
		{method: "DELETE", target: "/v1/users/account", header: as(goner.token(), nil)},
	} {
		if got := send(t, s.server.URL, end); got.status != http.StatusNoContent {
			t.Fatal(got)
		}
	}
	refuse := func(t *testing.T, op *operation, fault string, values ...string) {
		t.Helper()
		a := op.request(s.samples[op.ID])
		a.fault, a.status = op.ID+" with a token that is "+fault, http.StatusUnauthorized
		a.header["Authorization"] = values
		refused(t, a, send(t, s.server.URL, a), append(s.secrets, values...)...)
	}
	for _, op := range s.document.operations() {
		if op.members() {
			refuse(t, op, "missing")
		}
		for _, fault := range []string{"expired", "of the algorithm none", "signed by another key", "of a session that has ended", "of an account that was deleted"} {
			refuse(t, op, fault, "Bearer "+tokens[fault]) // also where nobody needs one
		}
		if op.ID != "get-account" && op.ID != "list-posts" {
			continue
		}
		good := s.actor.token()
		for fault, token := range tokens {
			refuse(t, op, fault, "Bearer "+token)
		}
		for fault, value := range map[string]string{
			"of no scheme": good, "of another scheme": "Token " + good, "Basic": "Basic " + base64.StdEncoding.EncodeToString([]byte("actor:"+password)),
			"an empty scheme": " " + good, "behind a comma": "Bearer," + good, "in quotes": `Bearer "` + good + `"`, "empty": "Bearer", "a list": "Bearer " + good + ", Bearer " + good,
		} {
			refuse(t, op, fault, value)
		}
		refuse(t, op, "there twice", "Bearer "+good, "Bearer "+good)
		refuse(t, op, "one of two", "Bearer "+good, "Basic zq7")
	}
	t.Run("what is for administrators is for nobody else", func(t *testing.T) {
		j, key := takeApart(t, s.actor.token()), signingKey(t, s.config)
		for _, op := range s.document.operations() {
			for fault, token := range map[string]string{"a member": s.actor.token(), "a member whose token says otherwise": j.with(map[string]any{"role": "admin"}).signed(key)} {
				if a := op.request(s.samples[op.ID]); op.admins() {
					a.fault, a.header, a.status = fault, as(token, a.header), http.StatusForbidden
					refused(t, a, send(t, s.server.URL, a), s.secrets...)
				}
			}
		}
	})
	if changed := s.rows().changed(before, "accounts", "sessions"); changed != nil {
		t.Errorf("other rows than before: %s", strings.Join(changed, "\n"))
	}
	s.calm(t)
}
