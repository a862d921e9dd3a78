package contract

import (
	"bytes"
	"image"
	"image/color"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/ports/media"
)

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
	t.Run("nor is detail that only the smallest rendition shows", func(t *testing.T) {
		cells := image.NewGray(image.Rect(0, 0, 640, 640))
		for y := range 640 {
			for x := range 640 {
				cells.SetGray(x, y, color.Gray{Y: uint8(128 + 60*(1-2*((x/10+y/10)%2)))})
			}
		}
		result := s.process(t, p, imageLossless(cells))
		preview := imageDecode(t, result.Renditions[len(result.Renditions)-1].Data)
		b := preview.Bounds().Inset(preview.Bounds().Dx() / 4)
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				if !imageAlike(preview.At(x, y), color.Gray{Y: 128}, 8) {
					t.Fatalf("%v at %d, %d", preview.At(x, y), x, y)
				}
			}
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
