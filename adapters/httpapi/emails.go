package httpapi

import (
	"context"
	"net/http"

	"github.com/sajin-sns/sajin/app/accounts"
	"github.com/sajin-sns/sajin/ports/store"
)

// Emails is the resource of what is done by links in mails: verifying an address,
// changing it, and a new password for who forgot the old one.
type Emails struct {
	Emails      *accounts.Emails
	Credentials *accounts.Credentials
	Profiles    *accounts.Profiles
}

type wantedEmail struct {
	Email string `json:"email" maxLength:"320" example:"hana@example.com"`
}

type chosenPassword struct {
	Password string `json:"password" minLength:"8" maxLength:"128"`
}

// LinkPath is the end of a link that was mailed.
type LinkPath struct {
	Token string `path:"token" maxLength:"200" doc:"What stands behind the # in the link"`
}

// changing is an account that is to have another address.
type changing struct{ Body *store.OwnAccount }

func (e *Emails) register(r *registry) {
	const tag = "accounts"
	register(r, operation{
		ID: "request-email-verification", Class: Credentials, Method: http.MethodPost, Path: "/v1/email-verifications", Tag: tag, For: members, Status: http.StatusAccepted,
		Summary:     "Have a link mailed that verifies your address",
		Description: "To the address that you asked for last, or else to your own. The links that were sent before end.",
		Problems:    []int{http.StatusConflict},
	}, func(ctx context.Context, by caller, in *struct{ Device }) (*struct{}, error) {
		return nil, e.Emails.RequestVerification(ctx, by.Account, in.device.Network())
	})
	register(r, operation{
		ID: "verify-email", Class: Credentials, Method: http.MethodPut, Path: "/v1/email-verifications/{token}", Tag: tag, Status: http.StatusNoContent,
		Summary:     "Verify an address, by the link that was mailed there",
		Description: "If it was asked for as a new address, it takes the place of the old one, which is told by mail. Nobody needs to be signed in.",
		Problems:    []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, _ caller, in *LinkPath) (*struct{}, error) {
		return nil, e.Emails.Verify(ctx, in.Token)
	})
	register(r, operation{
		ID: "change-email", Class: Credentials, Method: http.MethodPut, Path: "/v1/users/account/email", Tag: tag, For: members, StepUp: true, Status: http.StatusAccepted,
		Summary: "Change your address",
		Description: "A link is mailed to the new address; until it is followed, `pending_email` says which that is, and the old one is good. " +
			"The address that you have takes the request back.",
		Problems: []int{http.StatusConflict},
	}, func(ctx context.Context, by caller, in *struct {
		Device
		Body wantedEmail
	},
	) (*changing, error) {
		if err := e.Emails.ChangeEmail(ctx, by.Account, in.Body.Email, in.device.Network()); err != nil {
			return nil, err
		}
		account, err := e.Profiles.Own(ctx, by.Account)
		return &changing{account}, err
	})
	register(r, operation{
		ID: "request-password-reset", Class: Credentials, Method: http.MethodPost, Path: "/v1/password-resets", Tag: tag, Status: http.StatusAccepted,
		Summary:     "Have a link mailed that leads to a new password",
		Description: "The answer is the same whether anybody has the address or not.",
	}, func(ctx context.Context, _ caller, in *struct {
		Device
		Body wantedEmail
	},
	) (*struct{}, error) {
		return nil, e.Credentials.RequestReset(ctx, in.Body.Email, in.device.Network())
	})
	register(r, operation{
		ID: "reset-password", Class: Credentials, Method: http.MethodPut, Path: "/v1/password-resets/{token}", Tag: tag, Status: http.StatusNoContent,
		Summary:     "Choose a new password, by the link that was mailed",
		Description: "The link is good once, for 30 minutes. Every session of the account ends, and its address is verified.",
		Problems:    []int{http.StatusNotFound},
	}, func(ctx context.Context, _ caller, in *struct {
		LinkPath
		Body chosenPassword
	},
	) (*struct{}, error) {
		return nil, e.Credentials.ResetPassword(ctx, in.Token, in.Body.Password)
	})
}
