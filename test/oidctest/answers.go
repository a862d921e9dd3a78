package oidctest

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	issuer := i.URL
	if i.lies.Elsewhere != "" {
		issuer = i.lies.Elsewhere
	}
	document := map[string]any{
		"issuer": issuer, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/jwks",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "code_challenge_methods_supported": []string{"S256"},
	}
	if i.lies.TokenURL != "" {
		document["token_endpoint"] = i.lies.TokenURL
	}
	if i.lies.Methods != nil {
		document["token_endpoint_auth_methods_supported"] = i.lies.Methods
	}
	answer(w, http.StatusOK, document)
}

// authorize sends the browser back with a code at once: the person has signed
// in before, and said yes.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	q := r.URL.Query()
	i.last = q
	back, err := url.Parse(q.Get("redirect_uri"))
	challenge, _ := base64.RawURLEncoding.DecodeString(q.Get("code_challenge"))
	switch {
	case err != nil, q.Get("client_id") != i.ClientID, len(i.Redirects) > 0 && !slices.Contains(i.Redirects, q.Get("redirect_uri")):
		http.Error(w, "unknown client or redirect_uri", http.StatusBadRequest)
		return
	case q.Get("response_type") != "code", !slices.Contains(strings.Fields(q.Get("scope")), "openid"), q.Get("state") == "", q.Get("nonce") == "",
		q.Get("code_challenge_method") != "S256", len(challenge) != sha256.Size:
		http.Error(w, "the request lacks something", http.StatusBadRequest)
		return
	}
	out := url.Values{"state": {q.Get("state")}, "iss": {i.URL}, "scope": {q.Get("scope")}}
	if i.lies.Denies {
		out.Set("error", "access_denied")
		out.Set("error_description", "The person said no")
	} else {
		code := rand.Text()
		i.codes[code] = grant{q, i.person, i.Now()}
		out.Set("code", code)
	}
	back.RawQuery = out.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.client(r) {
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	g, ok := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code")) // which is good once
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || r.PostFormValue("grant_type") != "authorization_code" || r.PostFormValue("redirect_uri") != g.request.Get("redirect_uri") ||
		base64.RawURLEncoding.EncodeToString(sum[:]) != g.request.Get("code_challenge") {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	out := map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 3600}
	switch {
	case i.lies.NoToken:
	case i.lies.Garbled:
		out["id_token"] = "a.b.c"
	default:
		out["id_token"] = i.sign(i.claims(g))
	}
	answer(w, http.StatusOK, out)
}

// client tells whether the client has shown its secret.
func (i *Issuer) client(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if basic {
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if i.lies.Methods != nil && slices.Contains(i.lies.Methods, "client_secret_basic") != basic {
		return false
	}
	return id == i.ClientID && subtle.ConstantTimeCompare([]byte(secret), []byte(i.ClientSecret)) == 1
}

// claims are what the issuer says of a person.
func (i *Issuer) claims(g grant) map[string]any {
	now := i.Now().Add(i.lies.Ahead)
	c := map[string]any{
		"iss": i.URL, "aud": i.ClientID, "sub": g.person.Subject, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"nonce": g.request.Get("nonce"), "email": g.person.Email, "email_verified": g.person.EmailVerified, "name": g.person.Name,
	}
	if !i.lies.NoAuthTime || g.request.Has("max_age") {
		c["auth_time"] = g.at.Unix()
	}
	if g.person.Email == "" {
		delete(c, "email")
	}
	if i.lies.StaleAuth {
		c["auth_time"] = now.Add(-time.Hour).Unix()
	}
	if i.lies.WrongNonce {
		c["nonce"] = rand.Text()
	}
	if i.lies.WrongAudience {
		c["aud"] = "somebody else"
	}
	if i.lies.OtherParty {
		maps.Copy(c, map[string]any{"aud": []string{i.ClientID, "somebody else"}, "azp": "somebody else"})
	}
	if i.lies.WrongIssuer {
		c["iss"] = i.URL + "/"
	}
	if i.lies.Expired {
		maps.Copy(c, map[string]any{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-time.Hour).Unix()})
	}
	if i.lies.NoNonce {
		delete(c, "nonce")
	}
	if i.lies.NoSubject {
		delete(c, "sub")
	}
	return c
}

func (i *Issuer) jwks(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var keys []map[string]any
	for _, k := range i.keys {
		keys = append(keys, map[string]any{
			"kty": "RSA", "use": "sig", "kid": k.id,
			"n": base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
		})
	}
	answer(w, http.StatusOK, map[string]any{"keys": keys})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
