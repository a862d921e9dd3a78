package pgtest_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/test/pgtest"
)

func TestOpen(t *testing.T) {
	t.Run("every test has a migrated database of its own", func(t *testing.T) {
		a, b := pgtest.Open(t), pgtest.Open(t)
		if _, err := a.Exec(t.Context(), "INSERT INTO consumed_events (consumer, event_id, at) VALUES ('a', gen_random_uuid(), now())"); err != nil {
			t.Fatal(err)
		}
		n, err := sqldb.One(t.Context(), b, sqldb.Scalar[int64], "SELECT count(*) FROM consumed_events")
		if err != nil || n != 0 {
			t.Fatal(n, err)
		}
	})
	t.Run("it is dropped with the test", func(t *testing.T) {
		const count = "SELECT count(*) FROM pg_database WHERE datname LIKE 'test_%'"
		db := pgtest.Open(t)
		t.Run("inner", func(t *testing.T) { pgtest.Open(t) })
		n, err := sqldb.One(t.Context(), db, sqldb.Scalar[int64], count)
		if err != nil || n != 1 {
			t.Fatalf("%d databases, %v", n, err)
		}
	})
}

func TestKill(t *testing.T) {
	const variable = "PGTEST_CHILD"
	if os.Getenv(variable) != "" { // the child: says where its server is, and waits to be killed
		dir, err := sqldb.One(t.Context(), pgtest.Open(t), sqldb.Scalar[string], "SELECT current_setting('unix_socket_directories')")
		fmt.Fprintln(os.Stdout, "server", dir, err)
		select {}
	}
	t.Run("a server does not outlive a test process that is killed", func(t *testing.T) {
		child := exec.Command(os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), variable+"=1")
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var dir string
		for lines := bufio.NewScanner(out); dir == "" && lines.Scan(); {
			if where, found := strings.CutPrefix(lines.Text(), "server "); found {
				dir = strings.TrimSuffix(where, " <nil>")
			}
		}
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
		_ = child.Process.Kill()
		_ = child.Wait()
		for range 500 {
			if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("%s is still there", dir)
	})
}
