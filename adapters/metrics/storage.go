package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sajin-sns/sajin/ports/store"
)

// Checks tells what the last comparison of database and object storage has
// found.
type Checks interface {
	LastCheck(ctx context.Context) (store.StorageCheck, error)
}

// Storage shows what the last comparison of database and object storage has
// found, whichever process made it.
type Storage struct{ checks Checks }

var _ prometheus.Collector = (*Storage)(nil)

// NewStorage makes the collector.
func NewStorage(checks Checks) *Storage { return &Storage{checks} }

var (
	storageOrphans = desc("sajin_storage_orphans", "What the last check has found that was left over, by kind.", "kind")
	storageBytes   = desc("sajin_storage_orphan_bytes", "The bytes of it, all together.")
	storageMissing = desc("sajin_storage_missing_objects", "Objects that the database names and that object storage does not have.")
	storageChecked = desc("sajin_storage_last_check_timestamp_seconds", "When the storage was last checked.")
)

// Describe implements prometheus.Collector.
func (s *Storage) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{storageOrphans, storageBytes, storageMissing, storageChecked} {
		descs <- d
	}
}

// Collect implements prometheus.Collector. Before the first check there is
// nothing to show.
func (s *Storage) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	last, err := s.checks.LastCheck(ctx)
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(storageChecked, err)
		return
	}
	if last.At.IsZero() {
		return
	}
	show := func(d *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	var bytes int64
	for _, f := range last.Findings {
		switch f.Kind {
		case store.MissingObjects:
			show(storageMissing, float64(f.Found))
		case store.UnknownObjects: // are not ours to judge
		default:
			show(storageOrphans, float64(f.Found), f.Kind)
			bytes += f.Bytes
		}
	}
	show(storageBytes, float64(bytes))
	show(storageChecked, float64(last.At.UnixMilli())/1000)
}
