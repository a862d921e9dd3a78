package contract

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

// identity is one of an account, not stored yet.
func (p *people) identity(of accounts.Record, subject string) accounts.Identity {
	return accounts.Identity{
		ID: ident.New[ident.IdentityID](p.ids), Account: of.ID, Provider: "google", Issuer: "https://issuer.example.com", Subject: subject,
		Email: "하나@Example.com", LinkedAt: p.clock,
	}
}

func (p *people) link(i accounts.Identity) error {
	return p.db.Do(p.t.Context(), func(ctx context.Context) error {
		if _, err := p.Accounts.Lock(ctx, i.Account); err != nil {
			return err
		}
		return p.Identities.Insert(ctx, i)
	})
}

func roundTripIdentity(t *testing.T, p *people) {
	hana, bora := p.add("hana"), p.add("bora")
	second, first, other := p.identity(hana, "2"), p.identity(hana, "1"), p.identity(bora, "3")
	first.LinkedAt = first.LinkedAt.Add(-time.Hour)
	first.Email = ""
	for _, i := range []accounts.Identity{second, other, first} {
		p.must(p.link(i))
		got, err := p.Identities.Find(t.Context(), i.Issuer, i.Subject)
		p.must(err)
		p.equal(i, got)
		got, err = p.Identities.Get(t.Context(), i.ID)
		p.must(err)
		p.equal(i, got)
	}
	all, err := p.Identities.Of(t.Context(), hana.ID)
	p.must(err)
	p.equal([]accounts.Identity{first, second}, all)
}

func missingIdentity(t *testing.T, p *people) {
	ctx, hana := t.Context(), p.add("hana")
	i := p.identity(hana, "Subject")
	p.must(p.link(i))
	for _, who := range [][2]string{{i.Issuer, "subject"}, {i.Issuer + "/", "Subject"}, {i.Issuer, "Subject "}, {"", ""}} {
		_, err := p.Identities.Find(ctx, who[0], who[1])
		p.is(err, accounts.ErrIdentityNotFound)
	}
	_, err := p.Identities.Get(ctx, ident.New[ident.IdentityID](p.ids))
	p.is(err, accounts.ErrIdentityNotFound)
	p.is(p.Identities.Delete(ctx, ident.New[ident.IdentityID](p.ids)), accounts.ErrIdentityNotFound)
	all, err := p.Identities.Of(ctx, p.add("bora").ID)
	p.must(err)
	p.equal(0, len(all))
	p.equal(int64(1), p.count(`SELECT count(*) FROM identities`))
}

func contestedIdentity(t *testing.T, p *people) {
	const many = 6
	errs := make([]error, many)
	var all sync.WaitGroup
	for n := range many {
		i := p.identity(p.add(fmt.Sprintf("hana_%d", n)), "the same")
		all.Go(func() { errs[n] = p.link(i) })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		p.is(err, accounts.ErrIdentityTaken)
	}
	if won != 1 {
		t.Fatalf("%d got it", won)
	}
	other := p.identity(p.add("elsewhere"), "the same")
	other.Issuer = "https://other.example.com"
	p.must(p.link(other))
}

func deleteIdentities(t *testing.T, p *people) {
	hana, bora := p.add("hana"), p.add("bora")
	one, two, three, theirs := p.identity(hana, "1"), p.identity(hana, "2"), p.identity(hana, "3"), p.identity(bora, "4")
	for _, i := range []accounts.Identity{one, two, three, theirs} {
		p.must(p.link(i))
	}
	p.must(p.Identities.Delete(t.Context(), one.ID))
	p.is(p.Identities.Delete(t.Context(), one.ID), accounts.ErrIdentityNotFound)
	all, err := p.Identities.Of(t.Context(), hana.ID)
	p.must(err)
	p.equal([]accounts.Identity{two, three}, all)
	p.must(p.Identities.DeleteAll(t.Context(), hana.ID))
	p.must(p.Identities.DeleteAll(t.Context(), hana.ID))
	p.equal(int64(1), p.count(`SELECT count(*) FROM identities`))
	p.must(p.link(p.identity(bora, "1")))
}
