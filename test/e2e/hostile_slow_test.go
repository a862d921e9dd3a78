package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// dawdlers are connections that say the same and then nothing more.
func (w *world) dawdlers(n int, says string) []net.Conn {
	w.t.Helper()
	all := make([]net.Conn, n)
	for i := range all {
		conn, err := (&net.Dialer{}).DialContext(w.t.Context(), "tcp", strings.TrimPrefix(w.server.URL, "http://"))
		w.must(err)
		w.t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, says)
		w.must(err)
		all[i] = conn
	}
	return all
}

// lastWords reads what each connection is still told until the server closes
// it, which it must, and counts their first lines.
func lastWords(t *testing.T, conns []net.Conn) map[string]int {
	t.Helper()
	told := make([]string, len(conns))
	var readers sync.WaitGroup
	for i, conn := range conns {
		readers.Go(func() {
			_ = conn.SetReadDeadline(time.Now().Add(2 * time.Minute))
			text, err := io.ReadAll(conn)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the server keeps the connection for ever")
			}
			told[i], _, _ = strings.Cut(string(text), "\r\n")
		})
	}
	readers.Wait()
	counts := map[string]int{}
	for _, line := range told {
		counts[line]++
	}
	return counts
}

func memory() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// TestSlowClients has hundreds hold connections in every slow way at once.
// Everybody else is served, little memory is held, and it ends.
//
// Up to its end it runs beside no other test: it looks at the memory of the
// process.
func TestSlowClients(t *testing.T) {
	c := oneBackend(t)
	c.Limits.Enabled = false
	c.HTTP.ReadTimeout = 3 * time.Second
	w := start(t, c)
	hana := w.member("hana")
	post := hana.post(hana.stamped())
	before := memory()

	const each = 150
	slow := map[string]struct {
		conns []net.Conn
		want  string // that they are told
	}{
		"who says nothing":               {w.dawdlers(each, ""), ""},
		"who never finishes the headers": {w.dawdlers(each, "GET /v1/posts HTTP/1.1\r\nHost: x\r\nX-Slow: a"), ""},
		"who never finishes the body":    {w.dawdlers(each, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"+`{"email":"`+strings.Repeat("a", 20_000)), "HTTP/1.1 408 Request Timeout"},
		"who never ends a chunk":         {w.dawdlers(each, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n{"), "HTTP/1.1 408 Request Timeout"},
	}
	asking := strings.Repeat("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", 50)
	deaf := w.dawdlers(30, asking) // who ask for much and never read

	t.Run("everybody else is served", func(t *testing.T) {
		w.in(t)
		for i := range 20 {
			for _, a := range []attempt{
				{method: "GET", target: "/v1/posts/" + post.ID.String()}, {method: "GET", target: "/v1/users/account", header: as(hana.token(), nil)},
				jsonTo("POST", "/v1/sessions", "", fmt.Sprintf(`{"email":%q,"password":%q}`, hana.account.Email, password)), {method: "GET", target: "/readyz"},
			} {
				if a.method == "POST" && i > 3 {
					continue // a password takes its time
				}
				if got := send(t, w.server.URL, a); got.status != 200 && got.status != 201 {
					t.Errorf("%s %s: %d %s", a.method, a.target, got.status, got.body)
				}
			}
		}
	})
	t.Run("they hold little memory", func(t *testing.T) {
		held := memory() - before
		n := int64(4*each + len(deaf))
		t.Logf("%d connections, %d kB each", n, held/n>>10)
		if held > n*(200<<10) {
			t.Errorf("%d connections hold %d MB", n, held>>20)
		}
	})
	t.Run("and it ends", func(t *testing.T) {
		t.Parallel() // with other tests: it takes its time
		var waiting sync.WaitGroup
		for who, s := range slow {
			waiting.Go(func() {
				if got := lastWords(t, s.conns); got[s.want] != each {
					t.Errorf("%s is told %v", who, got)
				}
			})
		}
		waiting.Wait()
		for _, conn := range deaf {
			_ = conn.Close()
		}
		w.in(t)
		(&stage{world: w}).calm(t)
	})
}

// endless is a body without an end.
type endless struct{ sent atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '['
	}
	e.sent.Add(int64(len(p)))
	return len(p), nil
}

// TestEndlessBodies sends bodies that do not end. They are cut off after the
// first bytes that are too many.
func TestEndlessBodies(t *testing.T) {
	t.Parallel()
	c := oneBackend(t)
	c.Limits.Enabled = false
	s := newStage(t, c)
	for _, op := range s.document.operations() {
		if s.document.body(op) == nil {
			continue
		}
		a := op.request(s.samples[op.ID])
		body := &endless{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		req, err := http.NewRequestWithContext(ctx, a.method, s.server.URL+a.target, io.NopCloser(body))
		s.must(err)
		req.Header = a.header
		resp, err := plainly.Do(req)
		if err == nil {
			text, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			a.fault, a.status = op.ID+" without end", http.StatusRequestEntityTooLarge
			refused(t, a, answer{resp.StatusCode, resp.Header, text}, s.secrets...)
		} else if !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "broken pipe") { // cut off while it was sent
			t.Errorf("%s: %v", op.ID, err)
		}
		cancel()
		if sent := body.sent.Load(); sent > 32<<20 {
			t.Errorf("%s: %d MB were taken", op.ID, sent>>20)
		}
	}
	s.calm(t)
}
