package accounts_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/identity"
)

// house is an identity provider that believes everybody.
type house struct {
	asked    identity.Request
	answered identity.Answer
	says     identity.Claims
	err      error
}

func (h *house) AuthURL(_ context.Context, r identity.Request) (string, error) {
	h.asked = r
	return "https://house.test/?state=" + url.QueryEscape(r.State), h.err
}

func (h *house) Exchange(_ context.Context, a identity.Answer) (identity.Claims, error) {
	h.answered = a
	return h.says, h.err
}

func (h *house) Ping(context.Context) error { return h.err }

// withHouse adds signing in with a provider to the world.
func (w *world) withHouse() (*accounts.Identities, *house) {
	h := &house{says: identity.Claims{Issuer: "https://house.test", Subject: "1", Email: "hana@example.com", EmailVerified: true, Name: "Hana"}}
	return &accounts.Identities{
		Shared: w.accounts.Shared, Identities: sqlstore.NewIdentities(w.db), Tokens: sqlstore.NewOneTimeTokens(w.db),
		Providers: map[string]identity.Provider{"house": h, "other": &house{}}, Sealer: keyring.New(rand.Reader), Random: rand.Reader,
		IDs: w.credentials.IDs, Mint: w.sessions.Mint,
	}, h
}

// through goes to the house and comes back with a code of its own.
func (w *world) through(s *accounts.Identities, h *house, begun accounts.Begun) (accounts.Finished, error) {
	return s.Finish(w.t.Context(), accounts.Finish{Provider: "house", Ticket: begun.Ticket, State: h.asked.State, Code: "code"})
}

// verified has mail arrive at somebody's address.
func (w *world) verified(id ident.AccountID) {
	w.t.Helper()
	w.must(w.db.Do(w.t.Context(), func(ctx context.Context) error {
		a, err := w.accounts.Accounts.Lock(ctx, id)
		if err != nil {
			return err
		}
		if _, err := a.VerifyEmail(a.Record().Email.Address, w.clock); err != nil {
			return err
		}
		return w.accounts.Accounts.Save(ctx, a)
	}))
}

func (w *world) password(id ident.AccountID) string {
	return strings.TrimPrefix(w.record(id).PasswordHash, "cheap hash of ")
}

func TestIdentities(t *testing.T) {
	begin := func(w *world, s *accounts.Identities) accounts.Begun {
		b, err := s.Begin(t.Context(), "house", "/library")
		w.must(err)
		return b
	}
	signIn := func(w *world, s *accounts.Identities, h *house) accounts.Grant {
		b := begin(w, s)
		f, err := w.through(s, h, b)
		w.must(err)
		g, err := s.SignIn(t.Context(), accounts.SignInByCode{Code: f.Code, Ticket: b.Ticket, Device: rules.Device{UserAgent: "test"}})
		w.must(err)
		return g
	}
	t.Run("an account is made, told about, and signed in to", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		g := signIn(w, s, h)
		w.in(g, nil)
		w.equal("", w.record(g.Account).PasswordHash)
		w.equal([]string{"accounts.account.registered.v1", "accounts.account.email-verified.v1", "accounts.identity.linked.v1"}, w.topics())
		w.equal(g.Account, signIn(w, s, h).Account)
		w.equal([]string(nil), w.topics())
	})
	t.Run("what proves that the browser is the same is nowhere that it can be read", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		b := begin(w, s)
		_, err := w.through(s, h, b)
		w.must(err)
		read, err := base64.RawURLEncoding.DecodeString(b.Ticket)
		w.must(err)
		for _, secret := range []string{h.answered.Verifier, h.answered.Nonce, h.asked.State} {
			if len(secret) != 43 || strings.Contains(b.Ticket+string(read), secret) || strings.Contains(b.URL, h.answered.Verifier) {
				t.Errorf("%q", secret)
			}
		}
		if h.answered.Nonce != h.asked.Nonce || h.answered.Verifier == h.asked.Challenge {
			t.Error(h.asked, h.answered)
		}
		other := h.asked
		begin(w, s)
		if h.asked.State == other.State || h.asked.Nonce == other.Nonce || h.asked.Challenge == other.Challenge {
			t.Error("two tickets have a secret in common")
		}
	})
	t.Run("a ticket is good for what it was made for", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		mina := w.register("mina")
		session := w.signIn("mina").Session
		b := begin(w, s)
		for what, in := range map[string]accounts.Finish{
			"another provider": {Provider: "other", Ticket: b.Ticket, State: h.asked.State},
			"no state":         {Provider: "house", Ticket: b.Ticket},
			"no ticket":        {Provider: "house", State: h.asked.State},
			"half a ticket":    {Provider: "house", Ticket: b.Ticket[:len(b.Ticket)/2], State: h.asked.State},
			"a cursor":         {Provider: "house", Ticket: s.Sealer.Seal("posts", []byte("{}")), State: h.asked.State},
		} {
			if _, err := s.Finish(t.Context(), in); !errors.Is(err, accounts.ErrTicket) {
				t.Errorf("%s: %v", what, err)
			}
		}
		f, err := w.through(s, h, b)
		w.must(err)
		link, err := s.BeginLink(t.Context(), mina, session, "house", "")
		w.must(err)
		for _, ticket := range []string{"", link.Ticket, begin(w, s).Ticket} {
			_, err := s.SignIn(t.Context(), accounts.SignInByCode{Code: f.Code, Ticket: ticket})
			w.is(err, accounts.ErrSignInCode)
		}
		_, err = s.SignIn(t.Context(), accounts.SignInByCode{Code: f.Code, Ticket: b.Ticket})
		w.must(err)
	})
	t.Run("where it ends without an answer the browser still knows where to go", func(t *testing.T) {
		for said, want := range map[string]error{
			"access_denied": accounts.ErrDenied, "server_error": identity.ErrUnavailable, "temporarily_unavailable": identity.ErrUnavailable,
			"invalid_request": identity.ErrRefused, strings.Repeat("x", 9999): identity.ErrRefused,
		} {
			w := newWorld(t)
			s, h := w.withHouse()
			b := begin(w, s)
			f, err := s.Finish(t.Context(), accounts.Finish{Provider: "house", Ticket: b.Ticket, State: h.asked.State, Error: said})
			w.is(err, want)
			w.equal(accounts.Finished{ReturnTo: "/library"}, f)
			if len(err.Error()) > 300 {
				t.Error(err)
			}
		}
	})
	t.Run("a provider that does not know who it is makes nobody", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		b := begin(w, s)
		h.err = identity.ErrRefused.Because(identity.ErrNonce)
		f, err := w.through(s, h, b)
		w.is(err, identity.ErrNonce)
		w.equal(accounts.Finished{ReturnTo: "/library"}, f)
		w.equal(0, w.count(`SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM identities) + (SELECT count(*) FROM sessions)`))
	})
	t.Run("what fails half way leaves nothing", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		b := begin(w, s)
		w.outbox.err = errors.New("full")
		_, err := w.through(s, h, b)
		w.is(err, w.outbox.err)
		w.equal(0, w.count(`SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM identities)`))
	})
	t.Run("the account with the same address is theirs if both sides have verified it", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		hana := w.register("hana")
		_, err := w.through(s, h, begin(w, s))
		w.is(err, rules.ErrLinkSignInFirst)
		w.verified(hana)
		h.says.EmailVerified = false
		_, err = w.through(s, h, begin(w, s))
		w.is(err, rules.ErrLinkSignInFirst)
		w.equal(0, w.count(`SELECT count(*) FROM identities`))
		h.says.EmailVerified = true
		w.equal(hana, signIn(w, s, h).Account)
		w.equal(passwordOf("hana"), w.password(hana))
		h.says.Email, h.says.EmailVerified = "other@example.com", false // which matters no more
		w.equal(hana, signIn(w, s, h).Account)
	})
	t.Run("who is new has a verified address, or is mailed a link that verifies it", func(t *testing.T) {
		for _, verified := range []bool{true, false} {
			w := newWorld(t)
			s, h := w.withHouse()
			h.says.EmailVerified = verified
			hana := signIn(w, s, h).Account
			w.deliver()
			if got := w.record(hana).EmailVerifiedAt.IsZero(); got == verified || len(w.post.All()) > 0 == verified {
				t.Error(verified, got, w.post.All())
			}
			if !verified {
				w.must(w.emails.Verify(t.Context(), w.link("hana@example.com", "verify-email")))
			}
		}
	})
	t.Run("the owner of an address who resets the password is rid of whoever took it", func(t *testing.T) {
		for _, verified := range []bool{false, true} {
			w := newWorld(t)
			s, h := w.withHouse()
			h.says.EmailVerified = verified
			account := signIn(w, s, h).Account
			w.must(w.credentials.RequestReset(t.Context(), "hana@example.com", ""))
			secret := w.link("hana@example.com", "reset-password")
			w.topics()
			w.must(w.credentials.ResetPassword(t.Context(), secret, "a new password"))
			all, err := s.List(t.Context(), account)
			w.must(err)
			gone := slices.Contains(w.topics(), "accounts.identity.unlinked.v1")
			if len(all) == 1 != verified || gone == verified {
				t.Errorf("verified: %t, identities: %v, told: %t", verified, all, gone)
			}
			_, err = w.trySignIn("hana@example.com", "a new password")
			w.must(err)
		}
	})
	t.Run("also if it was deleted, while it can come back", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		hana := w.register("hana")
		w.verified(hana)
		w.must(w.accounts.Delete(t.Context(), hana))
		w.equal(hana, signIn(w, s, h).Account)
		w.equal(true, w.record(hana).DeletedAt.IsZero())
		w.must(s.Identities.DeleteAll(t.Context(), hana))
		w.must(w.accounts.Delete(t.Context(), hana))
		w.pass(grace)
		_, err := w.through(s, h, begin(w, s))
		w.is(err, identity.ErrRefused)
		w.equal(0, w.count(`SELECT count(*) FROM identities`))
	})
	t.Run("handles that are taken are passed over", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		w.register("hana")
		handles := map[string]bool{"hana": true}
		for n := range 5 {
			h.says.Subject, h.says.Email = fmt.Sprint(n), fmt.Sprintf("hana%d@example.org", n)
			handle := w.record(signIn(w, s, h).Account).Handle
			if handles[handle] || !strings.HasPrefix(handle, "hana_") {
				t.Errorf("%q", handle)
			}
			handles[handle] = true
		}
	})
	t.Run("an account has so many identities and no more", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		mina := w.register("mina")
		session := w.signIn("mina").Session
		for n := range rules.MaxIdentities + 1 {
			h.says.Subject = fmt.Sprint(n)
			b, err := s.BeginLink(t.Context(), mina, session, "house", "")
			w.must(err)
			_, err = w.through(s, h, b)
			if n < rules.MaxIdentities {
				w.must(err)
			} else {
				w.is(err, rules.ErrTooManyIdentities)
			}
		}
		all, err := s.List(t.Context(), mina)
		w.must(err)
		w.equal(rules.MaxIdentities, len(all))
	})
	t.Run("a session is as good as what the provider saw", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		h.says.AuthTime = w.clock.Add(-time.Hour)
		w.is(w.stepUp.Require(t.Context(), signIn(w, s, h).Session), rules.ErrStepUpRequired)
		h.says.AuthTime = w.clock
		w.must(w.stepUp.Require(t.Context(), signIn(w, s, h).Session))
		h.says.AuthTime = time.Time{} // of a provider that does not say
		w.is(w.stepUp.Require(t.Context(), signIn(w, s, h).Session), rules.ErrStepUpRequired)
	})
	t.Run("a proof is asked for anew, and counts from when it was asked for", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		g := signIn(w, s, h)
		for what, seen := range map[string]func() time.Time{
			"just now":        func() time.Time { return w.clock },
			"before":          func() time.Time { return w.clock.Add(-2 * time.Minute) },
			"it does not say": func() time.Time { return time.Time{} },
		} {
			w.pass(stepUpTTL)
			b, err := s.BeginProof(t.Context(), g.Account, g.Session, "house", "")
			w.must(err)
			if !h.asked.Fresh {
				t.Error("it may be an old one")
			}
			h.says.AuthTime = seen()
			_, err = w.through(s, h, b)
			proved := w.stepUp.Require(t.Context(), g.Session)
			if what == "just now" && (err != nil || proved != nil) || what != "just now" && (!errors.Is(err, rules.ErrNoProof) || proved == nil) {
				t.Errorf("%s: %v, %v", what, err, proved)
			}
		}
	})
	t.Run("nothing of an identity stays when the account is purged", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		g := signIn(w, s, h)
		w.must(w.accounts.Delete(t.Context(), g.Account))
		w.pass(grace)
		w.must(w.maintenance.Purge(t.Context()))
		w.equal(0, w.count(`SELECT count(*) FROM identities`))
		if again := signIn(w, s, h); again.Account == g.Account {
			t.Error("it came back")
		}
	})
	t.Run("without a password there is none to change, or to prove with, and finding out takes as long", func(t *testing.T) {
		w := newWorld(t)
		s, h := w.withHouse()
		g := signIn(w, s, h)
		before := w.hasher.verifies
		w.is(w.credentials.ChangePassword(t.Context(), g.Account, accounts.ChangePassword{Session: g.Session, New: "a new password"}), rules.ErrNoPassword)
		w.is(w.stepUp.Prove(t.Context(), g.Account, g.Session, ""), rules.ErrNoPassword)
		_, err := w.trySignIn("hana@example.com", "")
		w.is(err, rules.ErrBadCredentials)
		w.equal(before+3, w.hasher.verifies)
	})
	t.Run("who is nobody's to unlink, is not", func(t *testing.T) {
		w := newWorld(t)
		s, _ := w.withHouse()
		mina := w.register("mina")
		w.is(s.Unlink(t.Context(), mina, ident.New[ident.IdentityID](s.IDs)), rules.ErrIdentityNotFound)
	})
}
