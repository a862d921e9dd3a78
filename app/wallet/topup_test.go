package wallet_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sandboxpay"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/wallet"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	rules "github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/ports/store"
	"github.com/sajin-sns/sajin/test/pgtest"
)

// till is everything that takes part in a top-up: real stores, and the sandbox
// behind a wire that a test can cut.
type till struct {
	*wallet.TopUps
	settlements *wallet.Settlements
	webhooks    *wallet.Webhooks
	expiry      *wallet.Expiry

	db      sqldb.DB
	queue   *sqlstore.Jobs
	sandbox *sandboxpay.Provider
	wire    *wire
	log     *strings.Builder
	fan     ident.AccountID

	mu    sync.Mutex
	clock time.Time
}

var packs = []rules.Pack{
	{ID: "popular", Coins: 500, Bonus: 50, Price: money.Amount{Minor: 5000, Currency: "KRW"}},
	{ID: "starter", Coins: 100, Price: money.Amount{Minor: 99, Currency: "USD"}},
}

const ttl = time.Hour

func openTill(t *testing.T) *till { return newTill(t, openMemory(t)) }

func openMemory(t *testing.T) sqldb.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := sqlite.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

// onBoth runs a test on both databases, where locks differ.
func onBoth(t *testing.T, test func(t *testing.T, s *till)) {
	t.Run("sqlite", func(t *testing.T) { test(t, openTill(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, newTill(t, pgtest.Open(t))) })
}

func newTill(t *testing.T, db sqldb.DB) *till {
	t.Helper()
	s := &till{db: db, log: &strings.Builder{}, clock: time.Date(2026, 3, 1, 9, 30, 0, 123456789, time.UTC)}
	log := slog.New(slog.NewTextHandler(&lockedWriter{b: s.log}, nil))
	ids := ident.NewSource(s.now, rand.Reader)
	s.fan = ident.New[ident.AccountID](ids)

	var err error
	s.sandbox, err = sandboxpay.New(sqlstore.NewSandboxBook(db), sandboxpay.Options{
		PublicURL: "http://sajin.example", WebhookURL: "http://127.0.0.1:1/", WebhookSecret: "a secret", Now: s.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.sandbox.Close() })
	s.wire = &wire{Provider: s.sandbox}
	market := s.market(t, packs, s.wire)
	s.queue = sqlstore.NewJobs(db, ids, s.now)
	s.TopUps = &wallet.TopUps{
		Tx: db, TopUps: sqlstore.NewTopUps(db), Keys: sqlstore.NewIdempotency(db), Market: market,
		IDs: ids, Now: s.now, TTL: ttl, Log: log,
	}
	s.settlements = &wallet.Settlements{
		Tx: db, TopUps: sqlstore.NewTopUps(db), Wallets: sqlstore.NewWallets(db), Outbox: sqlstore.NewOutbox(db, ids, s.now), Market: market,
		IDs: ids, Now: s.now, BonusExpiry: 24 * time.Hour, AskAfter: time.Minute, Log: log,
	}
	s.webhooks = &wallet.Webhooks{Tx: db, TopUps: sqlstore.NewTopUps(db), Queue: s.queue, Settlements: s.settlements, Now: s.now, Log: log}
	s.expiry = &wallet.Expiry{Tx: db, Wallets: sqlstore.NewWallets(db), IDs: ids, Now: s.now}
	return s
}

func (s *till) market(t *testing.T, packs []rules.Pack, providers ...payment.Provider) *wallet.Market {
	t.Helper()
	var offered []string
	for _, p := range providers {
		offered = append(offered, p.ID())
	}
	m, err := wallet.NewMarket(packs, providers, offered)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (s *till) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(time.Microsecond) // no two readings are the same
	return s.clock
}

func (s *till) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
}

type lockedWriter struct {
	mu sync.Mutex
	b  *strings.Builder
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

// wire is the way to the provider. A test may look at what goes over it, hold
// it up, or have the process die at one of its ends.
type wire struct {
	payment.Provider
	id           string
	beforeStart  func()
	afterStart   func()
	beforeGet    func(reference string)
	beforeCancel func()
	refuse       error // the answer to Start, which is not passed on
}

func (w *wire) ID() string {
	if w.id != "" {
		return w.id
	}
	return w.Provider.ID()
}

func (w *wire) Start(ctx context.Context, o payment.Order) (payment.Started, error) {
	if w.refuse != nil {
		return payment.Started{}, w.refuse
	}
	if w.beforeStart != nil {
		w.beforeStart()
	}
	s, err := w.Provider.Start(ctx, o)
	if w.afterStart != nil {
		w.afterStart()
	}
	return s, err
}

func (w *wire) Get(ctx context.Context, ref, reference string) (rules.Payment, error) {
	if w.beforeGet != nil {
		w.beforeGet(reference)
	}
	return w.Provider.Get(ctx, ref, reference)
}

func (w *wire) Cancel(ctx context.Context, ref string) error {
	if w.beforeCancel != nil {
		w.beforeCancel()
	}
	return w.Provider.Cancel(ctx, ref)
}

var popular = wallet.StartTopUp{PackID: "popular", Key: "key-0000000000000001"}

func (s *till) start(t *testing.T, in wallet.StartTopUp) store.TopUp {
	t.Helper()
	top, _, err := s.StartTopUp(t.Context(), s.fan, in)
	if err != nil {
		t.Fatal(err)
	}
	return top
}

// outcome plays the customer; nobody is told.
func (s *till) outcome(t *testing.T, top store.TopUp, outcome string) {
	t.Helper()
	if err := s.sandbox.Controls().Outcome(t.Context(), top.ProviderRef, outcome); err != nil {
		t.Fatal(err)
	}
}

// webhook delivers a new message about the payment.
func (s *till) webhook(t *testing.T, ref string) {
	t.Helper()
	header, body, err := s.sandbox.Controls().Webhook(t.Context(), ref, s.now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.webhooks.TakeInWebhook(t.Context(), "sandbox", header, body); err != nil {
		t.Fatal(err)
	}
}

// work does the jobs that are due and tells how many they were.
func (s *till) work(t *testing.T) (done int) {
	t.Helper()
	worker := s.webhooks.Worker()
	for {
		l, ok, err := s.queue.Claim(t.Context(), []string{worker.Kind}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return done
		}
		if err := worker.Run(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		done++
	}
}

func (s *till) confirm(t *testing.T, top store.TopUp) store.TopUp {
	t.Helper()
	top, err := s.settlements.ConfirmTopUp(t.Context(), s.fan, top.ID)
	if err != nil {
		t.Fatal(err)
	}
	return top
}

func (s *till) sweep(t *testing.T) (asked int) {
	t.Helper()
	asked, err := s.settlements.SweepTopUps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return asked
}

// is holds a top-up to a state, and the wallet, the journal and the outbox to
// so many popular packs that were credited.
func (s *till) is(t *testing.T, top store.TopUp, state rules.TopUpState, credits int64) store.TopUp {
	t.Helper()
	got, err := s.TopUp(t.Context(), s.fan, top.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != state {
		t.Fatalf("it is %s (%s), not %s", got.Status, got.Failure, state)
	}
	s.holds(t, credits)
	return got
}

func (s *till) holds(t *testing.T, credits int64) {
	t.Helper()
	balance, err := s.settlements.Wallets.Balance(t.Context(), s.fan, s.now())
	if err != nil {
		t.Fatal(err)
	}
	journals := s.count(t, `SELECT count(*) FROM journals WHERE kind = 'top-up'`)
	events := s.count(t, `SELECT count(*) FROM outbox WHERE topic = 'wallet.top-up.paid.v1'`)
	if balance.Paid != money.Coins(500*credits) || balance.Bonus != money.Coins(50*credits) || journals != credits || events != credits {
		t.Fatalf("%d paid and %d given coins, %d journals and %d events are there for %d credits", balance.Paid, balance.Bonus, journals, events, credits)
	}
	tb, err := s.settlements.Wallets.TrialBalance(t.Context())
	if err != nil || !tb.Balanced {
		t.Fatalf("%v, %v", tb.Problems, err)
	}
}

func (s *till) count(t *testing.T, query string) int64 {
	t.Helper()
	n, err := sqldb.One(t.Context(), s.db, sqldb.Scalar[int64], query)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}
