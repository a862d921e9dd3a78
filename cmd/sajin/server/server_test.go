package server_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/sajin-sns/sajin/cmd/sajin/server"
)

func TestStart(t *testing.T) {
	s, err := server.Start(t.Context(), server.InMemory(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, path := range []string{"/", "/healthz", "/readyz", "/v1/service", "/openapi.json", "/docs/", "/metrics", "/v1/posts", "/.well-known/jwks.json"} {
		resp, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}
