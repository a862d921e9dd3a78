package access

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
)

// Avatars is asked by accounts: may this medium be somebody's face?
type Avatars interface {
	// AvatarReady tells whether the medium is the owner's, was uploaded as an
	// avatar, and is ready to be shown. One that does not exist is not. Within a transaction the
	// answer holds until its end, and the medium is never taken for left over.
	AvatarReady(ctx context.Context, owner ident.AccountID, media ident.MediaID) (bool, error)
}
