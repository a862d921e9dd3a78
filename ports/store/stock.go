package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
)

// Stock is what the database says of the blob store, for comparing both, and
// what came of the last comparison.
type Stock interface {
	// Holdings lists what at most limit media hold, also deleted ones, in the
	// order of their ids, beginning after one; zero begins with the first.
	Holdings(ctx context.Context, after ident.MediaID, limit int) ([]media.Holding, error)

	// Holding reads what one medium holds; media.ErrNotFound if there is none.
	Holding(ctx context.Context, id ident.MediaID) (media.Holding, error)

	// Unattached lists at most limit media in a state that nothing was ever
	// made of, that are not deleted and have not changed since a time, in the
	// order of their ids, beginning after one; zero begins with the first.
	Unattached(ctx context.Context, state media.State, since time.Time, after ident.MediaID, limit int) ([]Unattached, error)

	// Overdue counts the open uploads whose time was over at a time, and the
	// bytes that they announced.
	Overdue(ctx context.Context, now time.Time) (n, bytes int64, err error)

	// SaveCheck keeps what a comparison has found, in the place of what the
	// earlier ones have.
	SaveCheck(ctx context.Context, check StorageCheck) error

	// LastCheck reads what the last comparison has found, with its findings in
	// the order of their kinds; At is zero if there was none.
	LastCheck(ctx context.Context) (StorageCheck, error)
}

// Unattached is a medium that nothing was made of.
type Unattached struct {
	ID    ident.MediaID
	Bytes int64 // with what was made of its file
}

// The kinds of findings. Missing objects are an alarm; unknown ones are not
// sajin's; the others are what is removed.
const (
	OverdueUploads  = "overdue_uploads"  // open, and their time is over
	UnnamedUploads  = "unnamed_uploads"  // open in the blob store, and of no upload that is open
	UnattachedMedia = "unattached_media" // nothing was ever made of them
	StrayObjects    = "stray_objects"    // no medium has them
	MissingObjects  = "missing_objects"  // a medium has them, the blob store does not
	UnknownObjects  = "unknown_objects"  // their keys are of no medium
)

// StorageCheck is what a comparison of database and blob store has found.
type StorageCheck struct {
	At       time.Time
	Findings []Finding
}

// Finding is what a comparison has found of a kind.
type Finding struct {
	Kind    string
	Found   int64
	Bytes   int64
	Removed int64
}
