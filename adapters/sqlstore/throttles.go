package sqlstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/ports/throttle"
)

// Throttles is throttle.Limiter for all processes on one database: a row for
// each bucket that is not full, by a digest of its key, so that addresses cannot
// be read there.
type Throttles struct {
	db  sqldb.DB
	now func() time.Time
}

var _ throttle.Limiter = (*Throttles)(nil)

// NewThrottles makes the store of buckets.
func NewThrottles(db sqldb.DB, now func() time.Time) *Throttles { return &Throttles{db, now} }

// tally is a bucket as it is stored.
type tally struct {
	key  []byte
	rate throttle.Rate
}

// tallies are the buckets in the order of their keys: whoever takes from several
// of them locks them in the same order.
func tallies(buckets []throttle.Bucket) []tally {
	var all []tally
	for _, b := range buckets {
		if b.Rate.Burst > 0 {
			digest := sha256.Sum256([]byte(b.Key))
			all = append(all, tally{digest[:], b.Rate})
		}
	}
	slices.SortFunc(all, func(a, b tally) int { return bytes.Compare(a.key, b.key) })
	return all
}

// errEmptied is what Take meets when a bucket that it saw was emptied meanwhile.
var errEmptied = errors.New("the bucket was emptied meanwhile")

// Take implements throttle.Limiter. Who is to be refused is found out by reading
// alone, and does not keep others from writing.
func (s *Throttles) Take(ctx context.Context, buckets ...throttle.Bucket) (wait time.Duration, err error) {
	all := tallies(buckets)
	if len(all) == 0 {
		return 0, nil
	}
	for range 3 {
		now := s.now().Truncate(time.Microsecond)
		if wait, err = s.look(ctx, all, now); err != nil || wait > 0 {
			return wait, wrap("look into buckets", err)
		}
		if err = s.spend(ctx, all, now); !errors.Is(err, errEmptied) {
			return 0, wrap("take from buckets", err)
		}
	}
	for _, t := range all { // those who were faster have left nothing
		wait = max(wait, t.rate.Step())
	}
	return wait, nil
}

// look tells how long one of the buckets is empty, and corrects those that were
// written before the clock was put back.
func (s *Throttles) look(ctx context.Context, all []tally, now time.Time) (wait time.Duration, err error) {
	keys := make([][]byte, len(all))
	for i, t := range all {
		keys[i] = t.key
	}
	q := newQuery()
	rows, err := sqldb.List(ctx, s.db, scanTally, `SELECT key, full_at FROM throttles WHERE key`+in(q, keys), q.args...)
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		i := slices.IndexFunc(all, func(t tally) bool { return bytes.Equal(t.key, r.key) })
		full := time.UnixMicro(r.full)
		then, empty := all[i].rate.Spend(full, now)
		if empty > 0 && then.Before(full) {
			if _, err := s.db.Exec(ctx, `UPDATE throttles SET full_at = $2 WHERE key = $1 AND full_at > $2`, r.key, then.UnixMicro()); err != nil {
				return 0, err
			}
		}
		wait = max(wait, empty)
	}
	return wait, nil
}

// spend does in SQL what throttle.Rate.Spend does, for buckets that may be there
// or not and that others take from.
func (s *Throttles) spend(ctx context.Context, all []tally, now time.Time) error {
	var b sqldb.Batch
	for _, t := range all {
		step := t.rate.Step()
		latest := now.Add(step * time.Duration(t.rate.Burst-1))
		b.ExecOne(errEmptied, `INSERT INTO throttles (key, full_at) VALUES ($1, $2)
			ON CONFLICT (key) DO UPDATE SET full_at = CASE WHEN throttles.full_at < $3 THEN $2 ELSE throttles.full_at + $4 END
			WHERE throttles.full_at <= $5`,
			t.key, now.Add(step).UnixMicro(), now.UnixMicro(), step.Microseconds(), latest.UnixMicro())
	}
	return s.db.Send(ctx, &b)
}

// Give implements throttle.Limiter.
func (s *Throttles) Give(ctx context.Context, buckets ...throttle.Bucket) error {
	var b sqldb.Batch
	for _, t := range tallies(buckets) {
		b.Exec(`UPDATE throttles SET full_at = full_at - $2 WHERE key = $1`, t.key, t.rate.Step().Microseconds())
	}
	if b.Len() == 0 {
		return nil
	}
	return wrap("give back to buckets", s.db.Send(ctx, &b))
}

// Sweep drops the buckets that are full, and tells how many.
func (s *Throttles) Sweep(ctx context.Context) (total int64, err error) {
	for {
		n, err := s.db.Exec(ctx, `DELETE FROM throttles WHERE key IN (SELECT key FROM throttles WHERE full_at < $1 ORDER BY full_at LIMIT $2) AND full_at < $1`,
			s.now().UnixMicro(), dropBatch)
		total += n
		if err != nil || n < dropBatch {
			return total, wrap("sweep buckets", err)
		}
	}
}

type tallyRow struct {
	key  []byte
	full int64
}

func scanTally(row sqldb.Row) (r tallyRow, err error) {
	err = row.Scan(&r.key, &r.full)
	return r, err
}
