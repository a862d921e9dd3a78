package accounts_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/memory"
	rules "github.com/sajin-sns/sajin/domain/accounts"
)

// TestStuffing has somebody with a thousand addresses try a list of ten thousand
// accounts, one of which is Hana's, for some hours.
func TestStuffing(t *testing.T) {
	const hana, addresses, accounts, hours, perAddress = "hana@example.com", 1_000, 10_000, 2, 8
	w := newWorld(t).guarded()
	w.sessions.Attempts.Limiter = memory.NewThrottle(func() time.Time { return w.clock }) // for speed
	w.sessions.Attempts.PerAddress.Burst = perAddress
	w.register("hana")
	w.signIn("hana")
	phone, err := w.signInFrom(cafe, hana, passwordOf("hana"), "")
	w.must(err)
	compared, atHana, most := 0, 0, map[string]int{}
	try := func(from int, email string) (refused bool) {
		_, err := w.signInFrom(fmt.Sprintf("10.0.%d.%d", from/256, from%256), email, "a guess at it", "")
		if errors.Is(err, rules.ErrBadCredentials) {
			compared++
			most[email]++
			return false
		}
		w.is(err, rules.ErrTooManyAttempts)
		return true
	}
	for hour := range hours {
		before := w.hasher.verifies
		for from := range addresses {
			if !try(from, hana) {
				atHana++
			}
			for i := 0; !try(from, fmt.Sprintf("u%d@example.com", (from*perAddress+i+hour)%accounts)); i++ {
			}
			if from%100 == 0 { // all the while
				_, err := w.signInFrom(home, hana, passwordOf("hana"), "")
				w.must(err)
				_, err = w.signInFrom(fmt.Sprintf("203.0.113.%d", from/100), hana, passwordOf("hana"), phone.DeviceToken)
				w.must(err)
			}
		}
		if n := w.hasher.verifies - before; n > addresses*perAddress+2*addresses/100 {
			t.Errorf("%d passwords were compared in hour %d", n, hour)
		}
		w.pass(time.Hour)
	}
	if compared > hours*addresses*perAddress || atHana > perAccount+hours*perAccount {
		t.Errorf("%d guesses were compared, %d of them at Hana's", compared, atHana)
	}
	for email, n := range most {
		if n > (1+hours)*perAccount {
			t.Errorf("%d guesses at %s", n, email)
		}
	}
}
