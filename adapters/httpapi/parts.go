package httpapi

import (
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/link"
)

const (
	// idle is how long a transfer may stand still before its connection is given
	// up. It takes the place of the server's limits for a whole request, which are
	// made for small ones.
	idle = time.Minute

	// slowest is how many bytes of a body must come in a second, all in all: one
	// that never stands still could otherwise come for days.
	slowest = 8 << 10

	// atOnce is how many may send the same part at a time: a client that tries
	// again while its broken connections are not yet given up. Each of them holds
	// the whole part on the disk, beside what the quota knows of.
	atOnce = 3
)

var errPartBusy = fault.New(fault.RateLimited, "media.part-busy", "this part is on its way several times already").With("retry_after", int(idle.Seconds()))

// PartUpload takes parts of uploads in. Whoever has the link may send the part.
type PartUpload struct {
	Uploads *media.Uploads
	Signer  link.Signer
	Log     *slog.Logger

	mu     sync.Mutex
	coming map[string]int // how many send the part of a path just now
}

// Route is where parts go.
func (p *PartUpload) Route() Route {
	return Route{Pattern: "PUT " + partPath, Handler: p, Name: "upload-part", Class: Transfer}
}

func (p *PartUpload) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	etag, err := p.put(w, r)
	switch {
	case errors.Is(err, errLength):
		writeProblem(w, newProblem(r.Context(), http.StatusLengthRequired, "request.length-required", "the request must say its Content-Length"))
	case err != nil:
		problem := problemOf(r.Context(), p.Log, err)
		maps.Copy(w.Header(), problem.GetHeaders())
		writeProblem(w, problem)
	default:
		w.Header().Set("ETag", quoted(etag))
		w.WriteHeader(http.StatusNoContent)
	}
}

var errLength = &Problem{Status: http.StatusLengthRequired}

func (p *PartUpload) put(w http.ResponseWriter, r *http.Request) (etag string, err error) {
	if _, err := follow(p.Signer, r, ident.AccountID{}); err != nil {
		return "", err
	}
	id, err := ident.Parse[ident.UploadID](r.PathValue("id"))
	if err != nil {
		return "", rules.ErrUploadNotFound
	}
	number, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		return "", rules.ErrPartNotFound
	}
	if r.ContentLength < 0 {
		return "", errLength
	}
	if !p.begin(r.URL.Path) {
		return "", errPartBusy
	}
	defer p.end(r.URL.Path)
	return p.Uploads.Put(r.Context(), id, number, moving(w, r.Body, r.ContentLength), r.ContentLength)
}

func (p *PartUpload) begin(part string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.coming[part] == atOnce {
		return false
	}
	if p.coming == nil {
		p.coming = map[string]int{}
	}
	p.coming[part]++
	return true
}

func (p *PartUpload) end(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.coming[part]--; p.coming[part] == 0 {
		delete(p.coming, part)
	}
}

// follow checks the link that a request came by. Only the spelling that was
// given out is followed, not others that come down to the same path.
func follow(signer link.Signer, r *http.Request, viewer ident.AccountID) (link.Grant, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || r.URL.RawPath != "" {
		return link.Grant{}, link.ErrRefused
	}
	return signer.Check(r.Method, r.URL.Path, query, viewer)
}

func quoted(etag string) string { return `"` + strings.Trim(etag, `"`) + `"` }

// moving reads a body of so many bytes for as long as it moves, and is not too
// slow on the whole.
func moving(w http.ResponseWriter, body io.Reader, size int64) io.Reader {
	latest := time.Now().Add(idle + time.Duration(size/slowest)*time.Second)
	return &movingBody{http.NewResponseController(w), body, latest}
}

type movingBody struct {
	connection *http.ResponseController
	from       io.Reader
	latest     time.Time
}

func (b *movingBody) Read(p []byte) (int, error) {
	until := time.Now().Add(idle)
	if until.After(b.latest) {
		until = b.latest
	}
	_ = b.connection.SetReadDeadline(until) // what has no deadlines needs none
	return b.from.Read(p)
}
