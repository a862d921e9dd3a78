package sajintest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/adapters/worker"
)

// Clock is the server's. It goes as every clock does, and can be turned on.
type Clock struct {
	ahead  atomic.Int64
	server *Server
}

// Now is what the server takes for the present.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Turn lets so much time pass: what comes due meanwhile is done when Turn
// returns, and so is what follows from it. It happens all at the new time: who
// wants to see what a day does to each hour turns the clock hour by hour.
func (c *Clock) Turn(d time.Duration) {
	c.server.t.Helper()
	if d < 0 {
		c.server.t.Fatal("sajintest: a clock is not turned back")
	}
	c.server.Settle() // what runs now ran before the time that passes
	c.ahead.Add(int64(d))
	c.server.must("chores", c.server.moving.chores.RunAll(c.server.t.Context()))
	c.server.Settle()
}

// patience is how long Settle waits: much longer than anything takes.
const patience = 30 * time.Second

// Settle returns when nothing is under way any more: every event has been
// delivered, every job that is due has been done.
func (s *Server) Settle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	// What one look finds done may have left something that it looked at before:
	// two looks in a row have to see the same, and nothing.
	var last state
	for seen := false; ; seen = true {
		now, err := s.moving.look(ctx)
		if err != nil {
			s.t.Fatalf("sajintest: the server does not come to rest: %+v: %v", last, err)
		}
		if seen && now.calm() && now == last {
			return
		}
		if !now.calm() {
			time.Sleep(time.Millisecond)
		}
		last = now
	}
}

// moving is what goes on in a server without a request.
type moving struct {
	chores *worker.Schedule
	pool   *worker.Pool
	queue  *sqlstore.Jobs
	outbox *sqlstore.Outbox
}

// state is what there is to do, and how much has been done.
type state struct {
	events, due, running, done int64
}

func (s state) calm() bool { return s.events == 0 && s.due == 0 && s.running == 0 }

func (m *moving) look(ctx context.Context) (s state, err error) {
	m.pool.Hurry()
	if s.events, _, err = m.outbox.Backlog(ctx); err != nil {
		return s, err
	}
	depths, err := m.queue.Depth(ctx)
	for _, d := range depths {
		s.due += d.Due
	}
	for _, k := range m.pool.Stats() {
		s.running += int64(k.Running)
		s.done += k.Done + k.Retried + k.GivenUp
	}
	return s, err
}
