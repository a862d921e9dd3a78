package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/sdk/go/api"
)

// loader sends files that are not what they are said to be.
type loader struct {
	*member
	t *testing.T
}

// offer asks for an upload.
func (l loader) offer(fault, body string) (attempt, answer) {
	a := attempt{fault: fault, method: "POST", target: "/v1/uploads", header: as(l.token(), http.Header{"Content-Type": {"application/json"}}), body: []byte(body)}
	return a, send(l.t, l.w.server.URL, a)
}

// begun is an upload of so many bytes.
func (l loader) begun(size int, more string) api.Upload {
	l.t.Helper()
	_, got := l.offer("none", fmt.Sprintf(`{"filename":"a.jpg","content_type":"image/jpeg","size":%d,"purpose":"post"%s}`, size, more))
	var u api.Upload
	if err := json.Unmarshal(got.body, &u); err != nil || got.status != http.StatusCreated {
		l.t.Fatalf("%d %s", got.status, got.body)
	}
	return u
}

func (l loader) put(link string, body []byte) (attempt, answer) {
	a := attempt{fault: "a part", method: "PUT", target: strings.TrimPrefix(link, l.w.server.URL), body: body}
	return a, send(l.t, l.w.server.URL, a)
}

func (l loader) call(method, target string) (attempt, answer) {
	a := attempt{fault: method, method: method, target: target, header: as(l.token(), nil)}
	return a, send(l.t, l.w.server.URL, a)
}

// refuse checks the status and the code of a refusal.
func (l loader) refuse(fault string, status int, code string) func(attempt, answer) {
	return func(a attempt, got answer) {
		l.t.Helper()
		a.fault, a.status = fault, status
		refused(l.t, a, got)
		if !strings.Contains(string(got.body), `"code":"`+code+`"`) {
			l.t.Errorf("%s: %s, want %s", fault, got.body, code)
		}
	}
}

// stored lists the files below the folder of the storage.
func (w *world) stored() []string {
	w.t.Helper()
	var files []string
	w.must(filepath.WalkDir(filepath.Join(w.config.DataDir, "blobs"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	return files
}

func TestLyingUploads(t *testing.T) {
	t.Parallel()
	c := oneBackend(t)
	c.Uploads.Quota, c.Uploads.MaxBytes, c.Uploads.PartSize, c.Uploads.MaxOpen = 1<<20, 256<<10, 1<<10, 30
	w := start(t, c)
	l := loader{w.member("liar"), t}

	t.Run("offers", func(t *testing.T) {
		l := loader{l.member, t}
		for fault, test := range map[string]struct {
			body   string
			status int
			code   string
		}{
			"no bytes":             {`{"filename":"a","content_type":"image/jpeg","size":0,"purpose":"post"}`, 422, "request.invalid"},
			"fewer than no bytes":  {`{"filename":"a","content_type":"image/jpeg","size":-1,"purpose":"post"}`, 422, "request.invalid"},
			"too many bytes":       {`{"filename":"a","content_type":"image/jpeg","size":262145,"purpose":"post"}`, 413, "media.too-large"},
			"all bytes there are":  {`{"filename":"a","content_type":"image/jpeg","size":9223372036854775807,"purpose":"post"}`, 413, "media.too-large"},
			"a page":               {`{"filename":"a","content_type":"text/html","size":10,"purpose":"post"}`, 415, "media.type-unsupported"},
			"a drawing":            {`{"filename":"a","content_type":"image/svg+xml","size":10,"purpose":"post"}`, 415, "media.type-unsupported"},
			"a type with an end":   {`{"filename":"a","content_type":"image/jpeg\r\nX-Zq7: 1","size":10,"purpose":"post"}`, 415, "media.type-unsupported"},
			"no digest":            {`{"filename":"a","content_type":"image/jpeg","size":10,"purpose":"post","sha256":"zz"}`, 422, "request.invalid"},
			"a name with an end":   {`{"filename":"a\r\nSet-Cookie: zq7","content_type":"image/jpeg","size":10,"purpose":"post"}`, 422, "text.control"},
			"a name of blanks":     {`{"filename":"  ","content_type":"image/jpeg","size":10,"purpose":"post"}`, 422, "media.filename"},
			"a name with NUL":      {`{"filename":"a\u0000.jpg","content_type":"image/jpeg","size":10,"purpose":"post"}`, 422, "text.control"},
			"a name of 256 letter": {`{"filename":"` + strings.Repeat("é", 256) + `","content_type":"image/jpeg","size":10,"purpose":"post"}`, 422, "request.invalid"},
		} {
			l.refuse(fault, test.status, test.code)(l.offer(fault, test.body))
		}
		var begun []uuid.UUID
		for range 4 {
			begun = append(begun, l.begun(256<<10, "").ID)
		}
		l.refuse("more than the quota", 422, "media.quota")(l.offer("", `{"filename":"a","content_type":"image/jpeg","size":1,"purpose":"post"}`))
		for _, id := range begun {
			l.call("DELETE", "/v1/uploads/"+id.String())
		}
		for range 30 {
			begun = append(begun, l.begun(1, "").ID)
		}
		a, got := l.offer("", `{"filename":"a","content_type":"image/jpeg","size":1,"purpose":"post"}`)
		l.refuse("too many at once", 429, "media.too-many-uploads")(a, got)
		if got.header.Get("Retry-After") == "" {
			t.Error("429 says when to come again")
		}
		for _, id := range begun {
			l.call("DELETE", "/v1/uploads/"+id.String())
		}
	})
	t.Run("parts", func(t *testing.T) { loader{l.member, t}.parts() })
	t.Run("what comes too late", func(t *testing.T) { loader{l.member, t}.tooLate() })
	t.Run("files", func(t *testing.T) {
		for fault, f := range lyingFiles() {
			t.Run(fault, func(t *testing.T) { loader{l.member, t}.file(f) })
		}
	})
	t.Run("a name that is a path goes nowhere", func(t *testing.T) {
		data := stamp(3)
		name, _ := json.Marshal("../../../etc/passwd")
		_, got := l.offer("", fmt.Sprintf(`{"filename":%s,"content_type":"image/jpeg","size":%d,"purpose":"post"}`, name, len(data)))
		if got.status != http.StatusCreated || strings.Contains(string(got.body), "passwd") {
			t.Errorf("%d %s", got.status, got.body)
		}
		for _, file := range w.stored() {
			if strings.Contains(file, "passwd") {
				t.Error(file)
			}
		}
		var u api.Upload
		_ = json.Unmarshal(got.body, &u)
		l.call("DELETE", "/v1/uploads/"+u.ID.String())
	})
	t.Run("nothing is left of any of it", func(t *testing.T) {
		w.eventually("the folder is empty: "+strings.Join(w.stored(), "\n"), func() bool { return len(w.stored()) == 0 })
		limits, err := l.UploadLimitsWithResponse(t.Context())
		if err != nil || limits.JSON200.Quota.Used != 0 || limits.JSON200.OpenUploads.Used != 0 {
			t.Errorf("%+v, %v", limits.JSON200, err)
		}
	})
	(&stage{world: w}).calm(t)
}

// file sends a file that fails once it is looked at. Nothing of it is shown.
func (l loader) file(f lie) {
	u := l.begun(len(f.data), f.more)
	for i, part := range u.Parts {
		l.put(part.URL, f.data[int64(i)*u.PartSize:][:part.Size])
	}
	if _, got := l.call("POST", "/v1/uploads/"+u.ID.String()+"/complete"); got.status != http.StatusAccepted {
		l.t.Fatalf("%d %s", got.status, got.body)
	}
	medium := "/v1/media/" + u.MediaID.String()
	var m api.Medium
	l.w.eventually("the file has failed", func() bool {
		_, got := l.call("GET", medium)
		_ = json.Unmarshal(got.body, &m)
		return m.State == api.MediumStateFailed || m.State == api.MediumStateReady
	})
	if m.Error == nil || m.Error.Code != f.code || m.Error.Retryable || len(m.Renditions) != 0 {
		l.t.Errorf("%s, %+v, %d renditions", m.State, m.Error, len(m.Renditions))
	}
	for _, path := range []string{"/media/originals/" + u.MediaID.String(), "/media/renditions/" + u.MediaID.String() + "/preview.jpg"} {
		l.refuse("fetched", 403, "link.refused")(l.call("GET", path))
	}
	l.refuse("tried again", 409, "media.not-retryable")(l.call("POST", medium+"/retry"))
	post := attempt{fault: "a post of it", method: "POST", target: "/v1/posts", body: []byte(`{"media_ids":["` + u.MediaID.String() + `"]}`)}
	post.header = as(l.token(), http.Header{"Content-Type": {"application/json"}})
	refused(l.t, post, send(l.t, l.w.server.URL, post))
	if files := l.w.stored(); slices.ContainsFunc(files, func(f string) bool { return strings.Contains(f, "renditions") }) {
		l.t.Errorf("stored: %q", files)
	}
	if _, got := l.call("DELETE", medium); got.status != http.StatusNoContent {
		l.t.Errorf("%d %s", got.status, got.body)
	}
}
