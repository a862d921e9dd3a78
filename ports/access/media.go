package access

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
)

// MediaUse is asked by media: would anybody miss it?
type MediaUse interface {
	// InUse tells whether a medium is shown: by a post that is not deleted, or
	// that somebody bought.
	InUse(ctx context.Context, id ident.MediaID) (bool, error)
}
