package sqlstore

import (
	"context"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/event"
)

// What Resend refuses.
var (
	ErrNotParked = fault.New(fault.NotFound, "events.not-parked", "no such event is parked")
	ErrUnderWay  = fault.New(fault.Conflict, "events.under-way", "the event is still being delivered to others")
)

// Consume records, in the consumer's transaction, that it is done with events,
// of which there is one at least, and answers those that it was not done with
// before.
func (s *Outbox) Consume(ctx context.Context, consumer string, ids ...ident.EventID) (fresh []ident.EventID, err error) {
	q := newQuery(consumer, s.now())
	for _, id := range padded(ids) {
		q.row("$1, ?, $2", id)
	}
	fresh, err = sqldb.List(ctx, s.db, sqldb.Scalar[ident.EventID], q.insert(`INSERT INTO consumed_events (consumer, event_id, at)`)+`
		ON CONFLICT (consumer, event_id) DO NOTHING RETURNING event_id`, q.args...)
	return fresh, wrap("consume events", err)
}

// Park sets an event aside that a consumer could not handle. For that consumer
// it counts as consumed: delivered again, it is not handled again.
func (s *Outbox) Park(ctx context.Context, consumer string, e event.Envelope, cause string) error {
	return wrap("park event", s.db.Do(ctx, func(ctx context.Context) error {
		fresh, err := s.Consume(ctx, consumer, e.ID)
		if err != nil || len(fresh) == 0 { // it was handled or parked in another process meanwhile
			return err
		}
		_, err = s.db.Exec(ctx, `INSERT INTO parked_events (consumer, event_id, topic, payload, trace_id, occurred_at, error, parked_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			consumer, e.ID, e.Topic, string(e.Payload), e.TraceID, e.OccurredAt, cause, s.now())
		return err
	}))
}

// Resend publishes a parked event once more. Consumers that are done with it
// will not hear of it. ErrUnderWay while the event still waits to be published:
// it is tried again once that is done.
func (s *Outbox) Resend(ctx context.Context, consumer string, id ident.EventID) error {
	var sent int64
	var b sqldb.Batch
	b.ExecRows(func(n int64) error { sent = n; return nil },
		`INSERT INTO outbox (id, delivery, topic, payload, trace_id, occurred_at, due_at, attempts, last_error)
		SELECT event_id, $4, topic, payload, trace_id, occurred_at, $3, 0, '' FROM parked_events WHERE consumer = $1 AND event_id = $2
		ON CONFLICT (id) DO NOTHING`, consumer, id, s.now(), ident.New[ident.EventID](s.ids))
	b.ExecOne(ErrNotParked, `DELETE FROM parked_events WHERE consumer = $1 AND event_id = $2`, consumer, id)
	b.ExecRows(func(int64) error {
		if sent != 1 {
			return ErrUnderWay
		}
		return nil
	}, `DELETE FROM consumed_events WHERE consumer = $1 AND event_id = $2`, consumer, id)
	if err := s.db.Send(ctx, &b); err != nil {
		return wrap("resend event", err)
	}
	sqldb.AfterCommit(ctx, s.nudge)
	return nil
}

// ParkedEvent is an event that a consumer gave up.
type ParkedEvent struct {
	Consumer string
	ID       ident.EventID
	Topic    string
	Error    string
	ParkedAt time.Time
}

// ListParked lists what was set aside, the oldest first.
func (s *Outbox) ListParked(ctx context.Context, limit int) ([]ParkedEvent, error) {
	events, err := sqldb.List(ctx, s.db, func(row sqldb.Row) (e ParkedEvent, err error) {
		err = row.Scan(&e.Consumer, &e.ID, &e.Topic, &e.Error, &e.ParkedAt)
		return e, err
	}, `SELECT consumer, event_id, topic, error, parked_at FROM parked_events ORDER BY parked_at, event_id, consumer LIMIT $1`, limit)
	return events, wrap("list parked events", err)
}

// Parked counts what was set aside.
func (s *Outbox) Parked(ctx context.Context) (n int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT count(*) FROM parked_events`).Scan(&n)
	return n, wrap("parked events", err)
}

// ForgetConsumed drops the records of what was consumed before a time, but for
// events that may still be delivered again: they wait, or are parked.
func (s *Outbox) ForgetConsumed(ctx context.Context, before time.Time) (int64, error) {
	var total int64
	for {
		n, err := s.db.Exec(ctx, `DELETE FROM consumed_events WHERE (consumer, event_id) IN (
			SELECT c.consumer, c.event_id FROM consumed_events c WHERE c.at < $1
			AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = c.event_id)
			AND NOT EXISTS (SELECT 1 FROM parked_events p WHERE p.event_id = c.event_id) LIMIT $2)`, before, dropBatch)
		total += n
		if err != nil || n < dropBatch {
			return total, wrap("forget consumed events", err)
		}
	}
}
