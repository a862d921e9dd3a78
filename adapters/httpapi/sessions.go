package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Sessions is the resource of who is signed in where.
type Sessions struct {
	Sessions *accounts.Sessions
	StepUp   *accounts.StepUp
	Profiles *accounts.Profiles
}

type newSession struct {
	Email    string `json:"email" maxLength:"320" example:"hana@example.com"`
	Password string `json:"password" maxLength:"1024"`

	DeviceToken string `json:"device_token,omitempty" maxLength:"200" pattern:"^[A-Za-z0-9_-]*$" doc:"That of an earlier answer, if there was one: with it, others who guess at the password keep you from nothing"`
}

type shownToken struct {
	RefreshToken string `json:"refresh_token" maxLength:"200"`
}

type stepUp struct {
	Password string `json:"password" maxLength:"1024"`
}

// granted is what a client needs to be signed in.
type granted struct {
	AccessToken  string            `json:"access_token" doc:"JWT for the Authorization header"`
	TokenType    string            `json:"token_type" enum:"Bearer"`
	ExpiresIn    int64             `json:"expires_in" doc:"Seconds that the access token is good for"`
	RefreshToken string            `json:"refresh_token" doc:"To be exchanged once for new tokens; keep it secret"`
	DeviceToken  string            `json:"device_token,omitempty" doc:"Of a sign-in: to be kept, also after signing out, and sent with the next one. It lets nobody in"`
	Account      *store.OwnAccount `json:"account"`
}

func (s *Sessions) register(r *registry) {
	const path, tag = "/v1/sessions", "sessions"
	register(r, operation{
		ID: "sign-in", Class: Credentials, Method: http.MethodPost, Path: path, Tag: tag, Status: http.StatusCreated,
		Summary:     "Sign in",
		Description: "An account that was deleted comes back with it, while its grace period lasts.",
		Problems:    []int{http.StatusUnauthorized},
	}, func(ctx context.Context, _ caller, in *struct {
		Device
		Body newSession
	},
	) (*struct{ Body granted }, error) {
		return s.granted(ctx)(s.Sessions.SignIn(ctx, accounts.SignIn{Email: in.Body.Email, Password: in.Body.Password, Device: in.device, DeviceToken: in.Body.DeviceToken}))
	})
	register(r, operation{
		ID: "refresh-session", Class: Credentials, Method: http.MethodPost, Path: path + "/refresh", Tag: tag,
		Summary: "Exchange a refresh token for new tokens",
		Description: "The token is used by that. It may be used again for 30 seconds, so that two tabs and lost answers do no harm; " +
			"after that somebody must have copied it, and the whole session ends: 401 `accounts.refresh-reused`. " +
			"Send no Authorization header: one that has expired would be refused.",
		Problems: []int{http.StatusUnauthorized},
	}, func(ctx context.Context, _ caller, in *struct{ Body shownToken }) (*struct{ Body granted }, error) {
		return s.granted(ctx)(s.Sessions.Refresh(ctx, in.Body.RefreshToken))
	})
	register(r, operation{
		ID: "list-sessions", Method: http.MethodGet, Path: path, Tag: tag, For: members,
		Summary: "The devices that you are signed in on, newest first",
	}, func(ctx context.Context, by caller, in *struct{ Paged }) (*listed[*store.Device], error) {
		return list(r, "sessions", in.Paged, func(page store.Page) (store.List[*store.Device], error) {
			return s.Sessions.List(ctx, by.Account, by.Session, page)
		})
	})
	register(r, operation{
		ID: "sign-out", Method: http.MethodDelete, Path: path + "/current", Tag: tag, For: members, Status: http.StatusNoContent,
		Summary: "Sign out here", Description: "Its tokens are refused from now on.",
	}, func(ctx context.Context, by caller, _ *struct{}) (*struct{}, error) {
		return nil, s.Sessions.SignOut(ctx, by.Account, by.Session)
	})
	register(r, operation{
		ID: "step-up", Class: Credentials, Method: http.MethodPost, Path: path + "/current/step-up", Tag: tag, For: members, Status: http.StatusNoContent,
		Summary: "Prove again who you are",
		Description: "For a while, this session may do what not everybody should who comes upon an open browser. Signing in does the same for the new session. " +
			"Who has no password (409 `accounts.no-password`) proves it with `POST /v1/sessions/current/step-up/{provider}`.",
		Problems: []int{http.StatusConflict},
	}, func(ctx context.Context, by caller, in *struct{ Body stepUp }) (*struct{}, error) {
		return nil, s.StepUp.Prove(ctx, by.Account, by.Session, in.Body.Password)
	})
	register(r, operation{
		ID: "end-session", Method: http.MethodDelete, Path: path + "/{id}", Tag: tag, For: members, Status: http.StatusNoContent,
		Summary: "Sign out somewhere else", Problems: []int{http.StatusNotFound},
	}, func(ctx context.Context, by caller, in *struct {
		ID ident.SessionID `path:"id" format:"uuid"`
	},
	) (*struct{}, error) {
		return nil, s.Sessions.Revoke(ctx, by.Account, in.ID)
	})
}

// granted makes the answer of a grant.
func (s *Sessions) granted(ctx context.Context) func(accounts.Grant, error) (*struct{ Body granted }, error) {
	return func(g accounts.Grant, err error) (*struct{ Body granted }, error) {
		if err != nil {
			return nil, err
		}
		account, err := s.Profiles.Own(ctx, g.Account)
		if err != nil {
			return nil, err
		}
		return &struct{ Body granted }{granted{
			AccessToken: g.AccessToken, TokenType: "Bearer", ExpiresIn: int64(g.ExpiresIn.Seconds()), RefreshToken: g.RefreshToken, DeviceToken: g.DeviceToken, Account: account,
		}}, nil
	}
}

// Device is embedded by the inputs of operations that sign in. It is no
// parameter: nobody is asked to say what he sends anyway.
type Device struct{ device rules.Device }

// Resolve implements huma.Resolver.
func (d *Device) Resolve(ctx huma.Context) []error {
	r, _ := unwrap(ctx)
	d.device = deviceOf(r)
	return nil
}

var _ huma.Resolver = (*Device)(nil)
