package contract

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// handles searches and answers the handles of the page, and what follows it.
func (p *people) handles(prefix string, page store.Page) ([]string, store.Position) {
	p.t.Helper()
	list, err := p.Profiles.Search(p.t.Context(), ident.AccountID{}, prefix, page)
	p.must(err)
	found := []string{}
	for _, profile := range list.Items {
		found = append(found, profile.Handle)
	}
	return found, list.Next
}

func searchBeginnings(t *testing.T, p *people) {
	for handle, name := range map[string]string{
		"hana": "Kim", "hana_2": "Ha", "han": "Élodie 한나", "ha_na": "100%", "hb": "hana", "kim": "hana kim", "zoe": "ÉLISE", "xhana": "x hana", "a_b": "_under", "ab": "\\back",
	} {
		r := p.someone(handle)
		r.DisplayName = name
		p.must(p.insert(r))
	}
	for prefix, want := range map[string][]string{
		"hana":                   {"hana", "hana_2", "hb", "kim"},
		"HANA":                   {"hana", "hana_2", "hb", "kim"},
		"ha":                     {"ha_na", "han", "hana", "hana_2", "hb", "kim"},
		"hana ":                  {"kim"},
		"é":                      {"han", "zoe"},
		"É":                      {"han", "zoe"},
		"élodie 한":               {"han"},
		"kim":                    {"hana", "kim"},
		"a_":                     {"a_b"},
		"_":                      {"a_b"},
		"%":                      {},
		"100%":                   {"ha_na"},
		"\\":                     {"ab"},
		"nobody":                 {},
		"'; DROP TABLE accounts": {},
		"\U0010ffff":             {},
	} {
		t.Run("with "+prefix, func(*testing.T) {
			got, next := p.handles(prefix, store.Page{Limit: 100})
			p.equal(want, got)
			if !next.IsZero() {
				t.Error("there is said to be more")
			}
		})
	}
}

func searchPages(t *testing.T, p *people) {
	want := []string{"ka", "ka_", "ka_1", "kaa", "kb", "kc", "l"}
	for _, i := range []int{4, 0, 6, 2, 5, 1, 3} { // in no order
		r := p.someone(want[i])
		r.DisplayName = "k " + want[i] // most are found both ways
		p.must(p.insert(r))
	}
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []string
		page := store.Page{Limit: limit}
		for {
			some, next := p.handles("k", page)
			got = append(got, some...)
			if len(some) > limit {
				t.Fatalf("%d items on a page of %d", len(some), limit)
			}
			if page.After = next; next.IsZero() {
				break
			}
		}
		p.equal(want, got)
	}
}

func searchFirstNames(t *testing.T, p *people) {
	const others = 200
	var want []string
	p.must(p.db.Do(t.Context(), func(ctx context.Context) error {
		for i := range 2 * store.MaxNames {
			r := p.someone(fmt.Sprintf("h%04d", 2*store.MaxNames-1-i))
			r.DisplayName = "K b"
			if i%2 == 0 && len(want) < store.MaxNames-others {
				r.DisplayName = "K a"
				want = append(want, r.Handle)
			}
			if err := p.Accounts.Insert(ctx, accounts.RestoreAccount(r)); err != nil {
				return err
			}
		}
		byHandle := p.someone("k")
		byHandle.DisplayName = "another"
		return p.Accounts.Insert(ctx, accounts.RestoreAccount(byHandle))
	}))
	rest := others
	for i := range 2 * store.MaxNames { // of one name, those come first whose handles do
		if handle := fmt.Sprintf("h%04d", i); rest > 0 && !slices.Contains(want, handle) {
			want, rest = append(want, handle), rest-1
		}
	}
	slices.Sort(want)
	want = append(want, "k")
	for _, limit := range []int{100, 3 * store.MaxNames} {
		var got []string
		for page := (store.Page{Limit: limit}); ; {
			some, next := p.handles("k", page)
			got = append(got, some...)
			if page.After = next; next.IsZero() {
				break
			}
		}
		p.equal(want, got)
	}
	t.Run("but at all handles", func(t *testing.T) {
		if got, _ := p.handles("h", store.Page{Limit: 3 * store.MaxNames}); len(got) != 2*store.MaxNames {
			t.Error(len(got))
		}
	})
}
