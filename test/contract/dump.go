package contract

import (
	"strings"
	"testing"

	"github.com/sajin-sns/sajin/adapters/sqldb"
)

// Dump is every row of every table, as text: for tests of what changes nothing.
func Dump(t *testing.T, db sqldb.DB) map[string][]string {
	t.Helper()
	list := func(query string, args ...any) []string {
		t.Helper()
		all, err := sqldb.List(t.Context(), db, sqldb.Scalar[string], query, args...)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	rows := map[string][]string{}
	if db.Dialect().Name == "postgres" {
		for _, table := range list(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`) {
			rows[table] = list(`SELECT r FROM (SELECT CAST(x AS text) r FROM ` + table + ` x) y ORDER BY r`)
		}
		return rows
	}
	for _, table := range list(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`) {
		columns := list(`SELECT 'quote(' || name || ')' FROM pragma_table_info($1)`, table)
		rows[table] = list(`SELECT ` + strings.Join(columns, ` || ',' || `) + ` r FROM ` + table + ` ORDER BY r`)
	}
	return rows
}
