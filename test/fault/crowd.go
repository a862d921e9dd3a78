package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

const password = "correct horse battery"

// crowd is people who keep what they were about to do, and do it again until
// they hear how it went.
type crowd struct {
	ctx     context.Context
	stage   *stage
	history *history
	seed    uint64
	courier *courier
	lost    atomic.Int64 // answers that did not arrive
	stop    atomic.Bool
	all     sync.WaitGroup

	mu       sync.Mutex // guards everything that was acknowledged
	people   []*person
	creators []*person
	fans     []*person
	media    map[uuid.UUID]*person
	posts    map[uuid.UUID]*post
	strange  []string // answers that nobody should have been given
}

// person is somebody with an account.
type person struct {
	*sajin.Client
	name    string
	account api.Account
	random  *rand.Rand // of who does one thing at a time

	// guarded by the crowd
	purchases map[uuid.UUID]bought // by post
	topUps    map[uuid.UUID]bool   // whether it was paid
	follows   map[string]time.Time // creators by handle, since when; zero: not any more
}

type bought struct {
	id  uuid.UUID
	key string
}

// post is one that was acknowledged.
type post struct {
	id      uuid.UUID
	author  *person
	medium  uuid.UUID
	caption string
	asked   time.Time
}

func newCrowd(ctx context.Context, s *stage, h *history, seed uint64) *crowd {
	c := &crowd{ctx: ctx, stage: s, history: h, seed: seed, media: map[uuid.UUID]*person{}, posts: map[uuid.UUID]*post{}}
	c.courier = &courier{crowd: c, sent: map[string]int64{}}
	return c
}

// chance is a source of randomness for one purpose.
func (c *crowd) chance(purpose string) *rand.Rand {
	var n uint64
	for _, b := range []byte(purpose) {
		n = n*31 + uint64(b)
	}
	return rand.New(rand.NewPCG(c.seed, n))
}

func (c *crowd) note(what func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what()
}

func (c *crowd) odd(format string, args ...any) {
	c.note(func() { c.strange = append(c.strange, fmt.Sprintf(format, args...)) })
}

// join signs somebody up. An account has no key: who did not hear the answer
// finds the address taken, and signs in.
func (c *crowd) join(name string) (*person, error) {
	p := &person{name: name, random: c.chance(name), purchases: map[uuid.UUID]bought{}, topUps: map[uuid.UUID]bool{}, follows: map[string]time.Time{}}
	var err error
	if p.Client, err = sajin.New("http://"+c.stage.front, &phone{c: c, random: c.chance(name + " phone")}); err != nil {
		return nil, err
	}
	email, tried := name+"@example.com", false
	err = c.persist("sign-up", p, email, func(ctx context.Context) (string, error) {
		if _, err := p.RegisterWithResponse(ctx, api.NewAccount{Email: email, Password: password, Handle: name}); err != nil && (!tried || code(err) != "accounts.email-taken") {
			tried = true
			return "", err
		}
		tried = true
		account, err := p.SignInWith(ctx, email, password)
		if err == nil {
			p.account = *account
		}
		return "", err
	})
	if err == nil {
		c.note(func() { c.people = append(c.people, p) })
	}
	return p, err
}

// phone is somebody's connection: now and then an answer does not arrive.
type phone struct {
	c      *crowd
	mu     sync.Mutex
	random *rand.Rand
}

var errUnheard = errors.New("the answer was lost on its way")

func (p *phone) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	loses := r.Method != http.MethodGet && p.random.IntN(50) == 0
	p.mu.Unlock()
	resp, err := p.c.stage.RoundTrip(r)
	if err == nil && loses && !p.c.stop.Load() {
		_ = resp.Body.Close()
		p.c.lost.Add(1)
		return nil, errUnheard
	}
	return resp, err
}

// persist tries until it is told how it went: nil, or a problem that trying
// again will not change.
func (c *crowd) persist(op string, p *person, what string, try func(ctx context.Context) (note string, err error)) error {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		began := time.Now()
		c.history.write(entry{At: began, Op: op, Who: p.name, What: what, Did: invoked}, began)
		ctx, cancel := context.WithTimeout(c.ctx, patience)
		note, err := try(ctx)
		cancel()
		e := entry{At: time.Now(), Op: op, Who: p.name, What: what, Did: done, Note: note}
		if err != nil {
			e.Did, e.Note = unknown, err.Error()
			if final(err) {
				e.Did = refused
			}
		}
		c.history.write(e, began)
		if err == nil || e.Did == refused || c.ctx.Err() != nil {
			return err
		}
		time.Sleep(pause)
	}
}

// patience is how long somebody waits for an answer before asking again.
const patience = 5 * time.Second

// final says whether trying again is of no use.
func final(err error) bool {
	problem, told := errors.AsType[*sajin.Error](err)
	return told && problem.Status < 500 && problem.Code != "idempotency.in-progress" && problem.Code != "wallet.too-many-top-ups"
}

func code(err error) string {
	if problem, ok := errors.AsType[*sajin.Error](err); ok {
		return problem.Code
	}
	return ""
}

// everyPage reads a list to its end.
func everyPage[T any](page func(cursor *string) ([]T, *string, error)) (all []T, err error) {
	for cursor := (*string)(nil); ; {
		items, next, err := page(cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if cursor = next; cursor == nil {
			return all, nil
		}
	}
}
