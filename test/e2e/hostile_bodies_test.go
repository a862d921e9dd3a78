package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// object writes a JSON object with one member set to a text that need not be
// JSON at all. Without a name it only writes the object.
func object(members map[string]any, name, raw string) []byte {
	var out bytes.Buffer
	out.WriteByte('{')
	write := func(name, raw string) {
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%q:%s", name, raw)
	}
	for _, member := range slices.Sorted(maps.Keys(members)) {
		if value, err := json.Marshal(members[member]); err == nil && member != name {
			write(member, string(value))
		}
	}
	if name != "" {
		write(name, raw)
	}
	out.WriteByte('}')
	return out.Bytes()
}

const (
	depth     = 100_000
	bodyLimit = 1 << 20
)

func quote(s string) string { return `"` + s + `"` }

// faultyBodies are the bad bodies that the schema of an operation suggests.
func (d *document) faultyBodies(t *testing.T, op *operation, s sample) []attempt {
	var all []attempt
	schema := d.body(op)
	add := func(fault string, body []byte, status int) {
		a := op.request(s)
		a.fault, a.body, a.status = fault, body, status
		all = append(all, a)
	}
	whole := object(s.body, "", "")
	for fault, text := range map[string]string{
		"no JSON": marker, "half an object": string(whole[:len(whole)-1]), "two objects": string(whole) + string(whole), "JSON with a comment": "/*" + marker + "*/" + string(whole),
		"a NUL": "\x00", "JSON behind a byte order mark": "\ufeff" + string(whole), "UTF-16": "\xff\xfe{\x00}\x00", "a trailing comma": string(whole[:len(whole)-1]) + ",}",
		"blanks": "   ", "a NUL behind it": string(whole) + "\x00",
	} {
		add("the body is "+fault, []byte(text), http.StatusBadRequest)
	}
	if op.RequestBody.Required {
		add("there is no body", nil, http.StatusBadRequest)
	}
	for _, text := range []string{"null", "true", "7", `"` + marker + `"`, "[]", "[" + string(whole) + "]"} {
		add("the body is "+text, []byte(text), http.StatusUnprocessableEntity)
	}
	nested := strings.Repeat("[", depth)
	add("deep nesting", []byte(nested), http.StatusBadRequest)
	add("a member of deep nesting", object(s.body, "zq7", nested+strings.Repeat("]", depth)), http.StatusBadRequest)
	add("objects in objects", object(s.body, "zq7", strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth)), http.StatusBadRequest)
	add("too many bytes", append(whole, bytes.Repeat([]byte(" "), bodyLimit)...), http.StatusRequestEntityTooLarge)
	add("an unknown member", object(s.body, "surprise", quote(marker)), http.StatusUnprocessableEntity)
	add("a member with a long name", object(s.body, strings.Repeat("zq7", 10_000), "1"), http.StatusUnprocessableEntity)
	add("__proto__", object(s.body, "__proto__", `{"admin":true}`), http.StatusUnprocessableEntity)
	var many strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&many, `"a%d":1,`, i)
	}
	add("20,000 unknown members", append([]byte("{"+many.String()), whole[1:]...), http.StatusBadRequest)
	add("hundreds of unknown members", append([]byte("{"+many.String()[:5000]+`"a":1,`), whole[1:]...), 0)
	for _, kind := range []string{"text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/cbor", ";", "zq7;+", "text/html+json;x"} {
		add("the type "+kind, whole, http.StatusUnsupportedMediaType)
		all[len(all)-1].header["Content-Type"] = []string{kind}
	}
	for _, no := range []string{"NaN", "0x10", "01", "+1", ".5", "1.", "1e", "undefined", "'" + marker + "'", "TRUE", "--1", ""} {
		add("a member is "+no, object(s.body, schema.properties()[0], no), http.StatusBadRequest)
	}
	for _, name := range schema.properties() {
		member, _ := json.Marshal(s.body[name])
		if s.body[name] != nil {
			add(name+" is there twice", append(append(whole[:len(whole)-1:len(whole)-1], fmt.Sprintf(",%q:%s", name, member)...), '}'), http.StatusBadRequest)
			add(name+" is in capitals", object(without(s.body, name), strings.ToUpper(name), string(member)), http.StatusUnprocessableEntity)
		}
		add(name+" is there in two spellings", object(s.body, strings.ToUpper(name), "null"), http.StatusUnprocessableEntity)
		if slices.Contains(schema.Required, name) {
			add(name+" is missing", object(without(s.body, name), "", ""), http.StatusUnprocessableEntity)
		}
	}
	return append(all, d.faultyMembers(t, op, s)...)
}

// faultyMembers are bodies with one bad value, in JSON that can be read.
func (d *document) faultyMembers(t *testing.T, op *operation, s sample) []attempt {
	var all []attempt
	for name, member := range d.body(op).Properties {
		for fault, raw := range d.faultyValues(t, op.ID+" "+name, member) {
			a := op.request(s)
			a.fault, a.body, a.status = name+" is "+fault, object(s.body, name, raw), 0
			all = append(all, a)
		}
	}
	return all
}

func without(members map[string]any, name string) map[string]any {
	rest := maps.Clone(members)
	delete(rest, name)
	return rest
}

// opaque are members whose characters nobody minds. A device_token that is none
// counts as if there were none.
var opaque = []string{"password", "new_password", "current_password", "device_token"}

// faultyValues are JSON texts, and some that are none, that a value of the
// schema cannot be.
func (d *document) faultyValues(t *testing.T, what string, s *schema) map[string]string {
	s = d.resolve(s)
	faults := map[string]string{"an object": `{}`, "an object with members": `{"zq7":1}`}
	if !s.is("null") {
		faults["null"] = "null"
	}
	if !s.is("array") {
		faults["an empty array"], faults["an array"] = "[]", `["`+marker+`"]`
	}
	if !s.is("string") {
		faults["text"], faults["empty text"] = quote(marker), `""`
	}
	if !s.is("boolean") {
		faults["true"], faults["false"] = "true", "false"
	}
	if !s.is("integer") {
		faults["a number"], faults["a fraction"] = "7", "1.5"
	}
	switch {
	case s.is("string"):
		maps.Copy(faults, faultyTexts(what, s))
	case s.is("integer"):
		for _, no := range []string{"-1", "1.5", "0.1", "1e-5", "1e30", "9223372036854775808", "18446744073709551616", "-9223372036854775809", `"1"`, "NaN", "Infinity", "-Infinity", "1e400", "-1e400"} {
			faults[no] = no
		}
		if s.Minimum != nil {
			faults["below the least"] = fmt.Sprint(int64(*s.Minimum) - 1)
		}
		if s.Maximum != nil {
			faults["above the most"] = fmt.Sprint(int64(*s.Maximum) + 1)
		}
	case s.is("array"):
		if s.MaxItems == nil {
			t.Errorf("%s: the document says of no array how long it may be", what)
			break
		}
		faults["100,000 items"] = "[" + strings.Repeat("1,", 99_999) + "1]"
		faults["too many items"] = "[" + strings.Repeat(`"zq7",`, *s.MaxItems) + `"zq7"]`
		for fault, raw := range d.faultyValues(t, what, s.Items) {
			faults["an array of "+fault] = "[" + raw + "]"
		}
	case s.is("boolean"):
		faults["a word"], faults["one"], faults["zero"] = `"true"`, "1", "0"
	default:
		t.Errorf("%s: no test knows what is bad for %v", what, s.Type)
	}
	return faults
}

func faultyTexts(what string, s *schema) map[string]string {
	faults := map[string]string{
		"invalid UTF-8": quote(marker + "\xff\xfe"), "overlong UTF-8": quote(marker + "\xc0\xaf"), "UTF-8 of a surrogate": quote(marker + "\xed\xa0\x80"),
		"half a surrogate pair": quote(marker + `\ud83d`), "the other half": quote(marker + `\ude00`), "a raw line end": quote(marker + "\n"), "a bad escape": quote(marker + `\x41`),
		"too many characters": quote(strings.Repeat(marker, 2000)),
	}
	if !slices.ContainsFunc(opaque, func(name string) bool { return strings.HasSuffix(what, " "+name) }) {
		faults["text with NUL"], faults["text with an escape character"] = quote(marker+`\u0000`), quote(marker+`\u001b[31m`)
		faults["text that runs backwards"], faults["text with a backspace"] = quote(marker+`\u202e`), quote(marker+`\b`)
	}
	if s.MaxLength != nil {
		faults["one character too many"] = quote(strings.Repeat("é", *s.MaxLength+1))
	}
	if s.MinLength != nil && *s.MinLength > 0 {
		faults["one character too few"] = quote(strings.Repeat("z", *s.MinLength-1))
	}
	if s.Enum != nil || s.Pattern != "" || s.Format != "" {
		faults["of another form"] = quote(marker + " !")
	}
	if s.Format == "uuid" {
		faults["the zero UUID"], faults["an id of nothing"] = quote("00000000-0000-0000-0000-000000000000"), quote("01890000-0000-7000-8000-000000000000")
	}
	return faults
}
