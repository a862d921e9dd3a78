package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/config"
)

// TestForeignIDs has somebody else try every operation on things that are not
// for him: they answer as what does not exist, and stay as they are.
func TestForeignIDs(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		s := newStage(t, c)
		thief := s.member("thief")
		draft := s.actor.post(s.actor.stamped(), drafted).ID.String()
		own := thief.post(thief.stamped(), drafted).ID.String()
		theirs := s.samples["get-medium"].path["id"]
		before := s.rows()
		tried := 0
		for _, op := range s.document.operations() {
			sample := s.samples[op.ID]
			if sample.path["id"] == "" {
				continue
			}
			switch op.ID {
			case "get-post", "purchase-post": // those of published posts are for everybody
				sample.path = map[string]string{"id": draft}
			}
			tried++
			for who, token := range map[string]string{"somebody else": thief.token(), "nobody": ""} {
				if token == "" && op.members() {
					continue
				}
				a := op.request(sample)
				a.fault, a.status = op.ID+" by "+who, http.StatusNotFound
				a.header.Del("Authorization")
				a.header = as(token, a.header)
				got := send(t, s.server.URL, a)
				refused(t, a, got, s.secrets...)
				none := a
				none.target = strings.Replace(a.target, sample.path["id"], uuid.NewString(), 1)
				if answer := send(t, s.server.URL, none); untraced(answer) != untraced(got) || answer.status != got.status {
					t.Errorf("%s: what is another's answers %s, what is not there %s", op.ID, untraced(got), untraced(answer))
				}
			}
		}
		if tried < 15 {
			t.Errorf("only %d operations have an id", tried)
		}
		t.Run("in the body of a request", func(t *testing.T) {
			for _, a := range []attempt{
				{fault: "a post of another's medium", method: "POST", target: "/v1/posts", body: []byte(`{"media_ids":["` + theirs + `"]}`)},
				{fault: "another's medium in a draft", method: "PATCH", target: "/v1/posts/" + own, body: []byte(`{"media_ids":["` + theirs + `"]}`)},
				{fault: "another's picture as an avatar", method: "PATCH", target: "/v1/users/account", body: []byte(`{"avatar_media_id":"` + theirs + `"}`)},
				{fault: "another's picture as an avatar", method: "PUT", target: "/v1/users/account", body: []byte(`{"avatar_media_id":"` + theirs + `"}`)},
			} {
				a.header = as(thief.token(), http.Header{"Content-Type": {"application/json"}})
				got := send(t, s.server.URL, a)
				refused(t, a, got, s.secrets...)
				a.body = []byte(strings.ReplaceAll(string(a.body), theirs, uuid.NewString()))
				if none := send(t, s.server.URL, a); untraced(none) != untraced(got) {
					t.Errorf("%s: what is another's answers %s, what is not there %s", a.fault, untraced(got), untraced(none))
				}
			}
		})
		if changed := s.rows().changed(before); changed != nil {
			t.Errorf("other rows than before: %s", strings.Join(changed, "\n"))
		}
		s.calm(t)
	})
}
