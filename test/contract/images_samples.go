package contract

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

func imagePhoto(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(255 * x / w), uint8(255 * y / h), uint8((x*x + y*y) / 7), 255})
		}
	}
	return m
}

func imageJPEG(w, h int) []byte { return imageEncode(imagePhoto(w, h)) }
func imagePNG(w, h int) []byte  { return imageLossless(imagePhoto(w, h)) }

func imageEncode(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func imageLossless(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func imageDecode(t *testing.T, data []byte) image.Image {
	t.Helper()
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func imageAlike(a, b color.Color, slack int) bool {
	near := func(x, y uint32) bool { d := int(x>>8) - int(y>>8); return max(d, -d) <= slack }
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	return near(ar, br) && near(ag, bg) && near(ab, bb)
}

// imageCorners has a colour of its own in each quarter.
func imageCorners(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{220, 30, 30, 255}
			switch {
			case x >= w/2 && y < h/2:
				c = color.RGBA{30, 220, 30, 255}
			case x < w/2 && y >= h/2:
				c = color.RGBA{30, 30, 220, 255}
			case x >= w/2:
				c = color.RGBA{220, 220, 220, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

// imageStoredAs gives the pixels that a file holds when its Exif orientation is
// value and upright is what should be shown: row 0 and column 0 of the file are
// at the sides of the picture that the Exif standard names.
func imageStoredAs(upright *image.RGBA, value int) *image.RGBA {
	b := upright.Bounds()
	w, h := b.Dx(), b.Dy()
	stored := image.NewRGBA(b)
	if value >= 5 {
		stored = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for row := range stored.Rect.Dy() {
		for column := range stored.Rect.Dx() {
			var x, y int
			switch value { // where the row and the column of the file are seen
			case 1: // row 0 at the top, column 0 at the left
				x, y = column, row
			case 2: // top, right
				x, y = w-1-column, row
			case 3: // bottom, right
				x, y = w-1-column, h-1-row
			case 4: // bottom, left
				x, y = column, h-1-row
			case 5: // left, top
				x, y = row, column
			case 6: // right, top
				x, y = w-1-row, column
			case 7: // right, bottom
				x, y = w-1-row, h-1-column
			case 8: // left, bottom
				x, y = row, h-1-column
			}
			stored.Set(column, row, upright.At(x, y))
		}
	}
	return stored
}

func imageSegment(marker byte, body string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(body))), body...)
}

// imageExif is a segment with an orientation and a maker's note.
func imageExif(orientation int) []byte {
	tiff := []byte("II*\x00\x08\x00\x00\x00\x02\x00")
	entry := func(tag, kind uint16, count, value uint32) {
		tiff = binary.LittleEndian.AppendUint16(tiff, tag)
		tiff = binary.LittleEndian.AppendUint16(tiff, kind)
		tiff = binary.LittleEndian.AppendUint32(tiff, count)
		tiff = binary.LittleEndian.AppendUint32(tiff, value)
	}
	entry(0x010f, 2, 13, 8+2+2*12+4) // Make, behind the directory
	entry(0x0112, 3, 1, uint32(orientation))
	tiff = append(tiff, "\x00\x00\x00\x00maker's note\x00"...)
	return imageSegment(0xe1, "Exif\x00\x00"+string(tiff))
}

// imageWithSegments puts segments at the start of a JPEG.
func imageWithSegments(file []byte, segments ...[]byte) []byte {
	out := bytes.Clone(file[:2])
	for _, s := range segments {
		out = append(out, s...)
	}
	return append(out, file[2:]...)
}

// imagePNGClaiming is the head of a PNG, with pixels that cannot be those.
func imagePNGClaiming(w, h uint32) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, body []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		body = append([]byte(name), body...)
		out = binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	chunk("IHDR", append(head, 8, 2, 0, 0, 0))
	chunk("IDAT", []byte("\x78\x9c\x03\x00\x00\x00\x00\x01"))
	chunk("IEND", nil)
	return out
}
