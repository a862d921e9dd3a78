package demo

import (
	"context"
	"fmt"

	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// topUp buys a pack of coins with play money.
func topUp(ctx context.Context, client *sajin.Client, pack string) error {
	resp, err := client.StartTopUpWithResponse(ctx, &api.StartTopUpParams{IdempotencyKey: sajin.NewKey()}, api.NewTopUp{PackID: pack})
	if err != nil {
		return fmt.Errorf("top up: %w", err)
	}
	t := *resp.JSON201
	if err := client.PlaySandbox(ctx, t, api.SandboxAttemptOutcomeSucceeded, api.SandboxAttemptWebhookNever); err != nil {
		return fmt.Errorf("pay: %w", err)
	}
	_, err = client.ConfirmTopUpWithResponse(ctx, t.ID)
	return err
}
