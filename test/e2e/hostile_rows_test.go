package e2e

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// rows are digests of what is in every table, by the table's name.
type rows map[string]string

// rows reads the database beside the server. It waits until nothing is on its
// way: jobs that are due, events that are to be published.
func (w *world) rows() rows {
	w.t.Helper()
	driver, at := "pgx", w.config.DatabaseURL().Reveal()
	tables := `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`
	if path, ok := strings.CutPrefix(at, "sqlite:"); ok {
		driver, at, tables = "sqlite", "file:"+path+"?mode=ro", `SELECT name FROM sqlite_master WHERE type = 'table'`
	}
	db, err := sql.Open(driver, at)
	w.must(err)
	defer db.Close()
	w.eventually("nothing is on its way", func() bool {
		var waiting int
		w.must(db.QueryRowContext(w.t.Context(), `SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM outbox)`).Scan(&waiting))
		return waiting == 0
	})
	all := rows{}
	for _, line := range query(w, db, tables) {
		table := strings.TrimSpace(line)
		content := query(w, db, "SELECT * FROM "+table)
		if table == "consumed_events" { // the hour's audit of the ledger comes when it comes
			content = slices.DeleteFunc(content, func(row string) bool { return strings.HasPrefix(row, "wallet.audit ") })
		}
		slices.Sort(content)
		all[table] = fmt.Sprintf("%d rows, %x", len(content), sha256.Sum256([]byte(strings.Join(content, "\n"))))
	}
	return all
}

// query writes each row of an answer as a line.
func query(w *world, db *sql.DB, text string) []string {
	w.t.Helper()
	found, err := db.QueryContext(w.t.Context(), text)
	w.must(err)
	defer found.Close()
	columns, err := found.Columns()
	w.must(err)
	var lines []string
	for found.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		w.must(found.Scan(into...))
		line := ""
		for _, value := range values {
			line += fmt.Sprintf("%v ", value)
		}
		lines = append(lines, line)
	}
	w.must(found.Err())
	return lines
}

// changed lists the tables that are not as they were.
func (r rows) changed(before rows, but ...string) []string {
	var tables []string
	for table, content := range r {
		if content != before[table] && !slices.Contains(but, table) {
			tables = append(tables, table+": "+before[table]+" -> "+content)
		}
	}
	return tables
}
