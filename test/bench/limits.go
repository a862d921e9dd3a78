package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sajin-sns/sajin/adapters/argon"
	"github.com/sajin-sns/sajin/test/pgtest"

	_ "modernc.org/sqlite" // the driver that the server uses, bare
)

// script is a limit: SQL in the words of pgbench, which numbers its variables.
// What is in it is what the operation asks of the database, and nothing else.
type script string

// pgbench runs a script as fast as PostgreSQL can.
func pgbench(ctx context.Context, s *pgtest.Server, database string, text script, during time.Duration) result {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return result{failed: err}
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "limit.sql")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return result{failed: err}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.Bin, "pgbench"), "-n", "-M", "prepared", "-c", strconv.Itoa(connections), "-j", "2",
		"-T", strconv.Itoa(int(during.Seconds())), "-l", "--log-prefix", filepath.Join(dir, "log"), "-f", file, "-h", s.Socket, "-U", "postgres", database)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return result{failed: fmt.Errorf("pgbench: %w\n%s", err, out)}
	}
	found := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(out)
	if found == nil {
		return result{failed: fmt.Errorf("pgbench said no rate: %s", out)}
	}
	rate, _ := strconv.ParseFloat(string(found[1]), 64)
	r := summary(latencies(dir), during, nil)
	r.rate = rate
	return r
}

// latencies are in the third column of pgbench's logs, in microseconds.
func latencies(dir string) (took []time.Duration) {
	logs, _ := filepath.Glob(filepath.Join(dir, "log*"))
	for _, name := range logs {
		text, _ := os.ReadFile(name)
		for line := range bytes.Lines(text) {
			if columns := strings.Fields(string(line)); len(columns) > 2 {
				us, _ := strconv.ParseInt(columns[2], 10, 64)
				took = append(took, time.Duration(us)*time.Microsecond)
			}
		}
	}
	return took
}

// statement is a limit on SQLite: a query, or the statements of a transaction,
// with arguments that change from call to call.
type statement func(n int) (texts []string, args [][]any, writes bool)

// sqliteLimit runs statements over as many connections, without a server.
func sqliteLimit(path string, s statement, during time.Duration) result {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return result{failed: err}
	}
	defer db.Close()
	var writer sync.Mutex
	return measure(during, func(n int) error {
		texts, args, writes := s(n)
		if !writes {
			return readAll(db, texts[0], args[0])
		}
		writer.Lock() // one writer at a time is what SQLite has; a queue is faster than its polling
		defer writer.Unlock()
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		for i, text := range texts {
			if _, err := tx.Exec(text, args[i]...); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return tx.Commit()
	})
}

func readAll(db *sql.DB, text string, args []any) error {
	rows, err := db.Query(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	into := make([]any, len(columns))
	for i := range into {
		into[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// measure does something over and over, as many times at once as load asks.
func measure(during time.Duration, do func(n int) error) result {
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		took  []time.Duration
		first error
		next  int
	)
	began := time.Now()
	until := began.Add(during)
	for range connections {
		all.Go(func() {
			for {
				mu.Lock()
				n, failed := next, first
				next++
				mu.Unlock()
				at := time.Now()
				if failed != nil || at.After(until) {
					return
				}
				err := do(n)
				mu.Lock()
				took = append(took, time.Since(at))
				if first == nil {
					first = err
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return summary(took, time.Since(began), first)
}

// hashLimit is how often the password hash alone can be computed.
func hashLimit(during time.Duration) result {
	h := argon.New(argon.Options{})
	hash, err := h.Hash(context.Background(), password)
	if err != nil {
		return result{failed: err}
	}
	return measure(during, func(int) error {
		_, _, err := h.Verify(context.Background(), password, hash)
		return err
	})
}

// serveContent is what runs in a process of its own to be the limit of
// delivery: net/http with one file.
func serveContent(path string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(path)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "image/jpeg")
		http.ServeContent(w, r, "", info.ModTime(), f)
	})
	return listenAndTell(mux)
}
