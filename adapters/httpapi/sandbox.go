package httpapi

import (
	"context"
	"net/http"
)

// SandboxCustomer plays a customer of the sandbox payment provider.
type SandboxCustomer interface {
	// Pay brings an attempt to pay to an outcome (succeeded, failed, pending)
	// and lets the webhook about it come now, late or never. It answers the
	// status of the payment then, and what became of the webhook.
	Pay(ctx context.Context, token, outcome, webhook string) (status, delivery string, err error)
}

// Sandbox is the page where customers of the sandbox provider pay. It is part
// of the API only where that provider is.
type Sandbox struct{ Customer SandboxCustomer }

type sandboxAttempt struct {
	Outcome string `json:"outcome" enum:"succeeded,failed,pending" doc:"What becomes of the payment; after pending or failed it may be sent again"`
	Webhook string `json:"webhook,omitempty" enum:"now,late,never" default:"now" doc:"When the provider tells: before this is answered, some seconds later, or not at all"`
}

type sandboxPayment struct {
	Status  string `json:"status" enum:"paid,failed,processing"`
	Webhook string `json:"webhook" enum:"delivered,retrying,scheduled,none" doc:"retrying: it was not taken in, and will be sent again"`
}

func (s *Sandbox) register(r *registry) {
	register(r, operation{
		ID: "pay-in-sandbox", Class: Money, Method: http.MethodPost, Path: "/v1/sandbox/payments/{token}", Tag: "sandbox",
		Summary:     "Play the customer and the provider of a sandbox payment",
		Description: "This is the `pay_url` in the `client` of a top-up with the sandbox provider, which takes no money.",
		Problems:    []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, _ caller, in *struct {
		Token string `path:"token" maxLength:"200"`
		Body  sandboxAttempt
	},
	) (*struct{ Body sandboxPayment }, error) {
		status, delivery, err := s.Customer.Pay(ctx, in.Token, in.Body.Outcome, in.Body.Webhook)
		return &struct{ Body sandboxPayment }{sandboxPayment{status, delivery}}, err
	})
}
