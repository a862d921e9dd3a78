package content

import "github.com/sajin-sns/sajin/domain/ident"

// Visibility is whom a post is for.
type Visibility string

// The visibilities.
const (
	Public      Visibility = "public"
	Subscribers Visibility = "subscribers"
)

// CaptionLocked is whether those who may not open a post may read its caption.
type CaptionLocked string

// The choices of an author.
const (
	CaptionShown  CaptionLocked = "shown"
	CaptionHidden CaptionLocked = "hidden"
)

// Viewer is what decides what somebody may see of a post.
type Viewer struct {
	Account    ident.AccountID // zero: nobody is signed in
	Subscribed bool            // to the post's author
	Bought     bool
	Moderator  bool
}

// Opens is the one rule of who sees a post whole: its author and moderators
// always; who bought it, for good, also after unsubscribing; a priced post
// nobody else; a subscribers' post the subscribers; a public one everybody.
// Everybody else sees that it exists, and its previews.
func (t Terms) Opens(author ident.AccountID, v Viewer) bool {
	switch {
	case !v.Account.IsZero() && v.Account == author, v.Moderator, v.Bought:
		return true
	case t.Price > 0:
		return false
	default:
		return t.Visibility == Public || v.Subscribed
	}
}

// OpenToAll tells whether everybody may see the post whole.
func (t Terms) OpenToAll() bool { return t.Price == 0 && t.Visibility == Public }

// Sells tells whether the viewer may buy the post: a subscribers' post is sold
// to subscribers only.
func (t Terms) Sells(v Viewer) bool {
	return t.Price > 0 && (t.Visibility == Public || v.Subscribed)
}
