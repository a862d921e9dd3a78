package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/app/accounts"
	rules "github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// Accounts is the resource of accounts: one's own, and the profiles of others.
type Accounts struct {
	Credentials *accounts.Credentials
	Accounts    *accounts.Accounts
	Profiles    *accounts.Profiles
}

type newAccount struct {
	Email       string `json:"email" maxLength:"320" doc:"Case makes no other address" example:"hana@example.com"`
	Password    string `json:"password" minLength:"8" maxLength:"128"`
	Handle      string `json:"handle" minLength:"3" maxLength:"30" pattern:"^[A-Za-z0-9_]+$" doc:"Kept in lower case" example:"hana"`
	DisplayName string `json:"display_name,omitempty" maxLength:"50" doc:"The handle when it is left out" example:"Hana Kim"`
}

type editedAccount struct {
	Handle      *string     `json:"handle,omitempty" minLength:"3" maxLength:"30" pattern:"^[A-Za-z0-9_]+$" doc:"Links to the old one end"`
	DisplayName *string     `json:"display_name,omitempty" maxLength:"50" doc:"Empty: the handle"`
	Bio         *string     `json:"bio,omitempty" maxLength:"500"`
	Avatar      mediumOrNot `json:"avatar_media_id,omitempty" doc:"A ready medium of your own with the purpose avatar; null takes the avatar away"`
}

type replacedAccount struct {
	Handle      *string        `json:"handle,omitempty" minLength:"3" maxLength:"30" pattern:"^[A-Za-z0-9_]+$" doc:"Kept when it is left out, as there is no account without one"`
	DisplayName string         `json:"display_name,omitempty" maxLength:"50" doc:"The handle when it is left out"`
	Bio         string         `json:"bio,omitempty" maxLength:"500"`
	Avatar      *ident.MediaID `json:"avatar_media_id,omitempty" format:"uuid" doc:"A ready medium of your own with the purpose avatar"`
}

type changedPassword struct {
	Current string `json:"current_password" maxLength:"1024"`
	New     string `json:"new_password" minLength:"8" maxLength:"128"`
}

type ownAccount struct {
	Tagged
	Body *store.OwnAccount
}

type profile struct {
	Tagged
	Body *store.Profile
}

func (a *Accounts) register(r *registry) {
	register(r, operation{
		ID: "register", Class: Credentials, Method: http.MethodPost, Path: "/v1/users", Tag: "accounts", Status: http.StatusCreated,
		Summary:     "Make an account",
		Description: "It signs nobody in: see `POST /v1/sessions`.",
		Problems:    []int{http.StatusConflict},
	}, func(ctx context.Context, _ caller, in *struct {
		Device
		Body newAccount
	},
	) (*ownAccount, error) {
		id, err := a.Credentials.Register(ctx, rules.Application(in.Body), in.device)
		if err != nil {
			return nil, err
		}
		return a.own(ctx, id, Conditional{})
	})
	register(r, operation{
		ID: "get-profile", Method: http.MethodGet, Path: "/v1/users/{handle}", Tag: "accounts",
		Summary: "The profile of an account, and what you have to do with it", Problems: []int{http.StatusNotFound, http.StatusNotModified},
	}, func(ctx context.Context, by caller, in *struct {
		HandlePath
		Conditional
	},
	) (*profile, error) {
		p, err := a.Profiles.Profile(ctx, by.Account, in.Handle)
		if err != nil {
			return nil, err
		}
		tag, err := in.fresh(0, p)
		return &profile{Tagged: tag, Body: p}, err
	})
	register(r, operation{
		ID: "search-profiles", Class: Expensive, Method: http.MethodGet, Path: "/v1/users", Tag: "accounts",
		Summary: "Accounts whose handle or display name begins with a text, by their handles",
	}, func(ctx context.Context, by caller, in *struct {
		Paged
		Query string `query:"query" required:"true" minLength:"1" maxLength:"50" doc:"In either case" example:"han"`
	},
	) (*listed[*store.Profile], error) {
		return list(r, "profiles", in.Paged, func(page store.Page) (store.List[*store.Profile], error) {
			return a.Profiles.Search(ctx, by.Account, in.Query, page)
		})
	})
	a.registerOwn(r)
}

func (a *Accounts) registerOwn(r *registry) {
	const path, tag = "/v1/users/account", "accounts"
	register(r, operation{
		ID: "get-account", Method: http.MethodGet, Path: path, Tag: tag, For: members,
		Summary: "Your own account", Problems: []int{http.StatusNotModified},
	}, func(ctx context.Context, by caller, in *struct{ Conditional }) (*ownAccount, error) {
		return a.own(ctx, by.Account, in.Conditional)
	})
	problems := []int{http.StatusBadRequest, http.StatusConflict, http.StatusPreconditionFailed}
	register(r, operation{
		ID: "edit-account", Method: http.MethodPatch, Path: path, Tag: tag, For: members,
		Summary: "Change your profile", Description: "Members that are left out stay as they are.", Problems: problems,
	}, func(ctx context.Context, by caller, in *struct {
		Guarded
		Body editedAccount
	},
	) (*ownAccount, error) {
		edit := accounts.Edit{Handle: in.Body.Handle, DisplayName: in.Body.DisplayName, Bio: in.Body.Bio}
		if in.Body.Avatar.nothing() {
			return nil, rules.ErrAvatar
		}
		if in.Body.Avatar.sent {
			edit.Avatar = &in.Body.Avatar.id
		}
		return a.edit(ctx, by, in.Guarded, edit)
	})
	register(r, operation{
		ID: "replace-account", Method: http.MethodPut, Path: path, Tag: tag, For: members,
		Summary: "Write your profile anew", Description: "Members that are left out become empty, but for the handle.", Problems: problems,
	}, func(ctx context.Context, by caller, in *struct {
		Guarded
		Body replacedAccount
	},
	) (*ownAccount, error) {
		edit := accounts.Edit{Handle: in.Body.Handle, DisplayName: &in.Body.DisplayName, Bio: &in.Body.Bio, Avatar: in.Body.Avatar}
		switch {
		case edit.Avatar == nil:
			edit.Avatar = new(ident.MediaID)
		case edit.Avatar.IsZero():
			return nil, rules.ErrAvatar
		}
		return a.edit(ctx, by, in.Guarded, edit)
	})
	register(r, operation{
		ID: "delete-account", Method: http.MethodDelete, Path: path, Tag: tag, For: members, StepUp: true, Status: http.StatusNoContent,
		Summary: "Delete your account",
		Description: "It is gone for everybody at once, and you are signed out everywhere. " +
			"Signing in again within the grace period, 30 days unless the operator chose otherwise, brings it back; " +
			"after that everything personal is overwritten, and address and handle are free again.",
	}, func(ctx context.Context, by caller, _ *struct{}) (*struct{}, error) {
		return nil, a.Accounts.Delete(ctx, by.Account)
	})
	register(r, operation{
		ID: "change-password", Class: Credentials, Method: http.MethodPost, Path: path + "/password", Tag: tag, For: members, Status: http.StatusNoContent,
		Summary: "Change your password", Description: "Every session but this one ends. An account that signs in with identity providers alone has none: 409 `accounts.no-password`.",
		Problems: []int{http.StatusConflict},
	}, func(ctx context.Context, by caller, in *struct{ Body changedPassword }) (*struct{}, error) {
		return nil, a.Credentials.ChangePassword(ctx, by.Account, accounts.ChangePassword{
			Session: by.Session, Current: in.Body.Current, New: in.Body.New,
		})
	})
}

func (a *Accounts) own(ctx context.Context, id ident.AccountID, held Conditional) (*ownAccount, error) {
	account, err := a.Profiles.Own(ctx, id)
	if err != nil {
		return nil, err
	}
	tag, err := held.fresh(account.Version, account)
	return &ownAccount{Tagged: tag, Body: account}, err
}

func (a *Accounts) edit(ctx context.Context, by caller, held Guarded, edit accounts.Edit) (*ownAccount, error) {
	var err error
	if edit.Versions, err = held.versions(); err != nil {
		return nil, err
	}
	if err := a.Accounts.Edit(ctx, by.Account, edit); err != nil {
		return nil, err
	}
	return a.own(ctx, by.Account, Conditional{})
}

// mediumOrNot is a member of a PATCH: a medium, null, or not there at all.
type mediumOrNot struct {
	sent, null bool
	id         ident.MediaID
}

// nothing tells whether the zero id was sent, which is not how one says null.
func (m mediumOrNot) nothing() bool { return m.sent && !m.null && m.id.IsZero() }

// UnmarshalJSON is called for null too, and not for a member that is not there.
func (m *mediumOrNot) UnmarshalJSON(text []byte) error {
	m.sent, m.null = true, string(text) == "null"
	return json.Unmarshal(text, &m.id)
}

func (*mediumOrNot) nullable() {}

// Schema says what UnmarshalJSON takes.
func (mediumOrNot) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uuid", Nullable: true}
}
