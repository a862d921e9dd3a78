package wallet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
	"github.com/sajin-sns/sajin/ports/store"
)

// Market is what can be topped up, and who takes the money.
type Market struct {
	packs   []wallet.Pack
	known   map[string]payment.Provider
	offered []payment.Provider
}

// NewMarket makes the market of an operator. providers are all that are set up:
// a top-up is brought to its end by the provider that it was begun with, also
// when that is no longer among those on offer. The first of these is the
// preferred one.
//
// It refuses packs that are not valid or that none of the providers on offer
// takes. With no provider on offer nothing can be bought, and no pack is shown.
func NewMarket(packs []wallet.Pack, providers []payment.Provider, offered []string) (*Market, error) {
	m := &Market{packs: slices.Clone(packs), known: make(map[string]payment.Provider, len(providers))}
	for _, p := range providers {
		if m.known[p.ID()] != nil {
			return nil, fmt.Errorf("there are two payment providers %q", p.ID())
		}
		m.known[p.ID()] = p
	}
	for _, id := range offered {
		p, ok := m.known[id]
		if !ok {
			return nil, fmt.Errorf("the payment provider %q is not set up", id)
		}
		m.offered = append(m.offered, p)
	}
	for i, pack := range packs {
		if err := pack.Validate(); err != nil {
			return nil, fmt.Errorf("coin pack %q: %w", pack.ID, err)
		}
		if slices.ContainsFunc(packs[:i], func(p wallet.Pack) bool { return p.ID == pack.ID }) {
			return nil, fmt.Errorf("there are two coin packs %q", pack.ID)
		}
		if len(m.offered) > 0 && len(m.takers(pack)) == 0 {
			return nil, fmt.Errorf("coin pack %q: no payment provider on offer takes %d %s", pack.ID, pack.Price.Minor, pack.Price.Currency)
		}
	}
	return m, nil
}

// takers are the providers on offer that take the pack's price.
func (m *Market) takers(pack wallet.Pack) []payment.Provider {
	return slices.DeleteFunc(slices.Clone(m.offered), func(p payment.Provider) bool { return !p.Accepts(pack.Price) })
}

// CoinPack is a number of coins with a price.
type CoinPack struct {
	ID        string      `json:"id"`
	Coins     money.Coins `json:"coins" doc:"Coins that are paid for"`
	Bonus     money.Coins `json:"bonus" doc:"Coins that are given on top"`
	Price     store.Price `json:"price"`
	Providers []string    `json:"providers" nullable:"false" doc:"Who takes the money for it, the preferred one first"`
}

// Packs lists what is on offer, as the operator ordered it.
func (m *Market) Packs() []CoinPack {
	packs := []CoinPack{}
	if len(m.offered) == 0 {
		return packs
	}
	for _, p := range m.packs {
		packs = append(packs, CoinPack{ID: p.ID, Coins: p.Coins, Bonus: p.Bonus, Price: store.PriceOf(p.Price), Providers: names(m.takers(p))})
	}
	return packs
}

func names(providers []payment.Provider) []string {
	ids := make([]string, len(providers))
	for i, p := range providers {
		ids[i] = p.ID()
	}
	return ids
}

// choose finds a pack on offer and who is to take the money; no name stands for
// the preferred one. It fails with wallet.ErrUnknownPack or an Invalid fault.
func (m *Market) choose(packID, provider string) (wallet.Pack, payment.Provider, error) {
	i := slices.IndexFunc(m.packs, func(p wallet.Pack) bool { return p.ID == packID })
	if i < 0 {
		return wallet.Pack{}, nil, wallet.ErrUnknownPack
	}
	takers := m.takers(m.packs[i])
	for _, p := range takers {
		if provider == "" || p.ID() == provider {
			return m.packs[i], p, nil
		}
	}
	return wallet.Pack{}, nil, fault.Invalidf("wallet.provider-not-offered", "provider", "must be one that takes the price of this pack: %s", strings.Join(names(takers), ", "))
}

// provider finds one that is set up, on offer or not; wallet.ErrUnknownProvider.
func (m *Market) provider(id string) (payment.Provider, error) {
	if p, ok := m.known[id]; ok {
		return p, nil
	}
	return nil, wallet.ErrUnknownProvider
}
