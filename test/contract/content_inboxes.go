package contract

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/subscriptions"
	"github.com/sajin-sns/sajin/ports/store"
)

func deliveries(t *testing.T, w *stage) {
	var fans []ident.AccountID
	for i := range 7 {
		fans = append(fans, w.account(fmt.Sprintf("fan%d", i)))
		w.subscribe(fans[i], w.hana, w.clock)
	}
	late := w.account("late")
	w.subscribe(late, w.hana, w.clock.Add(time.Hour))
	post := w.post(w.hana, nil)
	delivery := store.Delivery{Post: post, Author: w.hana, PublishedAt: w.clock}
	for range 2 { // twice over, as after a crash
		var after ident.AccountID
		batches := 0
		for {
			next, err := w.Inboxes.Deliver(t.Context(), delivery, after, 3)
			w.must(err)
			if batches++; next.IsZero() {
				break
			}
			if next.Compare(after) <= 0 || batches > 10 {
				t.Fatalf("from %s to %s", after, next)
			}
			after = next
		}
		if batches != 3 {
			t.Errorf("8 subscribers by 3 take 3 batches, not %d", batches)
		}
	}
	for _, fan := range fans {
		same(t, walk(w, 10, w.inbox(fan)), []ident.PostID{post})
	}
	same(t, walk(w, 10, w.inbox(late)), nil)
	same(t, walk(w, 10, w.inbox(w.bora)), nil)

	for _, want := range []int64{4, 3, 0} {
		n, err := w.Inboxes.Withdraw(t.Context(), post, 4)
		w.must(err)
		if n != want {
			t.Errorf("withdrew %d, want %d", n, want)
		}
	}
}

func smallDeliveries(t *testing.T, w *stage) {
	other := w.account("other")
	for _, creator := range []ident.AccountID{w.hana, w.bora} {
		w.subscribe(w.fan, creator, w.clock)
		w.subscribe(other, creator, w.clock)
	}
	w.subscribe(w.account("third"), w.bora, w.clock)
	w.subscribe(w.account("late"), w.hana, w.clock.Add(time.Hour)) // is one of three, too
	quiet := w.account("quiet")
	deliver := func(limit int, authors ...ident.AccountID) (due, large []store.Delivery) {
		for _, author := range authors {
			due = append(due, store.Delivery{Post: w.post(author, nil), Author: author, PublishedAt: w.clock})
		}
		large, err := w.Inboxes.DeliverSmall(t.Context(), due, limit)
		w.must(err)
		return due, large
	}
	if _, large := deliver(3); large != nil {
		t.Errorf("of nothing %v is left", large)
	}
	due, large := deliver(2, w.hana, w.bora, quiet)
	if !slices.Equal(large, due[:2]) {
		t.Errorf("two have more than two subscribers, but %v is left", large)
	}
	same(t, walk(w, 10, w.inbox(w.fan)), nil)

	if due, large = deliver(3, w.bora, w.hana, quiet, w.bora); large != nil {
		t.Errorf("none has more than three subscribers, but %v is left", large)
	}
	want := newestFirst([]ident.PostID{due[0].Post, due[1].Post, due[3].Post})
	same(t, walk(w, 10, w.inbox(w.fan)), want)
	same(t, walk(w, 10, w.inbox(other)), want)
	if again, err := w.Inboxes.DeliverSmall(t.Context(), due, 3); err != nil || again != nil {
		t.Error(again, err)
	}
	same(t, walk(w, 10, w.inbox(w.fan)), want)
}

func mergedInbox(t *testing.T, w *stage) {
	before := w.publish(w.draft(w.bora, nil), w.bora, true)
	w.clock = w.clock.Add(time.Second)
	w.subscribe(w.fan, w.hana, w.clock)
	w.subscribe(w.fan, w.bora, w.clock)
	var want []ident.PostID
	for i := range 6 {
		w.clock = w.clock.Add(time.Second)
		if i%2 == 0 {
			want = append(want, w.publish(w.draft(w.bora, nil), w.bora, true))
			continue
		}
		post := w.post(w.hana, nil)
		_, err := w.Inboxes.Deliver(t.Context(), store.Delivery{Post: post, Author: w.hana, PublishedAt: w.clock}, ident.AccountID{}, 100)
		w.must(err)
		want = append(want, post)
	}
	for _, size := range []int{1, 2, 5, 100} {
		same(t, walk(w, size, w.inbox(w.fan)), newestFirst(want))
	}
	if slices.Contains(walk(w, 10, w.inbox(w.fan)), before) {
		t.Error("what was published before the inbox begins is not in it")
	}
}

func lateDelivery(t *testing.T, w *stage) {
	w.subscribe(w.fan, w.hana, w.clock)
	first := w.post(w.hana, nil)
	w.must(w.Inboxes.Fill(t.Context(), w.fan, w.hana, w.clock))
	same(t, walk(w, 10, w.inbox(w.fan)), []ident.PostID{first})

	existed, err := w.Subscriptions.Delete(t.Context(), w.fan, w.hana)
	w.must(err)
	w.must(w.Inboxes.Clear(t.Context(), w.fan, w.hana))
	if !existed {
		t.Error("there was a subscription")
	}
	w.must(w.Inboxes.Fill(t.Context(), w.fan, w.hana, w.clock)) // a delivery that had read the subscription before
	same(t, walk(w, 10, w.inbox(w.fan)), nil)
	if existed, err := w.Subscriptions.Delete(t.Context(), w.fan, w.hana); err != nil || existed {
		t.Errorf("there is none any more: %v, %v", existed, err)
	}
}

func followLists(t *testing.T, w *stage) {
	w.subscribe(w.fan, w.hana, w.clock)
	w.clock = w.clock.Add(time.Second)
	w.subscribe(w.bora, w.hana, w.clock)
	w.must(w.Subscriptions.Adjust(t.Context(), w.fan, w.hana, 1))
	w.must(w.Subscriptions.Adjust(t.Context(), w.bora, w.hana, 1))
	if c, err := w.Subscriptions.Creator(t.Context(), w.hana)(); err != nil || c.Subscribers != 2 || c.ID != w.hana || c.Handle != "hana" {
		t.Errorf("%+v, %v", c, err)
	}
	if fresh, err := w.Subscriptions.Insert(t.Context(), subscriptions.Subscription{Subscriber: w.fan, Creator: w.hana, Since: w.clock, InboxFrom: w.clock}); err != nil || fresh {
		t.Errorf("subscribing again changes nothing: %v, %v", fresh, err)
	}
	var handles []string
	page := store.Page{Limit: 1}
	for range 2 {
		list, err := w.Subscriptions.Subscribers(t.Context(), w.hana, page)
		w.must(err)
		handles = append(handles, list.Items[0].Account.Handle)
		page.After = list.Next
	}
	if !slices.Equal(handles, []string{"bora", "fan"}) || !page.After.IsZero() {
		t.Errorf("%v, then %v", handles, page.After)
	}
	list, err := w.Subscriptions.Creators(t.Context(), w.fan, store.Page{Limit: 5})
	if err != nil || len(list.Items) != 1 || list.Items[0].Account.Handle != "hana" {
		t.Errorf("%+v, %v", list, err)
	}
}
