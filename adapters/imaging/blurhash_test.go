package imaging

import (
	"image"
	"image/color"
	"testing"
)

// The hashes are those of the algorithm's own implementation (the npm package
// blurhash 2.0.5) for the same pixels.
func TestBlurhashIsThePublishedOne(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 32, 20))
	for y := range 20 {
		for x := range 32 {
			m.SetRGBA(x, y, color.RGBA{uint8(250 - 8*x), uint8(240 - 12*y), uint8(7 * x * y), 255})
		}
	}
	for _, c := range []struct {
		picture      *image.RGBA
		across, down int
		want         string
	}{
		{m, 4, 3, "L+HLbw|@$2xCq4objsk8gZfhfPfk"},
		{m, 3, 4, "T+HLbw|@$2q4objsgZfhfPo[oJjt"},
		{m, 9, 9, "|+HLbw|@$2xCsSs,sRs-sSq4objsk8jsk9jskBjugZfhfPfkfRfjfSfkfSo[oJjtj?jvj]juj[jugGfifQflfRfkfRfifRovoJjvj?jvj?juj[jsf}fhfSfifRfkfRfhfPoxoLjvj[juj?jrj?jrf|fifRfkfQfjfPfkfP"},
		{flat(4, 4, color.Black), 4, 3, "L00000fQfQfQfQfQfQfQfQfQfQfQ"},
		{flat(4, 4, color.White), 1, 1, "00TSUA"},
		{flat(4, 4, color.RGBA{255, 0, 0, 255}), 1, 1, "00TI:j"},
	} {
		if got := blurhash(c.picture, c.across, c.down); got != c.want {
			t.Errorf("%d by %d: %s, not %s", c.across, c.down, got, c.want)
		}
	}
}
