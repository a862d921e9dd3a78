package httpapi

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/link"
)

// idle is how long a transfer may stand still before its connection is given
// up. It takes the place of the server's limits for a whole request, which are
// made for small ones.
const idle = time.Minute

// PartUpload takes parts of uploads in. Whoever has the link may send the part.
type PartUpload struct {
	Uploads *media.Uploads
	Signer  link.Signer
	Log     *slog.Logger
}

// Route is where parts go.
func (p *PartUpload) Route() Route { return Route{Pattern: "PUT " + partPath, Handler: p} }

func (p *PartUpload) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	etag, err := p.put(w, r)
	switch {
	case errors.Is(err, errLength):
		writeProblem(w, newProblem(r.Context(), http.StatusLengthRequired, "request.length-required", "the request must say its Content-Length"))
	case err != nil:
		writeProblem(w, problemOf(r.Context(), p.Log, err))
	default:
		w.Header().Set("ETag", quoted(etag))
		w.WriteHeader(http.StatusNoContent)
	}
}

var errLength = &Problem{Status: http.StatusLengthRequired}

func (p *PartUpload) put(w http.ResponseWriter, r *http.Request) (etag string, err error) {
	if err := follow(p.Signer, r, ident.AccountID{}); err != nil {
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
	return p.Uploads.Put(r.Context(), id, number, moving(w, r.Body), r.ContentLength)
}

// follow checks the link that a request came by. Only the spelling that was
// given out is followed, not others that come down to the same path.
func follow(signer link.Signer, r *http.Request, viewer ident.AccountID) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || r.URL.RawPath != "" {
		return link.ErrRefused
	}
	return signer.Check(r.Method, r.URL.Path, query, viewer)
}

func quoted(etag string) string { return `"` + strings.Trim(etag, `"`) + `"` }

// moving reads a body for as long as it moves.
func moving(w http.ResponseWriter, body io.Reader) io.Reader {
	return &movingBody{http.NewResponseController(w), body}
}

type movingBody struct {
	connection *http.ResponseController
	from       io.Reader
}

func (b *movingBody) Read(p []byte) (int, error) {
	until := time.Now().Add(idle)
	_ = b.connection.SetReadDeadline(until) // what has no deadlines needs none
	_ = b.connection.SetWriteDeadline(until)
	return b.from.Read(p)
}
