package httpapi

import (
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// timeOrNot is a member of a PATCH: a time, null, or not there at all.
type timeOrNot struct {
	null bool
	at   *time.Time
}

// UnmarshalJSON is called for null too, and not for a member that is not there.
func (t *timeOrNot) UnmarshalJSON(text []byte) error {
	t.null = string(text) == "null"
	return json.Unmarshal(text, &t.at)
}

func (*timeOrNot) nullable() {}

// Schema says what UnmarshalJSON takes.
func (timeOrNot) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Nullable: true}
}
