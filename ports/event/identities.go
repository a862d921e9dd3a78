package event

import (
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
)

// IdentityLinkedV1 tells that an account can be signed in to by another identity.
type IdentityLinkedV1 struct {
	AccountID  ident.AccountID  `json:"account_id"`
	IdentityID ident.IdentityID `json:"identity_id"`
	Provider   string           `json:"provider"`
	At         time.Time        `json:"at"`
}

// IdentityUnlinkedV1 tells that an identity signs nobody in any more.
type IdentityUnlinkedV1 struct {
	AccountID  ident.AccountID  `json:"account_id"`
	IdentityID ident.IdentityID `json:"identity_id"`
	Provider   string           `json:"provider"`
	At         time.Time        `json:"at"`
}

// Topic names the topic of each payload.
func (IdentityLinkedV1) Topic() string   { return "accounts.identity.linked.v1" }
func (IdentityUnlinkedV1) Topic() string { return "accounts.identity.unlinked.v1" }
