package imaging

import (
	"bytes"
	"image/color"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestColoursOfWiderSpaces(t *testing.T) {
	for name, c := range map[string]struct {
		profile  []byte
		from, to [3]byte
	}{
		// What sRGB calls its primaries, as other spaces are known to write it.
		"sRGB's red in Display P3":                     {displayP3(), [3]byte{234, 51, 35}, [3]byte{255, 0, 0}},
		"sRGB's green in Display P3":                   {displayP3(), [3]byte{117, 251, 76}, [3]byte{0, 255, 0}},
		"sRGB's blue in Display P3":                    {displayP3(), [3]byte{0, 0, 245}, [3]byte{0, 0, 255}},
		"sRGB's red in Adobe RGB":                      {adobeRGB(), [3]byte{219, 0, 0}, [3]byte{255, 0, 0}},
		"sRGB's green in Adobe RGB":                    {adobeRGB(), [3]byte{144, 255, 60}, [3]byte{0, 255, 0}},
		"sRGB's blue in Adobe RGB":                     {adobeRGB(), [3]byte{0, 0, 250}, [3]byte{0, 0, 255}},
		"sRGB's red in ProPhoto":                       {proPhoto(), [3]byte{179, 70, 26}, [3]byte{255, 0, 0}},
		"sRGB's green in ProPhoto":                     {proPhoto(), [3]byte{138, 237, 77}, [3]byte{0, 255, 0}},
		"sRGB's red in a Display P3 of half the light": {dimP3(), [3]byte{234, 51, 35}, [3]byte{255, 0, 0}},
		"red beyond sRGB is clipped":                   {displayP3(), [3]byte{255, 0, 0}, [3]byte{255, 0, 0}},
		"white of Display P3":                          {displayP3(), [3]byte{255, 255, 255}, [3]byte{255, 255, 255}},
		"white of Adobe RGB":                           {adobeRGB(), [3]byte{255, 255, 255}, [3]byte{255, 255, 255}},
		"white of ProPhoto":                            {proPhoto(), [3]byte{255, 255, 255}, [3]byte{255, 255, 255}},
		"grey of Display P3":                           {displayP3(), [3]byte{90, 90, 90}, [3]byte{90, 90, 90}},
		"black of ProPhoto":                            {proPhoto(), [3]byte{}, [3]byte{}},
	} {
		t.Run(name, func(t *testing.T) {
			conversion := parseICC(c.profile)
			if conversion == nil {
				t.Fatal("the profile was not understood")
			}
			got := c.from
			conversion.pixel(got[:])
			for i := range got {
				// A step of one in a wide space can be several in sRGB, near 0 above all.
				slack := 2
				if c.to[i] == 0 {
					slack = 14
				}
				if abs(int(got[i])-int(c.to[i])) > slack {
					t.Fatalf("%v became %v, not %v", c.from, got, c.to)
				}
			}
		})
	}
}

func TestProfilesThatChangeNothing(t *testing.T) {
	p3 := displayP3()
	curve := sRGBCurve()
	srgb := func(x float64) float64 { return decodeSRGB(x) }
	swap := func(old, with string) []byte { return bytes.Replace(p3, []byte(old), []byte(with), 1) }
	for name, profile := range map[string][]byte{
		"nothing":                       nil,
		"sRGB by a formula":             sRGB(curve),
		"sRGB by a table":               sRGB(iccTable(1024, srgb)),
		"one cut off":                   p3[:len(p3)-30],
		"one without curves":            swap("gTRC", "gXXX"),
		"one without a primary":         swap("bXYZ", "bLUT"),
		"one for presses":               swap("RGB XYZ ", "CMYKLab "),
		"one for greys":                 swap("RGB XYZ ", "GRAYXYZ "),
		"one by a table of colours":     swap("RGB XYZ ", "RGB Lab "),
		"one of curves that are no one": swap("para", "parb"),
		"one without light":             iccMatrix([3]float64{}, [3]float64{}, [3]float64{}, curve),
		"one of absurd primaries":       iccMatrix([3]float64{32000, -32000, 32000}, [3]float64{-31990, 32000, 0}, [3]float64{}, curve),
		"text":                          []byte(strings.Repeat("no profile ", 40)),
	} {
		t.Run(name, func(t *testing.T) {
			if parseICC(profile) != nil {
				t.Error("a conversion was made of it")
			}
		})
	}
}

func TestProfilesInFiles(t *testing.T) {
	p := New(Options{})
	red := flat(64, 64, color.RGBA{234, 51, 35, 255}) // in Display P3
	asIs, converted := color.RGBA{234, 51, 35, 255}, color.RGBA{255, 0, 0, 255}
	p3 := displayP3()
	stored := asPNG(red)
	for name, c := range map[string]struct {
		file []byte
		want color.Color
	}{
		"a JPEG with a profile":                   {withSegments(asJPEG(red), inJPEG(p3, 1)...), converted},
		"a JPEG with a profile in three pieces":   {withSegments(asJPEG(red), inJPEG(p3, 3)...), converted},
		"a PNG with a profile":                    {withChunks(stored, inPNG(p3)), converted},
		"a JPEG without":                          {asJPEG(red), asIs},
		"a JPEG with rubbish":                     {withSegments(asJPEG(red), inJPEG([]byte("rubbish"), 1)...), asIs},
		"a PNG with rubbish":                      {withChunks(stored, chunk("iCCP", []byte("name\x00\x00rubbish"))), asIs},
		"a PNG with a profile that would inflate": {withChunks(stored, inPNG(append(bytes.Clone(p3), make([]byte, 64<<20)...))), asIs},
		"a JPEG with a profile of megabytes":      {withSegments(asJPEG(red), slices.Repeat(inJPEG(append(bytes.Clone(p3), make([]byte, 60000)...), 1), 80)...), asIs},
	} {
		t.Run(name, func(t *testing.T) {
			if got := largest(t, mustProcess(t, p, c.file)).At(32, 32); !near(got, c.want, 4) {
				t.Errorf("%v, not %v", got, c.want)
			}
		})
	}
	t.Run("a WebP with a profile", func(t *testing.T) {
		yellow := lossless(32, 32, func(int, int) color.NRGBA { return color.NRGBA{255, 255, 0, 255} })
		file := webpFile(vp8x(0x20, 32, 32), riffChunk("ICCP", adobeRGB()), yellow)
		plain := largest(t, mustProcess(t, p, webpFile(yellow))).At(16, 16)
		if got := largest(t, mustProcess(t, p, file)).At(16, 16); !near(plain, color.RGBA{255, 255, 0, 255}, 4) || !near(got, color.RGBA{255, 255, 0, 255}, 4) {
			t.Errorf("%v and %v", plain, got)
		}
	})
	t.Run("a profile of sRGB changes no byte", func(t *testing.T) {
		file := asJPEG(photo(300, 200))
		a := mustProcess(t, p, file)
		if b := mustProcess(t, p, withSegments(file, inJPEG(sRGB(sRGBCurve()), 1)...)); !reflect.DeepEqual(a, b) {
			t.Error("the results differ")
		}
	})
	t.Run("a profile for RGB says nothing of inks", func(t *testing.T) {
		if got := largest(t, mustProcess(t, p, withSegments(inks(0, 100, 200, 0), inJPEG(p3, 1)...))).At(4, 4); !near(got, color.RGBA{255, 155, 55, 255}, 4) {
			t.Error(got)
		}
	})
}

func TestCurves(t *testing.T) {
	power := func(g float64) func(float64) float64 { return func(x float64) float64 { return math.Pow(x, g) } }
	for name, c := range map[string]struct {
		tag  []byte
		want func(float64) float64
	}{
		"none":               {[]byte("curv\x00\x00\x00\x00\x00\x00\x00\x00"), power(1)},
		"a gamma":            {iccGamma(2.2), power(2.2)},
		"a table":            {iccTable(4096, power(1.8)), power(1.8)},
		"formula 0":          {iccParametric(0, 2.2), power(2.2)},
		"formula 1":          {iccParametric(1, 2, 1.25, -0.25), func(x float64) float64 { return math.Pow(max(0, 1.25*x-0.25), 2) }},
		"formula 1, flat":    {iccParametric(1, 2, 0, 0.5), func(float64) float64 { return 0.25 }},
		"formula 2":          {iccParametric(2, 2, 0.9, 0, 0.1), func(x float64) float64 { return 0.81*x*x + 0.1 }},
		"formula 3, of sRGB": {sRGBCurve(), decodeSRGB},
		"formula 4, with ends": {iccParametric(4, 1, 1, 0, 0.5, 0.5, 0.125, 0.25), func(x float64) float64 {
			if x >= 0.5 {
				return x + 0.125
			}
			return 0.5*x + 0.25
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := parseCurve(c.tag)
			for i := range 256 {
				if x := float64(i) / 255; math.Abs(got(x)-c.want(x)) > 1e-3 {
					t.Fatalf("%v gives %v, not %v", x, got(x), c.want(x))
				}
			}
		})
	}
	for name, tag := range map[string][]byte{
		"a table that claims more points than it has": []byte("curv\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00"),
		"a formula that does not exist":               iccParametric(9, 1, 1, 1, 1, 1, 1, 1),
		"a formula that lacks numbers":                iccParametric(4, 1, 1),
		"no tag":                                      nil,
	} {
		t.Run(name+" is no curve", func(t *testing.T) {
			if parseCurve(tag) != nil {
				t.Error("it is one")
			}
		})
	}
}
