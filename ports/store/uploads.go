package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
)

// Uploads keeps the files on their way in.
type Uploads interface {
	// Insert stores a new upload, whose medium is there already.
	Insert(ctx context.Context, u *media.Upload) error

	// Get reads an upload; media.ErrUploadNotFound if there is none.
	Get(ctx context.Context, id ident.UploadID) (*media.Upload, error)

	// Lock reads an upload to change it; media.ErrUploadNotFound if there is
	// none. Who locks its medium too does that afterwards.
	Lock(ctx context.Context, id ident.UploadID) (*media.Upload, error)

	// OfMedium reads the upload that a medium came by; media.ErrUploadNotFound
	// if there is none.
	OfMedium(ctx context.Context, id ident.MediaID) (*media.Upload, error)

	// Save stores a changed upload that was read with Lock.
	Save(ctx context.Context, u *media.Upload) error

	// Overdue lists open uploads whose time was over at a time, the longest
	// first.
	Overdue(ctx context.Context, now time.Time, limit int) ([]ident.UploadID, error)

	// Usage tells what the account stores and has on its way. Uploads whose
	// time is over do not count as open.
	Usage(ctx context.Context, owner ident.AccountID, now time.Time) (media.Usage, error)

	// LockUsage is Usage for those who add to it: of two, the second one waits
	// until the first one's transaction has ended, and sees what it added.
	LockUsage(ctx context.Context, owner ident.AccountID, now time.Time) (media.Usage, error)
}
