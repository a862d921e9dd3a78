package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/app/wallet"
)

// Webhooks is where payment providers tell what happened.
type Webhooks struct{ Webhooks *wallet.Webhooks }

const webhookLimit = 64 << 10 // bytes

// webhook is a message as it came: signatures are over its very bytes.
type webhook struct {
	Provider string `path:"provider" maxLength:"32"`
	RawBody  []byte // of whatever type the provider sends: declared as one, it would be decoded
	header   http.Header
}

// takenIn is what a provider hears: nothing but success.
type takenIn struct{}

// Resolve implements huma.Resolver.
func (w *webhook) Resolve(ctx huma.Context) []error {
	req, _ := unwrap(ctx)
	w.header = req.Header
	return nil
}

func (w *Webhooks) register(r *registry) {
	register(r, operation{
		ID: "receive-webhook", Class: Webhook, Method: http.MethodPost, Path: "/v1/webhooks/{provider}", Tag: "webhooks", BodyLimit: webhookLimit,
		Summary:     "For payment providers: something happened to a payment",
		Description: "Verified over the raw body as the provider signs it. What it says is looked into afterwards, and never believed.",
		Problems:    []int{http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge},
	}, func(ctx context.Context, _ caller, in *webhook) (*struct{ Body takenIn }, error) {
		return &struct{ Body takenIn }{}, w.Webhooks.TakeInWebhook(ctx, in.Provider, in.header, in.RawBody)
	})
}
