package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/ports/store"
)

// encoder is a body that knows a faster way to be the JSON that encoding/json
// makes of it.
type encoder interface {
	encode(*bytes.Buffer) error
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// marshal writes a body.
func marshal(w io.Writer, v any) error {
	e, ok := v.(encoder)
	if p, one := v.(*store.Post); one {
		e, ok = post{p}, true
	}
	if !ok {
		return huma.DefaultJSONFormat.Marshal(w, v)
	}
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := e.encode(b); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

// post is one, of which the ETag may have been made already.
type post struct{ *store.Post }

// encode implements encoder.
func (p post) encode(b *bytes.Buffer) error {
	text, err := encoded(p.Post)
	b.Write(text)
	return err
}

// encode implements encoder.
func (l bodyOf[T]) encode(b *bytes.Buffer) error {
	b.WriteString(`{"items":[`)
	for i, item := range l.Items {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := encoded(item)
		if err != nil {
			return err
		}
		b.Write(text)
	}
	b.WriteString(`],"next_cursor":`)
	text, err := encoded(l.NextCursor)
	b.Write(text)
	b.WriteByte('}')
	return err
}

// encoded is the JSON of a value. A post that is to be encoded again, for its
// ETag and its answer or for everybody who is shown it alike, is encoded once.
func encoded(v any) ([]byte, error) {
	p, ok := v.(*store.Post)
	if !ok || p.Encoded == nil {
		return plainJSON(v)
	}
	if text := p.Encoded.Load(); text != nil {
		return *text, nil
	}
	text, err := plainJSON(p)
	if err == nil {
		p.Encoded.Store(&text)
	}
	return text, err
}

// plainJSON leaves <, > and & as they are, as the framework does: they mean
// nothing in an answer of this type.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
