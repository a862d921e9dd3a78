package postgres_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/test/pgtest"
)

// quietable is a way to the server at whose end one may fall silent: what was
// connected until then stays so and carries nothing any more.
type quietable struct {
	age   atomic.Int64
	mu    sync.Mutex
	conns []net.Conn
}

func (q *quietable) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range q.conns {
		_ = c.Close()
	}
}

func (q *quietable) listen(t *testing.T, socket string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", socket)
			if err != nil {
				_ = near.Close()
				continue
			}
			q.mu.Lock()
			q.conns = append(q.conns, near, far)
			q.mu.Unlock()
			age := q.age.Load()
			go q.carry(far, near, age)
			go q.carry(near, far, age)
		}
	}()
	return l.Addr().String()
}

func (q *quietable) carry(to, from net.Conn, age int64) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if q.age.Load() != age {
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			_, _ = to.Close(), from.Close()
			return
		}
	}
}

func TestANetworkFallsSilent(t *testing.T) {
	t.Run("connections that rested are given up, and new ones made", func(t *testing.T) {
		at, err := url.Parse(pgtest.URL(t))
		if err != nil {
			t.Fatal(err)
		}
		way := &quietable{}
		defer way.end() // or the pool would wait for what it has given up
		at.Host = way.listen(t, at.Query().Get("host")+"/.s.PGSQL."+at.Query().Get("port"))
		at.RawQuery = "sslmode=disable"
		db := open(t, at.String())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { _, _ = sqldb.One(ctx, db, sqldb.Scalar[string], "SELECT pg_sleep(0.2)::text") })
		}
		all.Wait()
		if n := db.Pool().Idle; n < 2 {
			t.Fatalf("%d connections rest", n)
		}
		way.age.Add(1)
		time.Sleep(1100 * time.Millisecond) // since when they count as rested
		if n, err := sqldb.One(ctx, db, sqldb.Scalar[int64], "SELECT 7"); err != nil || n != 7 {
			t.Errorf("%d, %v", n, err)
		}
	})
}
