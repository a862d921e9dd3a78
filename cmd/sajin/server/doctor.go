package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
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
	made, failed := p.make(ctx, registered)
	defer made.stop()
	exams := []exam{{"database durability", p.durability}, {"database writing", p.writing}, {"storage probe", p.probe}}
	findings = append(findings, p.examine(ctx, append(exams, made.exams()...)...)...)
	return append(findings, failed...)
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

// checkups are the checks of /readyz, made of what was opened here. They are
// added to by makers that may still be at it when nobody waits for them any more.
type checkups struct {
	mu     sync.Mutex
	checks []health.Check
	apps   []*fx.App
}

// make makes the checks, each with all that it needs and by itself. It answers
// the checks, and findings about those that could not be made.
func (p *patient) make(ctx context.Context, constructors []any) (made *checkups, failed []Finding) {
	made = &checkups{}
	var makers []exam
	for _, constructor := range constructors {
		name := nameOf(constructor)
		switch name {
		case "database", "keys", "storage": // which have exams of their own
			continue
		}
		makers = append(makers, exam{name, func(ctx context.Context) (string, error) { return "", p.add(ctx, made, constructor) }})
	}
	for _, f := range p.examine(ctx, makers...) {
		if f.Status != Fine {
			failed = append(failed, f)
		}
	}
	return made, failed
}

func (p *patient) add(ctx context.Context, made *checkups, constructor any) error {
	var checks []health.Check
	app := fx.New(
		fx.Supply(p.c, p.o), unwatched,
		fx.Decorate(p.db.get, p.blobs.get, p.keys.get),
		fx.Invoke(into(constructor, &checks)), quiet(slog.New(slog.DiscardHandler)),
	)
	err := app.Start(ctx)
	made.mu.Lock()
	defer made.mu.Unlock()
	made.apps = append(made.apps, app)
	if err != nil {
		return rootCause(err)
	}
	made.checks = append(made.checks, checks...)
	return nil
}

// exams are those that the checks make, by name.
func (c *checkups) exams() (exams []exam) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortFunc(c.checks, func(a, b health.Check) int { return strings.Compare(a.Name, b.Name) })
	for _, check := range c.checks {
		exams = append(exams, exam{check.Name, func(ctx context.Context) (string, error) {
			err := check.Run(ctx)
			if err != nil && check.Optional {
				err = mild{err}
			}
			return "", err
		}})
	}
	return exams
}

func (c *checkups) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, app := range c.apps {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), examWithin)
			defer cancel()
			_ = app.Stop(ctx)
		}()
	}
}

// into makes of a constructor a function of the same parameters that keeps the
// checks which it answers.
func into(constructor any, checks *[]health.Check) any {
	fn := reflect.ValueOf(constructor)
	in := []reflect.Type{}
	for i := range fn.Type().NumIn() {
		in = append(in, fn.Type().In(i))
	}
	failure := reflect.TypeFor[error]()
	return reflect.MakeFunc(reflect.FuncOf(in, []reflect.Type{failure}, false), func(args []reflect.Value) []reflect.Value {
		out := fn.Call(args)
		*checks = checksOf(out[0])
		if len(out) > 1 {
			return out[1:]
		}
		return []reflect.Value{reflect.Zero(failure)}
	}).Interface()
}

func checksOf(made reflect.Value) []health.Check {
	if one, ok := made.Interface().(health.Check); ok {
		return []health.Check{one}
	}
	all, _ := made.Interface().([]health.Check)
	return all
}

// nameOf is what a check is called, which it must tell before what it looks at
// can be opened.
func nameOf(constructor any) (name string) {
	name = "check of " + reflect.TypeOf(constructor).In(0).String()
	defer func() { _ = recover() }() // it looks at what is not there
	fn := reflect.ValueOf(constructor)
	var nothing []reflect.Value
	for i := range fn.Type().NumIn() {
		nothing = append(nothing, reflect.Zero(fn.Type().In(i)))
	}
	if checks := checksOf(fn.Call(nothing)[0]); len(checks) > 0 {
		name = checks[0].Name
	}
	return name
}
