package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/sajin-sns/sajin/adapters/worker"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/test/natstest"
)

func run(t *testing.T, c config.Config) *server.Server {
	t.Helper()
	s, err := server.Start(t.Context(), c, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// get is the status, the type and the members of an answer.
func get(t *testing.T, url string) (status int, contentType string, body map[string]any) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_ = json.NewDecoder(resp.Body).Decode(&body) // /metrics is none
	return resp.StatusCode, resp.Header.Get("Content-Type"), body
}

func TestRoles(t *testing.T) {
	for _, roles := range [][]string{{"worker"}, {"media"}, {"worker", "media"}, {"api"}} {
		c := server.InMemory()
		c.Roles = roles
		s := run(t, c)
		api := c.Has(config.RoleAPI)
		t.Run("every process answers for itself", func(t *testing.T) {
			for _, path := range []string{"/healthz", "/readyz", "/v1/service", "/metrics"} {
				if status, _, _ := get(t, s.URL+path); status != 200 {
					t.Errorf("%v: %s answers %d", roles, path, status)
				}
			}
		})
		t.Run("the API is only there with its role", func(t *testing.T) {
			for _, path := range []string{"/", "/v1/posts", "/v1/coin-packs", "/media/x", "/docs/"} {
				status, kind, body := get(t, s.URL+path)
				if gone := status == 404 && kind == "application/problem+json" && body["code"] == "request.no-such-path"; gone == api && path != "/media/x" {
					t.Errorf("%v: %s answers %d, %s: %v", roles, path, status, kind, body)
				}
			}
		})
	}
}

func TestRolesDivideTheJobs(t *testing.T) {
	kinds := func(roles ...string) (all []string) {
		t.Helper()
		c := server.InMemory()
		c.Roles = roles
		err := server.Use(t.Context(), c, server.Options{}, func(p *worker.Pool) {
			for _, k := range p.Stats() {
				all = append(all, k.Kind)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(all)
		return all
	}
	if got, want := kinds("media"), []string{"media.discard", "media.process"}; !slices.Equal(got, want) {
		t.Errorf("media does %v", got)
	}
	if got := kinds("api"); len(got) != 0 {
		t.Errorf("api does %v", got)
	}
	both := slices.Concat(kinds("worker"), kinds("media"))
	slices.Sort(both)
	if got := kinds("api", "worker", "media"); !slices.Equal(got, both) {
		t.Errorf("everything is %v, in two parts it is %v", got, both)
	}
}

func TestABrokerThatIsAwayIsDegraded(t *testing.T) {
	broker := natstest.Reserve(t, natstest.Options{})
	c := server.InMemory()
	c.Events.URL = config.URL(broker.URL())
	s := run(t, c)
	status, _, body := get(t, s.URL+"/readyz")
	if list, _ := body["degraded"].([]any); status != 200 || body["status"] != "degraded" || len(list) != 1 || list[0] != "events" {
		t.Errorf("%d %v", status, body)
	}
	broker.Start()
	for body["status"] != "ok" && t.Context().Err() == nil {
		_, _, body = get(t, s.URL+"/readyz")
	}

	t.Run("a process that carries no events does not ask for it", func(t *testing.T) {
		broker.Stop()
		c.Roles = []string{"api", "media"}
		if _, _, body := get(t, run(t, c).URL+"/readyz"); body["status"] != "ok" {
			t.Error(body)
		}
	})
}
