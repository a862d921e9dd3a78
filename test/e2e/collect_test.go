package e2e

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/test/contract"
)

// operator runs the program's tools on the data of a world.
type operator struct {
	t      *testing.T
	binary string
	config config.Config
}

// run answers what a tool says, and its exit code.
func (o *operator) run(blobs string, args ...string) (string, int) {
	o.t.Helper()
	cmd := exec.Command(o.binary, args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SAJIN_") }),
		"SAJIN_DATA_DIR="+o.config.DataDir, "SAJIN_DATABASE_URL="+o.config.Database.URL.Reveal(), "SAJIN_BLOB_URL="+blobs)
	said, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		o.t.Fatal(err)
	}
	return string(said), cmd.ProcessState.ExitCode()
}

// row finds a line of a table and answers its cells.
func row(table, kind string) string {
	for line := range strings.Lines(table) {
		if line = strings.Join(strings.Fields(line), " "); strings.HasPrefix(line, kind+" ") {
			return strings.TrimPrefix(line, kind+" ")
		}
	}
	return ""
}

// files are all files below a folder, with their size and age.
func files(t *testing.T, dir string) map[string]fs.FileInfo {
	t.Helper()
	all := map[string]fs.FileInfo{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				all[path] = info
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed since
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestCollectByHand leaves things over on a server, and has an operator look.
func TestCollectByHand(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "sajin")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/sajin").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		o := &operator{t, binary, c}
		hana := w.member("hana")
		post := hana.publish(nil)
		shown := post.Media[0].ID
		forgotten := hana.upload(1000)
		db := w.database()
		w.down()

		blobs := filepath.Join(c.DataDir, "blobs")
		stray := media.OriginalKey(ident.MediaID{0xff})
		w.use(func(b blob.Store) error {
			_, err := b.StartUpload(t.Context(), stray, "")
			return errors.Join(err, b.Put(t.Context(), stray, strings.NewReader("left over"), 9, ""))
		})
		ago := time.Now().Add(-10 * 24 * time.Hour)
		for path := range files(t, blobs) {
			w.must(os.Chtimes(path, ago, ago))
		}
		_, err := db.Exec(t.Context(), `UPDATE media SET updated_at = $1`, ago)
		w.must(err)

		type state struct {
			Rows  map[string][]string
			Files []string
		}
		look := func() state {
			t.Helper()
			s := state{Rows: contract.Dump(t, db)}
			for path, info := range files(t, blobs) {
				s.Files = append(s.Files, path+" "+info.ModTime().String()+" "+info.Mode().String())
			}
			slices.Sort(s.Files)
			return s
		}
		before := look()
		said, code := o.run("", "admin", "collect", "--dry-run")
		if code != 0 || !strings.HasPrefix(row(said, "stray objects"), "1 9 0") || !strings.HasPrefix(row(said, "unnamed uploads"), "1 0 0") ||
			!strings.HasSuffix(row(said, "unattached media"), " 0") || !strings.HasPrefix(row(said, "unattached media"), "1 ") {
			t.Errorf("exit %d\n%s", code, said)
		}
		if diff := cmp.Diff(before, look()); diff != "" {
			t.Errorf("a dry run changes:\n%s", diff)
		}

		said, code = o.run("file:"+t.TempDir(), "admin", "collect")
		if code != 1 || !strings.Contains(said, "do not seem to belong together") || !strings.Contains(said, "! missing: originals/"+shown.String()) {
			t.Errorf("with another folder: exit %d\n%s", code, said)
		}
		after := look()
		delete(before.Rows, "storage_checks")
		delete(after.Rows, "storage_checks")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("with another folder it changes:\n%s", diff)
		}

		if said, code = o.run("", "admin", "collect", "--older", "30m"); code != 1 || !strings.Contains(said, "1h") {
			t.Errorf("--older 30m: exit %d\n%s", code, said)
		}
		if said, code = o.run("", "admin", "collect", "--older", "72h"); code != 0 || row(said, "stray objects") != "1 9 1" || row(said, "unnamed uploads") != "1 0 1" {
			t.Errorf("exit %d\n%s", code, said)
		}
		w.up()
		w.eventually("the bytes of what was forgotten are removed", func() bool {
			for path := range files(t, filepath.Join(blobs, "objects")) {
				if strings.Contains(path, forgotten.String()) {
					return false
				}
			}
			return true
		})
		if n := count(t, db, `SELECT count(*) FROM media WHERE deleted_at IS NULL`); n != 1 {
			t.Errorf("%d media are left", n)
		}
		metrics := string(w.ask("GET", "/metrics", "").body)
		for _, line := range []string{`sajin_storage_orphans{kind="stray_objects"} 1`, `sajin_storage_orphans{kind="unattached_media"} 1`, "sajin_storage_missing_objects 0"} {
			if !strings.Contains(metrics, line+"\n") {
				t.Errorf("%s is not shown", line)
			}
		}

		w.use(func(b blob.Store) error {
			return b.Delete(context.Background(), media.OriginalKey(ident.MediaID(shown)))
		})
		said, code = o.run("", "admin", "collect")
		if code != 1 || !strings.HasPrefix(row(said, "missing objects"), "1 ") || !strings.Contains(said, "! missing: originals/"+shown.String()) {
			t.Errorf("with an object that is missing: exit %d\n%s", code, said)
		}
		if n := count(t, db, `SELECT count(*) FROM media WHERE deleted_at IS NULL`); n != 1 {
			t.Error("its row is gone")
		}
	})
}
