package httpapi

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/domain/fault"
)

var (
	errPath        = fault.New(fault.NotFound, "request.no-such-path", "there is nothing at this path")
	errQuery       = fault.New(fault.BadRequest, "request.query", "the query of the URL cannot be read: each parameter may be there once, percent-encoded")
	errContentType = fault.New(fault.Unsupported, "request.content-type", "the body must be of the type application/json")
)

// legible refuses requests that could be read in more than one way, or hold
// what no database would take for text.
func (r *registry) legible(ctx huma.Context, next func(huma.Context)) {
	req, w := unwrap(ctx)
	for _, name := range []string{"If-Match", "If-None-Match"} { // lists, which may come in several lines
		if lines := req.Header.Values(name); len(lines) > 1 {
			req.Header.Set(name, strings.Join(lines, ", "))
		}
	}
	query, err := url.ParseQuery(req.URL.RawQuery)
	illegible := ""
	for name, values := range query {
		switch {
		case len(values) > 1:
			err = errQuery
		case !isText(name) || !isText(values[0]):
			illegible = name
		}
	}
	switch {
	case !isText(req.URL.Path):
		r.refuse(ctx, errPath)
	case err != nil:
		r.refuse(ctx, errQuery)
	case illegible != "":
		p := frameworkProblem(ctx.Context(), http.StatusUnprocessableEntity, "validation failed", []error{
			&huma.ErrorDetail{Location: "query." + strings.ToValidUTF8(illegible, ""), Message: "must be UTF-8 without control characters"},
		})
		writeProblem(w, p)
	case len(req.Header.Values("If-Match")) > 0 && strings.TrimSpace(req.Header.Get("If-Match")) == "":
		r.refuse(ctx, errIfMatch) // what stands for no copy is not for any
	case takesJSON(ctx.Operation()) && !sendsJSON(req):
		r.refuse(ctx, errContentType)
	default:
		req.Header.Del("Accept") // there is one type of answer, and none other to be asked for
		next(ctx)
	}
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) }

func takesJSON(op *huma.Operation) bool {
	return op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil
}

// sendsJSON tells whether a request says that its body is JSON, or nothing of
// it, and writes the type as the framework looks for it.
func sendsJSON(req *http.Request) bool {
	values := req.Header.Values("Content-Type")
	if len(values) == 0 {
		return true
	}
	kind, _, err := mime.ParseMediaType(values[0])
	if len(values) > 1 || err != nil || kind != "application/json" {
		return false
	}
	req.Header.Set("Content-Type", kind)
	return true
}
