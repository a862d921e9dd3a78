package httpapi

import (
	"net/http"
	"net/url"

	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/ports/trace"
)

// Callback is where browsers come back to from an identity provider. It is a
// page, and no operation: it answers with where to go, whatever happened, and
// takes what providers add to the query of their own.
func (i *Identities) Callback() Route {
	return Route{Name: "sign-in-callback", Pattern: "GET /v1/auth/{provider}/callback", Handler: http.HandlerFunc(i.callback), Class: Credentials}
}

func (i *Identities) callback(w http.ResponseWriter, r *http.Request) {
	provider, query := r.PathValue("provider"), r.URL.Query()
	finished, err := i.Identities.Finish(r.Context(), accounts.Finish{
		Provider: provider, Ticket: i.Cookie.of(r.Cookies()),
		State: only(query["state"]), Code: only(query["code"]), Error: only(query["error"]),
	})
	fragment := url.Values{}
	switch {
	case err != nil:
		p := problemOf(r.Context(), i.Log, err)
		if p.Status == http.StatusNotFound && finished.ReturnTo == "/" && p.Code == accounts.ErrNoProvider.Code {
			writeProblem(w, p)
			return
		}
		if fault.KindOf(err) == fault.Unauthenticated { // the browser hears the code, and here is why
			i.Log.WarnContext(r.Context(), "sign-in refused", "provider", provider, "code", p.Code, "error", err, "trace_id", trace.ID(r.Context()))
		}
		fragment.Set("sign_in_error", p.Code)
	case finished.Linked:
		fragment.Set("identity_linked", provider)
	case finished.Proved:
		fragment.Set("identity_proved", provider)
	default:
		fragment.Set("sign_in_code", finished.Code)
	}
	if !fragment.Has("sign_in_code") { // which the ticket has to go with
		w.Header().Set("Set-Cookie", i.Cookie.drop())
	}
	w.Header().Set("Location", finished.ReturnTo+"#"+fragment.Encode())
	w.WriteHeader(http.StatusSeeOther)
}

// only is the value of a parameter that is there once.
func only(values []string) string {
	if len(values) != 1 || len(values[0]) > 4096 {
		return ""
	}
	return values[0]
}
