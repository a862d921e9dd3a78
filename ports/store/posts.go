package store

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// Posts keeps the posts for those who change them.
type Posts interface {
	// Insert stores a new post.
	Insert(ctx context.Context, p *content.Post) error

	// Lock reads a post to change it; content.ErrNotFound if there is none.
	Lock(ctx context.Context, id ident.PostID) (*content.Post, error)

	// Get reads a post, deleted ones too; content.ErrNotFound if there is none.
	Get(ctx context.Context, id ident.PostID) (*content.Post, error)

	// Save stores a changed post that was read with Lock.
	Save(ctx context.Context, p *content.Post) error

	// Waiting lists the posts that wait for a medium.
	Waiting(ctx context.Context, media ident.MediaID) ([]ident.PostID, error)

	// Showing lists the published posts that show a medium.
	Showing(ctx context.Context, media ident.MediaID) ([]ident.PostID, error)

	// Crowded names one of the media that at least limit posts show which are
	// not deleted, that post aside; none if there is none. Who has the media
	// locked knows that it stays so.
	Crowded(ctx context.Context, media []ident.MediaID, limit int, aside ident.PostID) (ident.MediaID, error)

	// Overdue lists at most limit posts that wait although all their media are
	// ready: the event that would have settled them was lost on an operator's
	// way.
	Overdue(ctx context.Context, limit int) ([]ident.PostID, error)

	// Remaining lists at most limit posts of an author that are not deleted.
	Remaining(ctx context.Context, author ident.AccountID, limit int) ([]ident.PostID, error)

	// Recent lists when the author's newest posts were published, newest first.
	Recent(ctx context.Context, author ident.AccountID, limit int) ([]time.Time, error)

	// Shows tells whether a medium is part of a post that is not deleted, or
	// that somebody bought.
	Shows(ctx context.Context, media ident.MediaID) (bool, error)

	// Terms tells who wrote a visible post, by id and handle, and who may open it;
	// content.ErrNotFound if it is not visible. Within a transaction the answer
	// holds until its end: the post is neither changed nor taken away meanwhile.
	Terms(ctx context.Context, id ident.PostID) (Author, content.Terms, error)
}

// Feeds reads posts for those who look at them. Every method takes a fixed
// number of queries, whatever the length of the page. The viewer decides what
// the views say of him; whether a post opens to him is not decided here. Counts
// in lists but Own, and whatever else does not make a new version of a post or of its
// author, may be some seconds old.
type Feeds interface {
	// Post reads one post: a published one, or one in any other state but
	// deleted that is the viewer's own, or a deleted one that he bought;
	// content.ErrNotFound otherwise.
	Post(ctx context.Context, viewer ident.AccountID, id ident.PostID) (*Post, error)

	// Newest lists published posts, the newest first.
	Newest(ctx context.Context, viewer ident.AccountID, f Filter, page Page) (List[*Post], error)

	// Own lists the author's posts in a state, or in any but deleted when
	// state is empty, the newest first by creation.
	Own(ctx context.Context, author ident.AccountID, state content.State, page Page) (List[*Post], error)

	// Inbox lists the posts of the creators that the account subscribes to
	// that belong into its inbox, the newest first.
	Inbox(ctx context.Context, account ident.AccountID, page Page) (List[*Post], error)

	// Library lists what the account bought, the newest purchase first,
	// deleted posts included.
	Library(ctx context.Context, account ident.AccountID, page Page) (List[*LibraryItem], error)
}

// Filter narrows a list of posts. Zero members do not narrow.
type Filter struct {
	Author   ident.AccountID
	Tag      string
	Category string
	Kind     content.Kind
	Price    string // "free" or "paid"
}

// Post is a post as a viewer sees it.
type Post struct {
	ID            ident.PostID          `json:"id" format:"uuid"`
	Author        Author                `json:"author"`
	Caption       string                `json:"caption" doc:"Empty in a locked post whose author hides it"`
	CaptionLocked content.CaptionLocked `json:"caption_locked" enum:"shown,hidden" doc:"Whether those who may not open the post may read its caption"`
	Tags          []string              `json:"tags" nullable:"false"`
	Category      string                `json:"category" doc:"Empty: none"`
	Visibility    content.Visibility    `json:"visibility" enum:"public,subscribers"`
	PriceCoins    money.Coins           `json:"price_coins" minimum:"0"`
	Kind          content.Kind          `json:"kind" enum:"photo,video"`
	State         content.State         `json:"state" enum:"draft,scheduled,processing,published,deleted"`
	Locked        bool                  `json:"locked" doc:"The viewer may not open it: renditions holds previews only"`
	Purchased     bool                  `json:"purchased"`
	Media         []PostMedium          `json:"media" nullable:"false"`
	Counts        PostCounts            `json:"counts"`
	CreatedAt     time.Time             `json:"created_at"`
	PublishAt     *time.Time            `json:"publish_at,omitempty" doc:"Of a scheduled post: when it is due"`
	PublishedAt   *time.Time            `json:"published_at,omitempty"`
	EditedAt      *time.Time            `json:"edited_at,omitempty"`

	// What decides about Locked; not part of the answer.
	Subscribed bool  `json:"-"` // told of posts for subscribers only
	Version    int64 `json:"-"`

	// Shared is there when this is a copy of a view that many are shown: what it
	// refers to must not be changed then.
	Shared *Shared `json:"-"`

	// Encoded is there when everybody is shown this very post, for as long as
	// its links hold: who sends it keeps here what goes over the wire.
	Encoded *atomic.Pointer[[]byte] `json:"-"`
}

// Shared is where those who show a post keep what they made of it, for as long
// as the post stays the same.
type Shared struct {
	Open, Locked atomic.Pointer[Shown] // as everybody is shown it
}

// Shown is a post as it is shown to everybody, until its links are signed anew.
type Shown struct {
	Post    *Post
	Until   time.Time
	Encoded atomic.Pointer[[]byte]
}

// Author is who wrote something.
type Author struct {
	ID          ident.AccountID `json:"id" format:"uuid"`
	Handle      string          `json:"handle"`
	DisplayName string          `json:"display_name"`
	AvatarURL   string          `json:"avatar_url,omitempty"`

	AvatarKey string `json:"-"`
	Version   int64  `json:"-"`
}

// PostMedium is a medium within a post.
type PostMedium struct {
	ID          ident.MediaID `json:"id" format:"uuid"`
	Kind        string        `json:"kind" enum:"photo,video"`
	State       string        `json:"state" enum:"receiving,received,inspecting,processing,ready,failed"`
	Width       int           `json:"width"`
	Height      int           `json:"height"`
	DurationMS  int64         `json:"duration_ms" doc:"0 for a photo"`
	Alt         string        `json:"alt" doc:"What it shows, in words; empty in a locked post"`
	Placeholder Placeholder   `json:"placeholder"`
	Renditions  []Rendition   `json:"renditions" nullable:"false"`
}

// Placeholder stands in for a picture until it has loaded.
type Placeholder struct {
	Blurhash string `json:"blurhash,omitempty"`
	Dominant string `json:"dominant,omitempty" doc:"#rrggbb"`
}

// Rendition is a picture or film that can be fetched.
type Rendition struct {
	Name        string    `json:"name"`
	ContentType string    `json:"content_type"`
	Width       int       `json:"width"`
	Height      int       `json:"height"`
	URL         string    `json:"url" doc:"Signed; bound to the viewer unless everybody may see it"`
	ExpiresAt   time.Time `json:"expires_at"`

	Key     string `json:"-"`
	Preview bool   `json:"-"`
}

// PostCounts are a post's counters.
type PostCounts struct {
	Likes    int64  `json:"likes"`
	Comments int64  `json:"comments"`
	Views    int64  `json:"views"`
	Sales    *int64 `json:"sales,omitempty" doc:"For the author alone"`
}

// LibraryItem is a post that the viewer bought.
type LibraryItem struct {
	Post     *Post   `json:"post"`
	Purchase Receipt `json:"purchase"`
}

// PostCounters keeps the numbers beside posts and their authors.
type PostCounters interface {
	// CountPosts adds to the numbers of authors' published posts.
	CountPosts(ctx context.Context, by map[ident.AccountID]int64) error

	// CountSales adds to the sales of posts.
	CountSales(ctx context.Context, by map[ident.PostID]int64) error
}
