package fileblob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/ports/blob"
)

// The test binary runs itself and dies, as by kill -9, ahead of the nth call
// that changes the folder; the parent looks at what is left.

const (
	dieFolder = "FILEBLOB_TEST_FOLDER"
	dieAct    = "FILEBLOB_TEST_ACT"
	dieAt     = "FILEBLOB_TEST_DIE_AT"
	dieRef    = "FILEBLOB_TEST_REF"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(dieFolder); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

func child(dir string) int {
	s, err := Open(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	left, _ := strconv.Atoi(os.Getenv(dieAt))
	s.disk.before = func(string, string) error {
		if left--; left == 0 {
			self, _ := os.FindProcess(os.Getpid())
			must(self.Kill())
			select {}
		}
		return nil
	}
	if err := acts[os.Getenv(dieAct)](s, os.Getenv(dieRef)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return 0
}

var (
	oldBytes = bytes.Repeat([]byte("old."), 10_000)
	newBytes = bytes.Repeat([]byte("new!"), 30_000)
)

// acts are what the child does, on the upload of the given ref if there is one.
var acts = map[string]func(s *Store, ref string) error{
	"put": func(s *Store, _ string) error {
		return s.Put(context.Background(), "a/b/c", bytes.NewReader(newBytes), int64(len(newBytes)), "image/new")
	},
	"delete": func(s *Store, _ string) error { return s.Delete(context.Background(), "a/b/c") },
	"start": func(s *Store, _ string) error {
		_, err := s.StartUpload(context.Background(), "a/b/c", "image/new")
		return err
	},
	"part": func(s *Store, ref string) error {
		_, err := s.PutPart(context.Background(), blob.Upload{Key: "a/b/c", Ref: ref}, 2, bytes.NewReader(newBytes), int64(len(newBytes)))
		return err
	},
	"complete": func(s *Store, ref string) error {
		u := blob.Upload{Key: "a/b/c", Ref: ref}
		parts, err := s.ListParts(context.Background(), u)
		if err == nil {
			_, err = s.CompleteUpload(context.Background(), u, parts)
		}
		return err
	},
	"abort": func(s *Store, ref string) error {
		return s.AbortUpload(context.Background(), blob.Upload{Key: "a/b/c", Ref: ref})
	},
}

// everyCrash lets a process die ahead of each call of an act in turn, each time
// on a folder of its own, and hands what is left to check. It goes on until
// the act lives to its end.
func everyCrash(t *testing.T, act string, prepare func(s *Store) (ref string), check func(t *testing.T, s *Store, ref string, done bool)) {
	t.Helper()
	for at := 1; ; at++ {
		dir := t.TempDir()
		ref := prepare(open(t, dir))
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), dieFolder+"="+dir, dieAct+"="+act, dieAt+"="+strconv.Itoa(at), dieRef+"="+ref)
		said, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code > 0 {
			t.Fatalf("%s does not even fail by dying: %v\n%s", act, err, said)
		}
		done := err == nil
		t.Run(fmt.Sprintf("%s, dead ahead of call %d", act, at), func(t *testing.T) {
			check(t, open(t, dir), ref, done)
			sweptClean(t, dir)
		})
		if done {
			if at < 4 {
				t.Fatalf("%s is over after %d calls: it is not watched", act, at)
			}
			return
		}
	}
}

// sweptClean ages what crashes left and opens the store again.
func sweptClean(t *testing.T, dir string) {
	t.Helper()
	ago := time.Now().Add(-2 * staleAfter)
	for name := range snapshot(t, filepath.Join(dir, "tmp")) {
		_ = os.Chtimes(filepath.Join(dir, "tmp", name), ago, ago)
	}
	s := open(t, dir)
	if left := snapshot(t, s.tmp); len(left) != 0 {
		t.Errorf("never swept: %v", left)
	}
}

func TestCrash(t *testing.T) {
	nothing := func(*Store) string { return "" }
	withOld := func(s *Store) string {
		must(s.Put(context.Background(), "a/b/c", bytes.NewReader(oldBytes), int64(len(oldBytes)), "image/old"))
		return ""
	}
	upload := func(s *Store) string {
		u, err := s.StartUpload(context.Background(), "a/b/c", "image/new")
		must(err)
		for number, data := range [][]byte{newBytes[:50_000], newBytes[50_000:]} {
			_, err := s.PutPart(context.Background(), u, number+1, bytes.NewReader(data), int64(len(data)))
			must(err)
		}
		return u.Ref
	}

	everyCrash(t, "put", nothing, func(t *testing.T, s *Store, _ string, done bool) {
		if state := stateOf(t, s); state != "new" && (done || state != "none") {
			t.Errorf("there is %s", state)
		}
	})
	everyCrash(t, "put", withOld, func(t *testing.T, s *Store, _ string, done bool) {
		if state := stateOf(t, s); state != "new" && (done || state != "old") {
			t.Errorf("there is %s", state)
		}
	})
	everyCrash(t, "delete", withOld, func(t *testing.T, s *Store, _ string, done bool) {
		if state := stateOf(t, s); state != "none" && (done || state != "old") {
			t.Errorf("there is %s", state)
		}
	})
	everyCrash(t, "start", nothing, func(t *testing.T, s *Store, _ string, done bool) {
		for name := range snapshot(t, s.uploads) {
			if _, err := s.ListParts(t.Context(), blob.Upload{Key: "a/b/c", Ref: filepath.Dir(name)}); filepath.Base(name) == "upload" && err != nil {
				t.Errorf("half an upload: %v", err)
			}
		}
	})
	everyCrash(t, "part", upload, func(t *testing.T, s *Store, ref string, done bool) {
		parts, err := s.ListParts(t.Context(), blob.Upload{Key: "a/b/c", Ref: ref})
		if err != nil || len(parts) != 2 {
			t.Fatalf("%v, %v", parts, err)
		}
		if size := parts[1].Size; size != int64(len(newBytes)) && (done || size != int64(len(newBytes))-50_000) {
			t.Errorf("part 2 has %d bytes", size)
		}
	})
	for name, prepare := range map[string]func(*Store) string{
		"none": upload,
		"old":  func(s *Store) string { withOld(s); return upload(s) },
	} {
		everyCrash(t, "complete", prepare, func(t *testing.T, s *Store, ref string, done bool) {
			state := stateOf(t, s)
			if state != "new" && (done || state != name) {
				t.Errorf("there is %s", state)
			}
			if state == name { // not completed: the parts must all be there still
				parts, err := s.ListParts(t.Context(), blob.Upload{Key: "a/b/c", Ref: ref})
				if err != nil || len(parts) != 2 {
					t.Fatalf("%v, %v", parts, err)
				}
			}
			completeAfter(t, s, ref)
		})
	}
	everyCrash(t, "abort", upload, func(t *testing.T, s *Store, ref string, done bool) {
		u := blob.Upload{Key: "a/b/c", Ref: ref}
		if parts, err := s.ListParts(t.Context(), u); err == nil && (done || len(parts) != 2) {
			t.Errorf("half an upload: %v", parts)
		}
		if err := s.AbortUpload(t.Context(), u); err != nil {
			t.Error(err)
		}
		if left := snapshot(t, s.uploads); len(left) != 0 {
			t.Errorf("%v is left", left)
		}
	})
}

// completeAfter completes an upload whose first completion died, twice.
func completeAfter(t *testing.T, s *Store, ref string) {
	t.Helper()
	u := blob.Upload{Key: "a/b/c", Ref: ref}
	parts, _ := s.ListParts(t.Context(), u) // none when the first one came to its end
	there, _ := s.Stat(t.Context(), "a/b/c")
	published := there.ContentType == "image/new"
	first, err := s.CompleteUpload(t.Context(), u, parts)
	if err != nil {
		t.Fatal(err)
	}
	if published && first != there {
		t.Errorf("what was made as %+v is made again as %+v", there, first)
	}
	again, err := s.CompleteUpload(t.Context(), u, parts)
	if err != nil || again != first || stateOf(t, s) != "new" {
		t.Errorf("%+v, then %+v, %v; there is %s", first, again, err, stateOf(t, s))
	}
	if left := snapshot(t, s.uploads); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

func TestDeathInTheMiddleOfABody(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	u, err := s.StartUpload(t.Context(), "k", "")
	must(err)
	before := snapshot(t, s.uploads)
	body := io.MultiReader(bytes.NewReader(newBytes), strings.NewReader("x"))
	func() { // a panic runs no cleaning up, like a death
		defer func() { _ = recover() }()
		_, _ = s.PutPart(t.Context(), u, 1, io.MultiReader(body, panicking{}), int64(len(newBytes))+10)
	}()
	if len(snapshot(t, s.tmp)) != 1 {
		t.Error("the death left nothing: it tests nothing")
	}
	if !slices.Equal(keysOf(before), keysOf(snapshot(t, s.uploads))) {
		t.Error("half a part is there")
	}
	sweptClean(t, dir)
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("dead") }

// stateOf tells which object is there: none, old, new, or something that must
// never be.
func stateOf(t *testing.T, s *Store) string {
	t.Helper()
	var infos []blob.Info
	if err := s.List(t.Context(), "", func(i blob.Info) bool { infos = append(infos, i); return true }); err != nil {
		t.Fatal(err)
	}
	if len(infos) == 0 {
		return "none"
	}
	o, err := s.Open(t.Context(), "a/b/c")
	if err != nil || len(infos) != 1 {
		t.Fatalf("%v, %v", infos, err)
	}
	defer o.Close()
	data, err := io.ReadAll(o)
	must(err)
	switch {
	case bytes.Equal(data, oldBytes) && o.Info().ContentType == "image/old":
		return "old"
	case bytes.Equal(data, newBytes) && o.Info().ContentType == "image/new":
		return "new"
	}
	return fmt.Sprintf("a mixture: %+v", infos)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
