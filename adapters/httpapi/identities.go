package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

// Identities is the resource of signing in with an identity provider, and of
// whom providers sign in to one's account.
type Identities struct {
	Identities *accounts.Identities
	Profiles   *accounts.Profiles
	Cookie     TicketCookie
	Log        *slog.Logger
}

type identityView struct {
	ID       ident.IdentityID `json:"id" format:"uuid"`
	Provider string           `json:"provider" example:"google"`
	Email    string           `json:"email" doc:"As the provider told it when the identity was linked; may be empty"`
	LinkedAt time.Time        `json:"linked_at"`
}

type identityList struct {
	Items []identityView `json:"items" nullable:"false"`
}

type shownCode struct {
	Code string `json:"code" minLength:"1" maxLength:"200" doc:"The sign_in_code of the page's fragment"`
}

type newIdentity struct {
	Provider string `json:"provider" minLength:"1" maxLength:"32" example:"google"`
	ReturnTo string `json:"return_to,omitempty" maxLength:"512" doc:"The path to come back to" example:"/settings"`
}

type newProof struct {
	ReturnTo string `json:"return_to,omitempty" maxLength:"512" doc:"The path to come back to" example:"/settings"`
}

// ProviderPath is embedded by the inputs of operations on one provider.
type ProviderPath struct {
	Provider string `path:"provider" maxLength:"32" example:"google"`
}

// elsewhere sends a browser to a provider.
type elsewhere struct {
	URL string `json:"url" doc:"Where to send the browser that made this request: its cookie is needed on the way back"`
}

type begun struct {
	SetCookie string `header:"Set-Cookie"`
	Body      elsewhere
}

type departed struct {
	Location  string `header:"Location"`
	SetCookie string `header:"Set-Cookie"`
}

const fragments = "Where it fails, the fragment is `#sign_in_error=<code>`: `accounts.sign-in-expired`, `accounts.sign-in-denied` " +
	"(somebody said no at the provider), `accounts.sign-in-refused` (what the provider answered does not hold), `accounts.provider-unavailable`"

func (i *Identities) register(r *registry) {
	register(r, operation{
		ID: "start-sign-in", Class: Credentials, Method: http.MethodGet, Path: "/v1/auth/{provider}/start", Tag: "sessions", Status: http.StatusFound,
		Summary: "Send a browser to an identity provider to sign in",
		Description: "For browsers, to be opened as a page. `GET /v1/service` lists the providers, as `signin.<provider>`. The browser keeps a cookie, and comes back from the " +
			"provider to `/v1/auth/{provider}/callback`, which sends it on to `return_to` with the fragment `#sign_in_code=<code>`: " +
			"the same browser exchanges that within a minute, once, with `POST /v1/auth/sessions`. Whoever is not known here gets an account of their own, without a password. " +
			fragments + ", `accounts.link-sign-in-first` (there is an account with the same address, and not both sides have verified it), `accounts.no-address`.",
		Problems: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, _ caller, in *struct {
		ProviderPath
		ReturnTo string `query:"return_to" maxLength:"512" doc:"The path of this server to end up at; / if left out" example:"/library"`
	},
	) (*departed, error) {
		b, err := i.Identities.Begin(ctx, in.Provider, in.ReturnTo)
		if err != nil {
			return nil, err
		}
		return &departed{Location: b.URL, SetCookie: i.Cookie.keep(b.Ticket)}, nil
	})
	register(r, operation{
		ID: "sign-in-with-code", Class: Credentials, Method: http.MethodPost, Path: "/v1/auth/sessions", Tag: "sessions", Status: http.StatusCreated,
		Summary: "Sign in with the code that an identity provider's sign-in ended with",
		Description: "The cookie of `GET /v1/auth/{provider}/start` has to come with it, so that a code which somebody else slipped to this browser signs nobody in: " +
			"401 `accounts.sign-in-code`. An account that was deleted comes back with it, while its grace period lasts.",
		Problems: []int{http.StatusUnauthorized},
	}, func(ctx context.Context, _ caller, in *struct {
		Device
		Cookies
		Body shownCode
	},
	) (*signedIn, error) {
		grant, err := i.Identities.SignIn(ctx, accounts.SignInByCode{Code: in.Body.Code, Ticket: i.Cookie.of(in.sent), Device: in.device})
		body, err := (&Sessions{Profiles: i.Profiles}).granted(ctx)(grant, err)
		if err != nil {
			return nil, err
		}
		return &signedIn{SetCookie: i.Cookie.drop(), Body: body.Body}, nil
	})
	i.registerOwn(r)
}

type signedIn struct {
	SetCookie string `header:"Set-Cookie"`
	Body      granted
}

func (i *Identities) registerOwn(r *registry) {
	const path, tag = "/v1/users/account/identities", "accounts"
	register(r, operation{
		ID: "list-identities", Method: http.MethodGet, Path: path, Tag: tag, For: members,
		Summary: "With whom you can sign in to your account",
	}, func(ctx context.Context, by caller, _ *struct{}) (*struct{ Body identityList }, error) {
		all, err := i.Identities.List(ctx, by.Account)
		list := identityList{Items: make([]identityView, len(all))}
		for n, one := range all {
			list.Items[n] = identityView{ID: one.ID, Provider: one.Provider, Email: one.Email, LinkedAt: one.LinkedAt}
		}
		return &struct{ Body identityList }{list}, err
	})
	register(r, operation{
		ID: "link-identity", Class: Credentials, Method: http.MethodPost, Path: path, Tag: tag, For: members, StepUp: true,
		Summary: "Begin to link an identity to your account",
		Description: "Send the browser to `url`. It comes back to `return_to` with the fragment `#identity_linked=<provider>`. " +
			fragments + ", `accounts.identity-taken` (it belongs to another account), `accounts.too-many-identities`, `accounts.session-ended`.",
		Problems: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, by caller, in *struct{ Body newIdentity }) (*begun, error) {
		return i.begun(i.Identities.BeginLink(ctx, by.Account, by.Session, in.Body.Provider, in.Body.ReturnTo))
	})
	register(r, operation{
		ID: "unlink-identity", Method: http.MethodDelete, Path: path + "/{id}", Tag: tag, For: members, StepUp: true, Status: http.StatusNoContent,
		Summary:     "Unlink an identity from your account",
		Description: "It signs nobody in any more. Where it is the only way to sign in, it stays: 409 `accounts.last-sign-in`; set a password first.",
		Problems:    []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, by caller, in *struct {
		ID ident.IdentityID `path:"id" format:"uuid"`
	},
	) (*struct{}, error) {
		return nil, i.Identities.Unlink(ctx, by.Account, in.ID)
	})
	register(r, operation{
		ID: "step-up-with-identity", Class: Credentials, Method: http.MethodPost, Path: "/v1/sessions/current/step-up/{provider}", Tag: "sessions", For: members,
		Summary: "Begin to prove again who you are, at an identity provider",
		Description: "As `POST /v1/sessions/current/step-up` for who has no password. Send the browser to `url`, where the provider asks for a new sign-in; it comes back to `return_to` " +
			"with the fragment `#identity_proved=<provider>`. " + fragments + ", `accounts.identity-not-found` (it was somebody else), " +
			"`accounts.no-proof` (the provider does not tell when the sign-in was, or it was before), `accounts.session-ended`.",
		Problems: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, by caller, in *struct {
		ProviderPath
		Body newProof
	},
	) (*begun, error) {
		return i.begun(i.Identities.BeginProof(ctx, by.Account, by.Session, in.Provider, in.Body.ReturnTo))
	})
}

func (i *Identities) begun(b accounts.Begun, err error) (*begun, error) {
	if err != nil {
		return nil, err
	}
	return &begun{SetCookie: i.Cookie.keep(b.Ticket), Body: elsewhere{b.URL}}, nil
}
