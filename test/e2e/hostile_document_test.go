package e2e

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// document is what an OpenAPI document says about requests. The hostile ones
// are made from it, so that a new operation is attacked without being named.
type document struct {
	Paths      map[string]map[string]*operation
	Components struct{ Schemas map[string]*schema }
}

type operation struct {
	ID          string `json:"operationId"`
	Security    []map[string][]string
	Parameters  []parameter
	Responses   map[string]any
	RequestBody *struct {
		Required bool
		Content  map[string]struct{ Schema *schema }
	}
	method, path string
}

type parameter struct {
	Name, In string
	Required bool
	Schema   *schema
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 kinds
	Enum                 []any
	Pattern, Format      string
	MinLength, MaxLength *int
	MaxItems             *int
	Minimum, Maximum     *float64
	Items                *schema
	Properties           map[string]*schema
	Required             []string
}

// kinds are the types that a value may have: one, or one and null.
type kinds []string

func (k *kinds) UnmarshalJSON(text []byte) error {
	if one := ""; json.Unmarshal(text, &one) == nil {
		*k = kinds{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(k))
}

func (s *schema) is(kind string) bool { return slices.Contains(s.Type, kind) }

// readDocument fetches the document of a running server.
func readDocument(t *testing.T, base string) *document {
	t.Helper()
	var d document
	if err := json.Unmarshal(send(t, base, attempt{method: http.MethodGet, target: "/openapi.json"}).body, &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// operations are all of them, in an order that stays.
func (d *document) operations() []*operation {
	var all []*operation
	for path, item := range d.Paths {
		for method, op := range item {
			op.method, op.path = strings.ToUpper(method), path
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b *operation) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func (d *document) resolve(s *schema) *schema {
	for s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	return s
}

// body is the schema of the JSON that an operation takes; nil if it takes none.
func (d *document) body(op *operation) *schema {
	if op.RequestBody == nil {
		return nil
	}
	content, ok := op.RequestBody.Content["application/json"]
	if !ok {
		return nil
	}
	return d.resolve(content.Schema)
}

// members tells whether somebody must be signed in for an operation.
func (op *operation) members() bool {
	return len(op.Security) > 0 && !slices.ContainsFunc(op.Security, func(s map[string][]string) bool { return len(s) == 0 })
}

// admins tells whether an operation is for administrators alone.
func (op *operation) admins() bool { return strings.HasPrefix(op.path, "/v1/admin/") }

// in lists the parameters of a place: path, query, header.
func (op *operation) in(place string) []parameter {
	return slices.DeleteFunc(slices.Clone(op.Parameters), func(p parameter) bool { return p.In != place })
}

// properties lists the members of an object, in an order that stays.
func (s *schema) properties() []string { return slices.Sorted(maps.Keys(s.Properties)) }
