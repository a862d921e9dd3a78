package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/domain/ident"
)

func TestRegistering(t *testing.T) {
	t.Run("answers the account, without the password", func(t *testing.T) {
		s := newAccountServer(t)
		body := object{"email": " Hana@Example.com ", "password": "correct horse", "handle": "Hana_K", "display_name": "Hana Kim"}
		a := s.send(accountRequest{Method: "POST", Path: "/v1/users", Body: body}).is(http.StatusCreated)
		id := a.text("id")
		want := object{
			"id": id, "email": "Hana@Example.com", "email_verified": false, "role": "member", "handle": "hana_k", "display_name": "Hana Kim", "bio": "",
			"avatar_media_id": nil, "counts": object{"posts": 0., "subscribers": 0., "subscriptions": 0.}, "created_at": "2026-03-01T12:00:00Z",
		}
		if diff := cmp.Diff(want, a.Body); diff != "" {
			t.Error(diff)
		}
		if a.Header.Get("Etag") == "" {
			t.Error("no ETag")
		}
	})
	t.Run("what somebody has already is a conflict", func(t *testing.T) {
		s := newAccountServer(t)
		s.register("hana")
		for code, body := range map[string]object{
			"accounts.email-taken":  {"email": "HANA@example.com", "password": "correct horse", "handle": "bora"},
			"accounts.handle-taken": {"email": "bora@example.com", "password": "correct horse", "handle": "HANA"},
		} {
			s.send(accountRequest{Method: "POST", Path: "/v1/users", Body: body}).problem(http.StatusConflict, code)
		}
	})
	t.Run("bad input is refused, and not repeated", func(t *testing.T) {
		s := newAccountServer(t)
		with := func(member string, value any) object {
			body := object{"email": "hana@example.com", "password": "correct horse", "handle": "hana"}
			if body[member] = value; value == nil {
				delete(body, member)
			}
			return body
		}
		for what, test := range map[string]struct {
			body   any
			status int
			code   string
			at     []string
		}{
			"nothing":             {"", 400, "request.malformed", nil},
			"no JSON":             {"{", 400, "request.malformed", []string{"body"}},
			"a list":              {"[]", 422, "request.invalid", []string{"body"}},
			"null":                {"null", 422, "request.invalid", []string{"body"}},
			"no address":          {with("email", nil), 422, "request.invalid", []string{"body"}},
			"no password":         {with("password", nil), 422, "request.invalid", []string{"body"}},
			"no handle":           {with("handle", nil), 422, "request.invalid", []string{"body"}},
			"an unknown member":   {with("role", "admin"), 422, "request.invalid", []string{"body.role"}},
			"a number":            {with("email", 1), 422, "request.invalid", []string{"body.email"}},
			"a null password":     {`{"email":"hana@example.com","password":null,"handle":"hana"}`, 422, "request.invalid", []string{"body.password"}},
			"no such address":     {with("email", "s3cret"), 422, "accounts.email", []string{"body.email"}},
			"a long address":      {with("email", strings.Repeat("s3cret", 60)+"@example.com"), 422, "request.invalid", []string{"body.email"}},
			"a short password":    {with("password", "s3cret!"), 422, "request.invalid", []string{"body.password"}},
			"a long password":     {with("password", strings.Repeat("s3cret", 22)), 422, "request.invalid", []string{"body.password"}},
			"a short handle":      {with("handle", "ha"), 422, "request.invalid", []string{"body.handle"}},
			"a long handle":       {with("handle", strings.Repeat("a", 31)), 422, "request.invalid", []string{"body.handle"}},
			"a handle with space": {with("handle", "ha na"), 422, "request.invalid", []string{"body.handle"}},
			"a handle in Hangul":  {with("handle", "하나하나"), 422, "request.invalid", []string{"body.handle"}},
			"a reserved handle":   {with("handle", "Admin"), 422, "accounts.handle-reserved", []string{"body.handle"}},
			"a long name":         {with("display_name", strings.Repeat("가", 51)), 422, "request.invalid", []string{"body.display_name"}},
			"a name of two lines": {with("display_name", "ha\nna"), 422, "text.control", []string{"body.display_name"}},
			"a name with NUL":     {with("display_name", "ha\x00na"), 422, "text.control", []string{"body.display_name"}},
			"all of it": {
				object{"email": "hana", "password": "correct horse", "handle": "admin", "display_name": "a\x00"},
				422, "accounts.email", []string{"body.email", "body.handle", "body.display_name"},
			},
			"too much": {with("display_name", strings.Repeat("a", 32<<10)), 413, "request.too-large", nil},
		} {
			t.Run(what, func(t *testing.T) {
				s.t = t
				a := s.send(accountRequest{Method: "POST", Path: "/v1/users", Body: test.body}).problem(test.status, test.code).at(test.at...)
				if strings.Contains(a.Text, "s3cret") {
					t.Error(a.Text)
				}
			})
		}
		s.t = t
		s.send(accountRequest{Method: "POST", Path: "/v1/users", Body: with("", nil), Header: map[string]string{"Content-Type": "text/plain"}}).
			problem(http.StatusUnsupportedMediaType, "request.content-type")
		s.send(accountRequest{Method: "DELETE", Path: "/v1/users"}).problem(http.StatusMethodNotAllowed, "request.method")
		s.register("hana") // none of it was taken
	})
}

func TestOwnAccount(t *testing.T) {
	const path = "/v1/users/account"
	t.Run("is for who is signed in", func(t *testing.T) {
		s := newAccountServer(t)
		for _, method := range []string{"GET", "PATCH", "PUT", "DELETE"} {
			a := s.send(accountRequest{Method: method, Path: path}).problem(http.StatusUnauthorized, "accounts.sign-in")
			if a.Header.Get("WWW-Authenticate") == "" {
				t.Error(method, "does not say how")
			}
			s.send(accountRequest{Method: method, Path: path, Token: "x.y.z"}).problem(http.StatusUnauthorized, "accounts.token-invalid")
		}
		s.send(accountRequest{Method: "POST", Path: path + "/password"}).problem(http.StatusUnauthorized, "accounts.sign-in")
		s.send(accountRequest{Method: "GET", Path: path, Header: map[string]string{"Authorization": "Basic aGFuYTp4"}}).
			problem(http.StatusUnauthorized, "accounts.token-invalid")
	})
	t.Run("is not sent again to who has it", func(t *testing.T) {
		s := newAccountServer(t)
		token := s.in("hana")
		tag := s.own(token).is(http.StatusOK).Header.Get("Etag")
		again := accountRequest{Method: "GET", Path: path, Token: token, Header: map[string]string{"If-None-Match": tag}}
		if a := s.send(again).is(http.StatusNotModified); a.Text != "" || a.Header.Get("Etag") != tag {
			t.Error(a.Header, a.Text)
		}
		s.send(accountRequest{Method: "PATCH", Path: path, Token: token, Body: object{"bio": "new"}}).is(http.StatusOK)
		s.send(again).is(http.StatusOK)
	})
	t.Run("PATCH changes what is named", func(t *testing.T) {
		s := newAccountServer(t)
		token := s.in("hana")
		mine := ident.New[ident.MediaID](s.ids)
		account, err := ident.Parse[ident.AccountID](s.own(token).text("id"))
		if err != nil {
			t.Fatal(err)
		}
		s.avatars[mine] = account
		patch := func(body object) object {
			t.Helper()
			a := s.send(accountRequest{Method: "PATCH", Path: path, Token: token, Body: body}).is(http.StatusOK)
			return object{"handle": a.Body["handle"], "display_name": a.Body["display_name"], "bio": a.Body["bio"], "avatar_media_id": a.Body["avatar_media_id"]}
		}
		for _, step := range []struct{ body, want object }{
			{object{"display_name": "Hana Kim", "bio": "hello"}, object{"handle": "hana", "display_name": "Hana Kim", "bio": "hello", "avatar_media_id": nil}},
			{object{"avatar_media_id": mine}, object{"handle": "hana", "display_name": "Hana Kim", "bio": "hello", "avatar_media_id": mine.String()}},
			{object{"handle": "Hana_2"}, object{"handle": "hana_2", "display_name": "Hana Kim", "bio": "hello", "avatar_media_id": mine.String()}},
			{object{}, object{"handle": "hana_2", "display_name": "Hana Kim", "bio": "hello", "avatar_media_id": mine.String()}},
			{object{"avatar_media_id": nil, "display_name": ""}, object{"handle": "hana_2", "display_name": "hana_2", "bio": "hello", "avatar_media_id": nil}},
		} {
			if diff := cmp.Diff(step.want, patch(step.body)); diff != "" {
				t.Error(step.body, diff)
			}
		}
	})
	t.Run("PUT writes all of it anew, but for the handle", func(t *testing.T) {
		s := newAccountServer(t)
		token := s.in("hana")
		mine := ident.New[ident.MediaID](s.ids)
		account, err := ident.Parse[ident.AccountID](s.own(token).text("id"))
		if err != nil {
			t.Fatal(err)
		}
		s.avatars[mine] = account
		full := object{"handle": "hana_2", "display_name": "Hana Kim", "bio": "hello", "avatar_media_id": mine.String()}
		for _, step := range []struct{ body, want object }{
			{full, full},
			{object{"bio": "again"}, object{"handle": "hana_2", "display_name": "hana_2", "bio": "again", "avatar_media_id": nil}},
		} {
			a := s.send(accountRequest{Method: "PUT", Path: path, Token: token, Body: step.body}).is(http.StatusOK)
			for member, value := range step.want {
				if a.Body[member] != value {
					t.Errorf("%s is %v, want %v", member, a.Body[member], value)
				}
			}
		}
	})
	t.Run("bad changes are refused", func(t *testing.T) {
		s := newAccountServer(t)
		token := s.in("hana")
		s.register("bora")
		tag := s.own(token).Header.Get("Etag")
		theirs := ident.New[ident.MediaID](s.ids).String()
		for what, test := range map[string]struct {
			body   any
			status int
			code   string
			at     []string
		}{
			"nothing":           {"", 400, "request.malformed", nil},
			"no JSON":           {"{]", 400, "request.malformed", []string{"body"}},
			"an address":        {object{"email": "x@example.com"}, 422, "request.invalid", []string{"body.email"}},
			"a role":            {object{"role": "admin"}, 422, "request.invalid", []string{"body.role"}},
			"a bad handle":      {object{"handle": "a b"}, 422, "request.invalid", []string{"body.handle"}},
			"a reserved handle": {object{"handle": "support"}, 422, "accounts.handle-reserved", []string{"body.handle"}},
			"another's handle":  {object{"handle": "bora"}, 409, "accounts.handle-taken", nil},
			"a long bio":        {object{"bio": strings.Repeat("a", 501)}, 422, "request.invalid", []string{"body.bio"}},
			"a bad bio":         {object{"bio": "\u202etxt"}, 422, "text.control", []string{"body.bio"}},
			"a long name":       {object{"display_name": strings.Repeat("a", 51)}, 422, "request.invalid", []string{"body.display_name"}},
			"no medium":         {object{"avatar_media_id": "x"}, 422, "request.invalid", []string{"body.avatar_media_id"}},
			"another's medium":  {object{"avatar_media_id": theirs}, 422, "accounts.avatar", []string{"body.avatar_media_id"}},
		} {
			for _, method := range []string{"PATCH", "PUT"} {
				t.Run(method+" of "+what, func(t *testing.T) {
					s.t = t
					s.send(accountRequest{Method: method, Path: path, Token: token, Body: test.body}).problem(test.status, test.code).at(test.at...)
				})
			}
		}
		s.t = t
		if s.own(token).Header.Get("Etag") != tag {
			t.Error("something changed")
		}
	})
	t.Run("a change to an old copy is refused", func(t *testing.T) {
		s := newAccountServer(t)
		token := s.in("hana")
		tag := s.own(token).Header.Get("Etag")
		change := func(method, tag string) *accountReply {
			return s.send(accountRequest{Method: method, Path: path, Token: token, Body: object{"bio": method + tag}, Header: map[string]string{"If-Match": tag}})
		}
		tag = change("PATCH", tag).is(http.StatusOK).Header.Get("Etag")
		next := change("PUT", tag).is(http.StatusOK).Header.Get("Etag")
		change("PATCH", tag).problem(http.StatusPreconditionFailed, "accounts.stale")
		change("PUT", tag).problem(http.StatusPreconditionFailed, "accounts.stale")
		change("PATCH", "nonsense").problem(http.StatusBadRequest, "request.if-match")
		if s.own(token).Header.Get("Etag") != next {
			t.Error("something changed")
		}
		change("PATCH", "*").is(http.StatusOK)
	})
	t.Run("deleting it takes effect at once, signing in brings it back", func(t *testing.T) {
		s := newAccountServer(t)
		token := s.in("hana")
		if a := s.send(accountRequest{Method: "DELETE", Path: path, Token: token}).is(http.StatusNoContent); a.Text != "" {
			t.Error(a.Text)
		}
		s.own(token).problem(http.StatusUnauthorized, "accounts.session-ended")
		s.send(accountRequest{Method: "GET", Path: "/v1/users/hana"}).problem(http.StatusNotFound, "accounts.not-found")
		s.own(s.signIn("hana").text("access_token")).is(http.StatusOK)
		s.send(accountRequest{Method: "GET", Path: "/v1/users/hana"}).is(http.StatusOK)
	})
	t.Run("a new password needs the old one", func(t *testing.T) {
		s := newAccountServer(t)
		other := s.in("hana")
		token := s.signIn("hana").text("access_token")
		for _, test := range []struct {
			body any
			code string
			at   string
		}{
			{object{"current_password": "wrong s3cret", "new_password": "correct s3cret"}, "accounts.wrong-password", "body.current_password"},
			{object{"current_password": "password of hana", "new_password": "s3cret"}, "request.invalid", "body.new_password"},
			{object{"current_password": "password of hana"}, "request.invalid", "body"},
			{object{"new_password": "correct s3cret"}, "request.invalid", "body"},
			{object{"current_password": "password of hana", "new_password": "correct s3cret", "repeat": "correct s3cret"}, "request.invalid", "body.repeat"},
		} {
			a := s.send(accountRequest{Method: "POST", Path: path + "/password", Token: token, Body: test.body}).problem(422, test.code).at(test.at)
			if strings.Contains(a.Text, "s3cret") {
				t.Error(a.Text)
			}
		}
		s.own(other).is(http.StatusOK)
		s.send(accountRequest{Method: "POST", Path: path + "/password", Token: token, Body: object{"current_password": "password of hana", "new_password": "correct horse"}}).is(http.StatusNoContent)
		s.own(other).problem(http.StatusUnauthorized, "accounts.session-ended")
		s.own(token).is(http.StatusOK)
	})
}

func TestProfiles(t *testing.T) {
	t.Run("of an account shows nothing private", func(t *testing.T) {
		s := newAccountServer(t)
		id := s.register("hana").text("id")
		a := s.send(accountRequest{Method: "GET", Path: "/v1/users/HANA"}).is(http.StatusOK)
		want := object{
			"id": id, "handle": "hana", "display_name": "hana", "bio": "", "counts": object{"posts": 0., "subscribers": 0., "subscriptions": 0.},
			"viewer": object{"self": false, "subscribed": false}, "created_at": "2026-03-01T12:00:00Z",
		}
		if diff := cmp.Diff(want, a.Body); diff != "" {
			t.Error(diff)
		}
		s.send(accountRequest{Method: "GET", Path: "/v1/users/hana", Header: map[string]string{"If-None-Match": a.Header.Get("Etag")}}).is(http.StatusNotModified)
	})
	t.Run("says to whom it shows itself", func(t *testing.T) {
		s := newAccountServer(t)
		token := s.in("hana")
		a := s.send(accountRequest{Method: "GET", Path: "/v1/users/hana", Token: token}).is(http.StatusOK)
		if diff := cmp.Diff(object{"self": true, "subscribed": false}, a.Body["viewer"]); diff != "" {
			t.Error(diff)
		}
		s.send(accountRequest{Method: "GET", Path: "/v1/users/hana", Token: "x"}).problem(http.StatusUnauthorized, "accounts.token-invalid")
	})
	t.Run("nobody is not found", func(t *testing.T) {
		s := newAccountServer(t)
		for _, handle := range []string{"nobody", "no", "no%20body", "no-body", "%ED%95%98%EB%82%98", strings.Repeat("a", 40)} {
			s.send(accountRequest{Method: "GET", Path: "/v1/users/" + handle}).problem(http.StatusNotFound, "accounts.not-found")
		}
		for _, handle := range []string{"a%00b", "a%FFb"} {
			s.send(accountRequest{Method: "GET", Path: "/v1/users/" + handle}).problem(http.StatusNotFound, "request.no-such-path")
		}
		s.send(accountRequest{Method: "GET", Path: "/v1/users/" + strings.Repeat("a", 41)}).problem(http.StatusUnprocessableEntity, "request.invalid").at("path.handle")
	})
	t.Run("are found by the beginnings of their names, page by page", func(t *testing.T) {
		s := newAccountServer(t)
		for n := range 5 {
			s.register(fmt.Sprintf("hana_%d", n))
		}
		s.register("bora")
		var got []string
		query := "/v1/users?query=%40Ha&limit=2"
		for cursor := ""; ; {
			a := s.send(accountRequest{Method: "GET", Path: query + cursor}).is(http.StatusOK)
			items, _ := a.Body["items"].([]any)
			for _, item := range items {
				got = append(got, item.(map[string]any)["handle"].(string))
			}
			next, more := a.Body["next_cursor"].(string)
			if !more {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(next)
		}
		if diff := cmp.Diff([]string{"hana_0", "hana_1", "hana_2", "hana_3", "hana_4"}, got); diff != "" {
			t.Error(diff)
		}
		if a := s.send(accountRequest{Method: "GET", Path: "/v1/users?query=zz"}).is(http.StatusOK); !strings.Contains(a.Text, `"items":[]`) {
			t.Error(a.Text)
		}
	})
	t.Run("bad searches are refused", func(t *testing.T) {
		s := newAccountServer(t)
		for query, want := range map[string]struct {
			status int
			code   string
			at     []string
		}{
			"":                                  {422, "request.invalid", []string{"query.query"}},
			"?query=":                           {422, "request.invalid", []string{"query.query"}},
			"?query=" + strings.Repeat("a", 51): {422, "request.invalid", []string{"query.query"}},
			"?query=a%00":                       {422, "request.invalid", []string{"query.query"}},
			"?query=a%FF":                       {422, "request.invalid", []string{"query.query"}},
			"?query=a&limit=0":                  {422, "request.invalid", []string{"query.limit"}},
			"?query=a&limit=101":                {422, "request.invalid", []string{"query.limit"}},
			"?query=a&limit=x":                  {422, "request.invalid", []string{"query.limit"}},
			"?query=a&page=2":                   {422, "request.invalid", []string{"query.page"}},
			"?query=a&cursor=x":                 {400, "request.cursor", nil},
			"?query=a&cursor=" + strings.Repeat("a", 201): {422, "request.invalid", []string{"query.cursor"}},
		} {
			s.send(accountRequest{Method: "GET", Path: "/v1/users" + query}).problem(want.status, want.code).at(want.at...)
		}
	})
}
