package sajin

import (
	"context"
	"errors"
	"path"

	"github.com/sajin-sns/sajin/sdk/go/api"
)

// PlaySandbox plays the customer and the provider of a top-up with the sandbox
// payment provider: for demos and tests.
func (c *Client) PlaySandbox(ctx context.Context, t api.TopUp, outcome api.SandboxAttemptOutcome, webhook api.SandboxAttemptWebhook) error {
	link, ok := t.Client["pay_url"]
	if !ok {
		return errors.New("sajin: the top-up is not one of the sandbox provider")
	}
	_, err := c.PayInSandboxWithResponse(ctx, path.Base(link), api.SandboxAttempt{Outcome: outcome, Webhook: &webhook})
	return err
}
