package sqlstore

import (
	"context"
	"encoding/json"
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
		b.Exec(`INSERT INTO outbox (id, topic, payload, trace_id, occurred_at, due_at, attempts, last_error)
			VALUES ($1, $2, $3, $4, $5, $5, 0, '')`, ident.New[ident.EventID](s.ids), payload.Topic(), string(body), trace.ID(ctx), now)
	}
	sqldb.AfterCommit(ctx, s.nudge)
	return wrap("append to outbox", s.db.Send(ctx, &b))
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

// Claim takes the oldest due events; until a time nobody else will take them.
func (s *Outbox) Claim(ctx context.Context, limit int, until time.Time) ([]event.Envelope, error) {
	var claimed []event.Envelope
	err := s.db.Do(ctx, func(ctx context.Context) error {
		var err error
		claimed, err = sqldb.List(ctx, s.db, scanEnvelope, `SELECT id, topic, payload, trace_id, occurred_at FROM outbox
			WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2`+s.db.Dialect().SkipLocked, s.now(), limit)
		if err != nil || len(claimed) == 0 {
			return err
		}
		args := []any{until}
		for _, e := range claimed {
			args = append(args, e.ID)
		}
		_, err = s.db.Exec(ctx, `UPDATE outbox SET due_at = $1, attempts = attempts + 1 WHERE id IN (`+sqldb.Placeholders(2, len(claimed))+`)`, args...)
		return err
	})
	return claimed, wrap("claim outbox", err)
}

func scanEnvelope(row sqldb.Row) (e event.Envelope, err error) {
	var payload string
	err = row.Scan(&e.ID, &e.Topic, &payload, &e.TraceID, &e.OccurredAt)
	e.Payload = []byte(payload)
	return e, err
}

// Sent takes a published event off.
func (s *Outbox) Sent(ctx context.Context, id ident.EventID) error {
	_, err := s.db.Exec(ctx, `DELETE FROM outbox WHERE id = $1`, id)
	return wrap("mark event sent", err)
}

// Delay puts an event that could not be published back until a time, and tells
// how often that was tried.
func (s *Outbox) Delay(ctx context.Context, id ident.EventID, until time.Time, why string) error {
	_, err := s.db.Exec(ctx, `UPDATE outbox SET due_at = $2, last_error = $3 WHERE id = $1`, id, until, why)
	return wrap("delay event", err)
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

// Consume records, in the consumer's transaction, that it is done with an
// event, and tells whether it is the first time.
func (s *Outbox) Consume(ctx context.Context, consumer string, id ident.EventID) (fresh bool, err error) {
	n, err := s.db.Exec(ctx, `INSERT INTO consumed_events (consumer, event_id, at) VALUES ($1, $2, $3)
		ON CONFLICT (consumer, event_id) DO NOTHING`, consumer, id, s.now())
	return n == 1, wrap("consume event", err)
}

// Park sets an event aside that a consumer could not handle.
func (s *Outbox) Park(ctx context.Context, consumer string, e event.Envelope, cause string) error {
	_, err := s.db.Exec(ctx, `INSERT INTO parked_events (consumer, event_id, topic, payload, trace_id, occurred_at, error, parked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (consumer, event_id) DO UPDATE SET error = excluded.error, parked_at = excluded.parked_at`,
		consumer, e.ID, e.Topic, string(e.Payload), e.TraceID, e.OccurredAt, cause, s.now())
	return wrap("park event", err)
}

// Parked counts what was set aside.
func (s *Outbox) Parked(ctx context.Context) (n int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT count(*) FROM parked_events`).Scan(&n)
	return n, wrap("parked events", err)
}

// ForgetConsumed drops the records of what was consumed before a time. No event
// is delivered again so late.
func (s *Outbox) ForgetConsumed(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.db.Exec(ctx, `DELETE FROM consumed_events WHERE at < $1`, before)
	return n, wrap("forget consumed events", err)
}
