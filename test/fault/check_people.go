package main

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/sdk/go/api"
)

// librariesOf: every purchase that was acknowledged is in the library once, and
// nothing else is.
func (v *verdict) librariesOf() error {
	for _, p := range v.crowd.people {
		library, err := everyPage(func(cursor *string) ([]api.LibraryItem, *string, error) {
			resp, err := p.ListLibraryWithResponse(v.ctx, &api.ListLibraryParams{Cursor: cursor})
			if err != nil {
				return nil, nil, err
			}
			return resp.JSON200.Items, resp.JSON200.NextCursor, nil
		})
		if err != nil {
			return err
		}
		there := map[uuid.UUID]uuid.UUID{}
		for _, item := range library {
			if _, twice := there[item.Post.ID]; twice {
				v.doubles("post %s in the library of %s", item.Post.ID, p.name)
			}
			there[item.Post.ID] = item.Purchase.ID
			v.sales[item.Post.ID]++
			if item.Post.Locked {
				v.violates("post %s, which %s has bought, is locked", item.Post.ID, p.name)
			}
			if _, heard := p.purchases[item.Post.ID]; !heard {
				v.violates("purchase %s of %s was never acknowledged", item.Purchase.ID, p.name)
			}
		}
		for post, want := range p.purchases {
			v.checked++
			if got, found := there[post]; !found || got != want.id {
				v.loses("purchase %s of %s; there is %s", want.id, p.name, got)
			}
			resp, err := p.PurchasePostWithResponse(v.ctx, post, &api.PurchasePostParams{IdempotencyKey: want.key}, api.NewPurchase{})
			if err != nil || resp.JSON201.Purchase.ID != want.id {
				v.violates("the key of purchase %s, again: %v", want.id, err)
			}
		}
	}
	return nil
}

// inboxesOf: every post is in the inbox of everybody who subscribed before it
// was written, and nothing is in an inbox twice, or of somebody else.
func (v *verdict) inboxesOf() error {
	for _, p := range v.crowd.people {
		inbox, err := everyPage(func(cursor *string) ([]api.Post, *string, error) {
			resp, err := p.ListInboxWithResponse(v.ctx, &api.ListInboxParams{Cursor: cursor})
			if err != nil {
				return nil, nil, err
			}
			return resp.JSON200.Items, resp.JSON200.NextCursor, nil
		})
		if err != nil {
			return err
		}
		there := map[uuid.UUID]bool{}
		for _, one := range inbox {
			if there[one.ID] {
				v.doubles("post %s in the inbox of %s", one.ID, p.name)
			}
			there[one.ID] = true
			if p.follows[one.Author.Handle].IsZero() {
				v.violates("post %s of %s is in the inbox of %s, who does not subscribe", one.ID, one.Author.Handle, p.name)
			}
		}
		for name, since := range p.follows {
			if !since.IsZero() {
				v.counts[name]++
			}
			v.delivered(p, name, since, there)
		}
	}
	return nil
}

func (v *verdict) delivered(p *person, creator string, since time.Time, there map[uuid.UUID]bool) {
	for id := range v.fixed {
		want := v.crowd.posts[id]
		if since.IsZero() || want.author.name != creator || want.asked.Before(since) {
			continue
		}
		if v.checked++; !there[id] {
			v.loses("post %s, %q, in the inbox of %s", id, want.caption, p.name)
		}
	}
}

// moneyOf: every top-up that was paid is credited once, none that was not, and
// a wallet holds what was topped up less what was bought.
func (v *verdict) moneyOf() error {
	for _, p := range v.crowd.people {
		topUps, err := everyPage(func(cursor *string) ([]api.TopUp, *string, error) {
			resp, err := p.ListTopUpsWithResponse(v.ctx, &api.ListTopUpsParams{Cursor: cursor})
			if err != nil {
				return nil, nil, err
			}
			return resp.JSON200.Items, resp.JSON200.NextCursor, nil
		})
		if err != nil {
			return err
		}
		entries, err := everyPage(func(cursor *string) ([]api.WalletEntry, *string, error) {
			resp, err := p.ListWalletEntriesWithResponse(v.ctx, &api.ListWalletEntriesParams{Cursor: cursor})
			if err != nil {
				return nil, nil, err
			}
			return resp.JSON200.Items, resp.JSON200.NextCursor, nil
		})
		if err != nil {
			return err
		}
		wallet, err := p.GetWalletWithResponse(v.ctx)
		if err != nil {
			return err
		}
		v.credited(p, topUps, entries, wallet.JSON200.Total)
	}
	return nil
}

func (v *verdict) credited(p *person, topUps []api.TopUp, entries []api.WalletEntry, total int64) {
	credits, charges, sum := map[uuid.UUID]int{}, map[uuid.UUID]int{}, int64(0)
	for _, e := range entries {
		sum += e.Paid + e.Bonus
		if e.TopUpID != nil {
			if credits[*e.TopUpID]++; credits[*e.TopUpID] > 1 {
				v.doubles("top-up %s of %s was credited %d times", *e.TopUpID, p.name, credits[*e.TopUpID])
			}
		}
		if e.PostID != nil {
			if charges[*e.PostID]++; charges[*e.PostID] > 1 {
				v.doubles("%s was charged %d times for post %s", p.name, charges[*e.PostID], *e.PostID)
			}
		}
	}
	due, there := int64(0), map[uuid.UUID]bool{}
	for _, top := range topUps {
		there[top.ID] = true
		paid, heard := p.topUps[top.ID]
		switch {
		case !heard:
			v.doubles("top-up %s of %s was never acknowledged", top.ID, p.name)
		case paid && (top.Status != api.TopUpStatusPaid || credits[top.ID] != 1):
			v.loses("top-up %s of %s was paid; it is %s and was credited %d times", top.ID, p.name, top.Status, credits[top.ID])
		case !paid && (top.Status == api.TopUpStatusPaid || credits[top.ID] != 0):
			v.violates("top-up %s of %s was never paid; it is %s", top.ID, p.name, top.Status)
		}
		if paid {
			due += top.Coins + top.Bonus
		}
	}
	for id := range p.topUps {
		if v.checked++; !there[id] {
			v.loses("top-up %s of %s", id, p.name)
		}
	}
	if len(charges) != len(p.purchases) {
		v.violates("%s was charged for %d posts and bought %d", p.name, len(charges), len(p.purchases))
	}
	for _, e := range entries {
		if e.PostID != nil {
			due += e.Paid + e.Bonus
		}
	}
	if v.checked++; total != sum || total != due {
		v.violates("%s has %d coins; the statement says %d, payments and purchases %d", p.name, total, sum, due)
	}
}

// countedWithin is longer than a server keeps what it has counted.
const countedWithin = 20 * time.Second

// counted: what is counted by events was counted once.
func (v *verdict) counted() error {
	for deadline := time.Now().Add(countedWithin); ; time.Sleep(200 * time.Millisecond) {
		checked, wrong, err := v.miscounted()
		if err != nil {
			return err
		}
		if len(wrong) == 0 || time.Now().After(deadline) {
			v.checked += checked
			v.violated = append(v.violated, wrong...)
			return nil
		}
	}
}

func (v *verdict) miscounted() (checked int64, wrong []string, err error) {
	for _, creator := range v.crowd.creators {
		mine, err := everyPage(func(cursor *string) ([]api.Post, *string, error) {
			resp, err := creator.ListOwnPostsWithResponse(v.ctx, &api.ListOwnPostsParams{Cursor: cursor})
			if err != nil {
				return nil, nil, err
			}
			return resp.JSON200.Items, resp.JSON200.NextCursor, nil
		})
		if err != nil {
			return 0, nil, err
		}
		published := int64(0)
		for _, p := range mine {
			if p.State == api.PostStatePublished {
				published++
			}
			if p.Counts.Sales == nil {
				wrong = append(wrong, fmt.Sprintf("post %s does not tell its author how often it was sold", p.ID))
			} else if checked++; *p.Counts.Sales != v.sales[p.ID] {
				wrong = append(wrong, fmt.Sprintf("post %s counts %d sales; it was sold %d times", p.ID, *p.Counts.Sales, v.sales[p.ID]))
			}
		}
		resp, err := creator.GetProfileWithResponse(v.ctx, creator.account.Handle, nil)
		if err != nil {
			return 0, nil, err
		}
		if counts := resp.JSON200.Counts; counts.Posts != published || counts.Subscribers != v.counts[creator.name] {
			wrong = append(wrong, fmt.Sprintf("%s has %d posts and %d subscribers, and counts %+v", creator.name, published, v.counts[creator.name], counts))
		}
		checked += 2
	}
	return checked, wrong, nil
}
