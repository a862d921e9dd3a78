package access

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
)

// Authors is asked by content: is somebody there to be read?
type Authors interface {
	// Live tells whether the account is there for others to see: it exists, and
	// is not deleted, be it for good or for as long as it can come back.
	Live(ctx context.Context, account ident.AccountID) (bool, error)
}
