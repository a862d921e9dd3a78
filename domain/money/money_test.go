package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/sajin-sns/sajin/domain/money"
)

func TestSplit(t *testing.T) {
	t.Run("for every price and share nothing is lost and the odd coin goes to the rest", func(t *testing.T) {
		for price := money.Coins(0); price <= money.MaxPrice; price += 1 + price/97 {
			for _, share := range []money.BasisPoints{0, 1, 333, 2000, 9999, 10_000} {
				part, rest := price.Split(share)
				if part+rest != price || part < 0 || rest < 0 {
					t.Fatalf("%d at %d splits into %d and %d", price, share, part, rest)
				}
				if int64(part) != int64(price)*int64(share)/10_000 {
					t.Fatalf("%d at %d: the share is %d", price, share, part)
				}
			}
		}
	})
}

func TestProrateIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(0, math.MaxInt64).Draw(t, "total")
		whole := rapid.Int64Range(1, math.MaxInt64).Draw(t, "whole")
		part := rapid.Int64Range(0, whole).Draw(t, "part")
		want := new(big.Int).Mul(big.NewInt(total), big.NewInt(part))
		want.Div(want, big.NewInt(whole))
		if got := money.Prorate(total, part, whole); want.Cmp(big.NewInt(got)) != 0 {
			t.Fatalf("%d*%d/%d is %s, not %d", total, part, whole, want, got)
		}
	})
}

func TestAddRefusesToOverflow(t *testing.T) {
	for _, pair := range [][2]money.Coins{{math.MaxInt64, 1}, {math.MinInt64, -1}, {1, math.MaxInt64}} {
		if sum, err := pair[0].Add(pair[1]); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("%d + %d gives %d, %v", pair[0], pair[1], sum, err)
		}
	}
	for _, pair := range [][2]money.Coins{{math.MaxInt64, 0}, {0, 0}, {math.MaxInt64, math.MinInt64}, {-5, 5}} {
		if sum, err := pair[0].Add(pair[1]); err != nil || sum != pair[0]+pair[1] {
			t.Errorf("%d + %d gives %d, %v", pair[0], pair[1], sum, err)
		}
	}
}
