package link

import (
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
)

// Media makes the links that renditions are fetched by.
type Media interface {
	// URL is the address of what is stored under the key, for one viewer or,
	// when viewer is zero, for everybody, and until when it is good. For a while
	// the same one is given again, so that what it leads to can be kept.
	URL(key string, viewer ident.AccountID) (url string, expires time.Time)

	// Until is when URL will give other links than it does now.
	Until() time.Time
}

// Parts makes the links that parts of uploads are sent to through this server.
type Parts interface {
	// Part is where to PUT a part until a time; whoever has the link may.
	Part(upload ident.UploadID, number int, expires time.Time) string
}
