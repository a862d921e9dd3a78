package fileblob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sajin-sns/sajin/ports/blob"
)

const maxPart = 10_000

// StartUpload implements blob.Store.
func (s *Store) StartUpload(ctx context.Context, key, contentType string) (blob.Upload, error) {
	if err := checkKey(key); err != nil {
		return blob.Upload{}, err
	}
	if err := ctx.Err(); err != nil {
		return blob.Upload{}, err
	}
	u := blob.Upload{Key: key, Ref: rand.Text()}
	if err := s.start(u, contentType); err != nil {
		return blob.Upload{}, fmt.Errorf("fileblob: starting an upload of %q: %w", key, err)
	}
	return u, nil
}

// start makes the folder of an upload whole before it gets its name.
func (s *Store) start(u blob.Upload, contentType string) error {
	staged := filepath.Join(s.tmp, u.Ref)
	err := s.disk.mkdirs(staged)
	if err == nil {
		err = s.describeUpload(staged, header{Key: u.Key, Type: contentType})
	}
	if err == nil {
		err = s.disk.rename(staged, s.dir(u))
	}
	if err != nil {
		s.disk.discard(staged)
		return full(err)
	}
	return s.disk.syncDir(s.uploads)
}

// header is the file "upload" of an upload.
type header struct {
	Key  string `json:"key"`
	Type string `json:"type"`
}

func (s *Store) describeUpload(dir string, h header) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	f, err := s.disk.createAs(filepath.Join(dir, "upload"))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := s.disk.writer(f).Write(text); err != nil {
		return err
	}
	if err := s.disk.sync(f); err != nil {
		return err
	}
	return s.disk.syncDir(dir)
}

func (s *Store) dir(u blob.Upload) string { return filepath.Join(s.uploads, u.Ref) }

// PutPart implements blob.Store.
func (s *Store) PutPart(ctx context.Context, u blob.Upload, number int, body io.Reader, size int64) (blob.Part, error) {
	part, err := s.putPart(ctx, u, number, body, size)
	if err != nil {
		return blob.Part{}, fmt.Errorf("fileblob: part %d of %q: %w", number, u.Key, err)
	}
	return part, nil
}

func (s *Store) putPart(ctx context.Context, u blob.Upload, number int, body io.Reader, size int64) (blob.Part, error) {
	if number < 1 || number > maxPart {
		return blob.Part{}, errors.New("parts are numbered from 1 to 10000")
	}
	if _, err := s.header(u); err != nil {
		return blob.Part{}, err // before the body is taken in
	}
	hash := sha256.New()
	var tag string
	temp, _, err := s.stage(func(w io.Writer) (label, error) {
		err := receive(ctx, io.MultiWriter(w, hash), body, size)
		tag = hex.EncodeToString(hash.Sum(nil)[:16])
		return label{Tag: tag}, err
	})
	if err != nil {
		return blob.Part{}, err
	}
	held, err := s.hold(ctx, u)
	if err == nil {
		defer held.release()
		err = full(s.disk.rename(temp, filepath.Join(s.dir(u), strconv.Itoa(number))))
	}
	if err != nil {
		s.disk.discard(temp)
		return blob.Part{}, err
	}
	return blob.Part{Number: number, Size: size, ETag: tag}, s.disk.syncDir(s.dir(u))
}

// ListParts implements blob.Store.
func (s *Store) ListParts(ctx context.Context, u blob.Upload) ([]blob.Part, error) {
	parts, err := s.listParts(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("fileblob: parts of %q: %w", u.Key, err)
	}
	return parts, nil
}

func (s *Store) listParts(ctx context.Context, u blob.Upload) ([]blob.Part, error) {
	numbers, err := s.numbers(u)
	if err != nil {
		return nil, err
	}
	parts := make([]blob.Part, 0, len(numbers))
	for _, number := range numbers {
		f, part, err := s.openPart(ctx, u, number)
		if err != nil {
			return nil, err
		}
		_ = f.Close()
		parts = append(parts, part)
	}
	return parts, nil
}

// numbers lists the numbers of the parts that are there.
func (s *Store) numbers(u blob.Upload) ([]int, error) {
	if _, err := s.header(u); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(s.dir(u))
	if err != nil {
		return nil, gone(err)
	}
	var numbers []int
	for _, e := range entries {
		if number, err := strconv.Atoi(e.Name()); err == nil {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func (s *Store) openPart(ctx context.Context, u blob.Upload, number int) (*os.File, blob.Part, error) {
	if err := ctx.Err(); err != nil {
		return nil, blob.Part{}, err
	}
	f, err := os.Open(filepath.Join(s.dir(u), strconv.Itoa(number)))
	if err != nil {
		return nil, blob.Part{}, gone(err)
	}
	l, size, _, err := readLabel(f)
	if err != nil {
		_ = f.Close()
		return nil, blob.Part{}, err
	}
	return f, blob.Part{Number: number, Size: size, ETag: l.Tag}, nil
}

// header reads what an open upload is for.
func (s *Store) header(u blob.Upload) (header, error) {
	if err := checkKey(u.Key); err != nil {
		return header{}, err
	}
	if !isRef(u.Ref) {
		return header{}, blob.ErrNotFound
	}
	h, err := s.readHeader(u.Ref)
	if err == nil && h.Key != u.Key {
		err = blob.ErrNotFound
	}
	if err != nil {
		return header{}, err
	}
	return h, nil
}

func (s *Store) readHeader(ref string) (header, error) {
	text, err := os.ReadFile(filepath.Join(s.uploads, ref, "upload"))
	if err != nil {
		return header{}, gone(err)
	}
	var h header
	if err := json.Unmarshal(text, &h); err != nil {
		return header{}, fmt.Errorf("upload %s is damaged: %w", ref, err)
	}
	return h, nil
}

// isRef tells whether a ref is of the form that StartUpload gives out, as it
// becomes a file name.
func isRef(ref string) bool {
	return len(ref) == 26 && strings.Trim(ref, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return blob.ErrNotFound
	}
	return err
}
