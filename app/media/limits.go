package media

import (
	"context"

	"github.com/sajin-sns/sajin/domain/ident"
)

// Limits are what an account may send to this server now.
type Limits struct {
	Types         []string `json:"types" nullable:"false" doc:"Content types that this server can process as it runs now" example:"[\"image/jpeg\"]"`
	MaxBytes      int64    `json:"max_bytes" doc:"Of a file"`
	MaxPixels     int64    `json:"max_pixels" doc:"Of a picture: width times height"`
	MaxDurationMS int64    `json:"max_duration_ms,omitempty" doc:"Of a film; left out by servers that take none"`
	PartSize      int64    `json:"part_size" doc:"Usual size of a part; a very large file has larger ones"`
	OpenUploads   Share    `json:"open_uploads" doc:"How many uploads may be unfinished"`
	Quota         Share    `json:"quota" doc:"Bytes that you may store; total 0 means as much as fits"`
}

// Share is how much of something is taken.
type Share struct {
	Used  int64 `json:"used"`
	Total int64 `json:"total"`
}

// Describe tells what the actor may send.
func (s *Uploads) Describe(ctx context.Context, actor ident.AccountID) (*Limits, error) {
	usage, err := s.Uploads.Usage(ctx, actor, s.Now())
	if err != nil {
		return nil, err
	}
	l := s.Limits
	types := l.Types
	if types == nil {
		types = []string{}
	}
	return &Limits{
		Types: types, MaxBytes: l.MaxBytes, MaxPixels: l.MaxPixels, MaxDurationMS: l.MaxDuration.Milliseconds(), PartSize: l.PartSize,
		OpenUploads: Share{Used: int64(usage.Open), Total: int64(l.MaxOpen)},
		Quota:       Share{Used: usage.Bytes, Total: l.Quota},
	}, nil
}
