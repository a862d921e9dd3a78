package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/health"
)

// Finding is one line of a diagnosis.
type Finding struct {
	Check  string `json:"check"`
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// What a Finding's Status may be.
const (
	Fine    = "ok"
	Warning = "warning" // the server works, and not as well as it could
	Problem = "problem" // the server, or what it keeps, does not work like this
	Skipped = "skipped" // cannot be told before another problem is solved
)

// examWithin is how long anything may take to answer; all together take two or
// three times as long at most.
const examWithin = 5 * time.Second

// Diagnose looks at everything that a server with this configuration would stand
// on, and says what to do. It starts no server and makes neither a database nor
// keys; a server may be running on the same ones. Everything is opened by
// itself, so that one thing that is broken, or hangs, does not hide another.
func Diagnose(ctx context.Context, c config.Config, o Options) []Finding {
	return diagnose(ctx, c, o, examWithin)
}

func diagnose(ctx context.Context, c config.Config, o Options, within time.Duration) []Finding {
	o.defaults()
	p := &patient{c: c, o: o, within: within}
	findings := p.examine(ctx,
		exam{"data_dir", p.dataDir}, exam{"public_url", p.publicURL}, exam{"payments", p.payments},
		exam{"database", p.openDatabase}, exam{"storage", p.openStorage}, exam{"keys", p.openKeys})
	defer p.close()
	exams := []exam{{"database durability", p.durability}, {"database writing", p.writing}, {"storage probe", p.probe}}
	for _, constructor := range registered {
		if e, new := p.checking(constructor); new {
			exams = append(exams, e)
		}
	}
	return append(findings, p.examine(ctx, exams...)...)
}

// patient is a server that does not run, and what of it could be opened.
type patient struct {
	c config.Config
	o Options

	within time.Duration // what anything may take to answer

	db    opened[sqldb.DB]
	blobs opened[blob.Store]
	keys  opened[*keyring.Ring]
}

// opened is something that has been opened, or why it has not. It is set by an
// exam that may still be at it when nobody waits for it any more.
type opened[T any] struct{ is atomic.Pointer[result[T]] }

type result[T any] struct {
	value T
	err   error
}

func (o *opened[T]) set(value T, err error) { o.is.Store(&result[T]{value, err}) }

// Why something could not be looked at that stands on something else, which has
// a line of its own.
var (
	errElsewhere = errors.New("needs what could not be opened")
	errNotYet    = errors.New("there is nothing to look at yet")
)

// get answers what was opened, or one of the errors above.
func (o *opened[T]) get() (value T, err error) {
	r := o.is.Load()
	if r == nil {
		return value, errElsewhere
	}
	return r.value, r.err
}

func (p *patient) close() {
	if db, err := p.db.get(); err == nil {
		go func() { _ = db.Close() }() // which waits for whoever hangs
	}
	if closer, err := p.blobs.get(); err == nil {
		if c, ok := closer.(io.Closer); ok {
			_ = c.Close()
		}
	}
}

// exam looks at one thing. It answers what it has found, which may be good, and
// an error where it is not: absent, mild or any other.
type exam struct {
	name string
	look func(ctx context.Context) (detail string, err error)
}

// absent is that something is not there yet, and will be.
type absent struct{ error }

// mild is an error with which the server works.
type mild struct{ error }

func (m mild) Unwrap() error { return m.error }

func advise(remedy, format string, args ...any) error {
	return &health.Problem{Remedy: remedy, Err: fmt.Errorf(format, args...)}
}

// examine runs exams side by side.
func (p *patient) examine(ctx context.Context, exams ...exam) []Finding {
	details := make([]atomic.Pointer[string], len(exams))
	checks := make([]health.Check, len(exams))
	for i, e := range exams {
		checks[i] = health.Check{Name: e.name, Run: func(ctx context.Context) error {
			detail, err := e.look(ctx)
			details[i].Store(&detail)
			return err
		}}
	}
	var findings []Finding
	for i, f := range health.NewRound(checks, p.within).Look(ctx) {
		found := Finding{Check: f.Name, Status: Fine}
		if detail := details[i].Load(); detail != nil {
			found.Detail = *detail
		}
		if f.Err != nil {
			found.Status, found.Detail, found.Remedy = gravity(f.Err), oneLine(f.Err), health.Remedy(f.Err)
		}
		findings = append(findings, found)
	}
	return findings
}

func gravity(err error) string {
	if _, ok := errors.AsType[absent](err); ok {
		return Fine
	}
	if _, ok := errors.AsType[mild](err); ok {
		return Warning
	}
	if errors.Is(err, errElsewhere) || errors.Is(err, errNotYet) {
		return Skipped
	}
	return Problem
}

// oneLine is the text of an error without a stack.
func oneLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\ngoroutine ")
	return strings.Join(strings.Fields(text), " ")
}

// checking is the exam that a check of /readyz makes, on what was opened here. It
// is not new where it would look at what has been looked at already.
func (p *patient) checking(constructor any) (e exam, new bool) {
	name := nameOf(constructor)
	switch name {
	case "database", "keys", "storage":
		return e, false
	}
	return exam{name, func(ctx context.Context) (string, error) {
		var made health.Check
		app := fx.New(
			fx.Supply(p.c, p.o), unwatched,
			fx.Decorate(p.db.get, p.blobs.get, p.keys.get),
			fx.Invoke(into(constructor, &made)), quiet(slog.New(slog.DiscardHandler)),
		)
		if err := app.Start(ctx); err != nil {
			return "", rootCause(err)
		}
		defer func() {
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), examWithin)
			defer cancel()
			_ = app.Stop(stopping)
		}()
		err := made.Run(ctx)
		if err != nil && made.Optional {
			err = mild{err}
		}
		return "", err
	}}, true
}

// into makes of a constructor a function of the same parameters that keeps the
// check which it answers.
func into(constructor any, made *health.Check) any {
	make := reflect.ValueOf(constructor)
	in := []reflect.Type{}
	for i := range make.Type().NumIn() {
		in = append(in, make.Type().In(i))
	}
	failure := reflect.TypeFor[error]()
	return reflect.MakeFunc(reflect.FuncOf(in, []reflect.Type{failure}, false), func(args []reflect.Value) []reflect.Value {
		out := make.Call(args)
		*made = out[0].Interface().(health.Check)
		if len(out) > 1 {
			return out[1:]
		}
		return []reflect.Value{reflect.Zero(failure)}
	}).Interface()
}

// nameOf is what a check is called, which it must tell before what it looks at
// can be opened.
func nameOf(constructor any) (name string) {
	defer func() {
		if recover() != nil {
			name = "check of " + reflect.TypeOf(constructor).In(0).String()
		}
	}()
	make := reflect.ValueOf(constructor)
	var nothing []reflect.Value
	for i := range make.Type().NumIn() {
		nothing = append(nothing, reflect.Zero(make.Type().In(i)))
	}
	return make.Call(nothing)[0].Interface().(health.Check).Name
}
