package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

func TestWritingAPostAnswersWhatReadingItDoes(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		author := w.member("author")
		face := file(stamp(2026), "image/jpeg")
		face.Purpose = api.NewUploadPurposeAvatar
		avatar := author.take(face)
		if got := w.send(http.MethodPatch, "/v1/users/account", author.token(), fmt.Appendf(nil, `{"avatar_media_id":%q,"display_name":"하나"}`, avatar), "Content-Type", "application/json"); got.status != 200 {
			t.Fatal(got.status, string(got.body))
		}
		ready, second, waiting := author.stamped(), author.stamped(), author.open(false).MediaID
		if got := w.send(http.MethodPatch, "/v1/media/"+ready.String(), author.token(), []byte(`{"alt":"A stamp"}`), "Content-Type", "application/json"); got.status != 200 {
			t.Fatal(got.status, string(got.body))
		}
		later := time.Now().Add(time.Hour).Format(time.RFC3339Nano)
		for state, body := range map[string]string{
			"published":  fmt.Sprintf(`{"caption":"words","tags":["sea","Dawn"],"category":"art","price_coins":100,"caption_locked":"hidden","media_ids":[%q,%q]}`, second, ready),
			"draft":      `{"draft":true}`,
			"scheduled":  fmt.Sprintf(`{"publish_at":%q,"visibility":"subscribers","media_ids":[%q]}`, later, ready),
			"processing": fmt.Sprintf(`{"media_ids":[%q,%q]}`, waiting, ready),
		} {
			t.Run(state, func(t *testing.T) {
				w.in(t)
				wrote := w.send(http.MethodPost, "/v1/posts", author.token(), []byte(body), "Content-Type", "application/json")
				var post struct{ ID, State string }
				if err := json.Unmarshal(wrote.body, &post); err != nil || wrote.status != 201 || post.State != state {
					t.Fatal(wrote.status, string(wrote.body))
				}
				read := w.ask(http.MethodGet, "/v1/posts/"+post.ID, author.token())
				if diff := cmp.Diff(plain(t, read.body), plain(t, wrote.body)); diff != "" {
					t.Errorf("read (-), written (+):\n%s", diff)
				}
				if a, b := read.header.Get("Etag"), wrote.header.Get("Etag"); a != b || a == "" {
					t.Errorf("read as %s, written as %s", a, b)
				}
			})
		}
	})
}

// plain is JSON without what changes with the time at which links are signed.
func plain(t *testing.T, body []byte) (value any) {
	t.Helper()
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
	var strip func(any)
	strip = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			for _, signed := range []string{"url", "avatar_url"} {
				if link, ok := v[signed].(string); ok {
					v[signed], _, _ = strings.Cut(link, "?")
				}
			}
			delete(v, "expires_at")
			for _, member := range v {
				strip(member)
			}
		case []any:
			for _, item := range v {
				strip(item)
			}
		}
	}
	strip(value)
	return value
}
