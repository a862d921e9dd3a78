package fileblob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sajin-sns/sajin/ports/blob"
)

// List implements blob.Store.
func (s *Store) List(ctx context.Context, prefix string, yield func(blob.Info) bool) error {
	under := prefix[:strings.LastIndexByte(prefix, '/')+1]
	dir := s.objects
	if under != "" {
		name := strings.TrimSuffix(under, "/")
		if !isKey(name) {
			return nil // no key begins like this
		}
		dir = s.path(name) + folder
	}
	if _, err := s.walk(ctx, dir, under, prefix, yield); err != nil {
		return fmt.Errorf("fileblob: listing %q: %w", prefix, err)
	}
	return nil
}

// entry is a file or a folder; the keys in a folder begin with its text, which
// ends in a slash, and that is what makes the order the order of keys.
type entry struct {
	text string
	dir  string // the folder's path; empty for a file
}

// walk lists what is in dir, whose keys begin with under. It answers whether
// more is wanted.
func (s *Store) walk(ctx context.Context, dir, under, prefix string, yield func(blob.Info) bool) (bool, error) {
	entries, err := read(dir, under)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.text, prefix) {
			continue
		}
		if e.dir != "" {
			if more, err := s.walk(ctx, e.dir, e.text, prefix, yield); err != nil || !more {
				return false, err
			}
			continue
		}
		info, err := s.Stat(ctx, e.text)
		if errors.Is(err, blob.ErrNotFound) {
			continue // deleted since
		}
		if err != nil {
			return false, err
		}
		if !yield(info) {
			return false, nil
		}
	}
	return true, ctx.Err()
}

// read lists a folder in the order of keys. Names that are of no key were put
// there by somebody else.
func read(dir, under string) ([]entry, error) {
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries := make([]entry, 0, len(names))
	for _, name := range names {
		segment, isFolder := strings.CutSuffix(name.Name(), folder)
		switch {
		case !isSegment(segment):
		case isFolder && name.IsDir():
			entries = append(entries, entry{under + segment + "/", filepath.Join(dir, name.Name())})
		case !isFolder && name.Type().IsRegular():
			entries = append(entries, entry{under + segment, ""})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.text, b.text) })
	return entries, nil
}
