package imaging

import (
	"bytes"
	"image/jpeg"
	"testing"
)

// Of a JPEG of 12 megapixels: what all of Process takes, and what unpacking it
// takes alone.
func BenchmarkProcess12Megapixels(b *testing.B) {
	file := asJPEG(photo(4000, 3000))
	p := New(Options{})
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Process(b.Context(), bytes.NewReader(file), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeAlone12Megapixels(b *testing.B) {
	file := asJPEG(photo(4000, 3000))
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jpeg.Decode(bytes.NewReader(file)); err != nil {
			b.Fatal(err)
		}
	}
}
