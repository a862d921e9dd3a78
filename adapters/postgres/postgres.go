// Package postgres is PostgreSQL as a sqldb.DB, on a native pgx pool. It knows
// the driver and the migrations, and no table.
package postgres

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// A network that goes away takes nobody's leave, and what is sent into it is not
// refused. A connection that has rested is asked for a sign of life before it is
// used, and given up when it has none to give within pongTimeout; one that
// waits for an answer is given up when the other machine does not confirm that
// it is there.
const pongTimeout = 2 * time.Second

var silence = net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}

// Options are what an operator may tune.
type Options struct {
	// MaxConns is the most connections of the pool; 0 leaves it to
	// pool_max_conns in the URL, or to what the machine's cores can keep busy.
	MaxConns int
}

// DB is one PostgreSQL database.
type DB struct {
	pool         *pgxpool.Pool
	transactions *sqldb.Transactions[*transaction]
}

var (
	_ sqldb.DB     = (*DB)(nil)
	_ sqldb.Copier = (*DB)(nil)
	_ sqldb.Pooled = (*DB)(nil)
)

// Open connects to url, "postgres://user:password@host/database" or a list of
// key=value words, and fails when nobody answers there. Statements are prepared
// once a connection; behind a pooler that shares connections between
// transactions, add default_query_exec_mode=exec to the URL.
func Open(ctx context.Context, url string, options Options) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err) // pgx leaves the password out
	}
	switch {
	case options.MaxConns > 0:
		config.MaxConns = int32(options.MaxConns)
	case !strings.Contains(url, "pool_max_conns"):
		config.MaxConns = int32(max(16, 4*runtime.GOMAXPROCS(0)))
	}
	if config.PingTimeout == 0 {
		config.PingTimeout = pongTimeout
	}
	config.ConnConfig.DialFunc = (&net.Dialer{Timeout: config.ConnConfig.ConnectTimeout, KeepAliveConfig: silence}).DialContext
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "sajin"
	}
	// A process that is cut off in the middle of a transaction must not keep its
	// locks for hours. Not a start-up parameter: poolers refuse those.
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SET idle_in_transaction_session_timeout = '60s'`)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	db := &DB{pool: pool}
	db.transactions = sqldb.NewTransactions(db.begin)
	if err := db.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return db, nil
}

// Dialect has every kind of row lock.
func (db *DB) Dialect() sqldb.Dialect {
	return sqldb.Dialect{Name: "postgres", ForUpdate: " FOR UPDATE", ForShare: " FOR SHARE", SkipLocked: " FOR UPDATE SKIP LOCKED"}
}

// Ping asks for one round trip.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.pool.Ping(ctx); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	return nil
}

// Pool counts the connections.
func (db *DB) Pool() sqldb.Pool {
	s := db.pool.Stat()
	return sqldb.Pool{
		InUse: int(s.AcquiredConns()), Idle: int(s.IdleConns()), Max: int(s.MaxConns()),
		Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime(),
	}
}

// Close waits for the connections that are in use.
func (db *DB) Close() error {
	db.pool.Close()
	return nil
}

// Do runs fn in a transaction at READ COMMITTED.
func (db *DB) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	return db.transactions.Do(ctx, fn)
}
