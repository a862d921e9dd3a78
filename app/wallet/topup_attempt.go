package wallet

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sajin-sns/sajin/app/once"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/store"
)

// attempt is what is kept under the key.
type attempt struct {
	TopUp   ident.TopUpID `json:"top_up"`
	Since   time.Time     `json:"since,omitzero"` // when somebody began to wait for the provider; zero: nobody does
	Refused bool          `json:"refused,omitempty"`
	Answer  *store.TopUp  `json:"answer,omitempty"`
}

// kept claims the key and reads what is kept under it, if anything.
func (s *TopUps) kept(ctx context.Context, key store.IdempotencyKey, now time.Time) (a attempt, fresh bool, err error) {
	text, fresh, err := s.Keys.Claim(ctx, key, now)
	if err != nil || fresh {
		return a, fresh, err
	}
	return a, false, once.Replay(text, &a)
}

func (s *TopUps) keep(ctx context.Context, key store.IdempotencyKey, a attempt) error {
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode attempt: %w", err)
	}
	return s.Keys.Finish(ctx, key, text)
}

// release lets the same key try again at once.
func (s *TopUps) release(ctx context.Context, key store.IdempotencyKey) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		a, _, err := s.kept(ctx, key, s.Now())
		if err != nil || a.Answer != nil {
			return err
		}
		a.Since = time.Time{}
		return s.keep(ctx, key, a)
	})
}
