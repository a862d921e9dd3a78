package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestFaults is a short run; `make fault` is the long one. FAULT_SEED gives the
// moments of an earlier run.
func TestFaults(t *testing.T) {
	o := options{Creators: 2, Fans: 2, Seed: uint64(time.Now().UnixNano()), Binary: filepath.Join(t.TempDir(), "sajin")}
	if text := os.Getenv("FAULT_SEED"); text != "" {
		var err error
		if o.Seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if err := build(t.Context(), o.Binary, filepath.Join("..", "..")); err != nil {
		t.Fatal(err)
	}
	for database, kills := range map[string]int{"postgres": 12, "sqlite": 8} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			o := o
			o.Databases, o.Kills, o.Out = database, kills, &out
			violations, err := run(t.Context(), o)
			if err != nil || violations > 0 {
				t.Errorf("FAULT_SEED=%d: %d violations, %v", o.Seed, violations, err)
			}
			t.Log(fmt.Sprint(&out))
		})
	}
}
