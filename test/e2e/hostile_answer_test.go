package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// attempt is a request, mostly one with a single fault in it.
type attempt struct {
	fault  string // what is wrong with it
	method string
	target string // path and query, escaped as they are sent
	header http.Header
	body   []byte
	status int // that it must be answered with; 0: any of 4xx
}

// answer is what came back, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// plainly sends requests as they are: no redirects, no cookies, no retries.
var plainly = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       30 * time.Second,
}

func send(t *testing.T, base string, a attempt) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), a.method, base+a.target, bytes.NewReader(a.body))
	if err != nil {
		t.Fatalf("%s: %v", a.fault, err)
	}
	for name, values := range a.header {
		req.Header[name] = values
	}
	resp, err := plainly.Do(req)
	if err != nil {
		t.Errorf("%s: %v", a.fault, err)
		return answer{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("%s: %v", a.fault, err)
	}
	return answer{resp.StatusCode, resp.Header, body}
}

// as names who is calling. Without a token nobody is.
func as(token string, header http.Header) http.Header {
	out := header.Clone()
	if out == nil {
		out = http.Header{}
	}
	if token != "" {
		out.Set("Authorization", "Bearer "+token)
	}
	return out
}

// marker is in whatever is sent to be rejected. No answer repeats it.
const marker = "zq7rejected"

// internals are words that only the inside of the server would say.
var internals = []string{
	"pgx", "sqlite", "postgres", "sql", "json:", "goroutine", ".go:", "panic", "runtime error", "nil pointer", "go value", "go struct",
	"reflect", "strconv", "huma", "unmarshal", "unexpected eof", "0x", "/tmp/", "/root/", "constraint", "deadlock", "connection",
}

var codeForm = regexp.MustCompile(`^[a-z]+(\.[a-z]+(-[a-z]+)*)$`)

// maxProblem is how long a problem may be: whoever sends much must not be
// answered with more.
const maxProblem = 16 << 10

// refused checks that an answer is a problem as the contract has it, and that
// it says nothing that it should not.
func refused(t *testing.T, a attempt, got answer, secrets ...string) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %s %.120s: answered %d %.400s: "+format, append([]any{a.fault, a.method, a.target, got.status, got.body}, args...)...)
	}
	if got.status < 400 || got.status > 499 || a.status != 0 && got.status != a.status {
		fail("want %d", max(a.status, 400))
	}
	if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
		fail("it is of the type %q", kind)
		return
	}
	var p struct {
		Type, Title, Detail, Code *string
		Status                    *int
		TraceID                   *string `json:"trace_id"`
		Errors                    []struct{ Location, Message string }
	}
	if err := json.Unmarshal(got.body, &p); err != nil || p.Type == nil || p.Title == nil || p.Detail == nil || p.Code == nil || p.Status == nil || p.TraceID == nil {
		fail("it is not a whole problem (%v)", err)
		return
	}
	switch {
	case *p.Status != got.status || *p.Title != http.StatusText(got.status) || *p.Detail == "":
		fail("it does not describe itself")
	case !codeForm.MatchString(*p.Code) || *p.Type != "/problems/"+*p.Code:
		fail("it has no good code")
	case *p.TraceID == "" || *p.TraceID != got.header.Get("X-Request-Id"):
		fail("trace %q, request %q", *p.TraceID, got.header.Get("X-Request-Id"))
	case got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff":
		fail("its headers are %v", got.header)
	case got.status == http.StatusUnauthorized && got.header.Get("Www-Authenticate") == "":
		fail("401 says how to authenticate")
	case got.status == http.StatusMethodNotAllowed && got.header.Get("Allow") == "":
		fail("405 says what is allowed")
	case len(got.body) > maxProblem:
		fail("it has %d bytes", len(got.body))
	}
	text := strings.ToLower(string(got.body))
	for _, word := range internals {
		if strings.Contains(text, word) {
			fail("it says %q", word)
		}
	}
	for _, secret := range slices.Concat(secrets, []string{marker}) {
		if secret != "" && bytes.Contains(got.body, []byte(secret)) {
			fail("it repeats %.40q", secret)
		}
	}
}

// untraced is a problem without what differs from request to request.
func untraced(got answer) string {
	return strings.ReplaceAll(string(got.body), got.header.Get("X-Request-Id"), "…")
}
