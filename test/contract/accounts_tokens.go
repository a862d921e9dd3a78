package contract

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// given is a token about an account, with an hour to be used in.
func (p *people) given(account ident.AccountID, purpose string, n int) store.OneTimeToken {
	return store.OneTimeToken{
		Hash: tokenHash(n), Purpose: purpose, Account: account, Payload: "하나 " + purpose, ExpiresAt: p.clock.Add(time.Hour),
	}
}

func (p *people) issue(t store.OneTimeToken) store.OneTimeToken {
	p.t.Helper()
	p.must(p.Tokens.Issue(p.t.Context(), t))
	return t
}

// redeem uses a token up, and must fail with want; nil is no error.
func (p *people) redeem(t store.OneTimeToken, want error) {
	p.t.Helper()
	got, err := p.Tokens.Look(p.t.Context(), t.Purpose, t.Hash, p.clock)
	p.is(err, want)
	if want == nil {
		p.equal(t, got)
	}
	err = p.db.Do(p.t.Context(), func(ctx context.Context) (err error) {
		got, err = p.Tokens.Redeem(ctx, t.Purpose, t.Hash, p.clock)
		return err
	})
	p.is(err, want)
	if want == nil {
		p.equal(t, got)
	}
}

func oneTimeTokens(t *testing.T, p *people) {
	hana, bora := p.add("hana").ID, p.add("bora").ID
	t.Run("is good once", func(*testing.T) {
		token := p.issue(p.given(hana, "reset", 1))
		p.redeem(token, nil)
		p.redeem(token, store.ErrOneTimeToken)
	})
	t.Run("and stays used when it is issued again", func(*testing.T) {
		p.redeem(p.issue(p.given(hana, "reset", 1)), store.ErrOneTimeToken)
	})
	t.Run("for one purpose", func(*testing.T) {
		token := p.issue(p.given(hana, "reset", 2))
		other := token
		other.Purpose = "verify"
		p.redeem(other, store.ErrOneTimeToken)
		p.redeem(token, nil)
	})
	t.Run("before it expires", func(*testing.T) {
		token := p.given(hana, "reset", 3)
		token.ExpiresAt = p.clock
		p.redeem(p.issue(token), store.ErrOneTimeToken)
		token.ExpiresAt = p.clock.Add(time.Microsecond)
		token.Payload = "issued again"
		p.redeem(p.issue(token), nil)
	})
	t.Run("while there is no newer one of the account", func(*testing.T) {
		first, others, elsewhere := p.issue(p.given(hana, "reset", 4)), p.issue(p.given(bora, "reset", 5)), p.issue(p.given(hana, "verify", 6))
		second := p.issue(p.given(hana, "reset", 7))
		p.redeem(first, store.ErrOneTimeToken)
		for _, token := range []store.OneTimeToken{second, others, elsewhere} {
			p.redeem(token, nil)
		}
	})
	t.Run("of nobody stands beside others", func(*testing.T) {
		first := p.issue(p.given(ident.AccountID{}, "state", 8))
		p.redeem(p.issue(p.given(ident.AccountID{}, "state", 9)), nil)
		p.redeem(first, nil)
	})
	t.Run("is as good as before if the transaction fails", func(*testing.T) {
		token := p.issue(p.given(hana, "reset", 10))
		p.is(p.db.Do(p.t.Context(), func(ctx context.Context) error {
			if _, err := p.Tokens.Redeem(ctx, token.Purpose, token.Hash, p.clock); err != nil {
				return err
			}
			return context.Canceled
		}), context.Canceled)
		p.redeem(token, nil)
	})
	t.Run("is revoked by purpose, or with all of the account", func(*testing.T) {
		reset, verify, others := p.issue(p.given(hana, "reset", 11)), p.issue(p.given(hana, "verify", 12)), p.issue(p.given(bora, "reset", 13))
		p.must(p.Tokens.Revoke(p.t.Context(), hana, "reset", "unheard-of"))
		p.redeem(reset, store.ErrOneTimeToken)
		p.redeem(verify, nil)
		again := p.issue(p.given(hana, "verify", 14))
		p.must(p.Tokens.Revoke(p.t.Context(), hana))
		p.redeem(again, store.ErrOneTimeToken)
		p.redeem(others, nil)
	})
}

func contestedOneTimeToken(t *testing.T, p *people) {
	hana := p.add("hana").ID
	const many = 6
	all := func(do func(ctx context.Context, n int) error) (won int) {
		errs := make([]error, many)
		var group sync.WaitGroup
		for i := range many {
			group.Go(func() { errs[i] = p.db.Do(t.Context(), func(ctx context.Context) error { return do(ctx, i) }) })
		}
		group.Wait()
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			p.is(err, store.ErrOneTimeToken)
		}
		return won
	}
	if won := all(func(ctx context.Context, i int) error { return p.Tokens.Issue(ctx, p.given(hana, "reset", i)) }); won != many {
		t.Errorf("%d were issued", won)
	}
	if n := p.count(`SELECT count(*) FROM one_time_tokens`); n != 1 {
		t.Errorf("%d are good at once", n)
	}
	token := p.issue(p.given(hana, "reset", many))
	won := all(func(ctx context.Context, _ int) error {
		_, err := p.Tokens.Redeem(ctx, token.Purpose, token.Hash, p.clock)
		return err
	})
	if won != 1 {
		t.Errorf("%d redeemed it", won)
	}
}

func forgetOneTimeTokens(t *testing.T, p *people) {
	hana := p.add("hana").ID
	expired, kept := p.issue(p.given(hana, "reset", 1)), p.given(hana, "verify", 2)
	kept.ExpiresAt = expired.ExpiresAt.Add(time.Microsecond)
	p.issue(kept)
	for _, want := range []int64{1, 0} {
		n, err := p.Tokens.Forget(t.Context(), kept.ExpiresAt)
		p.must(err)
		p.equal(want, n)
	}
	p.redeem(expired, store.ErrOneTimeToken)
	p.redeem(kept, nil)
}
