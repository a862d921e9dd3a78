package metrics_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/sajin-sns/sajin/adapters/metrics"
	"github.com/sajin-sns/sajin/ports/store"
)

type lastCheck struct {
	store.StorageCheck
	err error
}

func (c lastCheck) LastCheck(context.Context) (store.StorageCheck, error) {
	return c.StorageCheck, c.err
}

func TestStorage(t *testing.T) {
	t.Run("what the last check has found is shown", func(t *testing.T) {
		check := store.StorageCheck{At: time.Unix(1000, 5e8), Findings: []store.Finding{
			{Kind: store.MissingObjects, Found: 2, Bytes: 1 << 40},
			{Kind: store.StrayObjects, Found: 5, Bytes: 100, Removed: 5},
			{Kind: store.UnattachedMedia, Bytes: 0},
			{Kind: store.UnknownObjects, Found: 7, Bytes: 1 << 40},
			{Kind: store.UnnamedUploads, Found: 1, Bytes: 20},
		}}
		err := testutil.CollectAndCompare(metrics.NewStorage(lastCheck{StorageCheck: check}), strings.NewReader(`
# HELP sajin_storage_last_check_timestamp_seconds When the storage was last checked.
# TYPE sajin_storage_last_check_timestamp_seconds gauge
sajin_storage_last_check_timestamp_seconds 1000.5
# HELP sajin_storage_missing_objects Objects that the database names and that object storage does not have.
# TYPE sajin_storage_missing_objects gauge
sajin_storage_missing_objects 2
# HELP sajin_storage_orphan_bytes The bytes of it, all together.
# TYPE sajin_storage_orphan_bytes gauge
sajin_storage_orphan_bytes 120
# HELP sajin_storage_orphans What the last check has found that was left over, by kind.
# TYPE sajin_storage_orphans gauge
sajin_storage_orphans{kind="stray_objects"} 5
sajin_storage_orphans{kind="unattached_media"} 0
sajin_storage_orphans{kind="unnamed_uploads"} 1
`))
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("before the first check there is nothing to show", func(t *testing.T) {
		if n := testutil.CollectAndCount(metrics.NewStorage(lastCheck{})); n != 0 {
			t.Errorf("%d metrics", n)
		}
	})
	t.Run("a database that does not answer is not a storage without orphans", func(t *testing.T) {
		err := testutil.CollectAndCompare(metrics.NewStorage(lastCheck{err: errors.New("gone")}), strings.NewReader(""))
		if err == nil || !strings.Contains(err.Error(), "gone") {
			t.Error(err)
		}
	})
}
