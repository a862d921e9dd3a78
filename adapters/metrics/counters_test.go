package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/sajin-sns/sajin/adapters/metrics"
	"github.com/sajin-sns/sajin/ports/blob"
)

func expose(t *testing.T, c prometheus.Collector, want string, names ...string) {
	t.Helper()
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

func TestRequests(t *testing.T) {
	r := metrics.NewRequests()
	r.Requested()
	r.Requested()
	r.Requested()
	r.Answered("publish-post", http.MethodPost, 201, 40, 20*time.Millisecond)
	r.Answered("publish-post", http.MethodPost, 404, 2, 2*time.Second)
	expose(t, r, `
# HELP sajin_http_requests_total Requests that were answered, by operation, method and class of status.
# TYPE sajin_http_requests_total counter
sajin_http_requests_total{method="POST",operation="publish-post",status="2xx"} 1
sajin_http_requests_total{method="POST",operation="publish-post",status="4xx"} 1
# HELP sajin_http_requests_in_flight Requests that are being answered.
# TYPE sajin_http_requests_in_flight gauge
sajin_http_requests_in_flight 1
# HELP sajin_http_response_bytes_total Bytes of the bodies of answers.
# TYPE sajin_http_response_bytes_total counter
sajin_http_response_bytes_total{operation="publish-post"} 42
`, "sajin_http_requests_total", "sajin_http_requests_in_flight", "sajin_http_response_bytes_total")
	t.Run("a status that is none does no harm", func(*testing.T) {
		r.Answered("other", "GET", 0, 0, 0)
		r.Answered("other", "GET", 999, 0, 0)
	})
}

func TestCalls(t *testing.T) {
	c := metrics.NewBlobCalls()
	for _, err := range []error{
		nil, fmt.Errorf("open: %w", blob.ErrNotFound), errors.Join(context.Canceled, blob.ErrSize), context.DeadlineExceeded, errors.New("503"), blob.ErrFull,
	} {
		_, end := c.Around(t.Context(), "put")
		end(err)
	}
	expose(t, c, `
# HELP sajin_blob_operations_total Operations of object storage, by outcome.
# TYPE sajin_blob_operations_total counter
sajin_blob_operations_total{operation="put",outcome="canceled"} 1
sajin_blob_operations_total{operation="put",outcome="error"} 1
sajin_blob_operations_total{operation="put",outcome="full"} 1
sajin_blob_operations_total{operation="put",outcome="not_found"} 1
sajin_blob_operations_total{operation="put",outcome="ok"} 1
sajin_blob_operations_total{operation="put",outcome="timeout"} 1
`, "sajin_blob_operations_total")

	p := metrics.NewPaymentCalls()
	_, end := p.Around(t.Context(), "stripe", "start")
	end(nil)
	expose(t, p, `
# HELP sajin_payment_provider_operations_total Calls of payment providers, by outcome.
# TYPE sajin_payment_provider_operations_total counter
sajin_payment_provider_operations_total{operation="start",outcome="ok",provider="stripe"} 1
`, "sajin_payment_provider_operations_total")
}

func TestLedger(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	l := metrics.NewLedger(func() time.Time { return at })
	t.Run("before the first audit nothing is claimed", func(t *testing.T) { expose(t, l, "") })
	l.Report(metrics.Audit{At: at, Took: 1500 * time.Millisecond, Problems: 2, Imbalance: map[string]int64{"COIN": 0, "KRW": -7}})
	const want = `
# HELP sajin_ledger_audit_duration_seconds How long that took.
# TYPE sajin_ledger_audit_duration_seconds gauge
sajin_ledger_audit_duration_seconds 1.5
# HELP sajin_ledger_audit_timestamp_seconds When the ledger was last audited.
# TYPE sajin_ledger_audit_timestamp_seconds gauge
sajin_ledger_audit_timestamp_seconds 1.8e+09
# HELP sajin_ledger_imbalance What the journal adds up to, which is zero for every asset, at the last audit.
# TYPE sajin_ledger_imbalance gauge
sajin_ledger_imbalance{asset="COIN"} 0
sajin_ledger_imbalance{asset="KRW"} -7
# HELP sajin_ledger_problems What the last audit of the ledger has found wrong.
# TYPE sajin_ledger_problems gauge
sajin_ledger_problems 2
`
	at = at.Add(time.Hour)
	t.Run("the last audit is shown", func(t *testing.T) { expose(t, l, want) })
	t.Run("but not when another process must have made a newer one", func(t *testing.T) {
		at = at.Add(61 * time.Minute)
		expose(t, l, "")
	})
}

func TestProcess(t *testing.T) {
	p := &metrics.Process{
		Relay: func() metrics.Relay { return metrics.Relay{Published: 5, Failed: 2, UnderWay: 1} },
		Consumers: func() []metrics.Consumer {
			return []metrics.Consumer{{Name: "feeds", Topic: "posts", Handled: 4, Parked: 1}}
		},
		Workers: func() []metrics.Worker { return []metrics.Worker{{Kind: "mail", Running: 1, Done: 3}} },
		Database: func() metrics.Database {
			return metrics.Database{InUse: 2, Idle: 1, Max: 8, Waits: 6, Waited: 90 * time.Second}
		},
		Passwords: func() metrics.Passwords { return metrics.Passwords{Running: 2, Waiting: 9, Refused: 4} },
	}
	if n := testutil.CollectAndCount(p); n != 3+4+1+5+5+3 {
		t.Errorf("%d series", n)
	}
	expose(t, p, `
# HELP sajin_database_wait_seconds_total How long was waited for those, all together.
# TYPE sajin_database_wait_seconds_total counter
sajin_database_wait_seconds_total 90
# HELP sajin_password_hashes Passwords that are being hashed or wait for it.
# TYPE sajin_password_hashes gauge
sajin_password_hashes{state="running"} 2
sajin_password_hashes{state="waiting"} 9
`, "sajin_database_wait_seconds_total", "sajin_password_hashes")
	t.Run("a part that does not run here has no numbers", func(t *testing.T) { expose(t, &metrics.Process{}, "") })
}

func BenchmarkRequests(b *testing.B) {
	r := metrics.NewRequests()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Requested()
			r.Answered("publish-post", http.MethodPost, 201, 40, 20*time.Millisecond)
		}
	})
}
