package imaging

import (
	"context"
	"fmt"
	"image"

	"github.com/sajin-sns/sajin/ports/media"
)

const (
	copyEdge       = 32
	previewEdge    = 640
	previewQuality = 75
)

// veil makes all that may be shown to somebody without the right to a picture.
// It is given nothing but the copy of 32 px, so it can give away nothing more.
func veil(ctx context.Context, small *image.RGBA) (media.Rendition, media.Placeholder, error) {
	w, h := small.Rect.Dx(), small.Rect.Dy()
	across, down := 4, 3
	if h > w {
		across, down = 3, 4
	}
	about := media.Placeholder{Blurhash: blurhash(small, across, down), Dominant: dominant(small)}

	long := max(w, h)
	large, err := resize(ctx, rowsOf(blur(small)), max(1, w*previewEdge/long), max(1, h*previewEdge/long), bSpline, 1)
	if err != nil {
		return media.Rendition{}, media.Placeholder{}, err
	}
	preview, err := encode(media.Preview, large, previewQuality)
	return preview, about, err
}

// blur averages each pixel with its neighbours.
func blur(m *image.RGBA) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(m.Rect)
	for y := range h {
		for x := range w {
			var sum [3]int
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					share := (2 - abs(dx)) * (2 - abs(dy))
					p := m.Pix[min(max(y+dy, 0), h-1)*m.Stride+4*min(max(x+dx, 0), w-1):]
					for c := range sum {
						sum[c] += share * int(p[c])
					}
				}
			}
			set(out.Pix[y*out.Stride+4*x:], byte((sum[0]+8)/16), byte((sum[1]+8)/16), byte((sum[2]+8)/16))
		}
	}
	return out
}

// dominant is the average of the largest group of like colours: an average over
// all of them would be mud.
func dominant(m *image.RGBA) string {
	const bits = 3 // of each channel tell like from unlike
	type group struct{ count, red, green, blue int }
	var groups [1 << (3 * bits)]group
	largest := &groups[0]
	for y := range m.Rect.Dy() {
		for row := m.Pix[y*m.Stride : (y+1)*m.Stride]; len(row) >= 4; row = row[4:] {
			r, g, b := int(row[0]), int(row[1]), int(row[2])
			at := &groups[r>>(8-bits)<<(2*bits)|g>>(8-bits)<<bits|b>>(8-bits)]
			at.count, at.red, at.green, at.blue = at.count+1, at.red+r, at.green+g, at.blue+b
			if at.count > largest.count {
				largest = at
			}
		}
	}
	n := largest.count
	return fmt.Sprintf("#%02x%02x%02x", (largest.red+n/2)/n, (largest.green+n/2)/n, (largest.blue+n/2)/n)
}
