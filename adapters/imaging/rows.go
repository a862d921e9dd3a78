package imaging

import (
	"image"
	"image/color"
)

// rows gives a picture row by row as opaque 8-bit RGBA, whatever it is made of:
// so a large one never needs a second, converted copy. What is see-through
// shows white.
type rows struct {
	width, height int
	read          func(y int, row []byte)
}

// onCanvas places the picture on a white canvas.
func (r rows) onCanvas(at image.Point, width, height int) rows {
	if at == (image.Point{}) && r.width == width && r.height == height {
		return r
	}
	return rows{width, height, func(y int, row []byte) {
		for i := range row {
			row[i] = 255
		}
		if y -= at.Y; y >= 0 && y < r.height {
			r.read(y, row[4*at.X:4*(at.X+r.width)])
		}
	}}
}

// rowsOf knows the kinds of picture that the decoders make. Their pixels start
// at index 0, wherever a frame's bounds are.
func rowsOf(img image.Image) rows {
	b := img.Bounds()
	r := rows{width: b.Dx(), height: b.Dy()}
	switch m := img.(type) {
	case *image.YCbCr:
		r.read = ycbcrRows(m)
	case *image.NYCbCrA:
		colours := ycbcrRows(&m.YCbCr)
		r.read = func(y int, row []byte) {
			colours(y, row)
			for x, alpha := range m.A[y*m.AStride : y*m.AStride+r.width] {
				blend(row[4*x:4*x+4:4*x+4], alpha)
			}
		}
	case *image.Gray:
		r.read = func(y int, row []byte) {
			for x, v := range m.Pix[y*m.Stride : y*m.Stride+r.width] {
				set(row[4*x:4*x+4:4*x+4], v, v, v)
			}
		}
	case *image.NRGBA:
		r.read = func(y int, row []byte) {
			copy(row, m.Pix[y*m.Stride:y*m.Stride+4*r.width])
			for ; len(row) >= 4; row = row[4:] {
				blend(row[:4:4], row[3])
			}
		}
	case *image.RGBA:
		r.read = func(y int, row []byte) { // only ever made of pictures without alpha
			copy(row, m.Pix[y*m.Stride:y*m.Stride+4*r.width])
		}
	case *image.Paletted:
		r.read = palettedRows(m)
	case image.RGBA64Image: // 16 bits, CMYK
		r.read = func(y int, row []byte) {
			for x := range r.width {
				red, green, blue := onWhite(m.RGBA64At(b.Min.X+x, b.Min.Y+y))
				set(row[4*x:4*x+4:4*x+4], red, green, blue)
			}
		}
	}
	return r
}

func ycbcrRows(m *image.YCbCr) func(int, []byte) {
	var across, down uint // chroma samples are shared by 1<<across columns, 1<<down rows
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		across = 1
	case image.YCbCrSubsampleRatio420:
		across, down = 1, 1
	case image.YCbCrSubsampleRatio440:
		down = 1
	case image.YCbCrSubsampleRatio411:
		across = 2
	case image.YCbCrSubsampleRatio410:
		across, down = 2, 1
	}
	width := m.Rect.Dx()
	return func(y int, row []byte) {
		luma := m.Y[y*m.YStride : y*m.YStride+width]
		chroma := (y >> down) * m.CStride
		n := (width + 1<<across - 1) >> across
		cb, cr := m.Cb[chroma:chroma+n], m.Cr[chroma:chroma+n]
		for x, l := range luma {
			red, green, blue := color.YCbCrToRGB(l, cb[x>>across], cr[x>>across])
			set(row[4*x:4*x+4:4*x+4], red, green, blue)
		}
	}
}

func palettedRows(m *image.Paletted) func(int, []byte) {
	var table [256][4]byte
	for i, c := range m.Palette {
		red, green, blue, alpha := c.RGBA()
		red8, green8, blue8 := onWhite(color.RGBA64{R: uint16(red), G: uint16(green), B: uint16(blue), A: uint16(alpha)})
		table[i] = [4]byte{red8, green8, blue8, 255}
	}
	width := m.Rect.Dx()
	return func(y int, row []byte) {
		for x, index := range m.Pix[y*m.Stride : y*m.Stride+width] {
			copy(row[4*x:4*x+4], table[index][:])
		}
	}
}

func set(p []byte, red, green, blue byte) { p[0], p[1], p[2], p[3] = red, green, blue, 255 }

// blend lays a pixel that was not premultiplied on white.
func blend(p []byte, alpha byte) {
	if alpha != 255 {
		a, white := uint32(alpha), 255*uint32(255-alpha)+127
		p[0] = byte((uint32(p[0])*a + white) / 255)
		p[1] = byte((uint32(p[1])*a + white) / 255)
		p[2] = byte((uint32(p[2])*a + white) / 255)
	}
	p[3] = 255
}

// onWhite lays a premultiplied pixel on white.
func onWhite(c color.RGBA64) (red, green, blue byte) {
	missing := 0xffff - uint32(c.A)
	return byte((uint32(c.R) + missing) >> 8), byte((uint32(c.G) + missing) >> 8), byte((uint32(c.B) + missing) >> 8)
}
