package e2e

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sajin-sns/sajin/config"
)

// TestHostileRequests sends to every operation whatever the document of the API
// says that it does not take. Each is refused with a problem, and nothing
// happens.
func TestHostileRequests(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		s := newStage(t, c)
		page, before := mainPage(t, s.stranger()), s.rows()
		for _, op := range s.document.operations() {
			t.Run(op.ID, func(t *testing.T) { s.attack(t, op) })
		}
		t.Run("what only the server decides", s.assign)
		t.Run("cursors that are not the list's own", s.cursors)
		t.Run("too many headers", s.floods)
		t.Run("other types than JSON", s.accepts)
		t.Run("what is hardly HTTP", s.wire)
		t.Run("webhooks of nobody", s.webhooks)
		t.Run("nothing has changed", func(t *testing.T) {
			if changed := s.rows().changed(before); changed != nil {
				t.Errorf("other rows than before: %s", strings.Join(changed, "\n"))
			}
			if got := ids(mainPage(t, s.stranger())); !slices.Equal(got, ids(page)) {
				t.Errorf("main page %v, before %v", got, ids(page))
			}
		})
		t.Run("without their faults the requests are right", func(t *testing.T) {
			for _, op := range s.document.operations() {
				a := op.request(s.samples[op.ID])
				if got := send(t, s.server.URL, a); got.status != a.status {
					t.Errorf("%s: answered %d %s", op.ID, got.status, got.body)
				}
			}
		})
		s.calm(t)
	})
}

// oneBackend is the configuration of a server for what is the same on each.
func oneBackend(t *testing.T) config.Config {
	c := config.Default()
	c.DataDir, c.HTTP.Listen, c.Uploads.PartSize = t.TempDir(), "127.0.0.1:0", 16<<10
	return c
}

// attack sends the faulty requests of one operation, several at a time.
func (s *stage) attack(t *testing.T, op *operation) {
	sample, ok := s.samples[op.ID]
	if !ok {
		t.Fatal("there is a new operation: give it a sample in makeSamples")
	}
	for _, p := range op.in("path") {
		if sample.path[p.Name] == "" {
			t.Fatalf("its sample lacks {%s}", p.Name)
		}
	}
	attempts := append(op.faults(sample), s.document.wrongMethods(op, op.request(sample))...)
	switch {
	case op.RequestBody == nil:
	case s.document.body(op) == nil && sample.raw == nil:
		t.Fatal("it takes a body that is not JSON: give its sample one")
	case s.document.body(op) == nil:
	case s.config.Database.URL == "":
		attempts = append(attempts, s.document.faultyBodies(t, op, sample)...)
	default: // only what gets as far as the database, which is where it may matter that it is another one
		attempts = append(attempts, s.document.faultyMembers(t, op, sample)...)
	}
	queue := make(chan attempt)
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for a := range queue {
				refused(t, a, send(t, s.server.URL, a), s.secrets...)
			}
		})
	}
	for _, a := range attempts {
		queue <- a
	}
	close(queue)
	senders.Wait()
	t.Logf("%d requests", len(attempts))
}

// calm checks that the server is well after what it went through.
func (s *stage) calm(t *testing.T) {
	t.Run("the server is well", func(t *testing.T) {
		if got := send(t, s.server.URL, attempt{method: "GET", target: "/readyz"}); got.status != 200 {
			t.Errorf("ready: %d %s", got.status, got.body)
		}
		s.balanced()
		for line := range strings.Lines(s.log.String()) {
			if strings.Contains(line, `"level":"ERROR"`) || strings.Contains(line, "panic") {
				t.Errorf("the log says: %.2000s", line)
			}
		}
	})
}
