package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// strictJSON reads bodies that mean one thing to everybody (RFC 7493).
// encoding/json by itself takes a member that is there twice, and puts other
// characters in the place of those that are none: what somebody in front of
// this server has checked would not be what arrives.
var strictJSON = huma.Format{Marshal: marshal, Unmarshal: unmarshal}

// maxValues is how many values a body may hold; each wrong one is work.
const maxValues = 10_000

var (
	errNotJSON   = errors.New("it is not JSON")
	errNotText   = errors.New("it is not UTF-8")
	errTwice     = errors.New("a member is there twice")
	errTooMany   = errors.New("it has too many values")
	errSurrogate = errors.New("an escape is half of a character")
)

// unmarshal is called for each body twice: into anything, for the framework to
// compare it with the schema, and then into the type of the operation.
func unmarshal(data []byte, v any) error {
	if _, first := v.(*any); !first {
		return errors.Join(json.Unmarshal(data, v), nulls(data, v))
	}
	switch {
	case !utf8.Valid(data):
		return errNotText
	case !json.Valid(data):
		return errNotJSON
	case halved(data):
		return errSurrogate
	}
	w := walk{decoder: json.NewDecoder(bytes.NewReader(data))}
	w.decoder.UseNumber()
	if err := w.value(); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// walk goes over valid JSON.
type walk struct {
	decoder *json.Decoder
	values  int
}

func (w *walk) value() error {
	if w.values++; w.values > maxValues {
		return errTooMany
	}
	open, err := w.decoder.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return err
	}
	names := map[json.Token]bool{}
	for w.decoder.More() {
		if open == json.Delim('{') {
			name, err := w.decoder.Token()
			if err != nil {
				return err
			}
			if names[name] {
				return errTwice
			}
			names[name] = true
		}
		if err := w.value(); err != nil {
			return err
		}
	}
	_, err = w.decoder.Token()
	return err
}

// halved finds the half of a surrogate pair in valid JSON.
func halved(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		if i++; data[i] != 'u' {
			continue
		}
		unit := codeUnit(data[i+1:])
		i += 4
		switch unit >> 10 {
		case 0xdc00 >> 10:
			return true
		case 0xd800 >> 10:
			if rest := data[i+1:]; !bytes.HasPrefix(rest, []byte(`\u`)) || codeUnit(rest[2:])>>10 != 0xdc00>>10 {
				return true
			}
			i += 6
		}
	}
	return false
}

func codeUnit(data []byte) uint64 {
	unit, _ := strconv.ParseUint(string(data[:4]), 16, 16) // of valid JSON
	return unit
}

// nullable is a member of a body to which null means something.
type nullable interface {
	json.Unmarshaler
	nullable()
}

// nulls fails for members that are null and may not be. The framework passes
// over those that may be left out; but who sends null wants something.
func nulls(data []byte, v any) error {
	body := reflect.TypeOf(v).Elem()
	for body.Kind() == reflect.Pointer { // of a body that may be left out
		body = body.Elem()
	}
	if body.Kind() != reflect.Struct || !bytes.Contains(data, []byte("null")) {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	for i := range body.NumField() {
		name, _, _ := strings.Cut(body.Field(i).Tag.Get("json"), ",")
		_, means := reflect.New(body.Field(i).Type).Interface().(nullable)
		if string(members[name]) == "null" && !means {
			return fmt.Errorf("%s must not be null: leave it out", name)
		}
	}
	return nil
}
