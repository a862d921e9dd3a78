package imaging

import (
	"context"
	"image"
	"math"

	"golang.org/x/sync/errgroup"
)

// fit gives the sides of a picture whose long one is to be at most edge. It
// never enlarges.
func fit(width, height, edge int) (int, int) {
	long := max(width, height)
	if long <= edge {
		return width, height
	}
	scale := func(side int) int { return max(1, (2*side*edge+long)/(2*long)) }
	return scale(width), scale(height)
}

// kernel is a resampling filter that is zero from radius 2 on.
type kernel func(float64) float64

// catmullRom keeps edges sharp.
func catmullRom(x float64) float64 {
	switch x = math.Abs(x); {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}

// bSpline is smooth and has no negative part: enlarged, nothing rings.
func bSpline(x float64) float64 {
	switch x = math.Abs(x); {
	case x < 1:
		return (x/2-1)*x*x + 2.0/3
	case x < 2:
		return (2 - x) * (2 - x) * (2 - x) / 6
	}
	return 0
}

const weightBits = 14

// taps say which n neighbouring samples, from first[i] on, make up sample i,
// and in what shares: integers that add up to 1<<weightBits exactly, so that a
// flat area stays flat and every machine computes the same.
type taps struct {
	n      int
	first  []int
	shares []int32
}

func newTaps(from, to int, k kernel) taps {
	ratio := float64(from) / float64(to)
	spread := max(ratio, 1) // the filter widens when it shrinks
	n := min(from, int(math.Ceil(4*spread))+1)
	t := taps{n: n, first: make([]int, to), shares: make([]int32, to*n)}
	exact := make([]float64, n)
	for i := range to {
		centre := (float64(i)+0.5)*ratio - 0.5
		left := int(math.Ceil(centre - 2*spread))
		t.first[i] = min(max(left, 0), from-n)
		clear(exact)
		sum := 0.0
		for j := left; float64(j) < centre+2*spread; j++ { // beyond an edge the edge goes on
			w := k((float64(j) - centre) / spread)
			exact[min(max(j-t.first[i], 0), n-1)] += w
			sum += w
		}
		shares, rest, largest := t.shares[i*n:(i+1)*n], int32(1<<weightBits), 0
		for j, w := range exact {
			shares[j] = int32(math.Round(w / sum * (1 << weightBits)))
			rest -= shares[j]
			if shares[j] > shares[largest] {
				largest = j
			}
		}
		shares[largest] += rest
	}
	return t
}

// across resamples a row. Results keep 6 bits below the point.
func (t taps) across(dst []int16, row []byte) {
	for x, first := range t.first {
		var red, green, blue int32
		in := row[4*first : 4*(first+t.n)]
		for _, share := range t.shares[x*t.n : (x+1)*t.n] {
			red += share * int32(in[0])
			green += share * int32(in[1])
			blue += share * int32(in[2])
			in = in[4:]
		}
		const half = 1 << (weightBits - 7)
		dst[3*x] = int16((red + half) >> (weightBits - 6))
		dst[3*x+1] = int16((green + half) >> (weightBits - 6))
		dst[3*x+2] = int16((blue + half) >> (weightBits - 6))
	}
}

// resize makes a picture of the given sides. It holds a few rows at a time, and
// how the work is divided among workers does not show in the result.
func resize(ctx context.Context, src rows, width, height int, k kernel, workers int) (*image.RGBA, error) {
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	horizontal, vertical := newTaps(src.width, width, k), newTaps(src.height, height, k)
	same := src.width == width && src.height == height
	err := inBands(ctx, height, workers, func(ctx context.Context, from, to int) error {
		row := make([]byte, 4*src.width)
		ring := make([]int16, vertical.n*3*width)
		sums := make([]int32, 3*width)
		line := func(y int) []int16 { return ring[y%vertical.n*3*width : (y%vertical.n+1)*3*width] }
		next := 0 // the first source row that is not in the ring
		for y := from; y < to; y++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			out := dst.Pix[y*dst.Stride : (y+1)*dst.Stride]
			if same {
				src.read(y, out)
				continue
			}
			first := vertical.first[y]
			for next = max(next, first); next < first+vertical.n; next++ {
				src.read(next, row)
				horizontal.across(line(next), row)
			}
			clear(sums)
			for i, share := range vertical.shares[y*vertical.n : (y+1)*vertical.n] {
				if share == 0 {
					continue
				}
				for j, v := range line(first + i) {
					sums[j] += share * int32(v)
				}
			}
			for x := range width {
				set(out[4*x:4*x+4:4*x+4], round(sums[3*x]), round(sums[3*x+1]), round(sums[3*x+2]))
			}
		}
		return nil
	})
	return dst, err
}

func round(sum int32) byte {
	return byte(min(max((sum+1<<(weightBits+5))>>(weightBits+6), 0), 255))
}

// inBands divides the rows of a picture among workers. A panic over a picture
// is an error about the picture: it must not take the process down.
func inBands(ctx context.Context, height, workers int, do func(ctx context.Context, from, to int) error) error {
	const least = 32 // rows: less is not worth a goroutine
	workers = max(1, min(workers, height/least))
	g, ctx := errgroup.WithContext(ctx)
	for i := range workers {
		g.Go(func() (err error) {
			defer recovered(&err)
			return do(ctx, i*height/workers, (i+1)*height/workers)
		})
	}
	return g.Wait()
}
