package store

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
)

// Media keeps the media.
type Media interface {
	// Insert stores a new medium; from now on it counts for its owner's usage.
	Insert(ctx context.Context, m *media.Medium) error

	// Lock reads a medium to change it, also one that was deleted;
	// media.ErrNotFound if there is none.
	Lock(ctx context.Context, id ident.MediaID) (*media.Medium, error)

	// LockAll is Lock for several, in the order of their ids, so that two of
	// them do not wait for each other. Those that do not exist are left out.
	LockAll(ctx context.Context, ids []ident.MediaID) ([]*media.Medium, error)

	// Save stores a changed medium that was read with Lock. Its renditions count
	// for its owner's usage as its file does; a deleted one does not count any
	// more.
	Save(ctx context.Context, m *media.Medium) error

	// Attach notes that something is made of media, which were read with Lock
	// or LockAll. It stays noted, whatever Save stores.
	Attach(ctx context.Context, ids []ident.MediaID) error

	// Progress notes how far an attempt at processing has come. It waits for
	// nobody's lock for long and makes no new version. What comes too late,
	// because the attempt is over or another one has begun, is dropped.
	Progress(ctx context.Context, id ident.MediaID, attempt int, stage string, percent int) error

	// Remaining lists at most limit media of the owner that are not deleted, in
	// the order of their ids, beginning after one; zero begins with the first.
	Remaining(ctx context.Context, owner ident.AccountID, after ident.MediaID, limit int) ([]ident.MediaID, error)

	// View reads a medium of the owner, with renditions that carry no URL yet;
	// media.ErrNotFound if there is none, or it was deleted.
	View(ctx context.Context, owner ident.AccountID, id ident.MediaID) (*Medium, error)
}

// Medium is a medium as its owner sees it.
type Medium struct {
	ID          ident.MediaID `json:"id" format:"uuid"`
	State       media.State   `json:"state" enum:"receiving,received,inspecting,processing,ready,failed"`
	Stage       string        `json:"stage" doc:"What is being done, in a word for a person"`
	Progress    int           `json:"progress" minimum:"0" maximum:"100"`
	Attempt     int           `json:"attempt" doc:"How often processing has begun"`
	Error       *MediumError  `json:"error,omitempty" doc:"Why it failed"`
	Kind        string        `json:"kind,omitempty" enum:"photo,video" doc:"Known once the file was inspected"`
	Width       int           `json:"width"`
	Height      int           `json:"height"`
	DurationMS  int64         `json:"duration_ms"`
	Alt         string        `json:"alt" doc:"What it shows, in words, for those who cannot see it"`
	Placeholder Placeholder   `json:"placeholder"`
	Renditions  []Rendition   `json:"renditions" nullable:"false"`

	Version int64 `json:"-"`
}

// MediumError is why a medium failed.
type MediumError struct {
	Code      string `json:"code" example:"media.corrupt"`
	Retryable bool   `json:"retryable" doc:"The file is not to blame: POST /v1/media/{id}/retry may help"`
}
