package fileblob

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/ports/blob"
)

// snapshot is every file and folder under dir with what is in it.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	tree := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if e.IsDir() {
			tree[name] = "folder"
			return nil
		}
		data, err := os.ReadFile(path)
		tree[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func keysOf(tree map[string]string) []string { return slices.Sorted(maps.Keys(tree)) }

func TestFull(t *testing.T) {
	for _, act := range []string{"put", "start", "part", "complete"} {
		for _, reason := range []error{syscall.ENOSPC, syscall.EDQUOT} {
			t.Run(act+" on a disk that is full leaves no trace: "+reason.Error(), func(t *testing.T) {
				for at := 1; ; at++ {
					if fullAt(t, act, at, reason) {
						return
					}
				}
			})
		}
	}
}

// fullAt lets the nth call of an act find no space, and tells whether the act
// had made its change by then.
func fullAt(t *testing.T, act string, at int, reason error) (changed bool) {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir)
	u, err := s.StartUpload(t.Context(), "a/b/c", "image/new")
	must(err)
	for number, data := range [][]byte{newBytes[:50_000], newBytes[50_000:]} {
		_, err := s.PutPart(t.Context(), u, number+1, bytes.NewReader(data), int64(len(data)))
		must(err)
	}
	before := snapshot(t, dir)
	calls := 0
	var failed string
	s.disk.before = func(call, path string) error {
		if calls++; calls == at {
			failed = call
			return &os.PathError{Op: call, Path: path, Err: reason}
		}
		return nil
	}
	err = acts[act](s, u.Ref)
	s.disk.before = nil
	if failed == "" || !errors.Is(err, blob.ErrFull) {
		// Past the rename nothing can be taken back, and the error says no more than it knows.
		if cmp.Equal(before, snapshot(t, dir)) {
			t.Fatalf("call %d (%s): %v, and nothing changed", at, failed, err)
		}
		if failed != "" && failed != "syncDir" && failed != "rename" && failed != "removeAll" {
			t.Fatalf("call %d (%s): %v", at, failed, err)
		}
		return true
	}
	if !errors.Is(err, reason) {
		t.Errorf("call %d (%s): the reason is lost: %v", at, failed, err)
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Fatalf("call %d (%s) left a trace:\n%.2000s", at, failed, diff)
	}
	if err := acts[act](s, u.Ref); err != nil {
		t.Errorf("it does not work later: %v", err)
	}
	return false
}

func TestDurability(t *testing.T) {
	for _, act := range []string{"put", "complete"} {
		t.Run(act+" sees the bytes onto the disk, then gives them their name, then sees that onto the disk", func(t *testing.T) {
			s := open(t, t.TempDir())
			u, err := s.StartUpload(t.Context(), "a/b/c", "")
			must(err)
			_, err = s.PutPart(t.Context(), u, 1, strings.NewReader("x"), 1)
			must(err)
			var calls []string
			s.disk.before = func(call, path string) error {
				if strings.HasPrefix(path, s.tmp) {
					path = "temp"
				}
				calls = append(calls, call+" "+strings.TrimPrefix(path, s.objects))
				return nil
			}
			must(acts[act](s, u.Ref))
			calls = slices.Compact(calls)
			want := []string{"create temp", "write temp", "sync temp", "mkdirs /a+/b+", "rename /a+/b+/c", "syncDir /a+/b+", "syncDir /a+", "syncDir "}
			if diff := cmp.Diff(want, calls[:len(want)]); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("an upload ends by one rename, and is cleared away after that", func(t *testing.T) {
		s := open(t, t.TempDir())
		u, err := s.StartUpload(t.Context(), "a/b/c", "")
		must(err)
		var calls []string
		s.disk.before = func(call, _ string) error { calls = append(calls, call); return nil }
		must(s.AbortUpload(t.Context(), u))
		if diff := cmp.Diff([]string{"rename", "syncDir", "removeAll"}, calls); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFolder(t *testing.T) {
	t.Run("everything is for the owner alone", func(t *testing.T) {
		defer syscall.Umask(syscall.Umask(0))
		dir := filepath.Join(t.TempDir(), "made", "here")
		s := open(t, dir)
		u, err := s.StartUpload(t.Context(), "x/y", "")
		must(err)
		_, err = s.PutPart(t.Context(), u, 1, strings.NewReader("x"), 1)
		must(err)
		must(s.Put(t.Context(), "a/b", strings.NewReader("x"), 1, ""))
		err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			must(err)
			info, err := e.Info()
			must(err)
			want := fs.FileMode(0o600)
			if e.IsDir() {
				want = 0o700
			}
			if info.Mode().Perm() != want {
				t.Errorf("%s is %v", path, info.Mode())
			}
			return nil
		})
		must(err)
	})
	t.Run("what is being written by others is not swept", func(t *testing.T) {
		s := open(t, t.TempDir())
		young, old := filepath.Join(s.tmp, "young"), filepath.Join(s.tmp, "old")
		for _, dir := range []string{young, old} {
			must(os.MkdirAll(filepath.Join(dir, "deep"), 0o700))
		}
		ago := time.Now().Add(-staleAfter - time.Minute)
		must(os.Chtimes(old, ago, ago))
		open(t, filepath.Dir(s.tmp))
		if got := keysOf(snapshot(t, s.tmp)); !slices.Equal(got, []string{"young", "young/deep"}) {
			t.Errorf("%q are left", got)
		}
		must(os.Chtimes(young, ago, ago))
		must(s.Sweep(t.Context()))
		if got := keysOf(snapshot(t, s.tmp)); len(got) != 0 {
			t.Errorf("%q are left in the end", got)
		}
	})
	t.Run("deleting leaves no empty folders", func(t *testing.T) {
		s := open(t, t.TempDir())
		must(s.Put(t.Context(), "a/b/c", strings.NewReader("x"), 1, ""))
		must(s.Put(t.Context(), "a/d", strings.NewReader("x"), 1, ""))
		must(s.Delete(t.Context(), "a/b/c"))
		if got := keysOf(snapshot(t, s.objects)); !slices.Equal(got, []string{"a+", "a+/d"}) {
			t.Errorf("%q are left", got)
		}
		must(s.Delete(t.Context(), "a/d"))
		if got := snapshot(t, s.objects); len(got) != 0 {
			t.Errorf("%q are left", got)
		}
	})
	t.Run("a file that was cut short is no object", func(t *testing.T) {
		s := open(t, t.TempDir())
		must(s.Put(t.Context(), "k", bytes.NewReader(newBytes), int64(len(newBytes)), "image/png"))
		for _, size := range []int64{int64(len(newBytes)) + 5, 1000, 3, 0} {
			must(os.Truncate(s.path("k"), size))
			if _, err := s.Open(t.Context(), "k"); err == nil || errors.Is(err, blob.ErrNotFound) {
				t.Errorf("at %d bytes: %v", size, err)
			}
		}
	})
	t.Run("files of others are passed over", func(t *testing.T) {
		s := open(t, t.TempDir())
		must(s.Put(t.Context(), "a/b", strings.NewReader("x"), 1, ""))
		for _, name := range []string{".DS_Store", "a+/Thumbs.db", "a+/b~"} {
			must(os.WriteFile(filepath.Join(s.objects, name), nil, 0o600))
		}
		must(os.Mkdir(filepath.Join(s.objects, "lost"), 0o700))
		var keys []string
		must(s.List(t.Context(), "", func(i blob.Info) bool { keys = append(keys, i.Key); return true }))
		if !slices.Equal(keys, []string{"a/b"}) {
			t.Errorf("%q", keys)
		}
	})
}
