package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/ports/trace"
)

// Problem is the body of every error (RFC 9457).
type Problem struct {
	Type    string         `json:"type" doc:"Names the kind of problem; a path of this server" example:"/problems/wallet.insufficient-coins"`
	Title   string         `json:"title" doc:"The status in words"`
	Status  int            `json:"status"`
	Detail  string         `json:"detail" doc:"What went wrong, for a person"`
	Code    string         `json:"code" doc:"What went wrong, for a program: stable" example:"wallet.insufficient-coins"`
	Errors  []ProblemField `json:"errors,omitempty" nullable:"false" doc:"The values that were not accepted"`
	TraceID string         `json:"trace_id" doc:"The X-Request-Id of the answer; name it when you ask for help"`

	// Further members, as {"needed": 300, "available": 120}.
	details map[string]any
}

// ProblemField points at one value of the request.
type ProblemField struct {
	Location string `json:"location" doc:"As body.tags[3] or query.limit"`
	Message  string `json:"message" doc:"What would be right"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes it problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// MarshalJSON writes the further members beside the fixed ones.
func (p *Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	if len(p.details) == 0 {
		return json.Marshal((*plain)(p))
	}
	body, err := json.Marshal((*plain)(p))
	if err != nil {
		return nil, err
	}
	members := map[string]any{}
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	maps.Copy(members, p.details)
	return json.Marshal(members)
}

// TransformSchema lets documents know that further members may follow.
func (*Problem) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.AdditionalProperties = true
	return s
}

// statusOf is the one mapping from kinds of faults to HTTP.
var statusOf = map[fault.Kind]int{
	fault.Internal:         http.StatusInternalServerError,
	fault.BadRequest:       http.StatusBadRequest,
	fault.Invalid:          http.StatusUnprocessableEntity,
	fault.Unauthenticated:  http.StatusUnauthorized,
	fault.PaymentRequired:  http.StatusPaymentRequired,
	fault.Forbidden:        http.StatusForbidden,
	fault.NotFound:         http.StatusNotFound,
	fault.Conflict:         http.StatusConflict,
	fault.PreconditionFail: http.StatusPreconditionFailed,
	fault.Gone:             http.StatusGone,
	fault.TooLarge:         http.StatusRequestEntityTooLarge,
	fault.Unsupported:      http.StatusUnsupportedMediaType,
	fault.RateLimited:      http.StatusTooManyRequests,
	fault.Unavailable:      http.StatusServiceUnavailable,
}

func newProblem(ctx context.Context, status int, code, detail string) *Problem {
	return &Problem{
		Type: "/problems/" + code, Title: http.StatusText(status), Status: status,
		Detail: detail, Code: code, TraceID: trace.ID(ctx),
	}
}

// problemOf says what a client may know of an error. What is no fault, or an
// Internal one, is logged with its cause and answered with a fixed text.
func problemOf(ctx context.Context, log *slog.Logger, err error) *Problem {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind == fault.Internal {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			return newProblem(ctx, 499, "request.canceled", "the client went away")
		}
		log.ErrorContext(ctx, "request failed", "error", err)
		return newProblem(ctx, http.StatusInternalServerError, "internal", "something went wrong on our side; the trace id helps us to find out what")
	}
	if f.Kind == fault.Unavailable {
		log.WarnContext(ctx, "dependency unavailable", "error", err)
	}
	p := newProblem(ctx, statusOf[f.Kind], f.Code, f.Message)
	p.details = f.Details
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, ProblemField{Location: "body." + field.Path, Message: field.Message})
	}
	return p
}

// codes name the problems that the framework finds before an operation runs.
var codes = map[int]string{
	http.StatusBadRequest:            "request.malformed",
	http.StatusRequestTimeout:        "request.too-slow",
	http.StatusRequestEntityTooLarge: "request.too-large",
	http.StatusUnsupportedMediaType:  "request.content-type",
	http.StatusUnprocessableEntity:   "request.invalid",
	http.StatusNotAcceptable:         "request.not-acceptable",
	http.StatusNotFound:              "request.no-such-path",
	http.StatusMethodNotAllowed:      "request.method",

	http.StatusRequestedRangeNotSatisfiable: "request.range",
	http.StatusPreconditionFailed:           "request.precondition",
}

// brokenBody is what the framework says of a body that it could not read to its
// end: it takes that for its own fault.
const brokenBody = "cannot read request body"

// maxErrors is how many bad values are named, and maxLocation how many bytes of
// where each is: whoever sends thousands must not be answered with more.
const maxErrors, maxLocation = 20, 120

// frameworkProblem replaces huma's own error model. It leaves out the rejected
// values, which may be secrets, and the texts of decoders.
func frameworkProblem(ctx context.Context, status int, detail string, errs []error) *Problem {
	if status == http.StatusInternalServerError && detail == brokenBody {
		return newProblem(ctx, http.StatusBadRequest, "request.body", "the body of the request ended too early, or is not framed as it says")
	}
	code, ok := codes[status]
	if !ok {
		code = "request.status-" + strconv.Itoa(status)
	}
	if status >= 500 {
		code, detail = "internal", "something went wrong on our side; the trace id helps us to find out what"
	}
	if status == http.StatusBadRequest {
		detail = "the request body is not the JSON that was expected"
	}
	p := newProblem(ctx, status, code, detail)
	for _, err := range errs {
		d, ok := errors.AsType[*huma.ErrorDetail](err)
		if !ok || status >= 500 {
			continue
		}
		if len(p.Errors) == maxErrors {
			break
		}
		message := d.Message
		if status == http.StatusBadRequest || strings.Contains(message, "json:") {
			message = "cannot be read"
		}
		p.Errors = append(p.Errors, ProblemField{Location: shortened(d.Location), Message: message})
	}
	return p
}

func shortened(location string) string {
	if len(location) <= maxLocation {
		return location
	}
	return strings.ToValidUTF8(location[:maxLocation], "") + "…"
}

// replaceErrorModel hooks frameworkProblem into huma, whose hook is global; so is
// the switch that has the names of members compared letter by letter, without
// which a second spelling of a member gets past the schema.
var replaceErrorModel = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return frameworkProblem(context.Background(), status, msg, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return frameworkProblem(ctx.Context(), status, msg, errs)
	}
})

// writeProblem answers outside of huma: unknown paths, panics, media.
func writeProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Del("Content-Length")
	for name, values := range p.GetHeaders() {
		if w.Header().Get(name) == "" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(p.Status)
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"type":"/problems/internal","status":500}`)
	}
	_, _ = w.Write(body)
}
