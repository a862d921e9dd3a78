package httpapi

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sajin-sns/sajin/app/content"
	rules "github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
	"github.com/sajin-sns/sajin/ports/store"
)

// Directory finds accounts by their handles.
type Directory interface {
	// ByHandle fails with NotFound if nobody has the handle.
	ByHandle(ctx context.Context, handle string) (ident.AccountID, error)
}

// Posts is the resource of posts.
type Posts struct {
	Posts     *content.Posts
	Feed      *content.Feed
	Directory Directory
}

type newPost struct {
	Caption       string              `json:"caption,omitempty" maxLength:"4000"`
	CaptionLocked rules.CaptionLocked `json:"caption_locked,omitempty" enum:"shown,hidden" default:"shown" doc:"Whether those who may not open the post may read its caption"`
	Tags          []string            `json:"tags,omitempty" nullable:"false" maxItems:"20" doc:"With or without the hash sign, in any case"`
	Category      string              `json:"category,omitempty" maxLength:"50"`
	MediaIDs      []ident.MediaID     `json:"media_ids,omitempty" nullable:"false" maxItems:"20" doc:"1 to 20 unless it is a draft"`
	Visibility    rules.Visibility    `json:"visibility,omitempty" enum:"public,subscribers" default:"public"`
	PriceCoins    money.Coins         `json:"price_coins,omitempty" minimum:"0" maximum:"1000000"`
	Draft         bool                `json:"draft,omitempty" doc:"Keep it to yourself; PATCH draft to false to publish it"`
	PublishAt     *time.Time          `json:"publish_at,omitempty" doc:"Publish it then, within a year, and keep it to yourself until then; not beside draft"`
}

type editedPost struct {
	Caption       *string              `json:"caption,omitempty" maxLength:"4000"`
	CaptionLocked *rules.CaptionLocked `json:"caption_locked,omitempty" enum:"shown,hidden"`
	Tags          *[]string            `json:"tags,omitempty" maxItems:"20"`
	Category      *string              `json:"category,omitempty" maxLength:"50"`
	MediaIDs      *[]ident.MediaID     `json:"media_ids,omitempty" maxItems:"20" doc:"Of a draft only"`
	Visibility    *rules.Visibility    `json:"visibility,omitempty" enum:"public,subscribers"`
	PriceCoins    *money.Coins         `json:"price_coins,omitempty" minimum:"0" maximum:"1000000"`
	Draft         *bool                `json:"draft,omitempty" doc:"false publishes a draft or a scheduled post now, true makes a scheduled post a draft again"`
	PublishAt     timeOrNot            `json:"publish_at,omitempty" doc:"Publishes a draft then, within a year, or moves a scheduled post; null makes a scheduled post a draft again; not beside draft unless it is null"`
}

// PostPath is embedded by the inputs of operations on one post.
type PostPath struct {
	ID ident.PostID `path:"id" format:"uuid"`
}

type onePost struct {
	Tagged
	Body *store.Post
}

func (p *Posts) register(r *registry) {
	register(r, operation{
		ID: "create-post", Method: http.MethodPost, Path: "/v1/posts", Tag: "posts", For: members, Status: http.StatusCreated,
		Summary: "Write a post",
		Description: "The post becomes visible when all its media are ready, and is then in the inboxes of the author's subscribers. " +
			"With `publish_at` it is `scheduled` until then: nobody else can see that it exists, and " +
			"`published_at` will be the moment when it really becomes visible.",
		Problems: []int{http.StatusNotFound},
	}, func(ctx context.Context, by caller, in *struct{ Body newPost }) (*onePost, error) {
		post, err := p.Posts.Create(ctx, by.Account, content.New{Fields: in.Body.fields(), Draft: in.Body.Draft, PublishAt: in.Body.PublishAt})
		if err != nil {
			return nil, err
		}
		return current(by, p.Feed.Show(by.viewer(), post), Conditional{})
	})
	register(r, operation{
		ID: "get-post", Method: http.MethodGet, Path: "/v1/posts/{id}", Tag: "posts",
		Summary:     "Read a post",
		Description: "Who may not open it gets `locked: true` and preview renditions only.",
		Problems:    []int{http.StatusNotFound, http.StatusNotModified},
	}, func(ctx context.Context, by caller, in *struct {
		PostPath
		Conditional
	},
	) (*onePost, error) {
		return p.read(ctx, by, in.ID, in.Conditional)
	})
	register(r, operation{
		ID: "edit-post", Method: http.MethodPatch, Path: "/v1/posts/{id}", Tag: "posts", For: members,
		Summary: "Change a post",
		Description: "Members that are left out stay as they are. The media of a published post are fixed, and " +
			"`draft` and `publish_at` are for a post that is not published: 409 `content.already-published`.",
		Problems: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
	}, func(ctx context.Context, by caller, in *struct {
		PostPath
		Guarded
		Body editedPost
	},
	) (*onePost, error) {
		versions, err := in.versions()
		if err != nil {
			return nil, err
		}
		if err := p.Posts.Edit(ctx, by.Account, in.Body.edit(in.ID, versions)); err != nil {
			return nil, err
		}
		return p.read(ctx, by, in.ID, Conditional{})
	})
	register(r, operation{
		ID: "delete-post", Method: http.MethodDelete, Path: "/v1/posts/{id}", Tag: "posts", For: members, Status: http.StatusNoContent,
		Summary:     "Take a post away",
		Description: "Fans who bought it keep it in their library.",
		Problems:    []int{http.StatusBadRequest, http.StatusNotFound, http.StatusPreconditionFailed},
	}, func(ctx context.Context, by caller, in *struct {
		PostPath
		Guarded
	},
	) (*struct{}, error) {
		versions, err := in.versions()
		if err != nil {
			return nil, err
		}
		return nil, p.Posts.Delete(ctx, by.Account, in.ID, versions)
	})
	p.registerLists(r)
}

func (p *Posts) read(ctx context.Context, by caller, id ident.PostID, held Conditional) (*onePost, error) {
	post, err := p.Feed.Post(ctx, by.viewer(), id)
	if err != nil {
		return nil, err
	}
	return current(by, post, held)
}

// current sends a post, unless the caller holds it already.
func current(by caller, post *store.Post, held Conditional) (*onePost, error) {
	version := post.Version
	if by.Account != post.Author.ID {
		version = 0
	}
	if post.Encoded == nil {
		post.Encoded = new(atomic.Pointer[[]byte])
	}
	tag, err := held.fresh(version, post)
	return &onePost{Tagged: tag, Body: post}, err
}

func (p *Posts) registerLists(r *registry) {
	register(r, operation{
		ID: "list-posts", Method: http.MethodGet, Path: "/v1/posts", Tag: "feeds",
		Summary: "The main page: published posts, newest first",
	}, func(ctx context.Context, by caller, in *struct {
		Paged
		Tag      string     `query:"tag" maxLength:"60"`
		Category string     `query:"category" maxLength:"50"`
		Author   string     `query:"author" maxLength:"40" doc:"Handle"`
		Kind     rules.Kind `query:"kind" enum:"photo,video"`
		Price    string     `query:"price" enum:"free,paid"`
	},
	) (*listed[*store.Post], error) {
		return p.newest(ctx, r, by, in.Paged, "posts", in.Author, store.Filter{Tag: in.Tag, Category: in.Category, Kind: in.Kind, Price: in.Price})
	})
	register(r, operation{
		ID: "list-user-posts", Method: http.MethodGet, Path: "/v1/users/{handle}/posts", Tag: "feeds",
		Summary: "The published posts of one creator, newest first", Problems: []int{http.StatusNotFound},
	}, func(ctx context.Context, by caller, in *struct {
		HandlePath
		Paged
	},
	) (*listed[*store.Post], error) {
		return p.newest(ctx, r, by, in.Paged, "user-posts", in.Handle, store.Filter{})
	})
	register(r, operation{
		ID: "list-own-posts", Method: http.MethodGet, Path: "/v1/users/account/posts", Tag: "feeds", For: members,
		Summary: "Your own posts in every state, newest first",
	}, func(ctx context.Context, by caller, in *struct {
		Paged
		State rules.State `query:"state" enum:"draft,scheduled,processing,published"`
	},
	) (*listed[*store.Post], error) {
		return list(r, "own-posts", in.Paged, func(page store.Page) (store.List[*store.Post], error) {
			return p.Feed.Own(ctx, by.viewer(), in.State, page)
		})
	})
	register(r, operation{
		ID: "list-inbox", Method: http.MethodGet, Path: "/v1/inbox", Tag: "feeds", For: members,
		Summary:     "The posts of the creators that you subscribe to, newest first",
		Description: "A new subscription brings the creator's most recent posts with it; ending it takes them out again.",
	}, func(ctx context.Context, by caller, in *Paged) (*listed[*store.Post], error) {
		return list(r, "inbox", *in, func(page store.Page) (store.List[*store.Post], error) {
			return p.Feed.Inbox(ctx, by.viewer(), page)
		})
	})
	register(r, operation{
		ID: "list-library", Method: http.MethodGet, Path: "/v1/library", Tag: "feeds", For: members,
		Summary:     "What you bought, newest first",
		Description: "It stays when you unsubscribe and when the author takes the post away.",
	}, func(ctx context.Context, by caller, in *Paged) (*listed[*store.LibraryItem], error) {
		return list(r, "library", *in, func(page store.Page) (store.List[*store.LibraryItem], error) {
			return p.Feed.Library(ctx, by.viewer(), page)
		})
	})
}

func (p *Posts) newest(ctx context.Context, r *registry, by caller, in Paged, name, author string, f store.Filter) (*listed[*store.Post], error) {
	if author != "" {
		id, err := p.Directory.ByHandle(ctx, author)
		if err != nil {
			return nil, err
		}
		f.Author = id
	}
	return list(r, name, in, func(page store.Page) (store.List[*store.Post], error) {
		return p.Feed.Newest(ctx, by.viewer(), f, page)
	})
}

func (b newPost) fields() rules.Fields {
	return rules.Fields{
		Caption: b.Caption, CaptionLocked: b.CaptionLocked, Tags: b.Tags, Category: b.Category, Media: b.MediaIDs,
		Terms: rules.Terms{Visibility: b.Visibility, Price: b.PriceCoins},
	}
}

func (b editedPost) edit(id ident.PostID, versions []int64) content.Edit {
	return content.Edit{
		Post: id, Versions: versions, Caption: b.Caption, CaptionLocked: b.CaptionLocked, Tags: b.Tags, Category: b.Category,
		Visibility: b.Visibility, Price: b.PriceCoins, Media: b.MediaIDs, Draft: b.Draft,
		PublishAt: b.PublishAt.at, Unschedule: b.PublishAt.null,
	}
}

// viewer is the caller as one who reads posts.
func (c caller) viewer() content.Viewer {
	return content.Viewer{Account: c.Account, Moderator: c.moderator()}
}
