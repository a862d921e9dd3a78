package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// floods sends more headers than anybody needs. As many as fit into the limit
// change nothing; what is above it is refused before there is a request, by the
// HTTP server itself and in its own words.
func (s *stage) floods(t *testing.T) {
	many, huge := http.Header{}, http.Header{"X-Zq7": {strings.Repeat("zq7", 20_000)}}
	for i := range 500 {
		many.Set(fmt.Sprintf("X-Zq7-%d", i), "zq7")
	}
	for _, id := range []string{"list-posts", "create-post", "purchase-post", "upload-limits"} {
		for _, op := range s.document.operations() {
			if op.ID != id {
				continue
			}
			a := op.request(s.samples[id])
			a.fault, a.target, a.status = "500 headers", a.target+"?surprise=1", http.StatusUnprocessableEntity
			for name, values := range many {
				a.header[name] = values
			}
			refused(t, a, send(t, s.server.URL, a), s.secrets...)
			a.header["X-Zq7"] = huge["X-Zq7"]
			if got := send(t, s.server.URL, a); got.status != http.StatusRequestHeaderFieldsTooLarge || string(got.body) != "431 Request Header Fields Too Large" {
				t.Errorf("60 kB of a header: %d %q", got.status, got.body)
			}
		}
	}
	for _, id := range []string{"", "short", strings.Repeat("a", 65), "with spaces in it", "<script>alert</script>", `"; drop`, "ünïcödé-request"} {
		a := attempt{fault: "X-Request-Id " + id, method: "GET", target: "/v1/posts?surprise=1", header: http.Header{"X-Request-Id": {id}}, status: 422}
		got := send(t, s.server.URL, a)
		refused(t, a, got)
		if got.header.Get("X-Request-Id") == id {
			t.Errorf("%q is taken for a request id", id)
		}
	}
}

// accepts asks for answers of other types. There is one.
func (s *stage) accepts(t *testing.T) {
	for _, kind := range []string{"text/html", "application/xml", "json", "image/*", "*/*;q=0", ";;q=", "application/problem+json;q=0", strings.Repeat("a/b,", 1000), "application/cbor, application/json;q=0.1"} {
		a := attempt{fault: "Accept: " + kind, method: "GET", target: "/v1/posts?surprise=1", header: http.Header{"Accept": {kind}}, status: 422}
		refused(t, a, send(t, s.server.URL, a))
		a.target = "/v1/posts"
		if got := send(t, s.server.URL, a); got.status != 200 || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%.50s: %d %s", a.fault, got.status, got.header.Get("Content-Type"))
		}
	}
}

// wire sends what is hardly HTTP, or breaks off.
func (s *stage) wire(t *testing.T) {
	const post = "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
	for fault, test := range map[string]struct {
		request string
		status  string
		problem bool // or else the HTTP server's own words
	}{
		"chunks that are none":           {post + "Transfer-Encoding: chunked\r\n\r\nzq7\r\n\r\n", "400", true},
		"a chunk that breaks off":        {post + "Transfer-Encoding: chunked\r\n\r\n50\r\n{\"email\":\"a", "400", true},
		"chunks of a huge size":          {post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}", "400", true},
		"a body that breaks off":         {post + "Content-Length: 500\r\n\r\n{\"email\":\"a", "400", true},
		"no body":                        {post + "\r\n", "400", true},
		"chunked twice":                  {post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "501", false},
		"a transfer encoding of its own": {post + "Transfer-Encoding: zq7\r\n\r\n", "501", false},
		"two lengths":                    {post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400", false},
		"a negative length":              {post + "Content-Length: -1\r\n\r\n{}", "400", false},
		"a header without a name":        {post + ": zq7\r\n\r\n", "400", false},
		"a header with NUL":              {post + "X-Zq7: a\x00b\r\n\r\n", "400", false},
		"a header in two lines":          {"GET /v1/posts HTTP/1.1\r\nHost: x\r\nX-Zq7 : a\r\n\r\n", "400", false},
		"no host":                        {"GET /v1/posts HTTP/1.1\r\n\r\n", "400", false},
		"a host of its own":              {"GET /v1/posts HTTP/1.1\r\nHost: a b\r\n\r\n", "400", false},
		"HTTP of the future":             {"GET /v1/posts HTTP/9.9\r\nHost: x\r\n\r\n", "505", false},
		"no HTTP":                        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400", false},
		"a path of bad encoding":         {"GET /v1/posts/%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400", false},
		"a bad method":                   {"G@T /v1/posts HTTP/1.1\r\nHost: x\r\n\r\n", "400", false},
	} {
		head, body := s.raw(t, test.request)
		status, headers, _ := strings.Cut(head, "\r\n")
		isProblem := strings.Contains(headers, "application/problem+json") && strings.Contains(body, `"trace_id"`)
		if !strings.HasPrefix(status, "HTTP/1.1 "+test.status) || isProblem != test.problem || strings.Contains(body, "zq7") || len(body) > 1000 {
			t.Errorf("%s: %s %s", fault, head, body)
		}
		for _, word := range internals {
			if strings.Contains(strings.ToLower(body), word) {
				t.Errorf("%s: it says %q: %s", fault, word, body)
			}
		}
	}
}

// raw sends bytes, says that no more will come, and reads the answer.
func (s *stage) raw(t *testing.T, request string) (head, body string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil {
		t.Errorf("%.40q: %v", request, err)
	}
	head, body, _ = strings.Cut(string(answer), "\r\n\r\n")
	return head, body
}

// webhooks sends messages that the provider did not write.
func (s *stage) webhooks(t *testing.T) {
	body := s.samples["receive-webhook"].raw
	good := func() http.Header { return signed(body) }
	with := func(name string, values ...string) http.Header {
		h := good()
		h[name] = values
		return h
	}
	old := signed(body)
	old.Set("Webhook-Timestamp", "1700000000")
	for fault, test := range map[string]struct {
		header http.Header
		body   []byte
		status int
	}{
		"no signature":                   {http.Header{}, body, 400},
		"an empty signature":             {with("Webhook-Signature", ""), body, 400},
		"a signature of something else":  {good(), []byte(`{"type":"payment.succeeded"}`), 400},
		"a signature of another version": {with("Webhook-Signature", "v0,"+strings.TrimPrefix(good().Get("Webhook-Signature"), "v1,")), body, 400},
		"two signatures":                 {with("Webhook-Signature", good().Get("Webhook-Signature"), "v1,zq7"), body, 400},
		"no id":                          {with("Webhook-Id"), body, 400},
		"another id":                     {with("Webhook-Id", "msg_other"), body, 400},
		"no time":                        {with("Webhook-Timestamp"), body, 400},
		"no such time":                   {with("Webhook-Timestamp", "1e400"), body, 400},
		"an old time":                    {old, body, 400},
		"no body":                        {good(), nil, 400},
		"a huge body":                    {good(), make([]byte, 70_000), 413},
	} {
		a := attempt{fault: "a webhook with " + fault, method: "POST", target: "/v1/webhooks/sandbox", header: test.header, body: test.body, status: test.status}
		refused(t, a, send(t, s.server.URL, a), s.secrets...)
	}
}
