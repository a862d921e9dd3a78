package fileblob

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"

	lru "github.com/hashicorp/golang-lru/v2"
)

// label is what a file says of itself after its bytes: the label as JSON, its
// length in two bytes, and the mark. It stands at the end so that the bytes
// begin where the file does: pictures open in any viewer, and file systems
// that can share blocks between files do so when parts are put together.
type label struct {
	Type   string `json:"type,omitempty"`   // of an object
	Upload string `json:"upload,omitempty"` // the upload that made the object
	Tag    string `json:"tag,omitempty"`    // of a part
}

const (
	mark   = "sajin1"
	footer = 2 + len(mark)
)

func (l label) write(w io.Writer) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if len(text) > math.MaxUint16 {
		return fmt.Errorf("a content type of %d characters is too long", len(l.Type))
	}
	text = binary.BigEndian.AppendUint16(text, uint16(len(text)))
	_, err = w.Write(append(text, mark...))
	return err
}

// readLabel reads the label of a file, and tells how many bytes are before it.
func readLabel(f *os.File) (l label, size int64, info os.FileInfo, err error) {
	damaged := func(why any) error {
		return fmt.Errorf("fileblob: %s is damaged, or is no file of this store: %v", f.Name(), why)
	}
	info, err = f.Stat()
	if err != nil {
		return l, 0, nil, err
	}
	end := info.Size() - int64(footer)
	if end < 0 {
		return l, 0, nil, damaged("it has no label")
	}
	var foot [footer]byte
	if _, err := f.ReadAt(foot[:], end); err != nil {
		return l, 0, nil, err
	}
	size = end - int64(binary.BigEndian.Uint16(foot[:2]))
	if string(foot[2:]) != mark || size < 0 {
		return l, 0, nil, damaged("it has no label")
	}
	text := make([]byte, end-size)
	if _, err := f.ReadAt(text, size); err != nil {
		return l, 0, nil, err
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return l, 0, nil, damaged(err)
	}
	return l, size, info, nil
}

const labelsKept = 4096 // of some hundred bytes each

// labels remembers those of files that were read lately. A file never changes
// in place: as long as it is the same one, so is its label.
type labels struct{ kept *lru.Cache[string, keptLabel] }

type keptLabel struct {
	label
	size int64
	of   os.FileInfo
}

func newLabels() labels {
	cache, err := lru.New[string, keptLabel](labelsKept)
	if err != nil {
		panic(err) // it is of no size
	}
	return labels{cache}
}

func (c labels) read(f *os.File) (label, int64, os.FileInfo, error) {
	info, err := f.Stat()
	if err != nil {
		return label{}, 0, nil, err
	}
	if k, ok := c.kept.Get(f.Name()); ok && same(k.of, info) {
		return k.label, k.size, info, nil
	}
	l, size, info, err := readLabel(f)
	if err == nil {
		c.kept.Add(f.Name(), keptLabel{l, size, info})
	}
	return l, size, info, err
}
