package event

import (
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
)

// PostPublishedV1 tells that a post became visible.
type PostPublishedV1 struct {
	PostID      ident.PostID    `json:"post_id"`
	AuthorID    ident.AccountID `json:"author_id"`
	Tags        []string        `json:"tags"`
	Merged      bool            `json:"merged"`
	PublishedAt time.Time       `json:"published_at"`
}

// PostDeletedV1 tells that an author took a post away.
type PostDeletedV1 struct {
	PostID       ident.PostID    `json:"post_id"`
	AuthorID     ident.AccountID `json:"author_id"`
	Tags         []string        `json:"tags"`
	WasPublished bool            `json:"was_published"`
	At           time.Time       `json:"at"`
}

// AuthorLeftV1 tells that somebody left for good and has no posts any more, but
// in the libraries of those who bought them.
type AuthorLeftV1 struct {
	AuthorID ident.AccountID `json:"author_id"`
	At       time.Time       `json:"at"`
}

// Topic names the topic of each payload.
func (PostPublishedV1) Topic() string { return "content.post.published.v1" }
func (PostDeletedV1) Topic() string   { return "content.post.deleted.v1" }
func (AuthorLeftV1) Topic() string    { return "content.author.left.v1" }
