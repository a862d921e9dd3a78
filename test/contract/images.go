package contract

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"io"
	"reflect"
	"regexp"
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

func (s images) renditions(t *testing.T) {
	p := s.open(t)
	for _, side := range [][2]int{{3000, 200}, {700, 1400}, {320, 240}, {40, 30}, {1, 1}} {
		file := imageJPEG(side[0], side[1])
		result := s.process(t, p, file)
		last := len(result.Renditions) - 1
		t.Run("there is one at least, and the preview comes last", func(t *testing.T) {
			if last < 1 {
				t.Fatalf("%d renditions of %v", last+1, side)
			}
			for i, r := range result.Renditions {
				if (r.Name == media.Preview) != (i == last) {
					t.Errorf("%q is at %d of %d", r.Name, i, last)
				}
			}
		})
		t.Run("they grow, never beyond the original nor beyond their name", func(t *testing.T) {
			edges := map[string]int{"w320": 320, "w1080": 1080, "w2048": 2048}
			before := 0
			for _, r := range result.Renditions[:last] {
				long := max(r.Width, r.Height)
				if edge, known := edges[r.Name]; !known || long > edge || long > max(side[0], side[1]) || long <= before {
					t.Errorf("%q of %v is %d by %d, after %d", r.Name, side, r.Width, r.Height, before)
				}
				before = long
			}
			if want := min(2048, max(side[0], side[1])); before != want {
				t.Errorf("the largest of %v has an edge of %d, not %d", side, before, want)
			}
		})
		t.Run("their bytes are what they say", func(t *testing.T) {
			for _, r := range result.Renditions {
				config, format, err := image.DecodeConfig(bytes.NewReader(r.Data))
				if err != nil || config.Width != r.Width || config.Height != r.Height || "image/"+format != r.ContentType || r.Extension == "" {
					t.Errorf("%q says %s %d by %d: %s %d by %d, %v", r.Name, r.ContentType, r.Width, r.Height, format, config.Width, config.Height, err)
				}
			}
		})
		t.Run("they keep the picture's shape", func(t *testing.T) {
			for _, r := range result.Renditions[:last] {
				if off := r.Width*side[1] - r.Height*side[0]; max(off, -off) > max(side[0], side[1]) {
					t.Errorf("%q of %v is %d by %d", r.Name, side, r.Width, r.Height)
				}
			}
		})
	}
}

func (s images) orientation(t *testing.T) {
	p := s.open(t)
	upright := imageCorners(96, 64)
	for value := 1; value <= 8; value++ {
		file := imageWithSegments(imageEncode(imageStoredAs(upright, value)), imageExif(value))
		result := s.process(t, p, file)
		t.Run("a picture stands upright whatever way its camera was held", func(t *testing.T) {
			if result.Facts.Width != 96 || result.Facts.Height != 64 {
				t.Fatalf("orientation %d: %d by %d", value, result.Facts.Width, result.Facts.Height)
			}
			for _, r := range result.Renditions {
				m := imageDecode(t, r.Data)
				for _, at := range [][2]int{{1, 1}, {5, 1}, {1, 5}, {5, 5}} { // sixths
					want := upright.At(96*at[0]/6, 64*at[1]/6)
					got := m.At(r.Width*at[0]/6, r.Height*at[1]/6)
					if !imageAlike(got, want, 60) {
						t.Errorf("orientation %d, %s at %v/6: %v, not %v", value, r.Name, at, got, want)
					}
				}
			}
		})
	}
	t.Run("an orientation that does not exist means none", func(t *testing.T) {
		for _, value := range []int{0, 9, 255, 65535} {
			facts, err := p.Inspect(t.Context(), bytes.NewReader(imageWithSegments(imageJPEG(90, 60), imageExif(value))))
			if err != nil || facts.Width != 90 || facts.Height != 60 {
				t.Errorf("orientation %d: %+v, %v", value, facts, err)
			}
		}
	})
	t.Run("of two orientations the first holds", func(t *testing.T) {
		facts, err := p.Inspect(t.Context(), bytes.NewReader(imageWithSegments(imageJPEG(90, 60), imageExif(6), imageExif(3))))
		if err != nil || facts.Width != 60 || facts.Height != 90 {
			t.Errorf("%+v, %v", facts, err)
		}
	})
}

func (s images) metadata(t *testing.T) {
	p := s.open(t)
	t.Run("nothing that was not picture comes through", func(t *testing.T) {
		file := imageWithSegments(imageJPEG(400, 300), imageExif(1),
			imageSegment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>37.5665N 126.978E</x:xmpmeta>"),
			imageSegment(0xed, "Photoshop 3.0\x008BIM a name"),
			imageSegment(0xfe, "<script>a comment</script>"))
		file = append(file, "PK\x03\x04 an archive behind the picture"...)
		for _, r := range s.process(t, p, file).Renditions {
			for _, mark := range []string{"Exif", "maker's note", "xmpmeta", "ns.adobe", "126.978", "Photoshop", "8BIM", "script", "PK\x03\x04"} {
				if bytes.Contains(r.Data, []byte(mark)) {
					t.Errorf("%s holds %q", r.Name, mark)
				}
			}
		}
	})
}

func (s images) veiled(t *testing.T) {
	p := s.open(t)
	t.Run("detail that a copy of 32 px does not show is in nothing that the locked see", func(t *testing.T) {
		flat, checked := image.NewGray(image.Rect(0, 0, 640, 640)), image.NewGray(image.Rect(0, 0, 640, 640))
		for y := range 640 {
			for x := range 640 {
				flat.SetGray(x, y, color.Gray{Y: 128})
				checked.SetGray(x, y, color.Gray{Y: uint8(128 + 60*(1-2*((x+y)%2)))})
			}
		}
		a, b := s.process(t, p, imageLossless(flat)), s.process(t, p, imageLossless(checked))
		if diff := cmp.Diff(a.Placeholder, b.Placeholder); diff != "" {
			t.Errorf("placeholders differ:\n%s", diff)
		}
		if !bytes.Equal(a.Renditions[len(a.Renditions)-1].Data, b.Renditions[len(b.Renditions)-1].Data) {
			t.Error("previews differ")
		}
	})
	t.Run("a placeholder is a hash of four by three and a colour of the picture", func(t *testing.T) {
		red := image.NewRGBA(image.Rect(0, 0, 120, 80))
		for i := range red.Pix {
			red.Pix[i] = [4]byte{200, 16, 16, 255}[i%4]
		}
		about := s.process(t, p, imageLossless(red)).Placeholder
		if !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(about.Dominant) || about.Dominant[1] < 'b' || about.Dominant[3] > '2' {
			t.Errorf("the colour of red is %q", about.Dominant)
		}
		if !regexp.MustCompile(`^L[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{27}$`).MatchString(about.Blurhash) {
			t.Errorf("the hash is %q", about.Blurhash)
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
