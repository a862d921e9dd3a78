// Package fileblob keeps objects in a local folder. It knows nothing of what
// the objects are for.
//
//	objects/media+/0190/w320.jpg   an object; "+" marks a folder, so that "a" and "a/b" can both be objects
//	uploads/<ref>/upload           the key and type that an upload will have; also the lock of the upload
//	uploads/<ref>/<number>         a part
//	tmp/                           what is being written, or being thrown away
//
// Every object and part is one file that ends in a label (see label), so that
// its bytes and its type come and go in one rename. Nothing is kept in memory
// but labels, and the bytes of small files, that are still the same: several
// processes may share the folder.
package fileblob

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sajin-sns/sajin/ports/blob"
)

// Store is a blob.Store in a folder.
type Store struct {
	objects string
	uploads string
	tmp     string
	disk    disk
	labels  labels
	smalls  smalls
}

var _ blob.Store = (*Store)(nil)

// staleAfter is how long an unfinished write may rest before it is taken for
// the leftover of a crash.
const staleAfter = time.Hour

// Open opens the store in dir, which is made when it is missing, and sweeps
// out what crashed processes left behind.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("fileblob: %w", err)
	}
	s := &Store{
		objects: filepath.Join(dir, "objects"),
		uploads: filepath.Join(dir, "uploads"),
		tmp:     filepath.Join(dir, "tmp"),
		labels:  newLabels(),
		smalls:  newSmalls(),
	}
	for _, d := range []string{s.objects, s.uploads, s.tmp} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("fileblob: %w", err)
		}
	}
	if err := s.disk.syncDir(dir); err != nil {
		return nil, fmt.Errorf("fileblob: %w", err)
	}
	return s, s.Sweep(context.Background())
}

// Sweep throws away what crashed processes left half-written; its leftovers are
// too young for the start that follows a crash at once. It is called every now
// and then.
func (s *Store) Sweep(context.Context) error {
	before := time.Now().Add(-staleAfter)
	entries, err := os.ReadDir(s.tmp)
	if err != nil {
		return fmt.Errorf("fileblob: sweeping: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.ModTime().After(before) {
			continue // gone by itself, or somebody's work
		}
		if err := os.RemoveAll(filepath.Join(s.tmp, entry.Name())); err != nil {
			return fmt.Errorf("fileblob: sweeping: %w", err)
		}
	}
	return nil
}

const (
	maxKey     = 512
	maxSegment = 200 // file systems allow 255 bytes a name
	alphabet   = "abcdefghijklmnopqrstuvwxyz0123456789._-"
	folder     = "+" // ends the name of a folder; no key has it
)

func checkKey(key string) error {
	if !isKey(key) {
		return fmt.Errorf("fileblob: key %.64q: %w", key, blob.ErrBadKey)
	}
	return nil
}

func isKey(key string) bool {
	for segment := range strings.SplitSeq(key, "/") {
		if !isSegment(segment) {
			return false
		}
	}
	return len(key) <= maxKey
}

func isSegment(name string) bool {
	return name != "" && name != "." && name != ".." &&
		len(name) <= maxSegment && strings.Trim(name, alphabet) == ""
}

// path is the file of a key that was checked.
func (s *Store) path(key string) string {
	return s.objects + string(filepath.Separator) + filepath.FromSlash(strings.ReplaceAll(key, "/", folder+"/"))
}

// full makes blob.ErrFull of the system's words for it. It must only be asked
// about writes that had no effect.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", blob.ErrFull, err)
	}
	return err
}
