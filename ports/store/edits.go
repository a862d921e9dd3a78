package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/content"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/money"
)

// Edits keeps the former versions of published posts. They are never changed;
// they go with the post, or by Forget.
type Edits interface {
	// Append keeps a version in the transaction that replaces it, which has the
	// post locked. Of a post that has content.MaxEdits of them already, the
	// oldest but the first goes.
	Append(ctx context.Context, f content.Former) error

	// List lists the former versions of a post, the newest first.
	List(ctx context.Context, post ident.PostID, page Page) (List[*PostEdit], error)

	// Forget removes all former versions of at most limit posts of an author,
	// and tells of how many posts there were any.
	Forget(ctx context.Context, author ident.AccountID, limit int) (int64, error)
}

// PostEdit is a published post as it was before an edit.
type PostEdit struct {
	Version       int64                 `json:"version" doc:"Grows with each edit, not always by one"`
	ReplacedAt    time.Time             `json:"replaced_at" doc:"Until when the post was like this"`
	Caption       string                `json:"caption"`
	CaptionLocked content.CaptionLocked `json:"caption_locked" enum:"shown,hidden"`
	Tags          []string              `json:"tags" nullable:"false"`
	Category      string                `json:"category" doc:"Empty: none"`
	Visibility    content.Visibility    `json:"visibility" enum:"public,subscribers"`
	PriceCoins    money.Coins           `json:"price_coins" minimum:"0"`
	Media         []FormerMedium        `json:"media" nullable:"false"`
}

// FormerMedium is how a medium was described. Which media a published post shows
// does not change.
type FormerMedium struct {
	ID  ident.MediaID `json:"id" format:"uuid"`
	Alt string        `json:"alt"`
}
