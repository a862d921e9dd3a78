// Package content holds the posts: what a creator shows, to whom, and for how
// many coins.
package content

import (
	"slices"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// Limits of a post.
const (
	MaxCaption = 4000 // characters
	MaxTags    = 20
	MaxMedia   = 20

	MaxPostsOfMedium = 100 // that are not deleted
)

// Faults of posts. Somebody else's draft answers as ErrNotFound.
var (
	ErrNotFound  = fault.New(fault.NotFound, "content.post-not-found", "there is no such post")
	ErrPublished = fault.New(fault.Conflict, "content.already-published", "the post is published already")
	ErrCrowded   = fault.New(fault.Conflict, "content.medium-in-too-many-posts", "one of the media is in 100 posts already; upload it once more")
	ErrStale     = fault.New(fault.PreconditionFail, "content.stale", "the post was changed meanwhile; read it again")
)

// State is where a post stands.
type State string

// The states of a post.
const (
	Draft      State = "draft"
	Scheduled  State = "scheduled"  // its author has set a time, and alone knows of it
	Processing State = "processing" // the author published it; its media are not all ready yet
	Published  State = "published"
	Deleted    State = "deleted"
)

// Kind is what a post mainly shows: one film makes it a video.
type Kind string

// The kinds of posts.
const (
	Photo Kind = "photo"
	Video Kind = "video"
)

// Medium is what a post needs to know of a medium, as the media module states it.
type Medium struct {
	ID    ident.MediaID
	Ready bool
	Video bool
	Alt   string
}

// Terms are who may open a post, and for how much.
type Terms struct {
	Visibility Visibility
	Price      money.Coins
}

// Fields are what an author writes.
type Fields struct {
	Caption       string
	CaptionLocked CaptionLocked
	Tags          []string
	Category      string
	Terms         Terms
	Media         []ident.MediaID
}

// Post is one post.
type Post struct {
	r      Record
	former []Former
	events []any
}

// Record is a post laid open, for storage.
type Record struct {
	ID     ident.PostID
	Author ident.AccountID
	Fields
	Kind        Kind
	State       State
	Merged      bool // too many subscribers to deliver to: their inboxes read it from here
	Version     int64
	CreatedAt   time.Time
	PublishAt   time.Time // of a scheduled post: when it is due
	PublishedAt time.Time
	EditedAt    time.Time
	DeletedAt   time.Time
}

// PostPublished happens when a post becomes visible.
type PostPublished struct {
	Post        ident.PostID
	Author      ident.AccountID
	Tags        []string
	Merged      bool
	PublishedAt time.Time
}

// PostDeleted happens when an author takes a post away. PublishedAt is zero if
// it was never visible.
type PostDeleted struct {
	Post        ident.PostID
	Author      ident.AccountID
	Tags        []string
	PublishedAt time.Time
	At          time.Time
}

// AuthorLeft happens when the last post of somebody who left for good is gone.
type AuthorLeft struct {
	Author ident.AccountID
	At     time.Time
}

// NewPost writes a draft. categories are the ones that the operator allows.
func NewPost(id ident.PostID, author ident.AccountID, f Fields, categories []string, now time.Time) (*Post, error) {
	f, err := f.check(categories)
	if err != nil {
		return nil, err
	}
	return &Post{r: Record{ID: id, Author: author, Fields: f, Kind: Photo, State: Draft, Version: 1, CreatedAt: now}}, nil
}

// RestorePost makes a post of what storage holds.
func RestorePost(r Record) *Post { return &Post{r: r} }

// Record lays the post open.
func (p *Post) Record() Record { return p.r }

// ID is the post's id.
func (p *Post) ID() ident.PostID { return p.r.ID }

// Media are the post's media in order.
func (p *Post) Media() []ident.MediaID { return p.r.Media }

// Events drains what happened since the post was made or restored.
func (p *Post) Events() []any {
	events := p.events
	p.events = nil
	return events
}

// Publish makes a draft visible, or has it wait for its media; a scheduled post
// does not wait for its time any more.
//
// It fails with ErrNotFound if the post is not the actor's or gone, with
// ErrPublished if it was published before, and with Invalid if it has no media.
func (p *Post) Publish(actor ident.AccountID, media []Medium, merged bool, now time.Time) error {
	if err := p.own(actor); err != nil {
		return err
	}
	if err := p.unpublished(); err != nil {
		return err
	}
	if err := p.showable(); err != nil {
		return err
	}
	p.r.State, p.r.PublishAt = Processing, time.Time{}
	p.r.Version++
	p.Settle(media, merged, now)
	return nil
}

// Settle makes a waiting post visible once all its media are ready. merged says
// that its author has too many subscribers to deliver to each. It may be called
// at any time and tells whether the post became visible.
func (p *Post) Settle(media []Medium, merged bool, now time.Time) bool {
	if p.r.State != Processing {
		return false
	}
	kind := Photo
	for _, id := range p.r.Media {
		i := slices.IndexFunc(media, func(m Medium) bool { return m.ID == id })
		if i < 0 || !media[i].Ready {
			return false
		}
		if media[i].Video {
			kind = Video
		}
	}
	p.r.State, p.r.Kind, p.r.Merged, p.r.PublishedAt = Published, kind, merged, now
	p.r.Version++
	p.events = append(p.events, PostPublished{
		Post: p.r.ID, Author: p.r.Author, Tags: p.r.Tags, Merged: merged, PublishedAt: now,
	})
	return true
}

// Edit changes what the author wrote; what is the same makes no new version. The
// media of a published post stay as they are, because fans may have bought them.
func (p *Post) Edit(actor ident.AccountID, f Fields, categories []string, now time.Time) error {
	if err := p.own(actor); err != nil {
		return err
	}
	f, err := f.check(categories)
	if err != nil {
		return err
	}
	if p.unpublished() != nil && !slices.Equal(f.Media, p.r.Media) {
		return fault.New(fault.Conflict, "content.media-fixed", "the media of a published post cannot be changed")
	}
	if p.r.State == Scheduled && len(f.Media) == 0 {
		return fault.Invalidf("content.no-media", "media_ids", "a scheduled post needs at least one medium")
	}
	if f.equal(p.r.Fields) {
		return nil
	}
	p.replaced(now)
	p.r.Fields = f
	p.r.Version++
	return nil
}

// Delete takes the post away. Fans who bought it keep it in their library.
func (p *Post) Delete(actor ident.AccountID, now time.Time) error {
	if err := p.own(actor); err != nil {
		return err
	}
	p.r.State, p.r.PublishAt, p.r.DeletedAt = Deleted, time.Time{}, now
	p.r.Version++
	p.events = append(p.events, PostDeleted{Post: p.r.ID, Author: p.r.Author, Tags: p.r.Tags, PublishedAt: p.r.PublishedAt, At: now})
	return nil
}

func (p *Post) own(actor ident.AccountID) error {
	if p.r.Author != actor || p.r.State == Deleted {
		return ErrNotFound
	}
	return nil
}

// unpublished tells whether the author may still decide when to publish.
func (p *Post) unpublished() error {
	if p.r.State != Draft && p.r.State != Scheduled {
		return ErrPublished
	}
	return nil
}

func (p *Post) showable() error {
	if len(p.r.Media) == 0 {
		return fault.Invalidf("content.no-media", "media_ids", "a published post needs at least one medium")
	}
	return nil
}
