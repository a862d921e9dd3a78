package contract

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// AccountStores are the stores of accounts and sessions.
type AccountStores struct {
	Accounts store.Accounts
	Profiles store.Profiles
	Sessions store.Sessions
	Devices  store.Devices
	Tokens   store.OneTimeTokens

	Identities store.Identities
}

// Accounts is what the stores of accounts and sessions promise. open answers a
// migrated, empty database.
func Accounts(t *testing.T, open func(t *testing.T) sqldb.DB, over func(db sqldb.DB) AccountStores) {
	world := func(t *testing.T) *people {
		db := open(t)
		p := &people{AccountStores: over(db), t: t, db: db, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
		p.ids = newIDs(func() time.Time { return p.clock })
		return p
	}
	t.Run("an account comes back as it was stored", func(t *testing.T) { roundTripAccount(t, world(t)) })
	t.Run("what does not exist is not found", func(t *testing.T) { missingAccount(t, world(t)) })
	t.Run("address and handle are one account's", func(t *testing.T) { takenAccount(t, world(t)) })
	t.Run("of two who want a handle at once one gets it", func(t *testing.T) { contestedHandle(t, world(t)) })
	t.Run("of two who move to an address at once one gets it", func(t *testing.T) { contestedAddress(t, world(t)) })
	t.Run("what is due to be purged is found", func(t *testing.T) { dueAccounts(t, world(t)) })
	t.Run("a purged account is nobody's", func(t *testing.T) { purgedAccount(t, world(t)) })
	t.Run("a profile says what the viewer has to do with it", func(t *testing.T) { profileRelations(t, world(t)) })
	t.Run("a search finds beginnings", func(t *testing.T) { searchBeginnings(t, world(t)) })
	t.Run("a search pages in the order of handles", func(t *testing.T) { searchPages(t, world(t)) })
	t.Run("a search looks at the first names only", func(t *testing.T) { searchFirstNames(t, world(t)) })
	t.Run("a session comes back with the token that is shown", func(t *testing.T) { roundTripSession(t, world(t)) })
	t.Run("a token is used by one at a time", func(t *testing.T) { contestedToken(t, world(t)) })
	t.Run("all sessions but one are ended", func(t *testing.T) { endAllSessions(t, world(t)) })
	t.Run("the standing of a session ends with it", func(t *testing.T) { sessionStanding(t, world(t)) })
	t.Run("where an account has signed in from is known, unless it disowned that", func(t *testing.T) { familiarNetworks(t, world(t)) })
	t.Run("live sessions are listed newest first", func(t *testing.T) { liveSessions(t, world(t)) })
	t.Run("an identity comes back as it was stored", func(t *testing.T) { roundTripIdentity(t, world(t)) })
	t.Run("an identity is found by every letter", func(t *testing.T) { missingIdentity(t, world(t)) })
	t.Run("an identity is one account's", func(t *testing.T) { contestedIdentity(t, world(t)) })
	t.Run("identities are deleted one by one, or all of an account", func(t *testing.T) { deleteIdentities(t, world(t)) })
	t.Run("what is long over is dropped in batches", func(t *testing.T) { dropSessions(t, world(t)) })
	t.Run("a one-time token", func(t *testing.T) { oneTimeTokens(t, world(t)) })
	t.Run("of two who redeem a one-time token at once one does", func(t *testing.T) { contestedOneTimeToken(t, world(t)) })
	t.Run("expired one-time tokens are forgotten", func(t *testing.T) { forgetOneTimeTokens(t, world(t)) })
}

// people is a database that gets accounts.
type people struct {
	AccountStores
	t     *testing.T
	db    sqldb.DB
	ids   *ident.Source
	clock time.Time
}

func (p *people) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// is fails unless err is want; nil is no error.
func (p *people) is(err, want error) {
	p.t.Helper()
	if !errors.Is(err, want) {
		p.t.Fatalf("got error %v, want %v", err, want)
	}
}

func (p *people) equal(want, got any) {
	p.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		p.t.Fatal(diff)
	}
}

func (p *people) count(query string, args ...any) int64 {
	p.t.Helper()
	n, err := sqldb.One(p.t.Context(), p.db, sqldb.Scalar[int64], query, args...)
	p.must(err)
	return n
}

// someone is an account that is not stored yet.
func (p *people) someone(handle string) accounts.Record {
	return accounts.Record{
		ID:      ident.New[ident.AccountID](p.ids),
		Email:   accounts.Email{Address: handle + "@Example.com", Key: handle + "@example.com"},
		Profile: accounts.Profile{Handle: handle, DisplayName: handle}, PasswordHash: "hash of " + handle,
		Role: accounts.Member, Version: 1, CreatedAt: p.clock,
	}
}

func (p *people) insert(r accounts.Record) error {
	return p.Accounts.Insert(p.t.Context(), accounts.RestoreAccount(r))
}

func (p *people) add(handle string) accounts.Record {
	p.t.Helper()
	r := p.someone(handle)
	p.must(p.insert(r))
	return r
}

func (p *people) get(id ident.AccountID) accounts.Record {
	p.t.Helper()
	a, err := p.Accounts.Get(p.t.Context(), id)
	p.must(err)
	return a.Record()
}

// save changes a stored account.
func (p *people) save(r accounts.Record) error {
	return p.db.Do(p.t.Context(), func(ctx context.Context) error {
		if _, err := p.Accounts.Lock(ctx, r.ID); err != nil {
			return err
		}
		return p.Accounts.Save(ctx, accounts.RestoreAccount(r))
	})
}

// move changes a stored account, and maybe its address.
func (p *people) move(r accounts.Record) error {
	return p.db.Do(p.t.Context(), func(ctx context.Context) error {
		if _, err := p.Accounts.Lock(ctx, r.ID); err != nil {
			return err
		}
		return p.Accounts.Move(ctx, accounts.RestoreAccount(r))
	})
}

func roundTripAccount(t *testing.T, p *people) {
	full := p.someone("hana")
	full.DisplayName, full.Bio, full.Avatar = "하나 'K' \\ %", "line\nline", ident.New[ident.MediaID](p.ids)
	full.Role, full.Version = accounts.Moderator, 7
	full.EmailVerifiedAt, full.PendingEmail = p.clock.Add(30*time.Minute), "하나@예시.한국"
	full.DeletedAt, full.PurgeAt, full.PurgedAt = p.clock.Add(1), p.clock.Add(time.Hour), p.clock.Add(2*time.Hour)
	full.DeletedAt = full.DeletedAt.Truncate(time.Microsecond)
	p.must(p.insert(full))
	plain := p.add("bora")

	for _, want := range []accounts.Record{full, plain} {
		for by, read := range map[string]func(context.Context) (*accounts.Account, error){
			"id":      func(ctx context.Context) (*accounts.Account, error) { return p.Accounts.Get(ctx, want.ID) },
			"address": func(ctx context.Context) (*accounts.Account, error) { return p.Accounts.ByEmail(ctx, want.Email.Key) },
			"handle":  func(ctx context.Context) (*accounts.Account, error) { return p.Accounts.ByHandle(ctx, want.Handle) },
			"lock":    func(ctx context.Context) (*accounts.Account, error) { return p.Accounts.Lock(ctx, want.ID) },
		} {
			p.must(p.db.Do(t.Context(), func(ctx context.Context) error {
				a, err := read(ctx)
				if err != nil {
					return err
				}
				if diff := cmp.Diff(want, a.Record()); diff != "" {
					t.Errorf("by %s: %s", by, diff)
				}
				return nil
			}))
		}
	}
	t.Run("and as it was saved", func(t *testing.T) {
		changed := full
		changed.ID, changed.CreatedAt = plain.ID, plain.CreatedAt
		changed.Email = accounts.Email{Address: "New@Example.com", Key: "new@example.com"}
		changed.Handle, changed.PasswordHash = "new_handle", "new hash"
		p.must(p.save(changed))
		p.equal(changed, p.get(plain.ID))
		changed.DeletedAt, changed.PurgeAt, changed.PurgedAt, changed.Avatar = time.Time{}, time.Time{}, time.Time{}, ident.MediaID{}
		changed.EmailVerifiedAt, changed.PendingEmail = time.Time{}, ""
		p.must(p.save(changed))
		p.equal(changed, p.get(plain.ID))
	})
}

func missingAccount(t *testing.T, p *people) {
	p.add("hana")
	ctx, nobody := t.Context(), p.someone("nobody")
	_, err := p.Accounts.Get(ctx, nobody.ID)
	p.is(err, accounts.ErrNotFound)
	_, err = p.Accounts.ByEmail(ctx, nobody.Email.Key)
	p.is(err, accounts.ErrNotFound)
	_, err = p.Accounts.ByHandle(ctx, nobody.Handle)
	p.is(err, accounts.ErrNotFound)
	_, err = p.Profiles.Own(ctx, nobody.ID)
	p.is(err, accounts.ErrNotFound)
	_, err = p.Profiles.Profile(ctx, ident.AccountID{}, nobody.Handle)
	p.is(err, accounts.ErrNotFound)
	p.is(p.save(nobody), accounts.ErrNotFound)
	p.is(p.Accounts.Save(ctx, accounts.RestoreAccount(nobody)), accounts.ErrNotFound)
}

func takenAccount(t *testing.T, p *people) {
	hana := p.add("hana")
	address, handle, both := p.someone("bora"), p.someone("bora"), p.someone("hana")
	address.Email.Key = hana.Email.Key
	handle.Handle = hana.Handle
	p.is(p.insert(address), accounts.ErrEmailTaken)
	p.is(p.insert(handle), accounts.ErrHandleTaken)
	p.is(p.insert(both), accounts.ErrEmailTaken)
	if n := p.count(`SELECT count(*) FROM accounts`) + p.count(`SELECT count(*) FROM account_counts`); n != 2 {
		t.Fatalf("%d rows of one account and its counts", n)
	}
	t.Run("and who takes another's handle on a change gets neither", func(*testing.T) {
		bora := p.add("bora")
		changed := bora
		changed.Handle, changed.Bio = "hana", "I am Hana"
		p.is(p.save(changed), accounts.ErrHandleTaken)
		p.equal(bora, p.get(bora.ID))
		p.equal(hana, p.get(hana.ID))
	})
	t.Run("nor does who takes another's address", func(*testing.T) {
		jin := p.add("jin")
		changed := jin
		changed.Email.Key, changed.Version = hana.Email.Key, 2
		p.is(p.move(changed), accounts.ErrEmailTaken)
		p.equal(jin, p.get(jin.ID))
		changed.Email = accounts.Email{Address: "Jin@New.example.com", Key: "jin@new.example.com"}
		changed.EmailVerifiedAt = p.clock
		p.must(p.move(changed))
		p.equal(changed, p.get(jin.ID))
		own, err := p.Profiles.Own(t.Context(), jin.ID)
		p.must(err)
		p.equal([]any{"Jin@New.example.com", true, ""}, []any{own.Email, own.EmailVerified, own.PendingEmail})
	})
}

func contestedHandle(t *testing.T, p *people) {
	const many = 6
	errs := make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		r := p.someone("hana")
		r.Email.Key = r.ID.String() + "@example.com"
		all.Go(func() {
			errs[i] = p.db.Do(t.Context(), func(ctx context.Context) error {
				return p.Accounts.Insert(ctx, accounts.RestoreAccount(r))
			})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		p.is(err, accounts.ErrHandleTaken)
	}
	if won != 1 {
		t.Fatalf("%d got it", won)
	}
}

func contestedAddress(t *testing.T, p *people) {
	const many = 6
	errs := make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		r := p.add(string(rune('a'+i)) + "_wants_it")
		r.Email = accounts.Email{Address: "hana@example.org", Key: "hana@example.org"}
		all.Go(func() { errs[i] = p.move(r) })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		p.is(err, accounts.ErrEmailTaken)
	}
	if won != 1 {
		t.Fatalf("%d got it", won)
	}
}

func dueAccounts(t *testing.T, p *people) {
	leave := func(handle string, purgeAt, purgedAt time.Time) ident.AccountID {
		r := p.someone(handle)
		r.DeletedAt, r.PurgeAt, r.PurgedAt = p.clock, purgeAt, purgedAt
		p.must(p.insert(r))
		return r.ID
	}
	now := p.clock.Add(24 * time.Hour)
	p.add("stays")
	second := leave("second", now, time.Time{})
	first := leave("first", now.Add(-time.Hour), time.Time{})
	leave("later", now.Add(time.Microsecond), time.Time{})
	leave("gone", time.Time{}, now.Add(-time.Hour))

	due, err := p.Accounts.Due(t.Context(), now, 10)
	p.must(err)
	p.equal([]ident.AccountID{first, second}, due)
	due, err = p.Accounts.Due(t.Context(), now, 1)
	p.must(err)
	p.equal([]ident.AccountID{first}, due)
}

func purgedAccount(t *testing.T, p *people) {
	r := p.add("hana")
	a := accounts.RestoreAccount(r)
	p.must(a.Delete(0, p.clock))
	if !a.Purge(p.clock) {
		t.Fatal("not purged")
	}
	p.must(p.save(a.Record()))
	p.equal(a.Record(), p.get(r.ID))
	again := p.add("hana")
	found, err := p.Accounts.ByHandle(t.Context(), "hana")
	p.must(err)
	p.equal(again.ID, found.ID())
}
