// Package oidctest is an identity provider for tests: a server that speaks
// OpenID Connect, holds to it what is asked of it, and lies when it is told to.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Person is somebody who is signed in at the issuer.
type Person struct {
	Subject       string
	Email         string
	EmailVerified bool
	Name          string
}

// Lies are what can be wrong with the issuer. The zero value is an honest one.
type Lies struct {
	WrongKey      bool // signed with a key that is not published, by the name of one that is
	WrongNonce    bool
	NoNonce       bool
	WrongAudience bool
	OtherParty    bool // for this client too, and given to another one
	WrongIssuer   bool
	Expired       bool          // an hour ago
	Ahead         time.Duration // how far the clock of the issuer goes ahead; behind, if negative
	Algorithm     string        // "none", "HS256" with the public key as the secret, or PS256, which is honest; RS256 if empty
	NoSubject     bool
	NoToken       bool // an answer without an id_token
	Garbled       bool // an id_token that is none

	Down       bool     // connections break off
	Broken     bool     // 503
	NotFound   bool     // 404 everywhere
	Huge       string   // the path that answers without end
	Slow       string   // the path that answers when the test is over
	Elsewhere  string   // the issuer that discovery names
	TokenURL   string   // the address of the token endpoint that discovery names
	StaleAuth  bool     // auth_time is an hour ago, whatever was asked for
	NoAuthTime bool     // there is no auth_time unless it was asked for, as with Google
	Denies     bool     // the person says no
	Methods    []string // of authenticating clients
}

// Issuer is a running identity provider.
type Issuer struct {
	URL          string
	ClientID     string
	ClientSecret string
	Redirects    []string // where it sends browsers; anywhere if there are none
	Now          func() time.Time

	server *httptest.Server
	closed chan struct{}

	mu     sync.Mutex
	person Person
	lies   Lies
	keys   []key // the last one signs
	codes  map[string]grant
	asked  map[string]int
	last   url.Values
}

// key is a key of the issuer by its name.
type key struct {
	id      string
	private *rsa.PrivateKey
}

// grant is what a code stands for.
type grant struct {
	request url.Values
	person  Person
	at      time.Time
}

// Start runs an issuer until the test is over.
func Start(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{
		ClientID: "sajin at the issuer", ClientSecret: "secret of sajin: " + rand.Text(), Now: time.Now,
		closed: make(chan struct{}), codes: map[string]grant{}, asked: map[string]int{},
		person: Person{Subject: "subject-1", Email: "hana@example.com", EmailVerified: true, Name: "Hana Kim"},
	}
	i.keys = []key{{rand.Text(), newKey(t, first)}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("GET /jwks", i.jwks)
	i.server = httptest.NewServer(i.moody(mux))
	i.URL = i.server.URL
	t.Cleanup(func() {
		close(i.closed)
		i.server.CloseClientConnections()
		i.server.Close()
	})
	return i
}

// SignIn has another person sit at the browser.
func (i *Issuer) SignIn(p Person) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.person = p
}

// Lie has the issuer lie from now on; with Lies{} it is honest again.
func (i *Issuer) Lie(l Lies) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lies = l
}

// Rotate has a new key sign; those before it go.
func (i *Issuer) Rotate(t testing.TB) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = []key{{rand.Text(), newKey(t, fresh)}}
}

// Asked counts the requests to a path.
func (i *Issuer) Asked(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[path]
}

// Last is the query of the last request to authorize.
func (i *Issuer) Last() url.Values {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.last
}

// moody answers as the issuer's lies about being there have it.
func (i *Issuer) moody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.asked[r.URL.Path]++
		lies := i.lies
		i.mu.Unlock()
		switch {
		case lies.Down:
			panic(http.ErrAbortHandler)
		case lies.Broken:
			http.Error(w, "out of order", http.StatusServiceUnavailable)
		case lies.NotFound:
			http.NotFound(w, r)
		case lies.Slow == r.URL.Path:
			select {
			case <-i.closed:
			case <-r.Context().Done():
			}
		case lies.Huge == r.URL.Path:
			w.Header().Set("Content-Type", "application/json")
			for page := make([]byte, 64<<10); ; {
				if _, err := w.Write(page); err != nil {
					return
				}
			}
		default:
			next.ServeHTTP(w, r)
		}
	})
}
