package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sajin-sns/sajin/adapters/sqldb"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
)

// journal is a log that is read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

// lines are those with a message.
func (j *journal) lines(t *testing.T, message string) (found []map[string]any) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.text.String()) {
		var members map[string]any
		if err := json.Unmarshal([]byte(line), &members); err != nil {
			t.Fatal(err)
		}
		if members["msg"] == message {
			found = append(found, members)
		}
	}
	return found
}

// TestOneID breaks the table of posts and writes down what the outbox is given.
func TestOneID(t *testing.T) {
	var log journal
	c := server.InMemory()
	c.Log.Requests = "all"
	var db sqldb.DB
	s, err := server.Start(t.Context(), c, server.Options{Log: slog.New(slog.NewJSONHandler(&log, nil)), With: func(d sqldb.DB) { db = d }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, statement := range []string{
		`CREATE TABLE told (trace_id TEXT NOT NULL)`,
		`CREATE TRIGGER tell AFTER INSERT ON outbox BEGIN INSERT INTO told VALUES (NEW.trace_id); END`,
		`ALTER TABLE posts RENAME TO broken`,
	} {
		if _, err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(method, path, sent string, header ...string) (status int, id, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(sent))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Header.Get("X-Request-Id"), string(text)
	}
	carries := func(line map[string]any, id string) {
		t.Helper()
		if line["trace_id"] != id {
			t.Errorf("not with %s: %v", id, line)
		}
	}

	t.Run("a request that fails has one id in its answer, the problem and the log", func(t *testing.T) {
		status, id, body := ask("GET", "/v1/posts?limit=5", "")
		if status != 500 || len(id) != 36 || !strings.Contains(body, `"trace_id":"`+id+`"`) {
			t.Fatal(status, id, body)
		}
		failed, requests := log.lines(t, "request failed"), log.lines(t, "request")
		if len(failed) != 1 || len(requests) != 1 {
			t.Fatal(failed, requests)
		}
		carries(failed[0], id)
		carries(requests[0], id)
		if r := requests[0]; r["operation"] != "list-posts" || r["status"] != 500.0 || r["bytes"] != float64(len(body)) || r["took"] == nil || r["account"] != nil {
			t.Error(r)
		}
	})
	t.Run("the id of a proxy goes on to the events that the request causes", func(t *testing.T) {
		status, id, body := ask("POST", "/v1/users", `{"email":"hana@example.com","password":"password of hana","handle":"hana"}`, "X-Request-Id", "of-the-proxy-1")
		if status != http.StatusCreated || id != "of-the-proxy-1" {
			t.Fatal(status, id, body)
		}
		told, err := sqldb.List(t.Context(), db, sqldb.Scalar[string], `SELECT DISTINCT trace_id FROM told`)
		if err != nil || len(told) != 1 || told[0] != "of-the-proxy-1" {
			t.Error(told, err)
		}
	})
	t.Run("so does that of a trace", func(t *testing.T) {
		const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
		_, got, _ := ask("GET", "/nowhere", "", "Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
		if got != trace {
			t.Error(got)
		}
	})
	t.Run("who asks is logged, and neither what signs a link nor a token is", func(t *testing.T) {
		_, _, body := ask("POST", "/v1/sessions", `{"email":"hana@example.com","password":"password of hana"}`)
		var session struct {
			Token string `json:"access_token"`
		}
		if err := json.Unmarshal([]byte(body), &session); err != nil || session.Token == "" {
			t.Fatal(body, err)
		}
		ask("GET", "/media/a.jpg?sig=hunter2&exp=1", "", "Authorization", "Bearer "+session.Token)
		ask("GET", "/pay/"+session.Token, "")
		requests := log.lines(t, "request")
		if line := requests[len(requests)-2]; line["operation"] != "media" || len(line["account"].(string)) != 36 {
			t.Error(line)
		}
		log.mu.Lock()
		defer log.mu.Unlock()
		for _, secret := range []string{"hunter2", session.Token, "password of hana"} {
			if strings.Contains(log.text.String(), secret) {
				t.Errorf("%s is in the log", secret)
			}
		}
	})
	t.Run("probes are not logged", func(t *testing.T) {
		before := len(log.lines(t, "request"))
		ask("GET", "/healthz", "")
		ask("GET", "/readyz", "")
		ask("GET", "/metrics", "")
		if n := len(log.lines(t, "request")); n != before {
			t.Errorf("%d lines more", n-before)
		}
	})
}
