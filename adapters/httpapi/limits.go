package httpapi

import (
	"log/slog"
	"net/http"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/ports/throttle"
)

// Class is what a request costs. Each class is counted by itself: who has read
// too much may still pay.
type Class string

// The classes of requests. A request whose operation names none is one that
// reads, if it is a GET, and else one that writes.
const (
	Reading     Class = "read"
	Writing     Class = "write"
	Expensive   Class = "expensive"   // searches, the beginning and the end of uploads
	Credentials Class = "credentials" // signing up and in, refreshing, passwords, mail
	Money       Class = "money"       // purchases and top-ups
	Webhook     Class = "webhook"     // messages of payment providers
	Transfer    Class = "delivery"    // bytes of media, out and in
	Probe       Class = "probe"       // whether the server lives, and its metrics

	// BadToken is what a request costs beside its own class if its access token
	// does not hold: finding that out may take the database.
	BadToken Class = "token"
)

// Classes are all that there are.
func Classes() []Class {
	return []Class{Reading, Writing, Expensive, Credentials, Money, Webhook, Transfer, Probe, BadToken}
}

// Limits hold back who asks too often: before the body of the request is read,
// and before anything is done for it.
type Limits struct {
	Limiter throttle.Limiter        // in memory: it is asked for every request
	Rates   map[Class]throttle.Rate // of one account, or one client address where nobody is signed in
	Refused func(Class)             // counts them
}

var errTooOften = fault.New(fault.RateLimited, "request.too-many", "too many requests of this kind; try again later")

func (l *Limits) bucket(c Class, who string) throttle.Bucket {
	return throttle.Bucket{Key: string(c) + " " + who, Rate: l.Rates[c]}
}

// badToken is where bad tokens from an address are counted.
func (l *Limits) badToken(r *http.Request) throttle.Bucket {
	return l.bucket(BadToken, accounts.Network(clientOf(r.Context())))
}

// enforce lets nobody through who has asked too often. classes are those of the
// mux's patterns.
func (l *Limits) enforce(log *slog.Logger, classes map[string]Class, next http.Handler) http.Handler {
	if l == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		class, ok := classes[visitOf(r.Context()).pattern]
		if !ok {
			class = classOf(r.Method)
		}
		who := accounts.Network(clientOf(r.Context()))
		if by := callerOf(r.Context()).Account.Bytes(); by != [16]byte{} {
			who = string(by[:])
		}
		if l.admit(w, r, log, class, l.bucket(class, who)) {
			next.ServeHTTP(w, r)
		}
	})
}

// admit takes from a bucket, or answers that it is empty.
func (l *Limits) admit(w http.ResponseWriter, r *http.Request, log *slog.Logger, class Class, b throttle.Bucket) bool {
	wait, err := l.Limiter.Take(r.Context(), b)
	if err == nil && wait == 0 {
		return true
	}
	if err == nil {
		l.Refused(class)
		err = errTooOften.With("retry_after", throttle.Seconds(wait))
	}
	writeProblem(w, problemOf(r.Context(), log, err))
	return false
}

// classOf is the class of a request that has none of its own.
func classOf(method string) Class {
	if method == http.MethodGet || method == http.MethodHead {
		return Reading
	}
	return Writing
}
