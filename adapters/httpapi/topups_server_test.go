package httpapi_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	rules "github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
)

// coinServer is a server of coins alone, that the sandbox provider sends its
// webhooks to.
type coinServer struct {
	t       *testing.T
	url     string
	sandbox *sandboxpay.Provider
	queue   *sqlstore.Jobs
	hooks   *wallet.Webhooks
	fan     ident.AccountID
}

func newCoinServer(t *testing.T) *coinServer {
	t.Helper()
	s := &coinServer{t: t}
	db, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	s.must(err)
	t.Cleanup(func() { _ = db.Close() })
	s.must(sqlite.Migrate(t.Context(), db))
	ids := ident.NewSource(time.Now, rand.Reader)
	s.fan = ident.New[ident.AccountID](ids)

	var api http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { api.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	s.url = server.URL

	s.sandbox, err = sandboxpay.New(sqlstore.NewSandboxBook(db), sandboxpay.Options{PublicURL: s.url, WebhookSecret: "a secret", Late: 20 * time.Millisecond})
	s.must(err)
	t.Cleanup(func() { _ = s.sandbox.Close() })
	market, err := wallet.NewMarket([]rules.Pack{
		{ID: "popular", Coins: 500, Bonus: 50, Price: money.Amount{Minor: 5000, Currency: "KRW"}},
	}, []payment.Provider{s.sandbox}, []string{"sandbox"})
	s.must(err)
	log := slog.New(slog.DiscardHandler)
	topUps, wallets, purchases := sqlstore.NewTopUps(db), sqlstore.NewWallets(db), sqlstore.NewPurchases(db)
	s.queue = sqlstore.NewJobs(db, ids, time.Now)
	settlements := &wallet.Settlements{
		Tx: db, TopUps: topUps, Wallets: wallets, Outbox: sqlstore.NewOutbox(db, ids, time.Now), Market: market, IDs: ids, Now: time.Now, Log: log,
	}
	s.hooks = &wallet.Webhooks{Tx: db, TopUps: topUps, Queue: s.queue, Settlements: settlements, Now: time.Now, Log: log}
	ring := keyring.New(rand.Reader)
	api = httpapi.New(httpapi.Options{
		Version: "test", PublicURL: s.url, BodyLimit: 1 << 16, Log: log, Auth: bearers{}, Sealer: ring, NewID: rand.Text,
	}, nil,
		&httpapi.TopUps{
			TopUps: &wallet.TopUps{
				Tx: db, TopUps: topUps, Keys: sqlstore.NewIdempotency(db), Market: market, IDs: ids, Now: time.Now, TTL: time.Hour, Log: log,
			},
			Settlements: settlements,
		},
		&httpapi.Webhooks{Webhooks: s.hooks},
		&httpapi.Sandbox{Customer: s.sandbox},
		&httpapi.Wallet{Statements: &wallet.Statements{Wallets: wallets, Purchases: purchases, Now: time.Now}})
	return s
}

// in is the same server in a subtest.
func (s coinServer) in(t *testing.T) *coinServer {
	s.t = t
	return &s
}

func (s *coinServer) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// do sends a request as the fan, unless the URL is absolute: then as nobody.
func (s *coinServer) do(method, url, body string, headers ...string) reply {
	s.t.Helper()
	path, foreign := strings.CutPrefix(url, s.url)
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	s.must(err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if !foreign {
		r.Header.Set("Authorization", "Bearer "+s.fan.String())
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	s.must(err)
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	s.must(err)
	return reply{response, all}
}

func (s *coinServer) wants(r reply, status int, code string) reply {
	s.t.Helper()
	if r.StatusCode != status || r.code() != code {
		s.t.Fatalf("%s %s: got %d %q, want %d %q: %.300s", r.Request.Method, r.Request.URL.Path, r.StatusCode, r.code(), status, code, r.body)
	}
	return r
}

const startKey = "8e03978e-40d5-43dd-bc93-6894a57f9324"

func (s *coinServer) start(key string) reply {
	s.t.Helper()
	return s.wants(s.do("POST", "/v1/top-ups", `{"pack_id":"popular"}`, "Idempotency-Key", key), http.StatusCreated, "")
}

func (r reply) text(path ...string) string {
	var at any = r.json()
	for _, member := range path {
		members, _ := at.(map[string]any)
		at = members[member]
	}
	text, _ := at.(string)
	return text
}

func (s *coinServer) work() {
	s.t.Helper()
	worker := s.hooks.Worker()
	for {
		l, ok, err := s.queue.Claim(s.t.Context(), []string{worker.Kind}, time.Minute)
		s.must(err)
		if !ok {
			return
		}
		s.must(worker.Run(s.t.Context(), l))
	}
}

func (s *coinServer) holds(coins float64) {
	s.t.Helper()
	if got := s.wants(s.do("GET", "/v1/wallet", ""), http.StatusOK, "").json()["total"]; got != coins {
		s.t.Fatalf("the wallet holds %v, not %v", got, coins)
	}
}

func compact(body []byte) string {
	var b bytes.Buffer
	_ = json.Compact(&b, body)
	return b.String()
}
