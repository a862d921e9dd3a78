package store

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

// Accounts keeps the accounts for those who change them, deleted ones included.
type Accounts interface {
	// Insert stores a new account and its counts. It fails with
	// accounts.ErrEmailTaken or ErrHandleTaken, the first if it is both, and
	// so must the transaction.
	Insert(ctx context.Context, a *accounts.Account) error

	// Lock reads an account to change it; accounts.ErrNotFound if there is none.
	Lock(ctx context.Context, id ident.AccountID) (*accounts.Account, error)

	// Get reads an account; accounts.ErrNotFound if there is none.
	Get(ctx context.Context, id ident.AccountID) (*accounts.Account, error)

	// ByEmail reads the account of an address, by its key; accounts.ErrNotFound.
	ByEmail(ctx context.Context, key string) (*accounts.Account, error)

	// ByHandle reads the account of a handle; accounts.ErrNotFound.
	ByHandle(ctx context.Context, handle string) (*accounts.Account, error)

	// Save stores a changed account that was read with Lock, whose address is
	// what it was. It fails with accounts.ErrHandleTaken, and so must the
	// transaction.
	Save(ctx context.Context, a *accounts.Account) error

	// Move stores a changed account that was read with Lock, whose handle is what
	// it was and whose address may be another one. It fails with
	// accounts.ErrEmailTaken, and so must the transaction.
	Move(ctx context.Context, a *accounts.Account) error

	// Any tells whether there is an account at all.
	Any(ctx context.Context) (bool, error)

	// Due lists deleted accounts whose time to be purged has come, the one that
	// has waited longest first.
	Due(ctx context.Context, now time.Time, limit int) ([]ident.AccountID, error)
}

// Profiles reads accounts for those who look at them. Deleted ones are not there.
type Profiles interface {
	// Own reads an account as its owner sees it; accounts.ErrNotFound.
	Own(ctx context.Context, id ident.AccountID) (*OwnAccount, error)

	// Profile reads an account as the viewer sees it; accounts.ErrNotFound.
	Profile(ctx context.Context, viewer ident.AccountID, handle string) (*Profile, error)

	// Search lists the accounts whose handle or display name begins with a
	// text, in whichever case, in the order of their handles. A page is
	// everything after the handle of the account that Position.ID names.
	//
	// Of the accounts found by their names these are the first MaxNames, by
	// name and then by handle; all pages together have no others. All that are
	// found by their handles are listed.
	Search(ctx context.Context, viewer ident.AccountID, prefix string, page Page) (List[*Profile], error)
}

// MaxNames bounds what a search looks at: accounts whose display names begin
// with the text.
const MaxNames = 1000

// Profile is an account as others see it.
type Profile struct {
	ID          ident.AccountID `json:"id" format:"uuid"`
	Handle      string          `json:"handle"`
	DisplayName string          `json:"display_name"`
	Bio         string          `json:"bio"`
	AvatarURL   string          `json:"avatar_url,omitempty" doc:"Signed, for everybody, for a while"`
	Counts      AccountCounts   `json:"counts"`
	Viewer      ProfileViewer   `json:"viewer"`
	CreatedAt   time.Time       `json:"created_at"`

	AvatarKey string `json:"-"`
	Version   int64  `json:"-"`
}

// AccountCounts are an account's counters.
type AccountCounts struct {
	Posts         int64 `json:"posts"`
	Subscribers   int64 `json:"subscribers"`
	Subscriptions int64 `json:"subscriptions"`
}

// ProfileViewer is what the viewer has to do with an account.
type ProfileViewer struct {
	Self       bool `json:"self"`
	Subscribed bool `json:"subscribed" doc:"The viewer subscribes to this account"`
}

// OwnAccount is an account as its owner sees it.
type OwnAccount struct {
	ID            ident.AccountID `json:"id" format:"uuid"`
	Email         string          `json:"email" format:"email"`
	EmailVerified bool            `json:"email_verified" doc:"Mail was found to arrive there"`
	PendingEmail  string          `json:"pending_email,omitempty" format:"email" doc:"Takes the place of email once its owner has followed the link that was sent there"`
	Role          accounts.Role   `json:"role" enum:"member,moderator,admin"`
	Handle        string          `json:"handle"`
	DisplayName   string          `json:"display_name"`
	Bio           string          `json:"bio"`
	AvatarMediaID *ident.MediaID  `json:"avatar_media_id" format:"uuid" doc:"null: there is none"`
	AvatarURL     string          `json:"avatar_url,omitempty" doc:"Signed, for everybody, for a while"`
	Counts        AccountCounts   `json:"counts"`
	CreatedAt     time.Time       `json:"created_at"`

	AvatarKey string `json:"-"`
	Version   int64  `json:"-"`
}
