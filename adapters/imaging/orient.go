package imaging

import "image"

// upright turns and mirrors a picture as its Exif orientation says it must be
// shown.
func upright(m *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range out.Rect.Dy() {
		row := out.Pix[y*out.Stride : (y+1)*out.Stride]
		for x := range out.Rect.Dx() {
			var sx, sy int
			switch orientation {
			case 2: // mirrored
				sx, sy = w-1-x, y
			case 3: // upside down
				sx, sy = w-1-x, h-1-y
			case 4: // mirrored and upside down
				sx, sy = x, h-1-y
			case 5: // mirrored, then turned to the left
				sx, sy = y, x
			case 6: // turned to the left
				sx, sy = y, h-1-x
			case 7: // mirrored, then turned to the right
				sx, sy = w-1-y, h-1-x
			case 8: // turned to the right
				sx, sy = w-1-y, x
			}
			from := sy*m.Stride + 4*sx
			copy(row[4*x:4*x+4], m.Pix[from:from+4])
		}
	}
	return out
}
