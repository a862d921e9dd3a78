package contract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/ports/media"
)

// Images holds a processor of pictures to its promises. open makes one with its
// default budgets; it must take JPEG and PNG at least, and make renditions that
// the standard library can decode.
func Images(t *testing.T, open func(t *testing.T) media.Processor) {
	s := images{open}
	t.Run("types", s.types)
	t.Run("inspecting", s.inspecting)
	t.Run("refusing", s.refusing)
	t.Run("renditions", s.renditions)
	t.Run("orientation", s.orientation)
	t.Run("metadata", s.metadata)
	t.Run("what the locked see", s.veiled)
	t.Run("repeated and at once", s.repeated)
	t.Run("progress", s.progress)
	t.Run("interrupted", s.interrupted)
}

type images struct {
	open func(t *testing.T) media.Processor
}

func (s images) types(t *testing.T) {
	t.Run("JPEG and PNG are among the types", func(t *testing.T) {
		types := s.open(t).Types()
		for _, want := range []string{"image/jpeg", "image/png"} {
			if !slices.Contains(types, want) {
				t.Errorf("%q is not among %q", want, types)
			}
		}
	})
}

func (s images) inspecting(t *testing.T) {
	p := s.open(t)
	t.Run("facts are those of the bytes, and the same when processed", func(t *testing.T) {
		for kind, file := range map[string][]byte{"image/jpeg": imageJPEG(90, 60), "image/png": imagePNG(90, 60)} {
			want := media.Facts{Kind: media.Photo, ContentType: kind, Width: 90, Height: 60, Frames: 1}
			inspected, err := p.Inspect(t.Context(), bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, inspected); diff != "" {
				t.Errorf("inspected (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, s.process(t, p, file).Facts); diff != "" {
				t.Errorf("processed (-want +got):\n%s", diff)
			}
		}
	})
	t.Run("inspecting a long file reads little of it", func(t *testing.T) {
		file := append(imageJPEG(90, 60), make([]byte, 4<<20)...)
		src := &imageSource{data: file}
		if _, err := p.Inspect(t.Context(), src); err != nil {
			t.Fatal(err)
		}
		if src.read > 256<<10 {
			t.Errorf("%d bytes were read", src.read)
		}
	})
}

func (s images) refusing(t *testing.T) {
	p := s.open(t)
	jpeg, png := imageJPEG(90, 60), imagePNG(90, 60)
	for _, c := range []struct {
		rule string
		file []byte
		want error
	}{
		{"a web page is no picture", []byte("<!doctype html><script>alert(1)</script>"), media.ErrUnsupported},
		{"a drawing that can run scripts is no picture", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), media.ErrUnsupported},
		{"a document is no picture", []byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"), media.ErrUnsupported},
		{"an archive is no picture", []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"), media.ErrUnsupported},
		{"a picture behind a web page is no picture", append([]byte("<html>"), jpeg...), media.ErrUnsupported},
		{"one byte is no picture", []byte{0x89}, media.ErrUnsupported},
		{"an empty file is damaged", nil, media.ErrCorrupt},
		{"a header that claims four gigapixels is refused", imagePNGClaiming(65535, 65535), media.ErrDimensions},
		{"a header that claims more than can be counted is refused", imagePNGClaiming(1<<31-1, 1<<31-1), media.ErrDimensions},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if _, err := p.Inspect(t.Context(), bytes.NewReader(c.file)); !errors.Is(err, c.want) {
				t.Errorf("Inspect: %v, not %v", err, c.want)
			}
			if _, err := p.Process(t.Context(), bytes.NewReader(c.file), nil); !errors.Is(err, c.want) {
				t.Errorf("Process: %v, not %v", err, c.want)
			}
		})
	}
	t.Run("half a picture is damaged", func(t *testing.T) {
		for _, file := range [][]byte{jpeg[:len(jpeg)/2], png[:len(png)/2], jpeg[:20], png[:20]} {
			if _, err := p.Process(t.Context(), bytes.NewReader(file), nil); !errors.Is(err, media.ErrCorrupt) {
				t.Errorf("%d bytes: %v", len(file), err)
			}
		}
	})
}

func (s images) repeated(t *testing.T) {
	p := s.open(t)
	t.Run("equal bytes give equal results, one after the other and at once", func(t *testing.T) {
		file := imageJPEG(700, 500)
		want := s.process(t, p, file)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				got, err := p.Process(t.Context(), bytes.NewReader(file), nil)
				if err != nil {
					t.Error(err)
				} else if !reflect.DeepEqual(want, got) {
					t.Error("the results differ")
				}
			})
		}
		wg.Wait()
	})
}

func (s images) progress(t *testing.T) {
	t.Run("the percentage only grows, and ends at a hundred", func(t *testing.T) {
		last := -1
		_, err := s.open(t).Process(t.Context(), bytes.NewReader(imageJPEG(700, 500)), func(stage string, percent int) {
			if stage == "" || percent < last || percent > 100 {
				t.Errorf("%q %d after %d", stage, percent, last)
			}
			last = percent
		})
		if err != nil || last != 100 {
			t.Errorf("ended at %d, %v", last, err)
		}
	})
}

func (s images) interrupted(t *testing.T) {
	p := s.open(t)
	file := imageJPEG(700, 500)
	lasting := func(err error) bool {
		return errors.Is(err, media.ErrCorrupt) || errors.Is(err, media.ErrUnsupported) || errors.Is(err, media.ErrDimensions)
	}
	t.Run("a cancelled call says so, and does not blame the file", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Process(ctx, bytes.NewReader(file), nil); !errors.Is(err, context.Canceled) || lasting(err) {
			t.Error(err)
		}
	})
	t.Run("a source that cannot be read is not a damaged picture", func(t *testing.T) {
		for _, from := range []int64{0, int64(len(file)) / 2} {
			if _, err := p.Process(t.Context(), &imageSource{data: file, failsFrom: from, fails: true}, nil); err == nil || lasting(err) {
				t.Errorf("failing from %d on: %v", from, err)
			}
		}
	})
}

func (s images) process(t *testing.T, p media.Processor, file []byte) media.Result {
	t.Helper()
	result, err := p.Process(t.Context(), bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// imageSource counts what is read of it, and fails where it is told to.
type imageSource struct {
	data      []byte
	read      int
	fails     bool
	failsFrom int64
}

func (s *imageSource) Size() int64 { return int64(len(s.data)) }

func (s *imageSource) ReadAt(p []byte, off int64) (int, error) {
	if s.fails && off+int64(len(p)) > s.failsFrom {
		return 0, errors.New("the disk is gone")
	}
	n := copy(p, s.data[min(off, s.Size()):])
	s.read += n
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
