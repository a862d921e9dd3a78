package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// sample is a request of an operation without a fault, by its parts.
type sample struct {
	who    *member // nobody, if nil
	path   map[string]string
	query  map[string]string
	header http.Header
	body   map[string]any // of operations that take JSON
	raw    []byte         // of those that take anything else
	want   int            // what it is answered with, to know that it has no fault
}

// request puts the parts together.
func (op *operation) request(s sample) attempt {
	a := attempt{fault: "no fault", method: op.method, target: op.target(s.path, ""), header: s.headers(), body: s.raw, status: s.want}
	if s.body != nil {
		a.body, a.header["Content-Type"] = object(s.body, "", ""), []string{"application/json"}
	}
	query := url.Values{}
	for name, value := range s.query {
		query.Set(name, value)
	}
	if len(query) > 0 {
		a.target += "?" + query.Encode()
	}
	return a
}

func (s sample) headers() http.Header {
	token := ""
	if s.who != nil {
		token = s.who.Tokens().Access
	}
	return as(token, s.header)
}

func (op *operation) target(path map[string]string, query string) string {
	target := op.path
	for name, value := range path {
		target = strings.ReplaceAll(target, "{"+name+"}", value)
	}
	if query != "" {
		target += "?" + query
	}
	return target
}

// uncleanText is text in a URL that nobody writes.
var uncleanText = map[string]string{
	"NUL": marker + "%00", "an escape character": "%1b%5b31m" + marker, "a line end": marker + "%0d%0a",
	"text that runs backwards": marker + "%e2%80%ae", "bytes that are not UTF-8": "%ff%fe" + marker, "overlong UTF-8": "%c0%af" + marker,
}

// faultyPaths are values that a parameter of the path cannot have, or that name
// nothing.
func faultyPaths(p parameter) map[string]string {
	faults := maps.Clone(uncleanText)
	faults["10,000 characters"] = strings.Repeat("zq7", 3334)
	switch {
	case p.Schema.Format == "uuid":
		maps.Copy(faults, map[string]string{
			"no UUID": marker, "the zero UUID": uuid.Nil.String(), "an id of nothing": uuid.NewString(), "a UUID in braces": "%7b" + uuid.NewString() + "%7d",
			"a UUID and more": uuid.NewString() + "0", "a UUID as URN": "urn:uuid:" + uuid.NewString(), "a UUID without dashes": strings.ReplaceAll(uuid.NewString(), "-", ""),
			"SQL": uuid.NewString() + "'--", "a way out": "..%2f..%2f..%2fetc%2fpasswd",
		})
	case p.Schema.is("integer"):
		for _, n := range []string{"0", "-1", "10001", "99999", "9223372036854775808", "1.5", "1e3", "0x1", "NaN", "%20", marker} {
			faults["the number "+n] = n
		}
	default:
		maps.Copy(faults, map[string]string{
			"a name of nothing": "nobody_" + marker[:3], "SQL": "x'%20OR%20'1'='1", "HTML": "%3cscript%3e" + marker, "a way out": "..%2f..%2fetc%2fpasswd",
			"41 characters": strings.Repeat("a", 41), "an empty name": "%20",
		})
	}
	return faults
}

// faultyQueries are values that a parameter of the query cannot have.
func faultyQueries(p parameter) map[string]string {
	faults := maps.Clone(uncleanText)
	delete(faults, "text that runs backwards") // is looked for, and not found
	faults["broken percent encoding"] = "%zz"
	if p.Schema.is("integer") {
		for _, n := range []string{"0", "-1", "101", "abc", "1.5", "1e1", "0x1", "NaN", "+", "9223372036854775808", "1,2", "1;2"} {
			faults["the number "+n] = n
		}
	}
	if p.Schema.MaxLength != nil {
		faults["too many characters"] = strings.Repeat("a", *p.Schema.MaxLength+1)
	}
	if p.Schema.Enum != nil {
		faults["no word of its own"] = marker
	}
	return faults
}

// faults are all the bad requests that the document of an operation suggests,
// but for those of its body.
func (op *operation) faults(s sample) []attempt {
	var all []attempt
	add := func(fault, target string, status int) *attempt {
		a := op.request(s)
		a.fault, a.target, a.status = fault, target, status
		all = append(all, a)
		return &all[len(all)-1]
	}
	for _, p := range op.in("path") {
		for fault, value := range faultyPaths(p) {
			path := maps.Clone(s.path)
			path[p.Name] = value
			add("{"+p.Name+"} is "+fault, op.target(path, ""), 0)
		}
	}
	good := op.request(s).target
	and := good + "?"
	if strings.Contains(good, "?") {
		and = good + "&"
	}
	add("an unknown query parameter", and+"surprise="+marker, http.StatusUnprocessableEntity)
	add("a query of bad encoding", and+"surprise=%zz"+marker, http.StatusBadRequest)
	add("a query with semicolons", and+"surprise=1;"+marker, http.StatusBadRequest)
	add("thousands of query parameters", and+strings.Repeat("a&", 7000), http.StatusBadRequest)
	add("hundreds of query parameters", and+hundreds(), http.StatusUnprocessableEntity)
	for _, p := range op.in("query") {
		for fault, value := range faultyQueries(p) {
			add("?"+p.Name+" is "+fault, op.target(s.path, p.Name+"="+value), 0)
		}
		add("?"+p.Name+" is there twice", op.target(s.path, p.Name+"=1&"+p.Name+"=2"), http.StatusBadRequest)
	}
	for _, p := range op.in("header") {
		for fault, values := range faultyHeaders(p) {
			add(p.Name+" is "+fault, good, http.StatusBadRequest).header[http.CanonicalHeaderKey(p.Name)] = values
		}
		for fault, value := range foreignTags(p) {
			add(p.Name+" is "+fault, good, http.StatusPreconditionFailed).header[http.CanonicalHeaderKey(p.Name)] = []string{value}
		}
	}
	add("a path that there is not", strings.SplitN(good, "?", 2)[0]+"/zq7/nothing", http.StatusNotFound)
	add("a method that there is not", good, http.StatusMethodNotAllowed).method = "BREW"
	add("TRACE", good, http.StatusMethodNotAllowed).method = http.MethodTrace
	return all
}

func hundreds() string {
	var query strings.Builder
	for i := range 900 {
		fmt.Fprintf(&query, "a%d=1&", i)
	}
	return query.String()
}

// faultyHeaders are values that a header cannot have. If-None-Match may be
// anything: it only tells what a client holds.
func faultyHeaders(p parameter) map[string][]string {
	switch p.Name {
	case "Idempotency-Key":
		return map[string][]string{
			"missing": nil, "empty": {""}, "short": {"zq7-15-characte"}, "long": {strings.Repeat("k", 129)}, "there twice": {"zq7-0123456789abcdef", "zq7-0123456789abcdef"},
			"not ASCII": {"zq7-0123456789-키"}, "of two words": {"zq7-0123456789 abcdef"}, "half quoted": {`"zq7-0123456789abcdef`}, "not UTF-8": {"zq7-0123456789\xff\xfe"},
		}
	case "If-Match":
		return map[string][]string{
			"no ETag": {marker}, "empty": {""}, "half quoted": {`"1-0123456789abcdef`}, "anything and one": {`*, "1-0123456789abcdef"`}, "one and anything": {`"1-0123456789abcdef"`, "*"},
		}
	}
	return nil
}

// foreignTags are ETags that a resource does not have.
func foreignTags(p parameter) map[string]string {
	if p.Name != "If-Match" {
		return nil
	}
	digest := "-0123456789abcdef"
	return map[string]string{
		"of another server": `"zq7"`, "a list": `"zq7", "` + strings.Repeat("9", 18) + digest + `"`, "of a huge version": `"9223372036854775808` + digest + `"`,
		"of a negative version": `"-1` + digest + `"`, "of no version": `"0123456789abcdef"`, "weak": `W/"1` + digest + `"`, "with a comma": `"1` + digest + `,"`,
	}
}

// wrongMethods are those of HTTP that a path does not have.
func (d *document) wrongMethods(op *operation, good attempt) []attempt {
	var all []attempt
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodGet} {
		if d.takes(method, good.target) {
			continue
		}
		if method == http.MethodPut && strings.HasSuffix(op.path, "/parts/{n}") {
			continue // where parts are sent, by links that the document does not know
		}
		a := good
		a.fault, a.method, a.body, a.status = "the method "+method, method, nil, http.StatusMethodNotAllowed
		all = append(all, a)
	}
	return all
}

// takes tells whether there is an operation of a method that a path leads to.
func (d *document) takes(method, target string) bool {
	for template, item := range d.Paths {
		form := regexp.MustCompile("^" + regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(template, "[^/]+") + `(\?|$)`)
		if item[strings.ToLower(method)] != nil && form.MatchString(target) {
			return true
		}
	}
	return false
}
