package contract

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

const sessionTTL = 30 * 24 * time.Hour

func tokenHash(n int) [32]byte { return [32]byte{0: 0xff, 30: byte(n >> 8), 31: byte(n)} }

// open signs an account in, with the n-th token, and answers what was stored.
func (p *people) open(account ident.AccountID, n int) accounts.SessionRecord {
	p.t.Helper()
	device := accounts.Device{UserAgent: fmt.Sprintf("agent %d", n), Address: "192.0.2.1"}
	s := accounts.OpenSession(ident.New[ident.SessionID](p.ids), account, device, tokenHash(n), sessionTTL, p.clock)
	p.must(p.Sessions.Insert(p.t.Context(), s))
	return s.Record()
}

// change changes a session, read with lock, in a transaction.
func (p *people) change(lock func(context.Context) (*accounts.Session, error), fn func(*accounts.Session) error) error {
	return p.db.Do(p.t.Context(), func(ctx context.Context) error {
		s, err := lock(ctx)
		if err != nil {
			return err
		}
		if err := fn(s); err != nil {
			return err
		}
		return p.Sessions.Save(ctx, s)
	})
}

func (p *people) byID(id ident.SessionID) func(context.Context) (*accounts.Session, error) {
	return func(ctx context.Context) (*accounts.Session, error) { return p.Sessions.Lock(ctx, id) }
}

func (p *people) byToken(n int) func(context.Context) (*accounts.Session, error) {
	return func(ctx context.Context) (*accounts.Session, error) { return p.Sessions.LockByToken(ctx, tokenHash(n)) }
}

// stored is a session as a lock reads it.
func (p *people) stored(lock func(context.Context) (*accounts.Session, error)) (r accounts.SessionRecord) {
	p.t.Helper()
	p.must(p.db.Do(p.t.Context(), func(ctx context.Context) error {
		s, err := lock(ctx)
		if err == nil {
			r = s.Record()
		}
		return err
	}))
	return r
}

func (p *people) refreshed(next int, at time.Time) func(*accounts.Session) error {
	return func(s *accounts.Session) error { return s.Refresh(tokenHash(next), sessionTTL, at) }
}

func roundTripSession(t *testing.T, p *people) {
	opened := p.open(p.add("hana").ID, 1)
	first := opened.Issued

	want := opened
	want.Issued = accounts.RefreshToken{}
	p.equal(want, p.stored(p.byID(opened.ID)))
	want.Presented = first
	p.equal(want, p.stored(p.byToken(1)))

	t.Run("also after its token was exchanged", func(*testing.T) {
		later := p.clock.Add(time.Hour)
		p.must(p.change(p.byToken(1), p.refreshed(2, later)))
		want.LastSeenAt, want.ExpiresAt = later, later.Add(sessionTTL)
		want.Presented = accounts.RefreshToken{Hash: tokenHash(2), IssuedAt: later}
		p.equal(want, p.stored(p.byToken(2)))
		want.Presented = first
		want.Presented.UsedAt = later
		p.equal(want, p.stored(p.byToken(1)))
	})
	t.Run("also when it is given for the same token again", func(*testing.T) {
		first := p.clock.Add(time.Hour)
		again := first.Add(time.Second)
		p.must(p.change(p.byToken(1), p.refreshed(2, again)))
		want.LastSeenAt, want.ExpiresAt = again, again.Add(sessionTTL)
		p.equal(want, p.stored(p.byToken(1)))
		want.Presented = accounts.RefreshToken{Hash: tokenHash(2), IssuedAt: first}
		p.equal(want, p.stored(p.byToken(2)))
	})
	t.Run("and after its holder proved who he is", func(*testing.T) {
		proved, err := p.Devices.Proved(t.Context(), opened.ID)
		p.must(err)
		p.equal(opened.CreatedAt, proved)
		want.ProvedAt = p.clock.Add(90 * time.Minute)
		p.must(p.change(p.byID(opened.ID), func(s *accounts.Session) error { return s.Prove(opened.Account, want.ProvedAt) }))
		want.Presented = accounts.RefreshToken{}
		p.equal(want, p.stored(p.byID(opened.ID)))
		proved, err = p.Devices.Proved(t.Context(), opened.ID)
		p.must(err)
		p.equal(want.ProvedAt, proved)
	})
	t.Run("and when it is over", func(*testing.T) {
		end := p.clock.Add(2 * time.Hour)
		p.must(p.change(p.byID(opened.ID), func(s *accounts.Session) error { return s.End(opened.Account, accounts.EndedSignOut, end) }))
		want.Presented = accounts.RefreshToken{}
		want.ExpiresAt, want.EndedAt, want.EndedWhy = end, end, accounts.EndedSignOut
		p.equal(want, p.stored(p.byID(opened.ID)))
		_, err := p.Devices.Proved(t.Context(), opened.ID)
		p.is(err, accounts.ErrSessionEnded)
	})
	t.Run("and what is unknown is not found", func(t *testing.T) {
		p.is(p.change(p.byToken(9), nil), accounts.ErrRefreshToken)
		p.is(p.change(p.byID(ident.New[ident.SessionID](p.ids)), nil), accounts.ErrSessionNotFound)
	})
}

func contestedToken(t *testing.T, p *people) {
	const many = 8
	opened := p.open(p.add("hana").ID, 0)
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		first int
	)
	for i := range many {
		all.Go(func() {
			fresh := false
			err := p.change(p.byToken(0), func(s *accounts.Session) error {
				fresh = s.Record().Presented.UsedAt.IsZero()
				return p.refreshed(i+1, p.clock.Add(time.Duration(i)*time.Second))(s)
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if fresh {
				first++
			}
		})
	}
	all.Wait()
	if first != 1 {
		t.Errorf("%d believed that they were the first", first)
	}
	if n := p.count(`SELECT count(*) FROM refresh_tokens WHERE session = $1 AND used_at IS NULL`, opened.ID); n != many {
		t.Errorf("%d of %d successors are there", n, many)
	}
}

func endAllSessions(t *testing.T, p *people) {
	hana, bora := p.add("hana").ID, p.add("bora").ID
	spared, ended, other := p.open(hana, 1), p.open(hana, 2), p.open(bora, 3)
	p.clock = p.clock.Add(-2 * sessionTTL)
	expired := p.open(hana, 4)
	p.clock = p.clock.Add(2 * sessionTTL)

	now := p.clock.Add(time.Hour)
	p.must(p.Sessions.EndAll(t.Context(), hana, spared.ID, accounts.EndedPasswordChanged, now))
	for _, untouched := range []accounts.SessionRecord{spared, other, expired} {
		got := p.stored(p.byID(untouched.ID))
		if !got.EndedAt.IsZero() || got.ExpiresAt != untouched.ExpiresAt {
			t.Error(untouched.UserAgent, "was touched:", got)
		}
	}
	got := p.stored(p.byID(ended.ID))
	if got.EndedAt != now || got.EndedWhy != accounts.EndedPasswordChanged || got.ExpiresAt != now {
		t.Error(got)
	}
	t.Run("none is spared if none is named, and no ending is rewritten", func(t *testing.T) {
		p.must(p.Sessions.EndAll(t.Context(), hana, ident.SessionID{}, accounts.EndedDeleted, now.Add(time.Hour)))
		if got := p.stored(p.byID(spared.ID)); got.EndedWhy != accounts.EndedDeleted {
			t.Error(got)
		}
		if got := p.stored(p.byID(ended.ID)); got.EndedAt != now || got.EndedWhy != accounts.EndedPasswordChanged {
			t.Error(got)
		}
	})
	t.Run("deleting takes them all, and their tokens", func(t *testing.T) {
		p.must(p.Sessions.DeleteAll(t.Context(), hana))
		if n := p.count(`SELECT count(*) FROM sessions`) + p.count(`SELECT count(*) FROM refresh_tokens`); n != 2 {
			t.Errorf("%d rows left of one session and its token", n)
		}
	})
}

func sessionStanding(t *testing.T, p *people) {
	ctx := t.Context()
	hana := p.add("hana")
	s := p.open(hana.ID, 1)
	got, err := p.Devices.Standing(ctx, s.ID)
	p.must(err)
	p.equal(store.Standing{Account: hana.ID, Role: accounts.Member, ExpiresAt: s.ExpiresAt}, got)

	hana.Role = accounts.Admin
	p.must(p.save(hana))
	got, err = p.Devices.Standing(ctx, s.ID)
	p.must(err)
	p.equal(accounts.Admin, got.Role)

	hana.DeletedAt = p.clock
	p.must(p.save(hana))
	_, err = p.Devices.Standing(ctx, s.ID)
	p.is(err, accounts.ErrSessionEnded)

	hana.DeletedAt = time.Time{}
	p.must(p.save(hana))
	p.must(p.change(p.byID(s.ID), func(s *accounts.Session) error { return s.End(hana.ID, accounts.EndedSignOut, p.clock) }))
	_, err = p.Devices.Standing(ctx, s.ID)
	p.is(err, accounts.ErrSessionEnded)
	_, err = p.Devices.Standing(ctx, ident.New[ident.SessionID](p.ids))
	p.is(err, accounts.ErrSessionEnded)
}

func liveSessions(t *testing.T, p *people) {
	hana := p.add("hana").ID
	p.open(p.add("bora").ID, 99)
	var want []*store.Device
	for n := range 5 {
		if n%2 == 0 { // some are opened at the same time
			p.clock = p.clock.Add(time.Second)
		}
		s := p.open(hana, n)
		want = append([]*store.Device{{
			ID: s.ID, UserAgent: s.UserAgent, Address: s.Address, CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt,
		}}, want...)
	}
	over := p.open(hana, 5)
	p.must(p.change(p.byID(over.ID), func(s *accounts.Session) error { return s.End(hana, accounts.EndedSignOut, p.clock) }))

	for limit := 1; limit <= 6; limit++ {
		var got []*store.Device
		page := store.Page{Limit: limit}
		for {
			list, err := p.Devices.Live(t.Context(), hana, p.clock, page)
			p.must(err)
			got = append(got, list.Items...)
			if page.After = list.Next; page.After.IsZero() {
				break
			}
		}
		p.equal(want, got)
	}
	list, err := p.Devices.Live(t.Context(), hana, p.clock.Add(sessionTTL), store.Page{Limit: 10})
	p.must(err)
	if len(list.Items) != 0 {
		t.Error("an expired session is listed")
	}
}

func dropSessions(t *testing.T, p *people) {
	ctx := t.Context()
	hana := p.add("hana").ID
	for n := range 3 {
		p.open(hana, n)
	}
	edge := p.clock
	p.clock = p.clock.Add(time.Hour)
	kept := p.open(hana, 3)

	drop := func(what func(context.Context, time.Time, int) (int64, error), before time.Time, want ...int64) {
		t.Helper()
		for _, n := range want {
			got, err := what(ctx, before, 2)
			p.must(err)
			p.equal(n, got)
		}
	}
	drop(p.Sessions.DropTokens, edge, 0)
	drop(p.Sessions.DropTokens, edge.Add(time.Microsecond), 2, 1, 0)
	drop(p.Sessions.DropSessions, edge.Add(sessionTTL), 0)
	drop(p.Sessions.DropSessions, kept.ExpiresAt, 2, 1, 0)
	p.equal(kept.ID, p.stored(p.byToken(3)).ID)
	drop(p.Sessions.DropSessions, kept.ExpiresAt.Add(time.Microsecond), 1)
	if n := p.count(`SELECT count(*) FROM refresh_tokens`); n != 0 {
		t.Error("a token outlives its session")
	}
}
