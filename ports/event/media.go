package event

import (
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
)

// MediumReadyV1 tells that a medium can be shown.
type MediumReadyV1 struct {
	MediaID ident.MediaID   `json:"media_id"`
	OwnerID ident.AccountID `json:"owner_id"`
	Kind    string          `json:"kind"`
	At      time.Time       `json:"at"`
}

// MediumFailedV1 tells that nothing came of a medium, for good or for now.
type MediumFailedV1 struct {
	MediaID   ident.MediaID   `json:"media_id"`
	OwnerID   ident.AccountID `json:"owner_id"`
	Code      string          `json:"code"`
	Retryable bool            `json:"retryable"`
	At        time.Time       `json:"at"`
}

// MediumDescribedV1 tells that a medium is described in other words than before.
type MediumDescribedV1 struct {
	MediaID   ident.MediaID   `json:"media_id"`
	OwnerID   ident.AccountID `json:"owner_id"`
	FormerAlt string          `json:"former_alt"`
	At        time.Time       `json:"at"`
}

// Topic names the topic of each payload.
func (MediumReadyV1) Topic() string     { return "media.medium.ready.v1" }
func (MediumDescribedV1) Topic() string { return "media.medium.described.v1" }
func (MediumFailedV1) Topic() string    { return "media.medium.failed.v1" }
