// Package money counts coins and fiat money in whole units. Nothing here is
// ever a float, and an addition that would overflow is an error.
package money

import (
	"math"
	"math/bits"

	"github.com/sajin-sns/sajin/domain/fault"
)

// ErrOverflow is what arithmetic answers when a result does not fit.
var ErrOverflow = fault.New(fault.Invalid, "money.overflow", "the amount is larger than can be counted")

// Coins is a number of coins, the unit that fans spend and creators earn.
type Coins int64

// MaxPrice is the most coins that one thing may cost.
const MaxPrice Coins = 1_000_000

// Add adds two numbers of coins.
func (c Coins) Add(d Coins) (Coins, error) {
	sum, ok := add(int64(c), int64(d))
	if !ok {
		return 0, ErrOverflow
	}
	return Coins(sum), nil
}

// BasisPoints is a share in hundredths of a percent: 2000 is 20 %.
type BasisPoints int

// Split divides coins into the share of so many basis points and the rest. The
// share is rounded down, so what does not divide goes to the rest; the two
// always add up to c. c must not be negative, share must lie in 0..10000.
func (c Coins) Split(share BasisPoints) (part, rest Coins) {
	part = Coins(Prorate(int64(c), int64(share), 10_000))
	return part, c - part
}

// Currency is an ISO 4217 code in capitals.
type Currency string

// exponents says how many digits the minor unit of a currency has.
var exponents = map[Currency]int{
	"KRW": 0, "JPY": 0, "VND": 0, "CLP": 0,
	"USD": 2, "EUR": 2, "GBP": 2, "CAD": 2, "AUD": 2, "CHF": 2, "SGD": 2, "HKD": 2, "TWD": 2, "THB": 2, "CNY": 2,
}

// Known tells whether sajin can count in the currency.
func (c Currency) Known() bool { _, ok := exponents[c]; return ok }

// Exponent is the number of digits of the minor unit: 0 for KRW, 2 for USD.
func (c Currency) Exponent() int { return exponents[c] }

// Amount is fiat money in minor units: {150, "USD"} is $1.50, {5000, "KRW"} is ₩5000.
type Amount struct {
	Minor    int64
	Currency Currency
}

// Prorate is total*part/whole rounded down, exact for every int64 result. It
// wants 0 <= part, 0 < whole and 0 <= total, and saturates when the result
// would not fit.
func Prorate(total, part, whole int64) int64 {
	if total <= 0 || part <= 0 || whole <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(total), uint64(part))
	if hi >= uint64(whole) {
		return math.MaxInt64
	}
	quotient, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(min(quotient, math.MaxInt64))
}

func add(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}
