package wallet

import (
	"regexp"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/money"
)

// Pack is a number of coins with a price, as the operator offers it.
type Pack struct {
	ID    string
	Coins money.Coins // paid coins
	Bonus money.Coins // given on top
	Price money.Amount
}

var packID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// Validate says what is wrong with a pack.
func (p Pack) Validate() error {
	var errs []error
	if !packID.MatchString(p.ID) {
		errs = append(errs, fault.Invalidf("wallet.pack", "id", "must be 1 to 32 characters of a-z, 0-9 and -"))
	}
	if p.Coins <= 0 || p.Coins > money.MaxPrice {
		errs = append(errs, fault.Invalidf("wallet.pack", "coins", "must lie in 1..%d", money.MaxPrice))
	}
	if p.Bonus < 0 || p.Bonus > money.MaxPrice {
		errs = append(errs, fault.Invalidf("wallet.pack", "bonus", "must lie in 0..%d", money.MaxPrice))
	}
	if p.Price.Minor <= 0 || p.Price.Minor > 99_999_999 {
		errs = append(errs, fault.Invalidf("wallet.pack", "amount", "must lie in 1..99999999 minor units"))
	}
	if !p.Price.Currency.Known() {
		errs = append(errs, fault.Invalidf("wallet.pack", "currency", "is not a currency that sajin can count in"))
	}
	return fault.Join(errs...)
}
