// Package sqlite is SQLite as a sqldb.DB, without cgo. It knows the driver and
// the migrations, and no table.
//
// One connection writes, taking turns, and many read; a database in memory has
// one connection for everything.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// Memory is the path of a database that is gone when it is closed. Every Open
// of it makes another one.
const Memory = ":memory:"

// settings of every connection. busy_timeout comes first, so that the switch to WAL waits too; WAL lets readers go on
// during a write; synchronous FULL makes an answered commit survive a power cut (NORMAL only survives a crash of the
// process), at the price of one fsync a commit: it is money; the page cache is 16 MB a connection, the WAL file
// shrinks back to 64 MB after a burst, and sorting happens in memory.
const settings = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=cache_size(-16384)&_pragma=journal_size_limit(67108864)&_pragma=temp_store(MEMORY)"

// Options are what an operator may tune.
type Options struct {
	Readers  int  // connections that only read, for a file; 0 is twice the cores and at least four
	Existing bool // fail where there is no file, rather than make one
}

// DB is one SQLite database.
type DB struct {
	writer       *writer
	readers      *readers // nil for a database in memory
	transactions *sqldb.Transactions[*transaction]
}

var (
	_ sqldb.DB     = (*DB)(nil)
	_ sqldb.Pooled = (*DB)(nil)
)

// Open opens the file at path and makes it, and its folder, when there is none;
// both are the owner's alone. path may be Memory.
func Open(ctx context.Context, path string, options Options) (*DB, error) {
	db, err := open(ctx, path, options)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	return db, nil
}

func open(ctx context.Context, path string, options Options) (*DB, error) {
	db := &DB{}
	db.transactions = sqldb.NewTransactions(db.begin)
	if path == Memory {
		var err error
		db.writer, err = newWriter(ctx, "file::memory:?"+settings)
		return db, err
	}
	if path == "" || strings.ContainsRune(path, 0) {
		return nil, errors.New("not a path")
	}
	name := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + settings // '?', '#' and '%' are letters of a path
	var err error
	if options.Existing {
		name += "&mode=rw"
		_, err = os.Stat(path)
	} else {
		err = create(path)
	}
	if err != nil {
		return nil, err
	}
	if db.writer, err = newWriter(ctx, name); err != nil {
		return nil, err
	}
	count := options.Readers
	if count <= 0 {
		count = max(4, 2*runtime.GOMAXPROCS(0))
	}
	if db.readers, err = newReaders(ctx, name+"&_pragma=query_only(ON)", count); err != nil {
		return nil, errors.Join(err, db.writer.close())
	}
	return db, nil
}

// create makes the file before SQLite would, which lets everybody read it. The
// files that SQLite puts beside it get the same permissions.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// Dialect has no row locks: whoever writes is alone.
func (db *DB) Dialect() sqldb.Dialect { return sqldb.Dialect{Name: "sqlite"} }

// Ping reads from the file.
func (db *DB) Ping(ctx context.Context) error {
	var n int64
	return db.QueryRow(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n)
}

// Pool counts the connections, of which one writes.
func (db *DB) Pool() sqldb.Pool {
	p := sqldb.Pool{Max: 1, Waits: db.writer.waits.Load(), Waited: time.Duration(db.writer.waited.Load())}
	p.InUse = 1 - len(db.writer.turn)
	p.Idle = 1 - p.InUse
	if db.readers != nil {
		s := db.readers.pool.Stats()
		p.InUse, p.Idle, p.Max = p.InUse+s.InUse, p.Idle+s.Idle, p.Max+s.MaxOpenConnections
		p.Waits, p.Waited = p.Waits+s.WaitCount, p.Waited+s.WaitDuration
	}
	return p
}

// Close waits for the write that is going on.
func (db *DB) Close() error {
	var err error
	if db.readers != nil {
		err = db.readers.close()
	}
	return errors.Join(err, db.writer.close())
}

// Do runs fn alone among all writers: BEGIN IMMEDIATE.
func (db *DB) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	return db.transactions.Do(ctx, fn)
}

func pool(name string, size int) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}
