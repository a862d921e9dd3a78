package wallet_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
)

// TestLedger runs random lives of a few fans and creators and folds the
// journals after every step.
func TestLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLedger()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			l.clock = l.clock.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "hours")) * time.Hour)
			owner := rapid.SampledFrom(l.people).Draw(t, "owner")
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0, 1, 2:
				l.topUp(t, owner)
			case 3:
				l.grant(t, owner)
			case 4:
				l.expire(t, owner)
			default:
				l.buy(t, owner)
			}
			l.audit(t)
		}
	})
}

// fatal is what a rapid.T and a testing.T have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// ledger keeps what a store would: wallets and lots as they were saved, and
// every journal.
type ledger struct {
	clock     time.Time
	ids       *ident.Source
	people    []ident.AccountID
	wallets   map[ident.AccountID][2]money.Coins // paid, bonus
	lots      map[ident.LotID]wallet.Lot
	worth     map[ident.LotID]int64 // what each lot was worth when it was new
	drawn     map[ident.LotID]wallet.Draw
	journals  []wallet.Journal
	purchases map[ident.PurchaseID]wallet.Purchase
	booked    map[string]bool
}

func newLedger() *ledger {
	l := &ledger{
		clock:   time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC),
		wallets: map[ident.AccountID][2]money.Coins{}, lots: map[ident.LotID]wallet.Lot{},
		worth: map[ident.LotID]int64{}, drawn: map[ident.LotID]wallet.Draw{},
		purchases: map[ident.PurchaseID]wallet.Purchase{}, booked: map[string]bool{},
	}
	l.ids = testIDs()
	for range 3 {
		l.people = append(l.people, ident.New[ident.AccountID](l.ids))
	}
	return l
}

// testIDs is a source of ids that are the same in every run.
func testIDs() *ident.Source {
	return ident.NewSource(func() time.Time { return time.UnixMilli(1_700_000_000_000) }, zeros{})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// open restores the wallet as a store would, and answers what saves it again.
func (l *ledger) open(owner ident.AccountID) (*wallet.Wallet, []*wallet.Lot) {
	var lots []*wallet.Lot
	for _, id := range slices.SortedFunc(maps.Keys(l.lots), ident.LotID.Compare) {
		if lot := l.lots[id]; lot.Account == owner && lot.Remaining > 0 {
			lots = append(lots, &lot)
		}
	}
	return wallet.RestoreWallet(owner, l.wallets[owner][0], l.wallets[owner][1], slices.Clone(lots)), lots
}

func (l *ledger) save(t fatal, w *wallet.Wallet) {
	t.Helper()
	for _, lot := range w.Added() {
		if _, there := l.lots[lot.ID]; there {
			t.Fatalf("lot %s was added twice", lot.ID)
		}
		l.lots[lot.ID] = *lot
		l.worth[lot.ID] = lot.Value.Minor
	}
	for _, draw := range w.Draws() {
		l.lots[draw.Lot.ID] = *draw.Lot
		sum := l.drawn[draw.Lot.ID]
		sum.Coins += draw.Coins
		sum.Value += draw.Value
		l.drawn[draw.Lot.ID] = sum
	}
	for _, j := range w.Journals() {
		if l.booked[j.Reference] {
			t.Fatalf("%s was booked twice", j.Reference)
		}
		l.booked[j.Reference] = true
		l.journals = append(l.journals, j)
	}
	l.wallets[w.Owner()] = [2]money.Coins{w.Paid(), w.Bonus()}
}

// unchanged fails unless a step that failed left everything as it was.
func (l *ledger) unchanged(t fatal, w *wallet.Wallet, lots []*wallet.Lot) {
	t.Helper()
	if len(w.Journals()) != 0 || len(w.Draws()) != 0 || len(w.Added()) != 0 || l.wallets[w.Owner()] != [2]money.Coins{w.Paid(), w.Bonus()} {
		t.Fatalf("what failed left journals %v, draws %v, lots %v, paid %d and bonus %d", w.Journals(), w.Draws(), w.Added(), w.Paid(), w.Bonus())
	}
	for _, lot := range lots {
		if *lot != l.lots[lot.ID] {
			t.Fatalf("what failed turned %+v into %+v", l.lots[lot.ID], *lot)
		}
	}
}

func (l *ledger) topUp(t *rapid.T, owner ident.AccountID) {
	pack := wallet.Pack{
		ID:    "pack",
		Coins: money.Coins(rapid.Int64Range(1, 300).Draw(t, "coins")),
		Bonus: money.Coins(rapid.Int64Range(0, 60).Draw(t, "bonus")),
		Price: money.Amount{
			Minor:    rapid.Int64Range(1, 5000).Draw(t, "price"),
			Currency: rapid.SampledFrom([]money.Currency{"KRW", "USD", "JPY"}).Draw(t, "currency"),
		},
	}
	top := wallet.NewTopUp(ident.New[ident.TopUpID](l.ids), owner, pack, "sandbox", l.clock, time.Hour)
	if !top.Apply(wallet.Payment{Ref: "p", Reference: top.ID().String(), Status: wallet.PaymentPaid, Amount: pack.Price}, l.clock) {
		t.Fatalf("a payment of exactly the price was not credited")
	}
	w, _ := l.open(owner)
	if _, err := w.CreditTopUp(top, time.Duration(rapid.IntRange(0, 60).Draw(t, "expiry"))*time.Hour, l.ids, l.clock); err != nil {
		t.Fatalf("credit: %v", err)
	}
	if hours := rapid.IntRange(-60, 60).Draw(t, "paid expiry"); hours > 0 { // as the law of some countries has it
		w.Added()[0].ExpiresAt = l.clock.Add(time.Duration(hours) * time.Hour)
	}
	l.save(t, w)
}

func (l *ledger) grant(t *rapid.T, owner ident.AccountID) {
	w, lots := l.open(owner)
	var expires time.Time
	if hours := rapid.IntRange(0, 60).Draw(t, "expiry"); hours > 0 {
		expires = l.clock.Add(time.Duration(hours) * time.Hour)
	}
	coins := money.Coins(rapid.Int64Range(-1, 50).Draw(t, "coins"))
	err := w.Grant(coins, fmt.Sprint(len(l.journals)), expires, l.ids, l.clock)
	if (err == nil) != (coins > 0) {
		t.Fatalf("a grant of %d coins: %v", coins, err)
	}
	if err != nil {
		l.unchanged(t, w, lots)
		return
	}
	l.save(t, w)
}

func (l *ledger) expire(t *rapid.T, owner ident.AccountID) {
	w, _ := l.open(owner)
	paid, bonus := w.Spendable(l.clock)
	before := w.Paid() + w.Bonus()
	gone := w.Expire(l.ids, l.clock)
	if w.Paid() != paid || w.Bonus() != bonus || before-gone != paid+bonus {
		t.Fatalf("%d of %d expired, %d and %d could be spent, %d and %d are left", gone, before, paid, bonus, w.Paid(), w.Bonus())
	}
	l.save(t, w)
}

func (l *ledger) buy(t *rapid.T, owner ident.AccountID) {
	w, lots := l.open(owner)
	paid, bonus := w.Spendable(l.clock)
	offer := wallet.Offer{
		Post:   ident.New[ident.PostID](l.ids),
		Seller: rapid.SampledFrom(l.people).Draw(t, "seller"),
		Price:  money.Coins(rapid.Int64Range(0, 200).Draw(t, "price")),
	}
	fee := money.BasisPoints(rapid.IntRange(0, 10_000).Draw(t, "fee"))
	var want error
	switch {
	case offer.Seller == owner:
		want = wallet.ErrOwnPost
	case offer.Price == 0:
		want = wallet.ErrNotForSale
	case offer.Price > paid+bonus:
		want = wallet.ErrInsufficientCoins
	}
	p, err := w.Buy(offer, fee, l.ids, l.clock)
	if !errors.Is(err, want) || (err == nil) != (want == nil) {
		t.Fatalf("buying for %d with %d and %d: got %v, want %v", offer.Price, paid, bonus, err, want)
	}
	if err != nil {
		l.unchanged(t, w, lots)
		return
	}
	checkPurchase(t, w, p, offer, fee)
	l.purchases[p.ID] = p
	l.save(t, w)
}

// checkPurchase holds one purchase to its price, its fee and what was drawn.
func checkPurchase(t fatal, w *wallet.Wallet, p wallet.Purchase, offer wallet.Offer, fee money.BasisPoints) {
	t.Helper()
	if p.Buyer != w.Owner() || p.Post != offer.Post || p.Seller != offer.Seller || p.Coins != offer.Price || p.Paid+p.Bonus != p.Coins {
		t.Fatalf("bought %+v for %+v", p, offer)
	}
	journals := w.Journals()
	j := journals[len(journals)-1]
	if j.ID != p.Journal || j.Kind != wallet.KindPurchase || j.Owner != p.Buyer || j.Subject != p.Post {
		t.Fatalf("booked %+v for %+v", j, p)
	}
	sums := fold([]wallet.Journal{j})
	share, rest := offer.Price.Split(fee)
	for what, sum := range map[string][2]int64{
		"the fee":                {sums[line{"platform.fee", ident.AccountID{}, wallet.Coin}], int64(share)},
		"the seller's part":      {sums[line{wallet.CreatorPending, p.Seller, wallet.Coin}], int64(rest)},
		"the buyer's paid coins": {sums[line{"user.paid", p.Buyer, wallet.Coin}], -int64(p.Paid)},
		"the given coins":        {sums[line{"user.bonus", p.Buyer, wallet.Coin}], -int64(p.Bonus)},
	} {
		if sum[0] != sum[1] {
			t.Fatalf("%s of %+v at %d is %d, not %d", what, p, fee, sum[0], sum[1])
		}
	}
	drawn := map[wallet.Asset]int64{}
	for _, draw := range w.Draws() {
		if draw.Coins <= 0 || !draw.Lot.ExpiresAt.IsZero() && !p.At.Before(draw.Lot.ExpiresAt) {
			t.Fatalf("%d coins were drawn at %s from %+v", draw.Coins, p.At, draw.Lot)
		}
		if draw.Lot.Kind == wallet.Paid {
			drawn[wallet.Asset(draw.Lot.Value.Currency)] += draw.Value
		}
	}
	for asset, value := range drawn {
		if got := sums[line{"liab.prepaid", ident.AccountID{}, asset}]; got != -value {
			t.Fatalf("coins worth %d %s were spent and %d were booked", value, asset, -got)
		}
	}
}

// line is an account of the book in one asset.
type line struct {
	account string
	owner   ident.AccountID
	asset   wallet.Asset
}

// fold adds journals up: the only place that balances come from.
func fold(journals []wallet.Journal) map[line]int64 {
	sums := map[line]int64{}
	for _, j := range journals {
		for _, p := range j.Postings {
			sums[line{p.Debit.Name, p.Debit.Owner, p.Asset}] -= p.Amount
			sums[line{p.Credit.Name, p.Credit.Owner, p.Asset}] += p.Amount
		}
	}
	return sums
}

// audit holds what is kept beside the journals to what the journals add up to.
func (l *ledger) audit(t fatal) {
	t.Helper()
	for _, j := range l.journals {
		for _, p := range j.Postings {
			if p.Amount <= 0 || p.Debit == p.Credit || p.Asset == "" {
				t.Fatalf("%s has the posting %+v", j.Reference, p)
			}
		}
	}
	sums := fold(l.journals)
	totals, prepaid := map[wallet.Asset]int64{}, map[wallet.Asset]int64{}
	for at, sum := range sums {
		totals[at.asset] += sum
		if sum < 0 && !wallet.MayBeNegative(at.account) {
			t.Fatalf("%+v stands at %d", at, sum)
		}
		if at.account == "liab.prepaid" {
			prepaid[at.asset] = sum
		}
	}
	for asset, total := range totals {
		if total != 0 {
			t.Fatalf("%s adds up to %d", asset, total)
		}
	}
	inLots := map[line]int64{}
	for id, lot := range l.lots {
		inLots[line{"user." + string(lot.Kind), lot.Account, wallet.Coin}] += int64(lot.Remaining)
		if lot.Kind == wallet.Paid {
			prepaid[wallet.Asset(lot.Value.Currency)] -= lot.Value.Minor
		}
		drawn := l.drawn[id]
		if drawn.Coins+lot.Remaining != lot.Granted || drawn.Value+lot.Value.Minor != l.worth[id] || lot.Remaining < 0 || lot.Value.Minor < 0 {
			t.Fatalf("of a lot worth %d, %d coins worth %d were drawn: %+v", l.worth[id], drawn.Coins, drawn.Value, lot)
		}
		if lot.Remaining == 0 && lot.Value.Minor != 0 {
			t.Fatalf("an empty lot is worth something: %+v", lot)
		}
	}
	for asset, difference := range prepaid {
		if difference != 0 {
			t.Fatalf("liab.prepaid holds %d %s more than unspent lots are worth", difference, asset)
		}
	}
	for _, owner := range l.people {
		for i, account := range []string{"user.paid", "user.bonus"} {
			at := line{account, owner, wallet.Coin}
			if row := int64(l.wallets[owner][i]); sums[at] != row || inLots[at] != row {
				t.Fatalf("%s: %d in the wallet, %d in lots, %d booked", account, row, inLots[at], sums[at])
			}
		}
	}
	l.auditAccess(t)
}

// auditAccess holds who owns what to the journals: a post is owned exactly when
// it was booked.
func (l *ledger) auditAccess(t fatal) {
	t.Helper()
	bought := 0
	for _, j := range l.journals {
		if j.Kind != wallet.KindPurchase {
			continue
		}
		bought++
		if i := slices.IndexFunc(slices.Collect(maps.Values(l.purchases)), func(p wallet.Purchase) bool {
			return p.Journal == j.ID && p.Buyer == j.Owner && p.Post == ident.PostID(j.Subject) && j.Reference == "purchase:"+p.ID.String()
		}); i < 0 {
			t.Fatalf("%s gives access to nothing", j.Reference)
		}
	}
	if bought != len(l.purchases) {
		t.Fatalf("%d purchases are booked, %d posts are owned", bought, len(l.purchases))
	}
}

func TestSpending(t *testing.T) {
	t.Run("given coins go before paid ones, what expires first goes first, then the oldest", func(t *testing.T) {
		l := newLedger()
		buyer, seller := l.people[0], l.people[1]
		lot := func(kind wallet.LotKind, age, expiry int) *wallet.Lot {
			made := &wallet.Lot{
				ID: ident.New[ident.LotID](l.ids), Account: buyer, Kind: kind, Granted: 10, Remaining: 10,
				CreatedAt: l.clock.Add(-time.Duration(age) * time.Hour),
			}
			if expiry > 0 {
				made.ExpiresAt = l.clock.Add(time.Duration(expiry) * time.Hour)
			}
			return made
		}
		younger := lot(wallet.Bonus, 7, 0) // with the smaller id
		want := []*wallet.Lot{
			lot(wallet.Bonus, 1, 5), lot(wallet.Bonus, 9, 6), lot(wallet.Bonus, 8, 0), younger,
			lot(wallet.Paid, 1, 1), lot(wallet.Paid, 9, 0), lot(wallet.Paid, 9, 0),
		}
		shuffled := slices.Clone(want)
		slices.Reverse(shuffled)
		w := wallet.RestoreWallet(buyer, 30, 40, shuffled)
		if _, err := w.Buy(wallet.Offer{Post: ident.New[ident.PostID](l.ids), Seller: seller, Price: 65}, 0, l.ids, l.clock); err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(w.Draws(), want, func(d wallet.Draw, l *wallet.Lot) bool { return d.Lot == l }) {
			t.Fatalf("drawn were %+v", w.Draws())
		}
		if last := w.Draws()[6]; last.Coins != 5 || want[6].Remaining != 5 {
			t.Fatalf("the last lot gave %d", last.Coins)
		}
	})
	t.Run("coins are spent up to the second at which they expire, and booked out from it on", func(t *testing.T) {
		l := newLedger()
		until := l.clock.Add(time.Hour)
		for _, c := range []struct {
			at        time.Time
			spendable money.Coins
		}{{until.Add(-1), 10}, {until, 0}, {until.Add(1), 0}} {
			w := wallet.RestoreWallet(l.people[0], 0, 0, nil)
			if err := w.Grant(10, "x", until, l.ids, l.clock); err != nil {
				t.Fatal(err)
			}
			if _, bonus := w.Spendable(c.at); bonus != c.spendable {
				t.Errorf("%d can be spent %s after the last moment", bonus, c.at.Sub(until))
			}
			_, err := w.Buy(wallet.Offer{Seller: l.people[1], Price: 10}, 0, l.ids, c.at)
			if bought, gone := err == nil, w.Expire(l.ids, c.at); bought != (c.spendable > 0) || gone != 10-c.spendable {
				t.Errorf("%s after the last moment: %v, and %d expired", c.at.Sub(until), err, gone)
			}
		}
	})
	t.Run("a refusal says what is needed and what there is", func(t *testing.T) {
		l := newLedger()
		w := wallet.RestoreWallet(l.people[0], 0, 0, nil)
		_ = w.Grant(7, "x", time.Time{}, l.ids, l.clock)
		_, err := w.Buy(wallet.Offer{Seller: l.people[1], Price: 10}, 0, l.ids, l.clock)
		fault := faultOf(t, err)
		if !errors.Is(err, wallet.ErrInsufficientCoins) || fault.Details["needed"] != int64(10) || fault.Details["available"] != int64(7) {
			t.Fatalf("%v with %v", err, fault.Details)
		}
	})
	t.Run("a credit that does not fit changes nothing", func(t *testing.T) {
		l := newLedger()
		owner := l.people[0]
		l.wallets[owner] = [2]money.Coins{0, math.MaxInt64 - 5}
		top := paidTopUp(l, owner, wallet.Pack{ID: "p", Coins: 100, Bonus: 6, Price: money.Amount{Minor: 1000, Currency: "KRW"}})
		w, lots := l.open(owner)
		if _, err := w.CreditTopUp(top, 0, l.ids, l.clock); !errors.Is(err, money.ErrOverflow) {
			t.Fatal(err)
		}
		l.unchanged(t, w, lots)
	})
}

func TestFeeAndRestAreThePrice(t *testing.T) {
	l := newLedger()
	buyer, seller := l.people[0], l.people[1]
	for _, fee := range []money.BasisPoints{0, 1, 333, 1999, 2000, 5000, 9999, 10_000} {
		for price := money.Coins(1); price <= money.MaxPrice; price += 1 + price/97 {
			bonus := price * 37 / 100
			w := wallet.RestoreWallet(buyer, price, bonus, []*wallet.Lot{
				{ID: ident.New[ident.LotID](l.ids), Kind: wallet.Paid, Granted: price, Remaining: price, Value: money.Amount{Minor: int64(price)*10 + 7, Currency: "KRW"}},
				{ID: ident.New[ident.LotID](l.ids), Kind: wallet.Bonus, Granted: bonus, Remaining: bonus, Value: money.Amount{Minor: int64(bonus) * 3, Currency: "USD"}},
			})
			offer := wallet.Offer{Post: ident.New[ident.PostID](l.ids), Seller: seller, Price: price}
			p, err := w.Buy(offer, fee, l.ids, l.clock)
			if err != nil {
				t.Fatal(err)
			}
			checkPurchase(t, w, p, offer, fee)
		}
	}
}

// byTime sorts journals the way a statement shows them.
func byTime(a, b wallet.Journal) int { return cmp.Or(a.At.Compare(b.At), a.ID.Compare(b.ID)) }

func TestJournalsAreInOrder(t *testing.T) {
	t.Run("the ids of journals grow with time, so that a statement can page by them", func(t *testing.T) {
		l := newLedger()
		w := wallet.RestoreWallet(l.people[0], 0, 0, nil)
		for i := range 50 {
			if err := w.Grant(1, fmt.Sprint(i), time.Time{}, l.ids, l.clock.Add(time.Duration(i)*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.IsSortedFunc(w.Journals(), byTime) || !slices.IsSortedFunc(w.Journals(), func(a, b wallet.Journal) int { return a.ID.Compare(b.ID) }) {
			t.Fatal("they are not")
		}
	})
}
