package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/gif"
	"image/png"
	"strings"
)

// lie is a file that is declared as image/jpeg.
type lie struct {
	data []byte
	more string // members of the offer
	code string // what it fails with
}

func lyingFiles() map[string]lie {
	jpeg, picture := stamp(7), pngOf(40, 30)
	unknown := func(data string) lie { return lie{data: []byte(data), code: "media.type-unsupported"} }
	corrupt := func(data []byte) lie { return lie{data: data, code: "media.corrupt"} }
	return map[string]lie{
		"a page":          unknown("<!doctype html><script>alert(1)</script>"),
		"a drawing":       unknown(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
		"XML that reads":  unknown(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`),
		"a document":      unknown("%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript>>>>endobj\n%%EOF"),
		"a script":        unknown("#!/bin/sh\nrm -rf /\n"),
		"a program":       unknown("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff"),
		"PostScript":      unknown("%!PS\n(/etc/passwd) (r) file\n"),
		"a film":          unknown("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41\x00\x00\x00\x08free"),
		"an archive":      unknown(archive()),
		"one byte":        unknown("x"),
		"zeros":           unknown(strings.Repeat("\x00", 3000)),
		"magic alone":     corrupt([]byte("\xff\xd8\xff")),
		"half a picture":  corrupt(jpeg[:len(jpeg)/2]),
		"a torn head":     corrupt(jpeg[:20]),
		"no tables":       corrupt(append([]byte("\xff\xd8\xff\xda\x00\x08\x01\x01\x00\x00?\x00"), bytes.Repeat([]byte{0x5a}, 500)...)),
		"a page as GIF":   {[]byte("GIF89a<script>alert(1)</script>"), "", "media.dimensions"},
		"a GIF of no one": corrupt(gifOf()[:13]),
		"a bad checksum":  corrupt(replaced(picture, len(picture)-20)),
		"another digest":  {jpeg, fmt.Sprintf(`,"sha256":"%064x"`, 7), "media.hash-mismatch"},
		"a bomb":          {pngHead(60_000, 60_000), "", "media.dimensions"},
		"a tall bomb":     {pngHead(1, 1<<31-1), "", "media.dimensions"},
		"no pixels":       {pngHead(0, 0), "", "media.dimensions"},
	}
}

func pngOf(width, height int) []byte {
	var out bytes.Buffer
	_ = png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height)))
	return out.Bytes()
}

func gifOf() []byte {
	var out bytes.Buffer
	_ = gif.Encode(&out, image.NewGray(image.Rect(0, 0, 9, 9)), nil)
	return out.Bytes()
}

// pngHead is a PNG that claims sides and has a few zeros for pixels.
func pngHead(width, height uint32) []byte {
	whole := pngOf(8, 8)
	binary.BigEndian.PutUint32(whole[16:], width)
	binary.BigEndian.PutUint32(whole[20:], height)
	binary.BigEndian.PutUint32(whole[29:], crc32.ChecksumIEEE(whole[12:29]))
	return whole
}

func replaced(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 0xff
	return data
}

func archive() string {
	var out bytes.Buffer
	files := zip.NewWriter(&out)
	_, _ = files.Create("../../etc/passwd")
	_ = files.Close()
	return out.String()
}
