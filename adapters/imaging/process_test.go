package imaging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRenditionsOfEverySize(t *testing.T) {
	p := New(Options{})
	for _, c := range []struct {
		w, h int
		want string
	}{
		{1, 1, "w320 1x1, preview 640x640"},
		{100, 50, "w320 100x50, preview 640x320"},
		{320, 10, "w320 320x10, preview 640x20"},
		{321, 200, "w320 320x199, w1080 321x200, preview 640x400"},
		{600, 1080, "w320 178x320, w1080 600x1080, preview 360x640"},
		{1081, 600, "w320 320x178, w1080 1080x599, w2048 1081x600, preview 640x360"},
		{2048, 1000, "w320 320x156, w1080 1080x527, w2048 2048x1000, preview 640x320"},
		{2500, 1250, "w320 320x160, w1080 1080x540, w2048 2048x1024, preview 640x320"},
		{4000, 1, "w320 320x1, w1080 1080x1, w2048 2048x1, preview 640x20"},
	} {
		t.Run(fmt.Sprintf("%dx%d", c.w, c.h), func(t *testing.T) {
			var got []string
			for _, r := range mustProcess(t, p, asPNG(image.NewGray(image.Rect(0, 0, c.w, c.h)))).Renditions {
				got = append(got, fmt.Sprintf("%s %dx%d", r.Name, r.Width, r.Height))
				config, err := jpeg.DecodeConfig(bytes.NewReader(r.Data))
				if err != nil || config.Width != r.Width || config.Height != r.Height || r.ContentType != "image/jpeg" || r.Extension != "jpg" {
					t.Errorf("%s: %+v, %v", r.Name, config, err)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoMetadataComesThrough(t *testing.T) {
	p := New(Options{})
	secret := "37.5665N 126.978E"
	jpg := withSegments(asJPEG(photo(400, 300)), append(inJPEG(displayP3(), 1), exif(6), exif(3),
		segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>"+secret), segment(0xed, "Photoshop 3.0\x008BIM"+secret),
		segment(0xe0, "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"), segment(0xfe, "<script>"+secret))...)
	for name, file := range map[string][]byte{
		"JPEG": append(jpg, "PK\x03\x04"+secret...),
		"PNG": append(withChunks(asPNG(photo(400, 300)), inPNG(displayP3()), chunk("eXIf", []byte(tiff(binary.BigEndian, 6))),
			chunk("tEXt", []byte("Comment\x00"+secret)), chunk("iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"+secret))), "<html>"+secret...),
		"WebP": append(webpFile(vp8x(0x2c, 24, 16), riffChunk("ICCP", displayP3()), lossless(24, 16, quarters(24, 16)),
			riffChunk("EXIF", []byte(tiff(binary.BigEndian, 6))), riffChunk("XMP ", []byte(secret))), secret...),
		"GIF": bytes.Replace(asGIF(paletted(image.Rect(0, 0, 24, 16), color.Black)), []byte("\x2c"), []byte("\x21\xfe\x04GPS "+"\x00\x2c"), 1),
	} {
		t.Run("of a "+name+" nothing is left but quantisers, codes and pixels", func(t *testing.T) {
			for _, r := range mustProcess(t, p, file).Renditions {
				for _, mark := range []string{"Exif", "GPS", "ICC_PROFILE", "acsp", "adobe", "xmp", "8BIM", "script", "126.978", "PK\x03\x04", "JFIF"} {
					if bytes.Contains(r.Data, []byte(mark)) {
						t.Errorf("%s holds %q", r.Name, mark)
					}
				}
				for off := 2; r.Data[off+1] != 0xda; off += 2 + int(binary.BigEndian.Uint16(r.Data[off+2:])) {
					if m := r.Data[off+1]; m != 0xdb && m != 0xc0 && m != 0xc4 {
						t.Errorf("%s has a segment %x", r.Name, m)
					}
				}
				if !bytes.HasSuffix(r.Data, []byte{0xff, 0xd9}) || bytes.Count(r.Data, []byte{0xff, 0xd9}) != 1 {
					t.Errorf("%s goes on behind its end", r.Name)
				}
			}
		})
	}
}

func TestWorkersDoNotShow(t *testing.T) {
	file := withSegments(asJPEG(photo(700, 450)), append(inJPEG(adobeRGB(), 1), exif(5))...)
	want := mustProcess(t, New(Options{Workers: 1}), file)
	for _, workers := range []int{2, 3, 7} {
		if got := mustProcess(t, New(Options{Workers: workers}), file); !reflect.DeepEqual(want, got) {
			t.Errorf("with %d workers the result is another", workers)
		}
	}
}
