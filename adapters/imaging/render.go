package imaging

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"

	"golang.org/x/sync/errgroup"

	"github.com/sajin-sns/sajin/ports/media"
)

const quality = 84

// sizes are the renditions and their long edges. A picture gets those that are
// smaller than itself, and the first that is not, at its own size: always one
// at least, never one enlarged, and never two of one size.
var sizes = []struct {
	name string
	edge int
}{{"w320", 320}, {"w1080", 1080}, {"w2048", 2048}}

// render makes all renditions out of the largest picture, from large to small.
func (p *Processor) render(ctx context.Context, facts media.Facts, picture *image.RGBA, report media.Stage) (media.Result, error) {
	w, h := facts.Width, facts.Height
	n := 1
	for n < len(sizes) && max(w, h) > sizes[n-1].edge {
		n++
	}
	result := media.Result{Facts: facts, Renditions: make([]media.Rendition, n+1)}
	var encoders errgroup.Group
	encoders.SetLimit(p.workers)
	err := func() (err error) {
		for i := n - 1; i >= 0; i-- {
			if picture, err = p.shrink(ctx, picture, w, h, sizes[i].edge); err != nil {
				return err
			}
			m := picture
			encoders.Go(func() (err error) {
				result.Renditions[i], err = encode(sizes[i].name, m, quality)
				return err
			})
			report("resizing", 90-10*i)
		}
		small, err := p.shrink(ctx, picture, w, h, copyEdge)
		if err != nil {
			return err
		}
		result.Renditions[n], result.Placeholder, err = veil(ctx, small)
		return err
	}()
	if failed := encoders.Wait(); err == nil {
		err = failed
	}
	if err != nil {
		return media.Result{}, err
	}
	report("done", 100)
	return result, nil
}

// shrink brings the original's sides w and h, of which m is a copy, down to edge.
func (p *Processor) shrink(ctx context.Context, m *image.RGBA, w, h, edge int) (*image.RGBA, error) {
	w, h = fit(w, h, edge)
	if m.Rect.Dx() == w && m.Rect.Dy() == h {
		return m, nil
	}
	return resize(ctx, rowsOf(m), w, h, catmullRom, p.workers)
}

func encode(name string, m *image.RGBA, quality int) (media.Rendition, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return media.Rendition{}, err
	}
	return media.Rendition{
		Name: name, ContentType: typeJPEG, Extension: "jpg",
		Width: m.Rect.Dx(), Height: m.Rect.Dy(), Data: b.Bytes(),
	}, nil
}
