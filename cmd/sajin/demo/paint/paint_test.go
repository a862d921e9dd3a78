package paint

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"runtime"
	"slices"
	"testing"
)

var categories = []string{"people", "nature", "city", "food", "art", "animals", "travel", "fashion", "other"}

func TestScenes(t *testing.T) {
	scenes := Scenes()
	t.Run("there are enough for a front page, and of every category but none outside them", func(t *testing.T) {
		if len(scenes) < 16 {
			t.Errorf("only %d scenes", len(scenes))
		}
		used := map[string]bool{}
		for _, s := range scenes {
			used[s.Category] = true
			if !slices.Contains(categories, s.Category) {
				t.Errorf("%s is in category %q", s.Name, s.Category)
			}
		}
		for _, c := range categories {
			if !used[c] {
				t.Errorf("no scene in %q", c)
			}
		}
	})
	t.Run("each has a name of its own, a title and tags", func(t *testing.T) {
		names := map[string]bool{}
		for _, s := range scenes {
			if s.Name == "" || s.Title == "" || len(s.Tags) < 3 || names[s.Name] {
				t.Errorf("%+v", s)
			}
			names[s.Name] = true
		}
	})
	t.Run("the order is always the same", func(t *testing.T) {
		for i, s := range Scenes() {
			if s.Name != scenes[i].Name {
				t.Errorf("scene %d is %s, then %s", i, scenes[i].Name, s.Name)
			}
		}
	})
}

func TestJPEG(t *testing.T) {
	for _, s := range Scenes() {
		t.Run(s.Name, func(t *testing.T) {
			for _, size := range []image.Point{{320, 240}, {240, 300}} {
				img := decode(t, s.JPEG(size.X, size.Y))
				if img.Bounds().Size() != size {
					t.Errorf("asked for %v, got %v", size, img.Bounds().Size())
				}
				if d := deviation(img); d < 0.05 {
					t.Errorf("at %v the picture is flat: its levels deviate by %.3f", size, d)
				}
			}
		})
	}
}

func TestTheSameSizeGivesTheSameBytes(t *testing.T) {
	for _, s := range Scenes() {
		before := runtime.GOMAXPROCS(1)
		alone := s.JPEG(200, 150)
		runtime.GOMAXPROCS(7)
		shared := s.JPEG(200, 150)
		runtime.GOMAXPROCS(before)
		if !bytes.Equal(alone, shared) {
			t.Errorf("%s depends on the number of processors or on chance", s.Name)
		}
	}
}

func TestAnySizeCanBePainted(t *testing.T) {
	for _, s := range Scenes() {
		for _, size := range []image.Point{{1, 1}, {2, 90}, {90, 2}, {31, 77}} {
			if got := decode(t, s.JPEG(size.X, size.Y)).Bounds().Size(); got != size {
				t.Errorf("%s: asked for %v, got %v", s.Name, size, got)
			}
		}
	}
}

func TestNoTwoScenesLookAlike(t *testing.T) {
	scenes := Scenes()
	thumbs := make([][]float64, len(scenes))
	for i, s := range scenes {
		thumbs[i] = thumbnail(decode(t, s.JPEG(160, 120)))
		for j := range i {
			if d := distance(thumbs[i], thumbs[j]); d < 0.05 {
				t.Errorf("%s and %s differ by %.3f only", s.Name, scenes[j].Name, d)
			}
		}
	}
}

// The same scene must also be the same scene whatever its size: a preview
// painted small shows what the large one does.
func TestDetailDoesNotChangeTheComposition(t *testing.T) {
	for _, s := range Scenes() {
		small, large := thumbnail(decode(t, s.JPEG(160, 120))), thumbnail(decode(t, s.JPEG(480, 360)))
		if d := distance(small, large); d > 0.03 {
			t.Errorf("%s differs by %.3f between two sizes", s.Name, d)
		}
	}
}

func TestPortrait(t *testing.T) {
	t.Run("it is a square JPEG, the same for the same seed", func(t *testing.T) {
		for _, seed := range []int{-7, 0, 1, math.MaxInt, math.MinInt} {
			file := Portrait(seed)
			if got := decode(t, file).Bounds().Size(); got != image.Pt(512, 512) {
				t.Errorf("seed %d: %v", seed, got)
			}
			if !bytes.Equal(file, Portrait(seed)) {
				t.Errorf("seed %d paints two faces", seed)
			}
		}
	})
	t.Run("neighbouring seeds look unlike each other", func(t *testing.T) {
		last := thumbnail(decode(t, Portrait(0)))
		for seed := 1; seed < 24; seed++ {
			next := thumbnail(decode(t, Portrait(seed)))
			if d := distance(last, next); d < 0.03 {
				t.Errorf("%d and %d differ by %.3f only", seed-1, seed, d)
			}
			last = next
		}
	})
}

func BenchmarkScenes(b *testing.B) {
	for _, s := range Scenes() {
		b.Run(s.Name, func(b *testing.B) {
			for b.Loop() {
				s.JPEG(1600, 1200)
			}
		})
	}
}

func decode(t *testing.T, file []byte) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func deviation(img image.Image) float64 {
	var sum, squares, n float64
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			v := float64(color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y) / 255
			sum, squares, n = sum+v, squares+v*v, n+1
		}
	}
	return math.Sqrt(squares/n - sum/n*sum/n)
}

// thumbnail averages a picture down to 8 x 8 cells of three channels, 0 to 1.
func thumbnail(img image.Image) []float64 {
	const side = 8
	cells, counts := make([]float64, side*side*3), make([]float64, side*side)
	size := img.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			cell := y*side/size.Y*side + x*side/size.X
			r, g, b, _ := img.At(x, y).RGBA()
			for k, v := range []uint32{r, g, b} {
				cells[cell*3+k] += float64(v) / 0xffff
			}
			counts[cell]++
		}
	}
	for i := range cells {
		cells[i] /= counts[i/3]
	}
	return cells
}

func distance(a, b []float64) (sum float64) {
	for i := range a {
		sum += math.Abs(a[i] - b[i])
	}
	return sum / float64(len(a))
}
