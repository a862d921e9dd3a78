package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
)

// Authenticator finds out who holds an access token.
type Authenticator interface {
	// Authenticate fails with an Unauthenticated fault for a token that is not
	// valid, or whose session or account has ended.
	Authenticate(ctx context.Context, token string) (accounts.Actor, error)
}

var errScheme = fault.New(fault.Unauthenticated, "accounts.token-invalid", "the Authorization header must be: Bearer <access token>")

// authenticate finds out who is calling. A request without a token is
// anonymous; one with a bad token is refused, also where nobody needs to be
// signed in, so that a client learns that it must refresh.
//
// Whoever comes with bad ones too often is not even looked at.
func authenticate(auth Authenticator, limits *Limits, log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values := r.Header.Values("Authorization")
		if len(values) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		if limits != nil {
			if !limits.admit(w, r, log, BadToken, limits.badToken(r)) {
				return
			}
		}
		var actor accounts.Actor
		err := error(errScheme)
		scheme, token, _ := strings.Cut(values[0], " ")
		if len(values) == 1 && strings.EqualFold(scheme, "Bearer") {
			actor, err = auth.Authenticate(r.Context(), strings.TrimSpace(token))
		}
		if limits != nil && fault.KindOf(err) != fault.Unauthenticated {
			_ = limits.Limiter.Give(r.Context(), limits.badToken(r)) // what is not given back comes back with time
		}
		if err != nil {
			p := problemOf(r.Context(), log, err)
			if p.Status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="sajin", error="invalid_token"`)
			}
			writeProblem(w, p)
			return
		}
		visitOf(r.Context()).caller = caller{Account: actor.Account, Session: actor.Session, Role: actor.Role}
		next.ServeHTTP(w, r)
	})
}

// requestID is the id that a proxy before us has given the request, or "": its
// X-Request-Id, or else the trace that it is of.
func requestID(h http.Header) string {
	if id := h.Get("X-Request-Id"); usableID(id) {
		return id
	}
	if parts := strings.Split(h.Get("Traceparent"), "-"); len(parts) >= 4 && len(parts[1]) == 32 && usableID(parts[1]) {
		return parts[1]
	}
	return ""
}

func usableID(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
