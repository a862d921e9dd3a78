package sqlstore

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
	"github.com/sajin-sns/sajin/ports/trace"
)

// Outbox keeps events until they are published, and what consumers did with
// them.
type Outbox struct {
	db   sqldb.DB
	ids  *ident.Source
	now  func() time.Time
	wake chan struct{}
}

var _ event.Outbox = (*Outbox)(nil)

// NewOutbox makes the outbox.
func NewOutbox(db sqldb.DB, ids *ident.Source, now func() time.Time) *Outbox {
	return &Outbox{db: db, ids: ids, now: now, wake: make(chan struct{}, 1)}
}

// Append implements event.Outbox.
func (s *Outbox) Append(ctx context.Context, events ...any) error {
	if len(events) == 0 {
		return nil
	}
	now := s.now()
	var b sqldb.Batch
	for _, e := range events {
		payload, err := event.From(e)
		if err != nil {
			return err
		}
		body, err := json.Marshal(payload)
		if err != nil {
			return wrap("encode "+payload.Topic(), err)
		}
		b.Exec(`INSERT INTO outbox (id, delivery, topic, payload, trace_id, occurred_at, due_at, attempts, last_error)
			VALUES ($1, $1, $2, $3, $4, $5, $5, 0, '')`, ident.New[ident.EventID](s.ids), payload.Topic(), string(body), trace.ID(ctx), now)
	}
	if err := s.db.Later(ctx, &b); err != nil {
		return wrap("append to outbox", err)
	}
	sqldb.AfterCommit(ctx, s.nudge)
	return nil
}

// nudge tells the relay of this process that there is something to publish.
func (s *Outbox) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Wake receives after this process has committed an event.
func (s *Outbox) Wake() <-chan struct{} { return s.wake }

// Claim takes the oldest due events but those of some topics; nobody else will
// take them until a time.
func (s *Outbox) Claim(ctx context.Context, limit int, until time.Time, except []string) ([]event.Envelope, error) {
	q := newQuery(s.now())
	q.where("due_at <= $1")
	for _, topic := range except {
		q.where("topic <> ?", topic)
	}
	due := ` FROM outbox` + q.text()

	// Asked without a transaction: most of the time nothing is due, and on
	// SQLite a transaction keeps others from writing.
	first, err := sqldb.List(ctx, s.db, sqldb.Scalar[ident.EventID], `SELECT id`+due+` ORDER BY due_at, id LIMIT 1`, q.args...)
	if err != nil || len(first) == 0 {
		return nil, wrap("look into outbox", err)
	}
	var claimed []event.Envelope
	err = s.db.Do(ctx, func(ctx context.Context) error {
		q := *q
		var err error
		claimed, err = sqldb.List(ctx, s.db, scanEnvelope, `SELECT id, delivery, topic, payload, trace_id, occurred_at`+due+
			` ORDER BY due_at, id`+q.limit(limit)+s.db.Dialect().SkipLocked, q.args...)
		if err != nil || len(claimed) == 0 {
			return err
		}
		ids := make([]ident.EventID, len(claimed))
		for i, e := range claimed {
			ids[i] = e.ID
		}
		set := newQuery(until)
		var b sqldb.Batch
		b.Exec(`UPDATE outbox SET due_at = $1, attempts = attempts + 1 WHERE id`+in(set, ids), set.args...)
		return s.db.Later(ctx, &b)
	})
	if err != nil {
		return nil, wrap("claim outbox", err)
	}
	return claimed, nil
}

func scanEnvelope(row sqldb.Row) (e event.Envelope, err error) {
	var payload string
	err = row.Scan(&e.ID, &e.Delivery, &e.Topic, &payload, &e.TraceID, &e.OccurredAt)
	e.Payload = []byte(payload)
	return e, err
}

// delivered finds an event only as it was claimed: not when somebody else has
// published it since, and an operator sent it again.
const delivered = ` WHERE id = $1 AND delivery = $2`

// Keep moves the time until which nobody else will take claimed events.
func (s *Outbox) Keep(ctx context.Context, events []event.Envelope, until time.Time) error {
	var b sqldb.Batch
	for _, e := range sorted(events) {
		b.Exec(`UPDATE outbox SET due_at = $3`+delivered, e.ID, e.Delivery, until)
	}
	return wrap("keep events", s.db.Send(ctx, &b))
}

// Sent takes published events off, one at least. No two events have a delivery
// in common, so that one of them among all of these is the event's own.
func (s *Outbox) Sent(ctx context.Context, events ...event.Envelope) error {
	ids, deliveries := make([]ident.EventID, len(events)), make([]ident.EventID, len(events))
	for i, e := range sorted(events) {
		ids[i], deliveries[i] = e.ID, e.Delivery
	}
	var b sqldb.Batch
	q := newQuery()
	b.Exec(`DELETE FROM outbox WHERE id`+in(q, ids)+` AND delivery`+in(q, deliveries), q.args...)
	return wrap("mark events sent", s.db.Send(ctx, &b)) // again if Keep was in the way
}

// sorted brings events into the order in which everybody locks them.
func sorted(events []event.Envelope) []event.Envelope {
	return slices.SortedFunc(slices.Values(events), func(a, b event.Envelope) int { return a.ID.Compare(b.ID) })
}

// Delay puts an event that could not be published back, for as long as pause
// answers to how often it was tried.
func (s *Outbox) Delay(ctx context.Context, e event.Envelope, pause func(attempts int) time.Duration, why string) error {
	return wrap("delay event", s.db.Do(ctx, func(ctx context.Context) error {
		counts, err := sqldb.List(ctx, s.db, sqldb.Scalar[int], `SELECT attempts FROM outbox`+delivered+s.db.Dialect().ForUpdate, e.ID, e.Delivery)
		if err != nil || len(counts) == 0 { // somebody else has published it
			return err
		}
		_, err = s.db.Exec(ctx, `UPDATE outbox SET due_at = $3, last_error = $4`+delivered, e.ID, e.Delivery, s.now().Add(pause(counts[0])), why)
		return err
	}))
}

// Backlog counts the events that wait, and how long the oldest has.
func (s *Outbox) Backlog(ctx context.Context) (waiting int64, oldest time.Duration, err error) {
	var first time.Time
	err = s.db.QueryRow(ctx, `SELECT count(*), min(occurred_at) FROM outbox`).Scan(&waiting, &first)
	if !first.IsZero() {
		oldest = max(0, s.now().Sub(first))
	}
	return waiting, oldest, wrap("outbox backlog", err)
}

// Oldest is how long the oldest event has waited to be published. Ids are in the
// order of time, so that it need not look at the others.
func (s *Outbox) Oldest(ctx context.Context) (time.Duration, error) {
	first, err := sqldb.List(ctx, s.db, sqldb.Scalar[time.Time], `SELECT occurred_at FROM outbox ORDER BY id LIMIT 1`)
	if err != nil || len(first) == 0 {
		return 0, wrap("oldest event", err)
	}
	return max(0, s.now().Sub(first[0])), nil
}
