package server_test

import (
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/sdk/go/api"
	"github.com/sajin-sns/sajin/test/sajintest"
)

// traces are what a collector was sent.
type traces struct {
	mu  sync.Mutex
	all []*spans.Span
}

func (s *traces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var sent collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &sent)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range sent.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			s.all = append(s.all, scope.Spans...)
		}
	}
}

// tree writes a trace as paths from its root: "create-post/transaction".
func (s *traces) tree(id string) map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	byID := map[string]*spans.Span{}
	for _, span := range s.all {
		if hex.EncodeToString(span.TraceId) == id {
			byID[string(span.SpanId)] = span
		}
	}
	paths := map[string]int{}
	for _, span := range byID {
		path := span.Name
		for len(span.ParentSpanId) > 0 {
			parent := byID[string(span.ParentSpanId)]
			if parent == nil {
				path = "?/" + path
				break
			}
			span, path = parent, parent.Name+"/"+path
		}
		paths[path]++
	}
	return paths
}

func TestATraceOfAPublish(t *testing.T) {
	seen := &traces{}
	sink := httptest.NewServer(seen)
	t.Cleanup(sink.Close)
	s := sajintest.StartWith(t, sajintest.Options{Configure: func(c *config.Config) {
		c.Tracing.Endpoint = config.URL(sink.URL)
		c.Feeds.FanoutBatch = 1 // two subscribers take a job
	}})
	creator := s.Member("creator")
	for _, fan := range []string{"fan", "friend"} {
		if _, err := s.Member(fan).SubscribeWithResponse(t.Context(), creator.Account.Handle); err != nil {
			t.Fatal(err)
		}
	}
	s.Settle()
	answer, err := creator.CreatePostWithResponse(t.Context(), api.NewPost{MediaIds: &[]uuid.UUID{creator.Photo()}})
	if err != nil || answer.JSON201 == nil {
		t.Fatal(err, answer)
	}
	s.Settle()
	trace := strings.ReplaceAll(answer.HTTPResponse.Header.Get("X-Request-Id"), "-", "")
	want := []string{
		"create-post",
		"create-post/transaction",
		"create-post/transaction/INSERT posts",
		"create-post/transaction/INSERT outbox",
		"create-post/publish content.post.published.v1",
		"create-post/handle subscriptions.fan-out/transaction/INSERT consumed_events",
		"create-post/handle subscriptions.fan-out/transaction/INSERT jobs",
		"create-post/job subscriptions.fan-out/transaction",
	}
	var tree map[string]int
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		tree = seen.tree(trace)
		missing := false
		for _, path := range want {
			missing = missing || tree[path] == 0
		}
		if !missing {
			break
		}
	}
	for _, path := range want {
		if tree[path] == 0 {
			t.Errorf("no %s in %v", path, tree)
		}
	}
	for path, n := range tree {
		if strings.HasPrefix(path, "?") {
			t.Errorf("%d spans hang in the air: %s", n, path)
		}
	}
	if tree["create-post"] != 1 {
		t.Errorf("%d roots", tree["create-post"])
	}
}

func TestACollectorThatHangs(t *testing.T) {
	deaf, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	c := server.InMemory()
	c.Tracing.Endpoint = config.URL("http://" + deaf.Addr().String())
	s, err := server.Start(t.Context(), c, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		answer, err := http.Get(s.URL + "/v1/posts")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Error(answer.Status)
		}
	}
	stopped := make(chan error)
	go func() { stopped <- s.Stop(t.Context()) }()
	select {
	case err := <-stopped:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the server does not stop")
	}
}
