package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

// caller is who makes a request.
type caller struct {
	Account ident.AccountID // zero: nobody is signed in
	Session ident.SessionID
	Role    string
}

func (c caller) moderator() bool { return c.Role == "moderator" || c.Role == "admin" }

// audience is who may call an operation.
type audience int

const (
	anyone  audience = iota // signed in or not
	members                 // signed in
	admins
)

// operation describes one operation of the API.
type operation struct {
	ID          string // "publish-post": the name in SDKs
	Method      string
	Path        string
	Tag         string
	Summary     string
	Description string
	For         audience
	Status      int   // of success; 200 when zero
	Problems    []int // statuses that it may answer beside those that every operation has
	Idempotent  bool  // wants an Idempotency-Key
	StepUp      bool  // wants a caller, of members, who has lately proved who he is
	BodyLimit   int64 // bytes; 0: the API's default
	Class       Class // what it costs; by the method when it is empty
}

// registry is what operations are registered with.
type registry struct {
	api       huma.API
	stepUp    StepUp
	log       *slog.Logger
	bodyLimit int64
	cursors   cursors

	operations map[string]string // ids, by pattern of the mux
	classes    map[string]Class  // by pattern of the mux
}

// register adds an operation: the one place where who is calling is found out
// and faults become problems.
func register[I, O any](r *registry, op operation, handle func(ctx context.Context, by caller, in *I) (*O, error)) {
	r.operations[op.Method+" "+op.Path] = op.ID
	o := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Tags: []string{op.Tag},
		Summary: op.Summary, Description: op.Description, DefaultStatus: op.Status,
		Errors:                       append([]int{http.StatusTooManyRequests}, op.Problems...),
		MaxBodyBytes:                 r.bodyLimit,
		RejectUnknownQueryParameters: true,
	}
	if op.BodyLimit > 0 {
		o.MaxBodyBytes = op.BodyLimit
	}
	if op.Class == "" {
		op.Class = classOf(op.Method)
	}
	r.classes[op.Method+" "+op.Path] = op.Class
	o.Extensions = map[string]any{"x-rate-limit-class": op.Class}
	switch op.For {
	case anyone:
		o.Security = []map[string][]string{{}, {"bearer": {}}}
	case members, admins:
		o.Security = []map[string][]string{{"bearer": {}}}
		o.Errors = append(o.Errors, http.StatusUnauthorized)
		o.Middlewares = append(o.Middlewares, r.require(op.For))
	}
	if op.For == admins {
		o.Errors = append(o.Errors, http.StatusForbidden)
	}
	if op.StepUp {
		o.Errors = append(o.Errors, http.StatusForbidden)
		o.Description = strings.TrimSpace(o.Description + " " + stepUpDescription)
		o.Middlewares = append(o.Middlewares, r.requireProof)
	}
	if op.Idempotent {
		o.Errors = append(o.Errors, http.StatusBadRequest, http.StatusConflict)
		o.Middlewares = append(o.Middlewares, r.requireKey)
	}
	o.Middlewares = append(o.Middlewares, r.legible)
	huma.Register(r.api, o, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, callerOf(ctx), in)
		if err != nil {
			if _, ok := errors.AsType[*notModified](err); ok {
				return nil, err
			}
			return nil, problemOf(ctx, r.log, err)
		}
		return out, nil
	})
}

// require refuses who may not call, before the request's body is read.
func (r *registry) require(who audience) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		by := callerOf(ctx.Context())
		switch {
		case by.Account.IsZero():
			r.refuse(ctx, errSignIn)
		case who == admins && by.Role != "admin":
			r.refuse(ctx, errAdminsOnly)
		default:
			next(ctx)
		}
	}
}

// StepUp finds out whether somebody proved lately who he is.
type StepUp interface {
	// Require fails with accounts.ErrStepUpRequired if whoever holds the session
	// has not.
	Require(ctx context.Context, session ident.SessionID) error
}

const stepUpDescription = "It needs you to have signed in, or proved who you are with `POST /v1/sessions/current/step-up`, " +
	"within the last minutes; otherwise 403 `accounts.step-up-required`."

// requireProof refuses who has not proved lately who he is, before the request's
// body is read.
func (r *registry) requireProof(ctx huma.Context, next func(huma.Context)) {
	if err := r.stepUp.Require(ctx.Context(), callerOf(ctx.Context()).Session); err != nil {
		r.refuse(ctx, err)
		return
	}
	next(ctx)
}

func (r *registry) refuse(ctx huma.Context, err error) {
	_, w := unwrap(ctx)
	if fault.KindOf(err) == fault.Unauthenticated {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sajin"`)
	}
	writeProblem(w, problemOf(ctx.Context(), r.log, err))
}

var (
	errSignIn     = fault.New(fault.Unauthenticated, "accounts.sign-in", "sign in first")
	errAdminsOnly = fault.New(fault.Forbidden, "accounts.admins-only", "this is for administrators")
)
