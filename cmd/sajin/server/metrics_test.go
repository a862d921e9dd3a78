package server_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/fx"

	"github.com/sajin-sns/sajin/adapters/metrics"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
)

// shown are the collectors of a server.
type shown struct {
	fx.In
	Waiting *metrics.Collector
	Others  []prometheus.Collector `group:"collectors"`
}

var fqName = regexp.MustCompile(`fqName: "(\w+)"`)

// names are what the collectors can show, also what they have not seen yet.
func (s shown) names() []string {
	var names []string
	for _, c := range append(s.Others, s.Waiting) {
		descs := make(chan *prometheus.Desc)
		go func() {
			c.Describe(descs)
			close(descs)
		}()
		for d := range descs {
			names = append(names, fqName.FindStringSubmatch(d.String())[1])
		}
	}
	slices.Sort(names)
	return names
}

func TestMetrics(t *testing.T) {
	var all shown
	s, err := server.Start(t.Context(), server.InMemory(), server.Options{With: func(in shown) { all = in }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	ask := func(method, path string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}

	t.Run("the table in the documentation is all of them, and no more", func(t *testing.T) {
		text, err := os.ReadFile("../../../docs/operations.md")
		if err != nil {
			t.Fatal(err)
		}
		var documented []string
		for _, row := range regexp.MustCompile("(?m)^\\| `(sajin_\\w+)` \\|").FindAllStringSubmatch(string(text), -1) {
			documented = append(documented, row[1])
		}
		slices.Sort(documented)
		for _, name := range all.names() {
			if i, found := slices.BinarySearch(documented, name); found {
				documented = slices.Delete(documented, i, i+1)
			} else {
				t.Errorf("%s is not in docs/operations.md", name)
			}
		}
		if len(documented) > 0 {
			t.Errorf("docs/operations.md has what is not there, or twice: %v", documented)
		}
	})
	t.Run("whatever is asked for, series do not multiply", func(t *testing.T) {
		requests := func() (lines []string) {
			for line := range strings.Lines(ask("GET", "/metrics")) {
				if strings.HasPrefix(line, "sajin_http_requests_total") {
					lines = append(lines, strings.TrimSpace(line))
				}
			}
			return lines
		}
		for _, path := range []string{"/v1/posts", "/v1/posts/nothing", "/nowhere", "/media/a.jpg?sig=secret", "/v1/uploads/a/parts/1"} {
			ask("GET", path)
		}
		before := requests()
		for _, path := range []string{"/v1/posts/1", "/v1/posts/2?x=y", "/nowhere/1", "/nowhere/2", "/media/b/c.jpg", "/%ff"} {
			ask("GET", path)
		}
		ask("BREW", "/v1/posts/3")
		ask("STEEP", "/v1/posts/4")
		after := requests()
		for _, line := range after {
			if strings.ContainsAny(line, "/%") || strings.Contains(line, "secret") || strings.Contains(line, "BREW") {
				t.Error(line)
			}
		}
		if len(after) > len(before)+2 { // the scrape itself, and methods that are none
			t.Errorf("%d series became %d:\n%s", len(before), len(after), strings.Join(after, "\n"))
		}
		for _, want := range []string{
			`{method="GET",operation="list-posts",status="2xx"} 1`, `{method="GET",operation="media",status="4xx"} 2`,
			`{method="other",operation="other",status="4xx"} 2`,
		} {
			if !slices.Contains(after, "sajin_http_requests_total"+want) {
				t.Errorf("no %s in\n%s", want, strings.Join(after, "\n"))
			}
		}
	})
	t.Run("names and helps are as Prometheus likes them", func(t *testing.T) {
		registry := prometheus.NewRegistry()
		registry.MustRegister(append(all.Others, all.Waiting)...)
		problems, err := testutil.GatherAndLint(registry)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	})
}
