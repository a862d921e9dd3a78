package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/ports/throttle"
)

const (
	perDevice, perAddress, perAccount, perSignUp = 5, 20, 12, 3

	home = "192.0.2.1" // where people of these tests register and sign in first
	cafe = "198.51.100.50"
)

// guarded has a world count attempts, in its database.
func (w *world) guarded() *world {
	hour := func(n int) throttle.Rate { return throttle.Rate{Burst: n, Per: time.Hour} }
	attempts := &accounts.Attempts{
		Limiter:   sqlstore.NewThrottles(w.db, func() time.Time { return w.clock }),
		PerDevice: hour(perDevice), PerAddress: hour(perAddress), PerAccount: hour(perAccount), PerSignUp: hour(perSignUp),
	}
	w.sessions.Attempts, w.credentials.Attempts, w.stepUp.Attempts = attempts, attempts, attempts
	return w
}

func (w *world) signInFrom(address, email, password, device string) (accounts.Grant, error) {
	return w.sessions.SignIn(w.t.Context(), accounts.SignIn{
		Email: email, Password: password, Device: rules.Device{UserAgent: "test", Address: address}, DeviceToken: device,
	})
}

// guesses tries wrong passwords until one hears that these are too many, and
// tells how many were compared.
func (w *world) guesses(from func(i int) (address, email, device string)) (n int) {
	w.t.Helper()
	for i := range 1000 {
		address, email, device := from(i)
		switch _, err := w.signInFrom(address, email, "a guess at it", device); {
		case errors.Is(err, rules.ErrBadCredentials):
			n++
		case errors.Is(err, rules.ErrTooManyAttempts):
			return n
		default:
			w.t.Fatal(err)
		}
	}
	w.t.Fatal("nobody was held back")
	return n
}

func always(address, email, device string) func(int) (string, string, string) {
	return func(int) (string, string, string) { return address, email, device }
}

func TestAttempts(t *testing.T) {
	const hana = "hana@example.com"
	t.Run("of one account from one address, few wrong ones are compared", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		w.equal(perDevice, w.guesses(always(cafe, hana, "")))
		before := w.hasher.verifies
		_, err := w.signInFrom(cafe, hana, passwordOf("hana"), "")
		w.is(err, rules.ErrTooManyAttempts)
		w.equal(before, w.hasher.verifies)
		f, _ := errors.AsType[*fault.Error](err)
		w.equal(any(int(time.Hour/time.Second)/perDevice), f.Details["retry_after"])
		w.pass(time.Hour / perDevice)
		_, err = w.signInFrom(cafe, hana, passwordOf("hana"), "")
		w.must(err)
	})
	t.Run("an address that nobody has is treated alike", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		var heard [2][]string
		for i, email := range []string{hana, "nobody@example.com"} {
			for n := range perDevice + 2 {
				_, err := w.signInFrom(fmt.Sprintf("198.51.100.%d", i), fmt.Sprintf("%*s", len(email)+n, email), "a guess at it", "")
				f, _ := errors.AsType[*fault.Error](err)
				heard[i] = append(heard[i], fmt.Sprint(f.Kind, f.Code, f.Message, f.Details))
			}
		}
		w.equal(heard[0], heard[1])
		w.equal(perDevice, w.guesses(always(cafe, "no address at all", "")))
	})
	t.Run("an address that tries many accounts is stopped, and others are not", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.equal(perAddress, w.guesses(func(i int) (string, string, string) { return cafe, fmt.Sprintf("u%d@example.com", i), "" }))
		w.register("hana")
		_, err := w.signInFrom("198.51.100.51", hana, passwordOf("hana"), "")
		w.must(err)
	})
	t.Run("of version 6 an address is 64 bits", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		w.equal(perDevice, w.guesses(func(i int) (string, string, string) { return fmt.Sprintf("2001:db8::%x", i+1), hana, "" }))
	})
	t.Run("many addresses together are stopped at one account", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		w.equal(perAccount, w.guesses(func(i int) (string, string, string) { return fmt.Sprintf("198.51.100.%d", i), hana, "" }))
	})
	t.Run("and do not lock its owner out of where he signed in before, or of what with", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		w.signIn("hana") // at home
		phone, err := w.signInFrom(cafe, hana, passwordOf("hana"), "")
		w.must(err)
		w.guesses(func(i int) (string, string, string) { return fmt.Sprintf("203.0.113.%d", i), hana, "" })
		_, err = w.signInFrom("203.0.113.200", hana, passwordOf("hana"), "")
		w.is(err, rules.ErrTooManyAttempts) // a strange device at a strange place
		for range 20 {
			_, err = w.signInFrom(home, hana, passwordOf("hana"), "")
			w.must(err)
			g, err := w.signInFrom("203.0.113.200", hana, passwordOf("hana"), phone.DeviceToken)
			w.must(err)
			w.equal(phone.DeviceToken, g.DeviceToken)
		}
	})
	t.Run("nor from an address that he shares with them, with his device", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		phone, err := w.signInFrom(cafe, hana, passwordOf("hana"), "")
		w.must(err)
		w.equal(perDevice, w.guesses(always(cafe, hana, "")))
		w.guesses(func(i int) (string, string, string) { return cafe, fmt.Sprintf("u%d@example.com", i), "" })
		_, err = w.signInFrom(cafe, hana, passwordOf("hana"), phone.DeviceToken)
		w.must(err)
	})
	t.Run("a device has a count of its own, and all of an account have one together", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		var devices []string
		for range 10 {
			g, err := w.signInFrom(cafe, hana, passwordOf("hana"), "")
			w.must(err)
			devices = append(devices, g.DeviceToken)
		}
		n := w.guesses(always("203.0.113.1", hana, devices[0]))
		w.equal(perDevice, n)
		for _, device := range devices[1:] {
			n += w.guesses(always("203.0.113.1", hana, device))
		}
		w.equal(perAccount, n)
	})
	t.Run("a device token of another account, or of nobody, is none", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		w.register("mallory")
		own, err := w.signInFrom(cafe, "mallory@example.com", passwordOf("mallory"), "")
		w.must(err)
		tokens := []string{own.DeviceToken, "", "x", "sjd_", "sjd_" + own.RefreshToken, own.DeviceToken + "A", own.DeviceToken[:30], own.RefreshToken, own.AccessToken}
		w.equal(perDevice, w.guesses(func(i int) (string, string, string) { return cafe, hana, tokens[i%len(tokens)] }))
		w.equal(perDevice, w.guesses(always("203.0.113.9", "nobody@example.com", own.DeviceToken)))
	})
	t.Run("a place is known until its session is disowned", func(t *testing.T) {
		w := newWorld(t).guarded()
		hana := w.register("hana")
		thief, err := w.signInFrom("203.0.113.66", "hana@example.com", passwordOf("hana"), "")
		w.must(err)
		w.must(w.sessions.Revoke(t.Context(), hana, thief.Session))
		w.guesses(func(i int) (string, string, string) { return fmt.Sprintf("198.51.100.%d", i), "hana@example.com", "" })
		_, err = w.signInFrom("203.0.113.66", "hana@example.com", passwordOf("hana"), "")
		w.is(err, rules.ErrTooManyAttempts)
	})
	t.Run("signing in costs nothing, and wins nothing", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		w.register("mallory")
		for range 3 * perAddress {
			_, err := w.signInFrom(cafe, hana, passwordOf("hana"), "")
			w.must(err)
		}
		n := 0
		for i := range 100 { // one's own account in between does not start the count anew
			_, err := w.signInFrom("203.0.113.1", "mallory@example.com", passwordOf("mallory"), "")
			w.must(err)
			if _, err = w.signInFrom("203.0.113.1", fmt.Sprintf("u%d@example.com", i), "a guess at it", ""); errors.Is(err, rules.ErrBadCredentials) {
				n++
			}
		}
		w.equal(perAddress, n)
	})
	t.Run("what is no verdict costs nothing", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		for range 3 * perDevice {
			ctx, cancel := context.WithCancel(t.Context())
			w.hasher.meanwhile = cancel // he goes away while it is compared
			_, err := w.sessions.SignIn(ctx, accounts.SignIn{Email: hana, Password: passwordOf("hana"), Device: rules.Device{Address: cafe}})
			w.is(err, context.Canceled)
		}
		w.equal(perDevice, w.guesses(always(cafe, hana, "")))
	})
	t.Run("of many at once no more are compared", func(t *testing.T) {
		w := newWorld(t).guarded()
		w.register("hana")
		w.sessions.Passwords = wrong{}
		var compared atomic.Int64
		var all errgroup.Group
		for range 40 {
			all.Go(func() error {
				_, err := w.signInFrom(cafe, hana, "a guess at it", "")
				if errors.Is(err, rules.ErrBadCredentials) {
					compared.Add(1)
					return nil
				}
				if !errors.Is(err, rules.ErrTooManyAttempts) {
					return err
				}
				return nil
			})
		}
		w.must(all.Wait())
		w.equal(int64(perDevice), compared.Load())
	})
	t.Run("who is signed in guesses no more either, and keeps nobody else", func(t *testing.T) {
		w := newWorld(t).guarded()
		id := w.register("hana")
		stolen, own := w.signIn("hana"), w.signIn("hana")
		for i := range perDevice {
			var err error
			if want := error(rules.ErrNotThePassword); i%2 == 0 {
				err = w.stepUp.Prove(t.Context(), id, stolen.Session, "a guess at it")
				w.is(err, want)
			} else {
				err = w.credentials.ChangePassword(t.Context(), id, accounts.ChangePassword{Session: stolen.Session, Current: "a guess at it", New: "another one"})
				w.is(err, rules.ErrWrongPassword)
			}
		}
		w.is(w.stepUp.Prove(t.Context(), id, stolen.Session, passwordOf("hana")), rules.ErrTooManyAttempts)
		w.is(w.credentials.ChangePassword(t.Context(), id, accounts.ChangePassword{Session: stolen.Session, Current: passwordOf("hana"), New: "another one"}), rules.ErrTooManyAttempts)
		for range 2 * perDevice {
			w.must(w.stepUp.Prove(t.Context(), id, own.Session, passwordOf("hana")))
		}
		w.must(w.credentials.ChangePassword(t.Context(), id, accounts.ChangePassword{Session: own.Session, Current: passwordOf("hana"), New: "another one"}))
	})
	t.Run("accounts are made few from one address", func(t *testing.T) {
		w := newWorld(t).guarded()
		make := func(i int, address string) error {
			_, err := w.credentials.Register(t.Context(), rules.Application{Email: fmt.Sprintf("u%d@example.com", i), Password: "correct horse", Handle: fmt.Sprintf("user_%d", i)}, rules.Device{Address: address})
			return err
		}
		for i := range perSignUp {
			w.must(make(i, cafe))
		}
		hashes := w.hasher.hashes
		w.is(make(perSignUp, cafe), rules.ErrTooManyAttempts)
		w.equal(hashes, w.hasher.hashes)
		w.must(make(perSignUp, "198.51.100.51"))
		w.pass(time.Hour / perSignUp)
		w.must(make(perSignUp+1, cafe))
	})
}

// wrong is a hasher to which no password is right, for many at once.
type wrong struct{}

func (wrong) Hash(context.Context, string) (string, error) { return "", nil }

func (wrong) Verify(context.Context, string, string) (ok, stale bool, err error) {
	return false, false, nil
}
