// Package media holds what becomes of a file that somebody sends: the upload in
// parts, and the medium that is made of it. It knows nothing of pixels, nor of
// where the bytes are.
package media

import (
	"slices"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/text"
)

// MaxAlt is how many characters describe a medium to those who cannot see it.
const MaxAlt = 500

// Faults of media. Somebody else's medium answers as ErrNotFound.
var (
	ErrNotFound     = fault.New(fault.NotFound, "media.not-found", "there is no such medium")
	ErrNotRetryable = fault.New(fault.Conflict, "media.not-retryable", "only a medium whose processing failed for a passing reason can be tried again")
	ErrInUse        = fault.New(fault.Conflict, "media.in-use", "the medium is shown somewhere; take it away there first")
	ErrStale        = fault.New(fault.PreconditionFail, "media.stale", "the medium was changed meanwhile; read it again")
	ErrState        = fault.New(fault.Conflict, "media.state", "the medium is not in a state that allows this")
)

// State is where a medium stands.
type State string

// The states of a medium.
const (
	Receiving  State = "receiving"  // parts of the file are on their way
	Received   State = "received"   // the file is here whole, and waits its turn
	Inspecting State = "inspecting" // it is looked at: what is it, and may it be?
	Processing State = "processing" // renditions are being made
	Ready      State = "ready"
	Failed     State = "failed"
)

// Purpose is what a file was sent for.
type Purpose string

// The purposes.
const (
	ForPost   Purpose = "post"
	ForAvatar Purpose = "avatar"
)

// What a medium can be.
const (
	Photo = "photo"
	Video = "video"
)

// Failure is why a medium failed. Retryable says that the file is not to blame.
type Failure struct {
	Code      string
	Retryable bool
}

// Facts are what is known of a file from its bytes.
type Facts struct {
	Kind        string // Photo or Video
	ContentType string
	Width       int
	Height      int
	Duration    time.Duration
}

// Placeholder stands in for a medium until it has loaded.
type Placeholder struct {
	Blurhash string
	Dominant string
}

// Rendition is a picture or film made of a medium, fit to be shown.
type Rendition struct {
	Name        string
	Preview     bool // may be shown to those who have no right to the medium
	Key         string
	ContentType string
	Width       int
	Height      int
	Size        int64
}

// Product is what processing made.
type Product struct {
	SHA256 string // of the original, in hex
	Facts
	Placeholder
	Renditions []Rendition
}

// Medium is a file on its way to being shown.
type Medium struct {
	r      Record
	events []any
}

// Record is a medium laid open, for storage.
type Record struct {
	ID       ident.MediaID
	Owner    ident.AccountID
	Purpose  Purpose
	State    State
	Stage    string // a word for a person
	Progress int    // 0..100
	Attempt  int    // how often processing began
	Failure  Failure
	Original string // where the file is
	Size     int64
	Product
	Alt       string
	Attached  bool // a post or a profile was made with it, which may be gone again
	CreatedAt time.Time
	UpdatedAt time.Time // later with every change but of progress, so that it names a version
	DeletedAt time.Time
}

// MediumReady happens when a medium can be shown.
type MediumReady struct {
	Medium ident.MediaID
	Owner  ident.AccountID
	Kind   string
	At     time.Time
}

// MediumFailed happens when a medium cannot be shown, for good or for now.
type MediumFailed struct {
	Medium ident.MediaID
	Owner  ident.AccountID
	Failure
	At time.Time
}

// MediumDescribed happens when a medium is described in other words.
type MediumDescribed struct {
	Medium    ident.MediaID
	Owner     ident.AccountID
	FormerAlt string
	At        time.Time
}

// NewMedium makes the medium of a file that is about to be sent.
func NewMedium(id ident.MediaID, owner ident.AccountID, purpose Purpose, size int64, now time.Time) *Medium {
	return &Medium{r: Record{
		ID: id, Owner: owner, Purpose: purpose, State: Receiving, Original: OriginalKey(id), Size: size, CreatedAt: now, UpdatedAt: now,
	}}
}

// RestoreMedium makes a medium of what storage holds.
func RestoreMedium(r Record) *Medium { return &Medium{r: r} }

// Record lays the medium open.
func (m *Medium) Record() Record { return m.r }

// Deleted tells whether the medium was taken away.
func (m *Medium) Deleted() bool { return !m.r.DeletedAt.IsZero() }

// Version names what the owner sees of the medium, but for its progress.
func (m *Medium) Version() int64 { return Version(m.r.UpdatedAt) }

// Version is the version that a time of change stands for.
func Version(updated time.Time) int64 { return updated.UnixMicro() }

// Events drains what happened since the medium was made or restored.
func (m *Medium) Events() []any {
	events := m.events
	m.events = nil
	return events
}

// FitsPost tells whether the owner may put the medium into a post: it is his,
// was sent for that, and is ready or may still become so.
func (m *Medium) FitsPost(owner ident.AccountID) bool {
	return m.own(owner) == nil && m.r.Purpose == ForPost && (m.r.State != Failed || m.r.Failure.Retryable)
}

// FitsAvatar tells whether the owner may show himself with the medium.
func (m *Medium) FitsAvatar(owner ident.AccountID) bool {
	return m.own(owner) == nil && m.r.Purpose == ForAvatar && m.r.State == Ready
}

// Describe says in words what the medium shows. versions are the ones that the
// owner has read, nil for any.
func (m *Medium) Describe(actor ident.AccountID, versions []int64, alt string, now time.Time) error {
	if err := m.own(actor); err != nil {
		return err
	}
	if versions != nil && !slices.Contains(versions, m.Version()) {
		return ErrStale
	}
	alt, err := text.Line("alt", alt, MaxAlt)
	if err != nil {
		return err
	}
	if alt == m.r.Alt {
		return nil
	}
	m.events = append(m.events, MediumDescribed{Medium: m.r.ID, Owner: m.r.Owner, FormerAlt: m.r.Alt, At: now})
	m.r.Alt = alt
	m.touch(now)
	return nil
}

// Delete takes the medium away, unless it is shown somewhere.
func (m *Medium) Delete(actor ident.AccountID, shown bool, now time.Time) error {
	if err := m.own(actor); err != nil {
		return err
	}
	if shown {
		return ErrInUse
	}
	m.Drop(now)
	return nil
}

// Drop takes away a medium whose file will not come.
func (m *Medium) Drop(now time.Time) {
	m.touch(now)
	m.r.DeletedAt, m.r.Renditions = now, nil
}

// Expire takes away a medium that nothing was ever made of, if it is as it will
// stay and has not changed since a time. shown is as for Delete.
func (m *Medium) Expire(since time.Time, shown bool, now time.Time) bool {
	over := m.r.State == Ready || m.r.State == Failed
	if m.Deleted() || m.r.Attached || shown || !over || !m.r.UpdatedAt.Before(since) {
		return false
	}
	m.Drop(now)
	return true
}

func (m *Medium) own(actor ident.AccountID) error {
	if m.r.Owner != actor || m.Deleted() {
		return ErrNotFound
	}
	return nil
}

// touch makes the medium another version, also when the clock has not moved.
func (m *Medium) touch(now time.Time) {
	if earliest := m.r.UpdatedAt.Add(time.Microsecond); now.Before(earliest) {
		now = earliest
	}
	m.r.UpdatedAt = now
}
