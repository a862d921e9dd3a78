package event

import (
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
)

// SubscribedV1 tells that a subscription began.
type SubscribedV1 struct {
	SubscriberID ident.AccountID `json:"subscriber_id"`
	CreatorID    ident.AccountID `json:"creator_id"`
	InboxFrom    time.Time       `json:"inbox_from"`
	At           time.Time       `json:"at"`
}

// UnsubscribedV1 tells that a subscription ended.
type UnsubscribedV1 struct {
	SubscriberID ident.AccountID `json:"subscriber_id"`
	CreatorID    ident.AccountID `json:"creator_id"`
	At           time.Time       `json:"at"`
}

// Topic names the topic of each payload.
func (SubscribedV1) Topic() string   { return "subscriptions.subscription.started.v1" }
func (UnsubscribedV1) Topic() string { return "subscriptions.subscription.ended.v1" }
